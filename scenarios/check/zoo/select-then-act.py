# Bug: looks whether the operation is marked and acts on what it saw: two that look at once both see nothing.
# Shown by a pause after the look: when it goes on, the message has been somebody else's. duplicate_effects
# Fixed: the mark is inserted under a unique constraint, so that one of the two waits and then finds it.
from dgsim import call, read, run


def handle(message):
    if read("get", table="processed", key=message["id"]) is not None:
        return
    call("begin")
    call("put", table="processed", key=message["id"], value=1)
    call("apply")
    call("commit")


run(handle)
