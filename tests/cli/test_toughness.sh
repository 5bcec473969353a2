#!/usr/bin/env bash
# What can happen to a run, in the short form of scripts/toughness.sh; and the table in results/README.md is that of its
# rows.
#   tests/cli/test_toughness.sh PATH/TO/dgsim
set -euo pipefail
page=results/README.md
# shellcheck disable=SC2016
if ! diff <(sed -n '/^<!-- scripts\/toughness\.sh --table -->$/,/^<!-- end -->$/p' $page | sed '1d;$d') <(scripts/toughness.sh --table); then
  echo "the table of $page is another: scripts/toughness.sh --write"
  exit 1
fi
scripts/toughness.sh --short "$1"
