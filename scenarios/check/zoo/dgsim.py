"""What the Python consumers here share: a JSON line in, a JSON line out (../PROTOCOL.md).

Failures are raised, as a driver would; who does not catch them leaves the message unacknowledged.
"""
import json
import sys


class Failed(Exception):
    """Certainly not done: refused, rolled back, in conflict, or known with other parameters."""


class Unknown(Exception):
    """No answer: it may have been done."""


RAISED = {"failed": Failed, "conflict": Failed, "mismatch": Failed, "unknown": Unknown}


def say(**line):
    print(json.dumps(line), flush=True)


def ask(name, fields):
    say(call=name, **fields)
    answer = json.loads(sys.stdin.readline())
    if error := RAISED.get(answer["status"]):
        raise error(name)
    return answer


def call(name, /, **fields):
    """Its status in words: ok, exists, not-found."""
    return ask(name, fields)["status"]


def read(name, /, **fields):
    """The value, None when there is none."""
    return ask(name, fields).get("value")


def run(handle):
    for line in iter(sys.stdin.readline, ""):
        line = json.loads(line)
        try:
            handle(line["message"])
            say(done=line["number"])
        except (Failed, Unknown):
            say(failed=line["number"])
