#!/usr/bin/env bash
# The test of the formulas can fail: with every formula 20 % too large or too small all findings but the exact ones
# disagree, and the exit status says so. And what the page counts is what it has.
set -euo pipefail
program=$(dirname "$1")/tests/system_formulas
[[ -x $program ]] || program=build/tests/system_formulas
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for off in 0.2 -0.2; do
  status=0
  "$program" --short --off "$off" 2.6 >"$out/table" || status=$?
  [[ $status == 1 ]] || { echo "--off $off: exit status $status"; exit 1; }
  if grep -F '| yes |' "$out/table" | grep -vF '| exact |'; then
    echo "--off $off: these agree all the same"
    exit 1
  fi
  (($(grep -cF '| **no** |' "$out/table") > 10))
done
status=0
scripts/formulas.sh --wrong >"$out/said" 2>&1 || status=$?
[[ $status == 64 ]] || { echo "--wrong: exit status $status"; exit 1; }
grep -q "'--wrong' is none of" "$out/said"

awk '$0 == "<!-- scripts/formulas.sh --short -->" { inside = 1 } inside' tests/system/README.md >"$out/page"
rows=$(grep -cE '^\| 2\.[0-9]+ \|' "$out/page")
grep -q "^$rows of $rows findings agree, " "$out/page" || { echo "tests/system/README.md: not $rows findings"; exit 1; }
if grep -F '**no**' "$out/page"; then exit 1; fi
# A scenario that no formula names proves nothing.
for file in tests/system/formulas/*.yaml; do
  grep -qF "\"${file##*/}\"" tests/system/formulas/*.c || { echo "$file: no formula runs it"; exit 1; }
done
