# Bug: whatever came of it, the cache remembers that the operation was handled: a failure is never made good.
# Shown by a commit that is refused: the next delivery finds the mark and is dropped. lost_acked
# Fixed: only what was committed is remembered; the cache saves work, the constraint decides.
from dgsim import call, read, run


def handle(message):
    if read("cache_get", key="handled:" + message["id"]) is not None:
        return
    try:
        call("begin")
        if call("insert_unique", table="processed", key=message["id"]) == "ok":
            call("apply")
        call("commit")
    finally:
        call("cache_set", key="handled:" + message["id"], value=1, ttl_ms=3600000)


run(handle)
