#!/usr/bin/env bash
# The short forms of scripts/explore-claims.sh and scripts/shrink-claims.sh. Usage: test_claims_search.sh DGSIM
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
scripts/explore-claims.sh -k 1 "$dgsim" >"$out/explored" || { cat "$out/explored"; exit 1; }
scripts/shrink-claims.sh -t 60 "$dgsim" C03 C11 C30 C02-breaks-disk C06-breaks-unclean C07-breaks-max-length \
  C10-breaks-hanging C16-breaks-window C29-breaks-handed-off >"$out/shrunk" || { cat "$out/shrunk"; exit 1; }
# At most three operations and three faults, whatever the program says of itself.
awk -F ' *[|] *' 'NR > 2 && ($5 > 3 || $6 > 3) { print; bad = 1 } END { exit bad || NR < 15 }' "$out/shrunk" ||
  { cat "$out/shrunk"; exit 1; }
