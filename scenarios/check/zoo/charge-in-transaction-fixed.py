# As charge-in-transaction.py, with the operation's id as the idempotency key.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="paid", key=message["id"]) == "exists":
        return call("rollback")
    call("charge", amount=message["amount"], idempotency_key=message["id"])
    call("commit")


run(handle)
