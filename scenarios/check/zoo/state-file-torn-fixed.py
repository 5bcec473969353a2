# As state-file-torn.py, with a file that is complete on the disk before it takes its name.
import json
import os

import state_file
from dgsim import call, run


def handle(message):
    payments = state_file.load()
    if message["id"] in payments:
        return
    payments[message["id"]] = message["amount"]
    with open(state_file.PATH + ".new", "w") as file:
        file.write(json.dumps(payments))
        file.flush()
        call("step", name="written")
        os.fsync(file.fileno())
    os.replace(state_file.PATH + ".new", state_file.PATH)
    call("step", name="renamed")


run(handle)
