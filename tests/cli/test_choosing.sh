#!/usr/bin/env bash
# README.md's tables of how to choose are what scripts/choosing.sh prints. Usage: test_choosing.sh DGSIM
set -euo pipefail
dgsim=$1
sections=0
while IFS= read -r section; do
  in_readme=$(awk -v begin="<!-- scripts/choosing.sh $section -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' README.md)
  if ! diff <(printf '%s\n' "$in_readme") <(scripts/choosing.sh "$section" "$dgsim"); then
    echo "README.md: the table is stale: scripts/choosing.sh $section"
    exit 1
  fi
  sections=$((sections + 1))
done < <(sed -n 's|^<!-- scripts/choosing.sh \(.*\) -->$|\1|p' README.md)
((sections == 3))
