#!/usr/bin/env bash
# dgsim check --sql --database on a real PostgreSQL. Exit status 77 where there is none.
#   tests/cli/test_check_postgres.sh DGSIM
set -euo pipefail
dgsim=$1
# shellcheck source=tests/handler/postgres_cluster.sh
. tests/handler/postgres_cluster.sh
folder=$(mktemp -d)
trap 'cluster_stop; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cluster_start
cat >"$folder/queue.yaml" <<'YAML'
format: 1
system: sqs-standard
workload: {messages: 2, keys: 1}
check: {pairs: 0}
YAML

fail() {
  echo "test_check_postgres: $1" >&2
  cat "$folder/out" >&2
  exit 1
}
check() { # STATUS SQL DATABASE
  local status=0
  "$dgsim" check "$folder/queue.yaml" --out "$folder/results" --save "$folder/kept" --sql "$2" --database "$3" >"$folder/out" 2>&1 || status=$?
  ((status == $1)) || fail "exit status $status, not $1: $2"
}

check 0 scenarios/check/zoo/commit-retried-fixed.sql "$database"
grep -qE '(^|[^0-9])([0-9]+) of \2 recovered' "$folder/out" || fail "not everything recovered"
grep -oE '[0-9]+ of [0-9]+ recovered' "$folder/out"

# A password is printed nowhere: not with what is found, nor with why nothing can be found.
check 1 scenarios/check/zoo/commit-retried.sql "postgres://dgsim:hunter2@/postgres?host=$cluster_folder"
grep -q duplicate_effects "$folder/out" || fail "no duplicate_effects"
grep -qF -- "--database 'postgres://dgsim@/postgres?host=$cluster_folder'" "$folder/out" || fail "no command to repeat it"
! grep -rq hunter2 "$folder" || fail "a password is kept"
check 2 scenarios/check/zoo/commit-retried.sql "postgres://dgsim:hunter2@/none?host=$folder"
grep -q 'PostgreSQL: ' "$folder/out" || fail "not said why"
! grep -rq hunter2 "$folder" || fail "a password is kept"

# Nothing is left behind: no schema, no connection.
left=$(psql -h "$cluster_folder" -U dgsim -d postgres -At -c \
  "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dgsim%' UNION ALL
   SELECT application_name FROM pg_stat_activity WHERE application_name = 'dgsim'")
[[ -z $left ]] || fail "left behind: $left"
