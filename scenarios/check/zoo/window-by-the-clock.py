# Bug: a mark counts for two days by the consumer's own clock, which may jump.
# Shown by a jump of the clock between two deliveries. duplicate_effects
# Fixed: a mark counts for as long as it is there; the database deletes it, when no copy can come any more.
from dgsim import call, read, run

WINDOW_MS = 48 * 3600 * 1000


def handle(message):
    now = read("now")
    call("begin")
    if call("insert_unique", table="seen", key=message["id"]) == "exists":
        if now - read("get", table="seen_at", key=message["id"]) < WINDOW_MS:
            return call("rollback")
    call("put", table="seen_at", key=message["id"], value=now)
    call("apply")
    call("commit")


run(handle)
