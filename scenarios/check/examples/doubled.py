#!/usr/bin/env python3
"""Does an operation, then marks it as done: what comes in between makes it do it again."""
import json
import sys


def call(name, /, **fields):
    print(json.dumps({"call": name, **fields}), flush=True)
    return json.loads(sys.stdin.readline())["status"]


def handle(message):
    key = message["tenant"] + "/" + message["id"]
    if call("get", table="processed", key=key) == "ok":
        return True  # seen before
    if call("apply") != "ok":
        return False
    return call("insert_unique", table="processed", key=key) == "ok"


for line in iter(sys.stdin.readline, ""):
    delivery = json.loads(line)
    handled = handle(delivery["message"])
    print(json.dumps({"done" if handled else "failed": delivery["number"]}), flush=True)
