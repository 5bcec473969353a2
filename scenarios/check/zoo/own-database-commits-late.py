# Bug: keeps its own SQLite file, and commits what it has acknowledged: what it dies with is gone.
# Shown by a kill between the two: nobody sends the message again. lost_acked
# Fixed: commits, and leaves the acknowledgement to its return.
import own_database
from dgsim import call, run

database = own_database.connect()


def handle(message):
    own_database.insert(database, message)
    call("ack")
    database.commit()
    call("step", name="committed")


run(handle)
