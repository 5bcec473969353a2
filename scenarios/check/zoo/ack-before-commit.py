# Bug: acknowledges when the work is done, and commits it afterwards: nobody brings the message again.
# Shown by a commit that fails, or a kill before it. lost_acked
# Fixed: leaves the acknowledgement to its return, after the commit has been answered.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("ack")
    call("commit")


run(handle)
