"""The JSON file of the consumers that keep one. `python3 state_file.py reset|probe` is what the tool calls."""
import json
import os
import sys

PATH = f"{os.environ.get('TMPDIR', '/tmp')}/dgsim-zoo-{os.environ.get('DGSIM_WORKER', 0)}.json"


def load():
    try:
        with open(PATH) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    if sys.argv[1] == "probe":
        for payment, amount in sorted(load().items()):
            print(payment, "payment", amount, sep="\t")
    elif os.path.exists(PATH):
        os.remove(PATH)
