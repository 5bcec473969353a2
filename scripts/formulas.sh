#!/usr/bin/env bash
# Closed forms against whole runs (tests/system/README.md): a table, a row for each finding, and a line with the
# counts. Exit status 1 when one disagrees, or would agree with a formula that is 20 % off.
#   scripts/formulas.sh [--short | --long] [--write] [FORMULA]
#     --short   fewer seeds, the same alpha: what the page has and continuous integration compares
#     --long    ten times as many and more (the default)
#     --write   puts the table of the short form into the page, and the counts of the long one into
#               tests/evidence/formulas.csv
#     2.4       these only
# FORMULAS=PROGRAM in the environment: the program, if it is not to be built.
set -euo pipefail
cd "$(dirname "$0")/.."
page=tests/system/README.md
form=--long write=0 only=()
for word in "$@"; do
  case $word in
  --short | --long) form=$word ;;
  --write) write=1 ;;
  [0-9]*) only=("$word") ;;
  *)
    echo "formulas.sh: '$word' is none of --short, --long, --write, a formula's number" >&2
    exit 64
    ;;
  esac
done
if ((write)) && [[ ${#only[@]} != 0 ]]; then
  echo "formulas.sh: --write writes all formulas" >&2
  exit 64
fi
program=${FORMULAS:-}
if [[ -z $program ]]; then
  scripts/build.sh release system_formulas >&2
  program=build/tests/system_formulas
fi

run() { # --short or --long
  local words=("${only[@]}")
  if [[ $1 == --short ]]; then words+=(--short); fi
  "$program" "${words[@]}"
}

if ((!write)); then
  run "$form"
  exit
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
if [[ $form == --long ]]; then
  run --long | tee "$out/long"
  mkdir -p tests/evidence
  {
    echo "check,figure,command"
    tail -n 1 "$out/long" | sed 's|.*|closed forms against whole runs,"&",scripts/formulas.sh|'
  } >"$out/csv"
  cp "$out/csv" tests/evidence/formulas.csv
fi
run --short >"$out/short"
awk -v table="$out/short" '
  $0 == "<!-- end -->" { inside = 0 }
  !inside { print }
  $0 == "<!-- scripts/formulas.sh --short -->" { inside = 1; while ((getline line < table) > 0) print line }
  ' "$page" >"$out/page"
cp "$out/page" "$page"
tail -n 1 "$out/short"
