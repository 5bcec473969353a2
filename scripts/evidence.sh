#!/usr/bin/env bash
# The table of evidence of tests/README.md: what tests/evidence/*.csv say, as Markdown. Each is written by
# the script of its name with --write, from a run; one that is not there is named, as "not measured".
#   scripts/evidence.sh [--write] [DIRECTORY]   default: tests/evidence; tests/lint/test_evidence.sh compares
# A file has the head check,figure,command, fields as in RFC 4180. Exit status 1 where one is not so, names a
# script that is not there, or is none of those that the table has.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

page=tests/README.md write=false evidence=tests/evidence
while (($#)); do
  case $1 in
  --write) write=true ;;
  -*) echo "evidence.sh: '$1' is not --write" >&2 && exit 64 ;;
  *) evidence=$1 ;;
  esac
  shift
done

# FILE, and what it is called in the table, in the table's order.
parts=(
  "formulas    numbers of the literature"
  "determinism the same results everywhere"
  "mutants     faults put into the code"
  "judge       a second judge"
  "swarm       random worlds"
  "fuzz        random input"
  "hostile     hostile input"
  "toughness   faults around a run"
  "coverage    code that tests reach"
  "analysis    analysers, sanitizers"
)

rows() { # NAME TITLE: the rows of a file
  awk -v file="$evidence/$1.csv" -v title="$2" '
    function bad(text) { print file ":" FNR ": " text >"/dev/stderr"; failed = 1 }
    function split_row(line,   n, c, i, quoted) { # fields into field[1..n]; 0: a quote is open
      n = 1; delete field; field[1] = ""
      for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (quoted) {
          if (c != "\"") field[n] = field[n] c
          else if (substr(line, i + 1, 1) == "\"") { field[n] = field[n] c; i++ }
          else quoted = 0
        } else if (c == "\"" && field[n] == "") quoted = 1
        else if (c == ",") field[++n] = ""
        else field[n] = field[n] c
      }
      return quoted ? 0 : n
    }
    { sub(/\r$/, "") }
    NR == 1 { if ($0 != "check,figure,command") bad("the head is not check,figure,command"); next }
    {
      if (split_row($0) != 3) { bad("not three fields"); next }
      for (i = 1; i <= 3; i++) {
        if (field[i] == "") bad("an empty field")
        gsub(/\|/, "\\|", field[i])
      }
      script = field[3]; sub(/ .*/, "", script)
      if (script ~ /^scripts\// && (getline line < script) < 0) bad("no such script: " script)
      printf "| %s| %s | %s | `%s` |\n", count++ ? "" : title " ", field[1], field[2], field[3]
    }
    END { if (!count && !failed) { FNR = NR; bad("no row") } exit failed }' "$evidence/$1.csv"
}

table() {
  local part name title failed=0
  echo "| | what was checked | figure | command |"
  echo "|---|---|---|---|"
  for part in "${parts[@]}"; do
    read -r name title <<<"$part"
    if [[ -e $evidence/$name.csv ]]; then
      rows "$name" "$title" || failed=1
    else
      echo "| $title | | not measured | |"
    fi
  done
  for file in "$evidence"/*.csv; do
    name=${file##*/}
    if [[ -e $file && " ${parts[*]%% *} " != *" ${name%.csv} "* ]]; then
      echo "$file: the table of scripts/evidence.sh has no such part" >&2
      failed=1
    fi
  done
  return $failed
}

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
table >"$out/table" || exit 1
if ! $write; then cat "$out/table" && exit; fi
awk -v table="$out/table" '
  $0 == "<!-- end -->" { inside = 0 }
  !inside { print }
  $0 == "<!-- scripts/evidence.sh -->" { inside = 1; while ((getline line < table) > 0) print line }
  ' "$page" >"$out/page"
cp "$out/page" "$page"
