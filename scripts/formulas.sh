#!/usr/bin/env bash
# Closed forms against whole runs (tests/system/README.md): a table, a row for each finding, and a line with the
# counts. Exit status 1 when one disagrees, or would agree with a formula that is 20 % off.
#   scripts/formulas.sh [--short | --long] [--write] [FORMULA]
#     --short   fewer seeds, the same alpha: what the page has and continuous integration compares
#     --long    three to a hundred times as many (the default)
#     --write   puts the counts into tests/evidence/formulas.csv, and the table of the short form into the page
#     2.4       these only
# FORMULAS=PROGRAM in the environment: the program, if it is not to be built.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
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
run "$form" >"$out/table"
mkdir -p tests/evidence
{
  echo "check,figure,command"
  command=scripts/formulas.sh
  if [[ $form == --short ]]; then command+=" --short"; fi
  tail -n 1 "$out/table" | sed "s|.*|closed forms against whole runs,\"&\",$command|"
} >tests/evidence/formulas.csv
tail -n 1 "$out/table"
if [[ $form == --long ]]; then run --short >"$out/table"; fi
awk -v table="$out/table" '
  $0 == "<!-- end -->" { inside = 0 }
  !inside { print }
  $0 == "<!-- scripts/formulas.sh --short -->" { inside = 1; while ((getline line < table) > 0) print line }
  ' "$page" >"$out/page"
cp "$out/page" "$page"
