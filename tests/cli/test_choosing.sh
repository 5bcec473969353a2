#!/usr/bin/env bash
# The tables of how to choose in scenarios/capacity/README.md are what scripts/choosing.sh prints. Usage: test_choosing.sh DGSIM
set -euo pipefail
dgsim=$1 page=scenarios/capacity/README.md
sections=0
while IFS= read -r section; do
  shown=$(awk -v begin="<!-- scripts/choosing.sh $section -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$page")
  if ! diff <(printf '%s\n' "$shown") <(scripts/choosing.sh "$section" "$dgsim"); then
    echo "$page: the table is stale: scripts/choosing.sh $section"
    exit 1
  fi
  sections=$((sections + 1))
done < <(sed -n 's|^<!-- scripts/choosing.sh \(.*\) -->$|\1|p' "$page")
((sections == 3))
