# Bug: logs every error and goes on: a passing failure of the database counts as handled.
# Shown by one statement that is refused. lost_acked
# Fixed: the error leaves the handler, and the message comes again.
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


run(handle)
