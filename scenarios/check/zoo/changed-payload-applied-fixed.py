# As changed-payload-applied.py, with the id alone as the key, of its tenant.
from dgsim import call, run


def handle(message):
    call("begin")
    if call("insert_unique", table="processed", key=f"{message['tenant']}/{message['id']}") == "exists":
        return call("rollback")
    call("apply")
    call("commit")


run(handle)
