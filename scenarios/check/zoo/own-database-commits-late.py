# Bug: keeps its own SQLite file and commits after it has said that it is done: what it dies with is lost.
# Shown by a kill right after the message was handled. lost_acked
# Fixed: commits, and then says so.
import own_state
from dgsim import call, run

database = own_state.open()


def handle(message):
    database.commit()  # of the one before
    if own_state.insert(database, message):
        call("step", name="inserted")


run(handle)
database.commit()
