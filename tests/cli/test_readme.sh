#!/usr/bin/env bash
# The README's tables are what its own commands print.
set -euo pipefail
dgsim=$1
tables=0
while IFS= read -r scenario; do
  in_readme=$(awk -v begin="<!-- scripts/measured.sh build/dgsim $scenario -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' README.md)
  if ! diff <(printf '%s\n' "$in_readme") <(scripts/measured.sh "$dgsim" "$scenario"); then
    echo "README.md: the table of $scenario is stale: scripts/measured.sh build/dgsim $scenario"
    exit 1
  fi
  tables=$((tables + 1))
done < <(sed -n 's|^<!-- scripts/measured.sh build/dgsim \(.*\) -->$|\1|p' README.md)
((tables >= 1))
