# As reserved-never-released.py, but a transaction that fails releases the key.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="reserved", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
