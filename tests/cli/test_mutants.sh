#!/usr/bin/env bash
# The tables of mechanical mutants say what is so: each has a killer that there is, or a reason.
set -euo pipefail
killed=tests/system/mutants_mechanical.csv
survivors=tests/system/mutants_survivors.csv
python3 - "$killed" "$survivors" <<'END'
import csv, os, re, sys

killed, survivors = ([row for row in csv.DictReader(open(path))] for path in sys.argv[1:])
ids = [row["id"] for row in killed + survivors]
assert len(ids) == len(set(ids)), "a mutant stands there twice"
assert len(killed) >= 100, "there are %d" % len(killed)
for row in killed:
    program, what = row["killer"].split(": ", 1)
    path = "tests/%s.c" % program
    assert os.path.exists(path), "%s: there is no %s" % (row["id"], path)
    if re.fullmatch(r"[A-Za-z_]\w*", what) and what != "fails":
        assert re.search(r"\b%s\b" % what, open(path).read()), "%s: %s has no test %s" % (row["id"], path, what)
for row in survivors:
    assert len(row["reason"]) > 20, "%s survives without a reason" % row["id"]
for row in killed + survivors:
    assert os.path.exists(row["file"]), "%s: there is no %s" % (row["id"], row["file"])
print("%d killed, %d survive with a reason" % (len(killed), len(survivors)))
END
