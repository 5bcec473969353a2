#!/usr/bin/env bash
# Runs a test program on a PostgreSQL of its own: its address is the only argument.
#   tests/handler/postgres.sh PROGRAM
set -euo pipefail
# shellcheck source=tests/handler/postgres_cluster.sh
. "$(dirname "$0")/postgres_cluster.sh"
trap cluster_stop EXIT
trap 'exit 130' INT TERM
cluster_start
"$1" "$database"
