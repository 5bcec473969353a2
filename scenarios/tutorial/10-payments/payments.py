#!/usr/bin/env python3
"""Charges each payment at the card provider, and keeps a row of each that was paid."""
import json
import sys


def call(name, /, **fields):
    print(json.dumps({"call": name, **fields}), flush=True)
    return json.loads(sys.stdin.readline())["status"]


def handle(message):
    if call("get", table="paid", key=message["id"]) == "ok":
        return True  # paid before: nothing to do
    charged = call("charge", amount=message["amount"], idempotency_key=message["message_id"])
    if charged != "ok":
        return False  # the queue delivers it again
    return call("insert_unique", table="paid", key=message["id"]) in ("ok", "exists")


for line in iter(sys.stdin.readline, ""):
    delivery = json.loads(line)
    handled = handle(delivery["message"])
    print(json.dumps({"done" if handled else "failed": delivery["number"]}), flush=True)
