# As ack-before-commit.py, but the message is acknowledged when the handler returns: by then it is committed.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
