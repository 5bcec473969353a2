# As catch-and-acknowledge.py: it logs the error, and passes it on.
import sys

from dgsim import Failed, Unknown, call, run


def handle(message):
    try:
        call("begin")
        if call("insert_unique", table="processed", key=message["id"]) == "ok":
            call("apply")
        call("commit")
    except (Failed, Unknown) as error:
        print(f"{message['id']}: {error} failed", file=sys.stderr)
        raise


run(handle)
