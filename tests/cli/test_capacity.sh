#!/usr/bin/env bash
# The tables of scenarios/capacity/README.md are what its own commands print.
set -euo pipefail
dgsim=$1
sections=0
while IFS= read -r section; do
  in_page=$(awk -v begin="<!-- scripts/capacity.sh $section -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' scenarios/capacity/README.md)
  if ! diff <(printf '%s\n' "$in_page") <(scripts/capacity.sh "$section" "$dgsim"); then
    echo "scenarios/capacity/README.md: the table is stale: scripts/capacity.sh $section"
    exit 1
  fi
  sections=$((sections + 1))
done < <(sed -n 's|^<!-- scripts/capacity.sh \(.*\) -->$|\1|p' scenarios/capacity/README.md)
((sections == 7))
