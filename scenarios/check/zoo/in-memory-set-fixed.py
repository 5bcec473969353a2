# As in-memory-set.py; the set is a shortcut now, and the table decides.
from dgsim import call, run

handled = set()


def handle(message):
    if message["id"] in handled:
        return
    call("begin")
    if call("insert_unique", table="processed", key=message["id"]) == "ok":
        call("apply")
    call("commit")
    handled.add(message["id"])


run(handle)
