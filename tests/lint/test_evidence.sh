#!/usr/bin/env bash
# The table of evidence is what its files say; a missing one is named, and one that says nothing refused.
# shellcheck disable=SC2016 # Markdown's backquotes
set -euo pipefail
in_page=$(awk '
  $0 == "<!-- end -->" { inside = 0 } inside { print }
  $0 == "<!-- scripts/evidence.sh -->" { inside = 1 }' tests/README.md)
if ! diff <(printf '%s\n' "$in_page") <(scripts/evidence.sh); then
  echo "tests/README.md: the table is stale: scripts/evidence.sh --write"
  exit 1
fi

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
printf '%s\n' check,figure,command '"a ""b"", c",1 of 2,scripts/lint.sh --short' 'd | e,3,make' \
  >"$made/mutants.csv"
scripts/evidence.sh "$made" >"$made/table"
grep -qxF '| faults put into the code | a "b", c | 1 of 2 | `scripts/lint.sh --short` |' "$made/table"
grep -qxF '| | d \| e | 3 | `make` |' "$made/table"
grep -qxF '| numbers of the literature | | not measured | |' "$made/table"
[[ $(grep -c 'not measured' "$made/table") == 9 ]]

refused() { # WORDS FILE LINE…
  local words=$1 file=$2
  shift 2
  printf '%s\n' "$@" >"$made/$file.csv"
  if scripts/evidence.sh "$made" >/dev/null 2>"$made/said"; then
    echo "not refused: $words"
    exit 1
  fi
  grep -qF -- "$words" "$made/said" || { cat "$made/said"; exit 1; }
  rm "$made/$file.csv"
}
refused 'the head is not check,figure,command' fuzz check,figure a,1
refused 'not three fields' fuzz check,figure,command a,1
refused 'not three fields' fuzz check,figure,command '"a,1,make'
refused 'an empty field' fuzz check,figure,command a,,make
refused 'no row' fuzz check,figure,command
refused 'no such script: scripts/nothing.sh' fuzz check,figure,command 'a,1,scripts/nothing.sh --long'
refused 'has no such part' another check,figure,command a,1,make
