#!/usr/bin/env bash
# Every hostile input comes to what its row says: scripts/hostile.sh, all of it.
#   tests/cli/test_hostile.sh PATH/TO/dgsim
exec "$(dirname "$0")/../../scripts/hostile.sh" --short "$1"
