#!/usr/bin/env bash
# The zoo of consumers, scenarios/check/zoo/zoo.csv: each with one bug has to be caught, with the anomaly that its
# row names and a reproducing file of at most 3 faults and 3 messages that shows it again; its repaired twin has to
# pass everything in its contract. Prints a table. Exit status 1 when one comes out otherwise.
#   scripts/zoo.sh [--short] [--write | --markdown] [--only TEXT] [--rows FILE] [DGSIM]
#   --short     what continuous integration does: repaired ones in JavaScript, whose start takes longest, have but
#               one message
#   --markdown  prints the table of scenarios/check/README.md instead; --write puts it there
#   --only      rows that contain TEXT
#   --rows      those of FILE instead
# C programs are compiled, with CC, in a temporary folder; rows of a language that is not here are skipped.
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

zoo=scenarios/check/zoo page=scenarios/check/README.md
form=text only='' rows=$zoo/zoo.csv dgsim=build/dgsim short=false
while (($#)); do
  case $1 in
  --short) short=true ;;
  --write | --markdown) form=${1#--} ;;
  --only) only=$2 && shift ;;
  --rows) rows=$2 && shift ;;
  -*) echo "zoo.sh: '$1' is none of --short --write --markdown --only --rows" >&2 && exit 64 ;;
  *) dgsim=$1 ;;
  esac
  shift
done

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
python=python3
if [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; fi # a wrapper in PATH may cost more than the interpreter
mkdir "$out/bin"
if command -v "$python" >/dev/null; then ln -s "$(command -v "$python")" "$out/bin/python3"; fi
export PATH=$out/bin:$PATH PYTHONDONTWRITEBYTECODE=1
export zoo dgsim out short
export CC=${CC:-cc}

# What dgsim check is to be told about a program: into the array `consumer`. False: its language is not here.
consumer_of() {
  local file=$zoo/$1
  case $1 in
  *.py) consumer=(-- python3 "$file") && command -v python3 >/dev/null ;;
  *.js) consumer=(-- node "$file") && command -v node >/dev/null ;;
  *.sh) consumer=(-- sh "$file") ;;
  *.sql) consumer=(--sql "$file") ;;
  *.c)
    local object=$out/objects/${1%.c}.so
    mkdir -p "$out/objects"
    consumer=(--plugin "$object")
    command -v "$CC" >/dev/null || return
    "$CC" -std=c17 -O1 -fPIC -shared -Wall -Wextra -Werror -I sim/handler -o "$object" "$file" ||
      true # dgsim check says that there is no such object
    ;;
  *) false ;;
  esac
}

# Each has a folder for temporary files of its own: consumers that keep files name them by the tool's worker alone.
check() { # FILE LOG OPTIONS…: the exit status
  local status=0
  TMPDIR=${2%/*} "$dgsim" check "$1" -j 1 "${@:3}" "${consumer[@]}" >"$2" 2>&1 </dev/null || status=$?
  echo "$status"
}

complain() { # NUMBER TEXT LOG
  { echo "$2"; sed 's/^/    /' "$3" | tail -n 25; } >>"$out/$1.problem"
}

caught() { # NUMBER PROGRAM SCENARIO ANOMALY CLASS: tried and seconds, into NUMBER.caught
  local dir=$out/$1 begun ended tried kept status faults messages
  consumer_of "$2" || return 0
  mkdir "$dir"
  begun=${EPOCHREALTIME/./}
  status=$(check "$zoo/$3.yaml" "$dir/log" --out "$dir/out" --save "$dir/kept")
  ended=${EPOCHREALTIME/./}
  tried=$(sed -nE 's/^[0-9]+ of ([0-9]+) recovered.*/\1/p' "$dir/log")
  echo "${tried:-?} $(((ended - begun + 50000) / 100000))" >"$out/$1.caught"
  if [[ $status != 1 ]]; then complain "$1" "$2: exit status $status, not 1" "$dir/log"; return; fi
  if ! grep -q -- "^FAILED  *$4:" "$dir/log"; then complain "$1" "$2: not $4" "$dir/log"; fi
  if ! grep -q -- "^  class  *$5:" "$dir/log"; then complain "$1" "$2: not of class $5" "$dir/log"; fi
  kept=$(find "$dir/kept" -name '*.yaml' | head -n 1)
  if [[ -z $kept ]]; then complain "$1" "$2: no reproducing file" "$dir/log"; return; fi
  faults=$(sed -n '/^faults:/,/^[a-z]/p' "$kept" | grep -c '^ *- ' || true)
  messages=$(sed -n '/^  intents:/,/^[a-z]/p' "$kept" | grep -c '^ *- ' || true)
  if ((faults > 3 || messages > 3)); then complain "$1" "$2: $faults faults, $messages messages" "$kept"; fi
  status=$(check "$kept" "$dir/again" --out "$dir/out2")
  if [[ $status != 1 ]] || ! grep -q -- "^FAILED  *$4:" "$dir/again"; then
    complain "$1" "$2: the reproducing file ends with $status, not with $4" "$dir/again"
  fi
}

# Twins with the same fix are the same program, which is run once where it takes long: told without comments.
passes() { # NUMBER FIXED SCENARIO: cases, into NUMBER.passes
  local sum status set=()
  consumer_of "$2" || return 0
  if $short && [[ $2 == *.js ]]; then set=(--set workload/messages=1); fi
  sum=$1
  case $2 in
  *.py | *.js | *.sh) sum=$({ sed -E '/^(#|\/\/) /d' "$zoo/$2"; echo "${2##*.} $3"; } | cksum | tr ' ' -) ;;
  esac
  echo "$sum" >"$out/$1.passes"
  mkdir "$out/passes-$sum" 2>/dev/null || return 0
  status=$(check "$zoo/$3.yaml" "$out/passes-$sum/log" --out "$out/passes-$sum/out" "${set[@]}")
  if [[ $status != 0 ]] || ! grep -qE '^([0-9]+) of \1 recovered' "$out/passes-$sum/log"; then
    complain "$1" "$2: exit status $status; not everything recovered" "$out/passes-$sum/log"
  fi
}

