#!/usr/bin/env bash
# The hold benchmark of the event queue: N pending events, each popped one schedules another. Compare
# ratios within one run, never figures of two days or two machines.
#   scripts/bench-hold.sh [ARGUMENT...]     arguments go to the benchmark
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install.sh build
scripts/build.sh release bench_hold >/dev/null
if command -v taskset >/dev/null; then
  exec taskset -c 0 build/tests/bench_hold "$@"
fi
exec build/tests/bench_hold "$@"
