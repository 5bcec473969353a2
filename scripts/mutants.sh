#!/usr/bin/env bash
# Whether the tests notice when something is wrong: faults are put into the kernel, the world, the judge and the models,
# one at a time, and each has to be noticed by a test, or to be shown to be none.
#   scripts/mutants.sh [--long] [--write] [OPTION...]   the chosen ones, then mechanical ones: an hour or two
#   scripts/mutants.sh --short                          the chosen ones, and models that lie: a minute
#
# Chosen: rows of the tables mutants.h in sim/world, sim/oracle and models, which say who notices each. Mechanical: made
# by rule in lines that a seed chooses, with OPTIONs of scripts/mutants/campaign.py; for each its file and line, the
# change, and the test that killed it. Survivors stand in tests/system/mutants_survivors.csv with a reason; one without
# fails. Lying models: tests/system/lying_models.h, one for each anomaly.
# --write: tests/system/mutants_mechanical.csv, and the figures in tests/evidence/mutants.csv
# The mechanical ones have a build of their own, build-mutants, where a campaign that was stopped goes on.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

form=long write=0 options=()
for argument in "$@"; do
  case $argument in
    --short) form=short ;;
    --long) form=long ;;
    --write) write=1 ;;
    *) options+=("$argument") ;;
  esac
done

programs=${MUTANTS_BUILD:-build}
if [[ ! -v MUTANTS_BUILD ]]; then scripts/build.sh release system_mutants system_test_lying_models; fi
chosen=$("$programs/tests/system_mutants" --list | tail -n +2 | wc -l)
"$programs/tests/system_mutants"
echo "$chosen of $chosen chosen mutants noticed by who is named for them"
"$programs/tests/system_test_lying_models"
lies=$(grep -cE '^    \{"' tests/system/lying_models.h)
echo "$lies of $lies lying models named for what they broke"
if [[ $form == short ]]; then exit 0; fi

if ((write)); then options+=(--write); fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
python3 scripts/mutants/campaign.py "${options[@]}" | tee "$log"
if ((write)); then
  mkdir -p tests/evidence
  {
    echo "check,figure,command"
    echo "chosen mutants noticed by the test or claim that is named for them,$chosen of $chosen,scripts/mutants.sh --short"
    echo "lying models named for what they claimed and broke,$lies of $lies,scripts/mutants.sh --short"
    sed -nE 's/^([0-9]+ of [0-9]+) mechanical mutants killed, ([0-9]+) survive with a reason, 0 without$/mechanical mutants killed (\2 others are shown to be none),\1,scripts\/mutants.sh --long/p' "$log"
  } >tests/evidence/mutants.csv
fi
