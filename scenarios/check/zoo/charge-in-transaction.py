# Bug: charges without a key in the middle of a transaction. A rollback takes the mark back, and not the charge.
# Shown by a commit that fails, or a kill before it. duplicate_effects
# Fixed: the provider gets a key, and so knows what it has charged.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="paid", key=message["id"]) == "exists":
        return call("rollback")
    call("charge", amount=message["amount"])
    call("commit")


run(handle)
