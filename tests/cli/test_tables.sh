#!/usr/bin/env bash
# The tables of scenarios/README.md that the program knows are what it lists, and its verbs and links are all there.
set -euo pipefail
dgsim=$1
page=scenarios/README.md
for section in handlers slots systems metrics; do
  in_page=$(awk -v begin="<!-- scripts/tables.sh $section -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$page")
  if ! diff <(printf '%s\n' "$in_page") <(scripts/tables.sh "$section" "$dgsim"); then
    echo "$page: the table is stale: scripts/tables.sh $section"
    exit 1
  fi
done
verbs=0
while read -r verb; do
  grep -q "^| .*\`$verb\`" "$page" || { echo "$page: no line for the fault $verb"; exit 1; }
  verbs=$((verbs + 1))
done < <("$dgsim" list faults | awk '/^verbs/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z_]+ / { print $1 }')
((verbs >= 19))
