# As content-as-key.py, with the key that the sender gave the operation.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
