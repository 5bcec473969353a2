# Bug: looks whether the operation is marked and acts on what it saw: two that look at once both see nothing.
# Shown by a pause between the look and the commit: by then the message is somebody else's. duplicate_effects
# Fixed: the mark is inserted under a unique constraint, so that one of the two waits and then finds it.
from dgsim import call, read, run


def handle(message):
    call("begin")
    if read("get", table="processed", key=message["id"]) is not None:
        return call("rollback")
    call("put", table="processed", key=message["id"], value=1)
    call("apply")
    call("commit")


run(handle)
