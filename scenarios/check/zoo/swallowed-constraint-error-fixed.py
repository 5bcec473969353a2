# As swallowed-constraint-error.py, with the key first, in the transaction of the effect: what is refused has no effect.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
