# Bug: a mark counts for half an hour by the consumer's own clock, which may jump.
# Shown by a jump of the clock between two deliveries. duplicate_effects
# Fixed: a mark counts for as long as it is there, whatever the clock says.
from dgsim import call, read, run

WINDOW_MS = 30 * 60 * 1000


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
