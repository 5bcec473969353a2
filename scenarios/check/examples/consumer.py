#!/usr/bin/env python3
"""Does every operation once: what was done is a row of the same transaction as the doing."""
import json
import sys


def call(name, /, **fields):
    print(json.dumps({"call": name, **fields}), flush=True)
    return json.loads(sys.stdin.readline())["status"]


def handle(message):
    call("begin")
    inserted = call("insert_unique", table="processed", key=message["tenant"] + "/" + message["id"])
    if inserted == "exists":  # seen before: nothing to do
        call("suppress")
        return call("rollback") == "ok"
    if inserted != "ok" or call("apply") != "ok":
        call("rollback")
        return False
    return call("commit") == "ok"


while line := sys.stdin.readline():
    given = json.loads(line)
    handled = handle(given["message"])
    print(json.dumps({"done" if handled else "failed": given["number"]}), flush=True)
