"""The SQLite file of the consumers that keep one. `python3 own_state.py reset|probe` is what the tool calls."""
import os
import sqlite3
import sys

PATH = f"{os.environ.get('TMPDIR', '/tmp')}/dgsim-zoo-{os.environ.get('DGSIM_WORKER', 0)}.db"


def open():
    database = sqlite3.connect(PATH)
    database.execute("CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, amount INTEGER)")
    return database


def insert(database, message):
    """Whether the payment was not there yet."""
    return database.execute("INSERT OR IGNORE INTO payments VALUES (?, ?)", (message["id"], message["amount"])).rowcount


if __name__ == "__main__":
    if sys.argv[1] == "probe":
        for payment, amount in open().execute("SELECT id, amount FROM payments ORDER BY id"):
            print(payment, "payment", amount, sep="\t")
    elif os.path.exists(PATH):
        os.remove(PATH)
