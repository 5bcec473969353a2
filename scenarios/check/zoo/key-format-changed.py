# Bug: a new version writes its keys in another form, and does not know those of the old one, which still runs.
# Shown by both versions side by side, and a message that comes to each. duplicate_effects
# Fixed: the new version keeps the form. (To change it: first a version that looks for both, then one that writes the new.)
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=f"v2:{message['id']}") == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
