# As window-by-the-clock.py, without a clock.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="marks", key=message["id"]) == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
