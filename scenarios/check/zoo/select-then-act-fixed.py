# As select-then-act.py, but a unique constraint decides, in the transaction of the effect: who comes second waits, and finds it.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
