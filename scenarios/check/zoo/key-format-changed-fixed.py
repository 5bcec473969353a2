# As key-format-changed.py, with keys in the form of the version before it.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
