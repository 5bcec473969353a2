# As own-database-commits-late.py, but what it says is done has been committed.
import own_state
from dgsim import call, run

database = own_state.open()


def handle(message):
    inserted = own_state.insert(database, message)
    database.commit()
    if inserted:
        call("step", name="committed")


run(handle)
