#!/usr/bin/env bash
# dgsim check --sql on SQLite, as a user would type it.
#   tests/cli/test_check_sql.sh DGSIM
set -euo pipefail
dgsim=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/queue.yaml" <<'YAML'
format: 1
system: sqs-standard
workload: {messages: 5, keys: 2}
check: {pairs: 20, delivery: {changed_payload: true, poison: true}}
YAML

fail() {
  echo "test_check_sql: $1" >&2
  cat "$folder/out" >&2
  exit 1
}
check() { # STATUS OPTIONS...: runs, and compares the exit status
  local wanted=$1 status=0
  shift
  "$dgsim" check "$folder/queue.yaml" --out "$folder/results" "$@" >"$folder/out" 2>&1 || status=$?
  ((status == wanted)) || fail "exit status $status, not $wanted: $*"
}

# The example of the page recovers from everything, in less than the 2 s that it may take.
awk '/^```sql/ { inside = 1; next } /^```/ { if (inside) exit } inside' scenarios/check/SQL.md >"$folder/example.sql"
begun=${EPOCHREALTIME/./}
check 0 --sql "$folder/example.sql"
took=$(((${EPOCHREALTIME/./} - begun) / 1000))
grep -qE '(^|[^0-9])([0-9]+) of \2 recovered' "$folder/out" || fail "not everything recovered"
echo "5 messages: $(grep -oE '[0-9]+ of [0-9]+ recovered' "$folder/out"), $took ms"

# A bug is found; two runs say the same, for any number of workers.
check 1 -j 1 --sql scenarios/check/zoo/select-then-insert.sql
grep -q duplicate_effects "$folder/out" || fail "no duplicate_effects"
grep -v ' s$' "$folder/out" >"$folder/one"
check 1 -j 2 --sql scenarios/check/zoo/select-then-insert.sql
grep -v ' s$' "$folder/out" >"$folder/two"
grep -oE 'op-[0-9]+ payment: .*' "$folder/one" >"$folder/one.found"
grep -oE 'op-[0-9]+ payment: .*' "$folder/two" | cmp - "$folder/one.found" || fail "another number of workers, another result"

# A statement without an end is found out at the limit of an answer; so long has a run in a worker.
sed 's/check: {/check: {answer_limit: 200ms, /' "$folder/queue.yaml" >"$folder/endless.yaml"
printf '%s\n' '-- dgsim: schema' 'CREATE TABLE t (n);' '-- dgsim: handler' 'BEGIN;' \
  'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) INSERT INTO t SELECT max(n) FROM r;' 'COMMIT;' \
  '-- dgsim: probe' "SELECT 'op', 't', 1 FROM t;" >"$folder/endless.sql"
status=0
"$dgsim" check "$folder/endless.yaml" --sql "$folder/endless.sql" >"$folder/out" 2>&1 || status=$?
((status == 2)) || fail "exit status $status, not 2: a statement without an end"
grep -q 'no answer within 200 ms' "$folder/out" || fail "not when it was found out"

# Mistakes in the file are the user's, and have a place.
sed 's/:amount/:ammount/' "$folder/example.sql" >"$folder/bad.sql"
check 64 --sql "$folder/bad.sql"
grep -qF "bad.sql:11:47: error: unknown parameter 'ammount'" "$folder/out" || fail "no place of a mistake"
sed 's/INSERT INTO payment/INSERT INTO paiment/' "$folder/example.sql" >"$folder/bad.sql"
check 2 --sql "$folder/bad.sql"
grep -qF 'bad.sql:11:1: error: no such table: paiment' "$folder/out" || fail "no place of what SQLite refused"