row() { # KIND NUMBER BUG LANGUAGE PROGRAM FIXED SCENARIO ANOMALY CLASS
  case $1 in
  caught) caught "$2" "$5" "$7" "$8" "$9" ;;
  passes) passes "$2" "$6" "$7" ;;
  esac
}
export -f row caught passes check complain consumer_of

tail -n +2 "$rows" | { grep -F -- "$only" || true; } >"$out/rows"
total=$(wc -l <"$out/rows")
if ((total == 0)); then echo "zoo.sh: no row contains '$only'" >&2 && exit 64; fi
# Repaired ones first: they take longest.
for kind in passes caught; do
  awk -F, -v kind="$kind" '{ printf "%s\n%d", kind, NR; for (i = 1; i <= 7; i++) printf "\n%s", $i; print "" }' "$out/rows"
done | xargs -d '\n' -n 9 -P "${JOBS:-$(nproc)}" bash -c 'row "$@"' row

line() { # NUMBER: one row of the table
  local bug language program anomaly class tried='?' tenths=0 recovered=''
  IFS=, read -r bug language program _ _ anomaly class < <(sed -n "$1p" "$out/rows")
  if [[ -e $out/$1.caught ]]; then read -r tried tenths <"$out/$1.caught"; fi
  if [[ -e $out/$1.passes ]]; then
    recovered=$(sed -nE 's/^([0-9]+) of \1 recovered.*/\1/p' "$out/passes-$(cat "$out/$1.passes")/log")
  fi
  local took="$((tenths / 10)).$((tenths % 10)) s"
  if ((tenths == 0)); then took='< 0.1 s'; fi
  if [[ $form == text ]]; then
    printf '%-50s %-11s %-18s %-16s %6s %8s %8s\n' "$bug" "$language" "$anomaly" "$class" "$tried" "$took" \
      "${recovered:-?}"
  else
    printf '| %s | %s | [%s](zoo/%s) | %s | %s | %s | %s | %s |\n' "$bug" "$language" "$program" "$program" \
      "$anomaly" "$class" "$tried" "$took" "${recovered:-?}"
  fi
}

table() {
  if [[ $form == text ]]; then
    printf '%-50s %-11s %-18s %-16s %6s %8s %8s\n' bug language anomaly 'shown by' tried 'in' 'repaired'
  else
    echo "| bug | language | | found | shown by | cases tried | time to find | repaired: recovered |"
    echo "|---|---|---|---|---|---:|---:|---:|"
  fi
  local number
  for ((number = 1; number <= total; number++)); do
    if [[ -e $out/$number.caught ]]; then line "$number"; fi
  done
}

skipped=0 failed=0
for ((number = 1; number <= total; number++)); do
  if [[ ! -e $out/$number.caught ]]; then skipped=$((skipped + 1)); fi
  if [[ -e $out/$number.problem ]]; then cat "$out/$number.problem" >&2 && failed=$((failed + 1)); fi
done
if ((skipped)); then echo "zoo.sh: skipped $skipped of $total rows: their language is not here" >&2; fi

case $form in
text | markdown) table ;;
write)
  if ((skipped || failed)) || $short || [[ -n $only ]]; then echo "zoo.sh: nothing written" >&2 && exit 1; fi
  table >"$out/table"
  awk -v table="$out/table" '
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- scripts/zoo.sh -->" { inside = 1; while ((getline line < table) > 0) print line }
    ' "$page" >"$out/page"
  cp "$out/page" "$page"
  ;;
esac
if [[ $form == text ]]; then echo "$((total - skipped - failed)) of $((total - skipped)) as expected"; fi
((failed == 0))
