#!/usr/bin/env python3
"""Keeps what it has paid in a file of its own: the line that is the payment also says that it was made."""
import fcntl
import json
import os
import sys
import tempfile

PATH = os.path.join(tempfile.gettempdir(), f"payments-of-worker-{os.environ['DGSIM_WORKER']}.txt")


def pay(message):
    with open(PATH, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # given back before the tool is asked for anything
        file.seek(0)
        if not any(line.startswith(message["id"] + "\t") for line in file):
            file.write(f"{message['id']}\tpayment\t{message['amount']}\n")


if sys.argv[1:] == ["reset"]:
    open(PATH, "w").close()
elif sys.argv[1:] == ["probe"]:
    print(open(PATH).read(), end="")
else:
    while line := sys.stdin.readline():
        given = json.loads(line)
        pay(given["message"])
        print(json.dumps({"call": "step", "name": "paid"}), flush=True)
        paid = json.loads(sys.stdin.readline())["status"] == "ok"
        print(json.dumps({"done" if paid else "failed": given["number"]}), flush=True)
