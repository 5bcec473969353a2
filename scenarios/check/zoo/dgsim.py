"""What the Python consumers here share: a JSON line in, a JSON line out (../PROTOCOL.md).

Failures are raised, as a driver would; who does not catch them leaves the message unacknowledged.
"""
import json
import sys
from collections import deque


class Failed(Exception):
    """Certainly not done: refused, rolled back, in conflict, or known with other parameters."""


class Unknown(Exception):
    """No answer: it may have been done."""


RAISED = {"failed": Failed, "conflict": Failed, "mismatch": Failed, "unknown": Unknown}
waiting = deque()  # messages that came while an answer was waited for


def send(line):
    print(json.dumps(line), flush=True)


def ask(name, fields):
    send({"call": name, **fields})
    while "message" in (line := json.loads(sys.stdin.readline())):
        waiting.append(line)
    if line["status"] in RAISED:
        raise RAISED[line["status"]](name)
    return line


def call(name, **fields):
    """Its status in words: ok, exists, not-found."""
    return ask(name, fields)["status"]


def read(name, **fields):
    """The value, None when there is none."""
    return ask(name, fields).get("value")


def run(handle):
    while waiting or (text := sys.stdin.readline()):
        line = waiting.popleft() if waiting else json.loads(text)
        try:
            handle(line["message"])
            send({"done": line["number"]})
        except (Failed, Unknown):
            send({"failed": line["number"]})
