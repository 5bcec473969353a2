# As poison-ends-it.py, but it reads before it acts, and drops what it cannot read.
import json

from dgsim import call, run


def handle(message):
    try:
        order = json.loads(message["body"])
    except ValueError:
        return call("suppress")
    call("begin")
    if call("insert_unique", table="processed", key=f"{message['tenant']}/{message['id']}") == "ok":
        if order["amount"] > 0:
            call("apply")
    call("commit")


run(handle)
