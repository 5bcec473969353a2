"""The SQLite file of the consumers that keep one; `python3 own_database.py` is the probe of own-database.yaml."""
import os
import sqlite3

PATH = f"{os.environ.get('TMPDIR', '/tmp')}/dgsim-zoo-{os.environ.get('DGSIM_WORKER', 0)}.db"


def connect():
    database = sqlite3.connect(PATH)
    database.execute("CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, amount INTEGER)")
    return database


def insert(database, message):
    """Whether the payment was not there yet."""
    payment = (message["id"], message["amount"])
    return database.execute("INSERT OR IGNORE INTO payments VALUES (?, ?)", payment).rowcount > 0


if __name__ == "__main__":
    for payment, amount in connect().execute("SELECT id, amount FROM payments ORDER BY id"):
        print(payment, "payment", amount, sep="\t")
