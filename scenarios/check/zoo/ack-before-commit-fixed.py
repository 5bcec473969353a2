# As ack-before-commit.py, but what is acknowledged has been committed.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")
    call("ack")


run(handle)
