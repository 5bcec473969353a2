# Bug: rewrites its state file in place: killed in the middle, it finds half a file, and begins with none.
# Shown by a kill at the step that it marks between its two writes. lost_acked
# Fixed: writes a new file, and renames it over the old one.
import json
import os

from dgsim import call, run

PATH = f"{os.environ.get('TMPDIR', '/tmp')}/dgsim-zoo-{os.environ['DGSIM_WORKER']}.json"


def load():
    try:
        with open(PATH) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def handle(message):
    payments = load()
    if message["id"] in payments:
        return
    payments[message["id"]] = message["amount"]
    text = json.dumps(payments)
    with open(PATH, "w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        call("step", name="half written")
        file.write(text[len(text) // 2 :])
    call("step", name="written")


run(handle)
