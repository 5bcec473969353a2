#!/usr/bin/env bash
# What can happen to a run, done to it: signals, full disks, folders that vanish, readers that go, a gnuplot that hangs,
# two runs at once, few resources, consumers that misbehave. After each: the exit status and the words that its row
# names, nothing half written that could be taken for whole, no process and no temporary file left, no hang.
#   scripts/toughness.sh [--short | --long] [--write | --table] [--only TEXT] [DGSIM]
#   --short  what continuous integration does: a few moments for each kill instead of many
#   --table  prints the table of results/README.md from the rows, and runs nothing; --write puts it there, runs
#            everything, and writes tests/evidence/toughness.csv
#   --only   rows whose name contains TEXT
# Rows and what they do are in scripts/toughness/*.sh. What a machine does not allow is skipped, by name.
set -uo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
umask 022
for fd in {3..63}; do eval "exec $fd>&-"; done # what a test runner has open would count for those that have few
cd "$(dirname "$0")/.." || exit
self=$PWD/scripts/toughness.sh

form=long action=run only='' one='' dgsim=build/dgsim
while (($#)); do
  case $1 in
  --short | --long) form=${1#--} ;;
  --write | --table) action=${1#--} ;;
  --only) only=$2 && shift ;;
  --one) one=$2 && shift ;; # a row, in a process of its own, in the folder TOUGHNESS_WORK
  -*) echo "toughness.sh: '$1' is none of --short --long --write --table --only" >&2 && exit 64 ;;
  *) dgsim=$1 ;;
  esac
  shift
done

names=()
declare -A fault command status said after needs
# row NAME FAULT COMMANDS STATUS SAID AFTERWARDS [NEEDS]: one line of the table; the function NAME does it. What it says is
# looked for in the output as it stands here. NEEDS: what the machine has to allow (can_NEEDS below).
row() {
  names+=("$1")
  fault[$1]=$2 command[$1]=$3 status[$1]=$4 said[$1]=$5 after[$1]=$6 needs[$1]=${7:-}
}
for part in common signals streams disk gnuplot together limits consumers; do
  # shellcheck source=/dev/null
  source "scripts/toughness/$part.sh"
done

table() {
  local name
  echo '| what happens | to | exit status | what it says | what is left, and what to do |'
  echo '|---|---|---|---|---|'
  for name in "${names[@]}"; do
    echo "| ${fault[$name]} | ${command[$name]} | ${status[$name]} | ${said[$name]:+\`${said[$name]}\`} | ${after[$name]} |"
  done
}

if [[ $action == table ]]; then
  table
  exit
fi
dgsim=$(realpath "$dgsim") && [[ -x $dgsim ]] || exit 64
if [[ $one ]]; then
  perform "$one"
  exit
fi

TOUGHNESS_WORK=$(mktemp -d)
export TOUGHNESS_WORK
trap 'rm -rf "$TOUGHNESS_WORK"' EXIT
chmod 755 "$TOUGHNESS_WORK" # rows that need another user
install -m 755 "$dgsim" "$TOUGHNESS_WORK/dgsim"
prepare || exit 70

# Each row writes what went wrong into NAME.log; two at a time: most of them wait.
do_one() {
  local name=$1 need begun=$EPOCHREALTIME wrap=() got=0
  for need in ${needs[$name]}; do
    if ((got == 0)) && ! "can_$need"; then
      echo "skipped: no $need here" >"$TOUGHNESS_WORK/$name.log"
      got=77
    fi
  done
  if ((got == 0)); then
    if [[ ${needs[$name]} == mount ]]; then read -ra wrap <<<"$(mount_wrap)"; fi
    "${wrap[@]}" bash "$self" "--$form" --one "$name" "$TOUGHNESS_WORK/dgsim" >"$TOUGHNESS_WORK/$name.log" 2>&1 </dev/null || got=$?
  fi
  echo "$got" >"$TOUGHNESS_WORK/$name.got"
  case $got in
  0) printf '%-24s survived, %s s\n' "$name" "$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN{printf "%.1f", b - a}')" ;;
  77) printf '%-24s %s\n' "$name" "$(tail -n 1 "$TOUGHNESS_WORK/$name.log")" ;;
  *) { printf '%-24s FAILED\n' "$name" && sed 's/^/    /' "$TOUGHNESS_WORK/$name.log"; } ;;
  esac
}
for name in "${names[@]}"; do
  [[ $name == *"$only"* ]] || continue
  while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
  do_one "$name" &
done
wait

total=0 survived=0 skipped=() failed=()
for name in "${names[@]}"; do
  [[ -e $TOUGHNESS_WORK/$name.got ]] || continue
  total=$((total + 1))
  case $(<"$TOUGHNESS_WORK/$name.got") in
  0) survived=$((survived + 1)) ;;
  77) skipped+=("$name") ;;
  *) failed+=("$name") ;;
  esac
done
kills=$(cat "$TOUGHNESS_WORK"/*/kills 2>/dev/null | wc -l)
figure="$survived of $total faults survived, $kills signals sent"
if ((${#skipped[@]})); then figure+="; skipped: ${skipped[*]}"; fi
echo "$figure"
if [[ $action == write ]] && ((${#failed[@]} == 0)) && [[ -z $only ]]; then
  table >"$TOUGHNESS_WORK/table"
  replace_table results/README.md "$TOUGHNESS_WORK/table"
  mkdir -p tests/evidence
  printf 'check,figure,command\nwhat can happen to a run,"%s",scripts/toughness.sh%s\n' "$figure" "${form/#*short/ --short}" |
    sed 's/toughness\.shlong/toughness.sh/' >tests/evidence/toughness.csv
fi
((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}" && exit 1; }
