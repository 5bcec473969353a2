# As ttl-too-short.py, with a window of two days.
from dgsim import call, read, run

WINDOW_MS = 48 * 3600 * 1000


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
