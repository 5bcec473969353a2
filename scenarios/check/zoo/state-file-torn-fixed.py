# As state-file-torn.py, with a file that is complete on the disk before it takes its name.
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
    with open(PATH + ".new", "w") as file:
        file.write(json.dumps(payments))
        file.flush()
        call("step", name="written")
        os.fsync(file.fileno())
    os.replace(PATH + ".new", PATH)
    call("step", name="renamed")


run(handle)
