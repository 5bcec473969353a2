# As own-database-commits-late.py, but what it says is done has been committed.
import own_database
from dgsim import call, run

database = own_database.connect()


def handle(message):
    own_database.insert(database, message)
    call("step", name="inserted")
    database.commit()
    call("step", name="committed")


run(handle)
