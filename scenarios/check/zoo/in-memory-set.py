# Bug: remembers what it has handled in a set of its own, which ends with its process.
# Shown by a kill after the effect, before the acknowledgement. duplicate_effects
# Fixed: what has been handled is in the database, committed with the effect.
from dgsim import call, run

handled = set()


def handle(message):
    if message["id"] in handled:
        return
    call("apply")
    handled.add(message["id"])


run(handle)
