# Bug: knows a message again by what it says. Two payments of the same amount are not one payment.
# Shown by twins: two operations with identical bodies, both wanted. lost_acked
# Fixed: the id of the operation is the key.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["body"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
