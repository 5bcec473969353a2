# Bug: the effect comes first; that the key is there already is then taken for success, with the effect done.
# Shown by every second delivery. duplicate_effects
# Fixed: what the constraint refuses is rolled back with everything that came before it.
from dgsim import call, run


def handle(message):
    call("apply")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return  # a duplicate: nothing to do


run(handle)
