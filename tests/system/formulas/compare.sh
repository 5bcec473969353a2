#!/usr/bin/env bash
# A formula's findings agree, and the page says so: compare.sh PROGRAM FORMULA.
set -euo pipefail
program=$1 formula=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
status=0
FORMULAS=$program scripts/formulas.sh --short "$formula" >"$out/table" || status=$?
rows() { grep "^| ${formula//./\\.} |" || true; }
page() { awk '$0 == "<!-- scripts/formulas.sh --short -->" { inside = 1 } inside' tests/system/README.md; }
if ! diff <(page | rows) <(rows <"$out/table"); then
  echo "tests/system/README.md is stale: scripts/formulas.sh --short --write"
  exit 1
fi
[[ -n $(rows <"$out/table") ]] || { echo "no findings"; exit 1; }
exit "$status"
