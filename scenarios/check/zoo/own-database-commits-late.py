# Bug: keeps its own SQLite file, and commits what it said was done when the next message comes.
# Shown by a kill after a message was handled: what it had not committed is gone, and nobody sends it again. lost_acked
# Fixed: commits, and then says so.
import own_database
from dgsim import call, run

database = own_database.connect()


def handle(message):
    database.commit()
    own_database.insert(database, message)
    call("step", name="inserted")


run(handle)
