# As in-memory-set.py, with a table in the database, written with the effect, instead of the set.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
