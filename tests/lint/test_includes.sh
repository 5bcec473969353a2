#!/usr/bin/env bash
# The include check finds what it should, and the checkout is clean.
set -euo pipefail
check=$(cd "$(dirname "$0")" && pwd)/includes.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# What one file with one include is: good or bad.
cases='
good sim/base/a.c           "sim/base/a.h"
bad  sim/base/a.c           "sim/kernel/time.h"
bad  sim/base/deep/a.c      "sim/kernel/time.h"
good sim/kernel/a.c         "sim/base/map.h"
bad  sim/kernel/a.h         "sim/world/world.h"
good sim/world/a.c          "sim/kernel/time.h"
bad  sim/world/a.c          "sim/handler/dgsim.h"
bad  sim/world/a.c          "sim/oracle/ledger.h"
bad  sim/world/a.c          "models/registry.h"
bad  sim/world/a.c          <sim/oracle/ledger.h>
bad  sim/world/a.c          "../oracle/ledger.h"
bad  sim/world/a.c          "sim/world/../oracle/ledger.h"
bad  sim/world/a.c          "world.h"
good sim/world/a.c          <stdio.h>
good sim/handler/fiber.c    "sim/handler/fiber.h"
bad  sim/handler/fiber.c    "sim/world/world.h"
bad  sim/handler/dgsim.h    "sim/base/err.h"
good sim/oracle/a.c         "sim/world/fact.h"
bad  sim/oracle/a.c         "sim/runner/run.h"
bad  sim/oracle/a.c         "models/kafka/wire.h"
good sim/runner/a.c         "sim/oracle/ledger.h"
good sim/runner/ranks_port.c <mpi.h>
bad  sim/runner/ranks.c     <mpi.h>
bad  sim/runner/a.c         "models/registry.h"
bad  sim/runner/a.c         "sim/cli/options.h"
good sim/cli/main.c         "models/registry.h"
bad  sim/cli/main.c         "models/kafka/wire.h"
good sim/cli/list.c         "sim/runner/scenario.h"
bad  sim/cli/list.c         "models/registry.h"
good models/kafka/a.c       "models/kafka/wire.h"
good models/handlers/host.c "sim/handler/fiber.h"
bad  models/kafka/a.c       "sim/oracle/ledger.h"
bad  models/kafka/a.c       "sim/runner/run.h"
good tests/world/test_a.c   "tests/world/helper.h"
bad  tests/world/test_a.c   "sim/oracle/ledger.h"
bad  tests/models/test_a.c  "sim/runner/run.h"
bad  tests/unknown/test_a.c "sim/base/err.h"
good tests/world/test_a.c   "tests/run_suite.h"
bad  tests/unknown/test_a.c "tests/run_suite.h"
bad  sim/world/a.c          "tests/run_suite.h"
'
failed=0
while read -r expected file include; do
  if [[ -z $expected ]]; then continue; fi
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$file")"
  printf '/* A comment. */\n#include %s\n' "$include" >"$tree/$file"
  if output=$("$check" "$tree"); then found=good; else found=bad; fi
  if [[ $found != "$expected" ]]; then
    echo "$file with #include $include is $expected, but was found $found"
    failed=1
  elif [[ $found == bad && $output != "$file:2: "* ]]; then
    echo "$file with #include $include: no place in: $output"
    failed=1
  fi
done <<<"$cases"
if ((failed)); then exit 1; fi

"$check" && echo "every include goes down"
