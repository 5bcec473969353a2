# Bug: a mark counts for ten minutes; copies come for a day.
# Shown by a copy that comes later than that. duplicate_effects
# Fixed: a window that is longer than the redelivery horizon of the contract.
from dgsim import call, read, run

WINDOW_MS = 10 * 60 * 1000


def handle(message):
    key, now = message["id"], read("now")
    call("begin")
    if call("insert_unique", table="marks", key=key) == "exists":
        if now - read("get", table="marked_at", key=key) < WINDOW_MS:
            return call("rollback")
    call("put", table="marked_at", key=key, value=now)
    call("apply")
    call("commit")


run(handle)
