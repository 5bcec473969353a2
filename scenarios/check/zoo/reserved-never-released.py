# Bug: reserves the key in a statement of its own, and does not give it back when the work fails.
# Shown by an effect that is refused: the next delivery takes the reservation for a duplicate. lost_acked
# Fixed: the reservation is part of the transaction, and goes with it.
from dgsim import call, run


def handle(message):
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return
    call("apply")


run(handle)
