# Bug: the effect is committed before its mark: what stops in between is done again.
# Shown by whatever stops it there: a call that fails, a kill. duplicate_effects
# Fixed: both are one transaction.
from dgsim import call, read, run


def handle(message):
    if read("get", table="processed", key=message["id"]) is not None:
        return
    call("apply")
    call("insert_unique", table="processed", key=message["id"])


run(handle)
