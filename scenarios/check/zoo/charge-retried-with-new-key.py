# Bug: asks again after a lost answer with another key, so that the provider cannot know the request.
# Shown by one lost answer of the provider. duplicate_effects
# Fixed: one key for the operation, however often it is asked.
from dgsim import Unknown, call, run


def handle(message):
    for attempt in range(3):
        try:
            return call("charge", amount=message["amount"], idempotency_key=f"{message['id']}-{attempt}")
        except Unknown:
            call("sleep", ms=100)
    raise Unknown


run(handle)
