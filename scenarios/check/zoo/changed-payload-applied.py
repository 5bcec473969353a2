# Bug: id and amount together are the key: what comes with a known id and another amount counts as new.
# Shown by the id of an operation with another amount, as a client does that uses its ids twice. phantoms
# Fixed: the id is the key, and the amount is stored with it to tell a copy from an abuse.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=f"{message['id']}/{message['amount']}") == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
