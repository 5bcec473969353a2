# Bug: knows a message again by the broker's id. The sender who repeats himself gets a new one.
# Shown by an answer to the sender that is lost: he publishes the same operation again. duplicate_effects
# Fixed: the id of the operation, which its sender gave it.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["message_id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
