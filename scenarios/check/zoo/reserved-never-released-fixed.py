# As reserved-never-released.py, but the reservation is part of the transaction: when that fails, the key is free again.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
