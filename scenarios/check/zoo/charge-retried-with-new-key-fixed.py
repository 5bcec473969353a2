# As charge-retried-with-new-key.py, with the key of the operation.
from dgsim import Unknown, call, run


def handle(message):
    for attempt in range(3):
        try:
            return call("charge", amount=message["amount"], idempotency_key=message["id"])
        except Unknown:
            call("sleep", ms=100)
    raise Unknown


run(handle)
