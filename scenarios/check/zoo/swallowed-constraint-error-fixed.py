# As swallowed-constraint-error.py, in a transaction: the refused key takes the effect back with it.
from dgsim import call, run


def handle(message):
    call("begin")
    call("apply")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("commit")


run(handle)
