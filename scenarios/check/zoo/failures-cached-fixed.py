# As failures-cached.py, but a failure leaves no trace, and a cache that fails is no reason to stop.
from dgsim import Failed, Unknown, call, read, run


def handle(message):
    try:
        if read("cache_get", key="handled:" + message["id"]) is not None:
            return
    except Failed:
        pass
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "ok":
        call("apply")
    call("commit")
    try:
        call("cache_set", key="handled:" + message["id"], value=1, ttl_ms=3600000)
    except (Failed, Unknown):
        pass


run(handle)
