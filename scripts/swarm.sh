#!/usr/bin/env bash
# Random worlds over all systems, handlers, keys and faults, each run with every assertion on, ended within
# limits, and judged twice: by the ledger and by a second judge of another style (tests/oracle/second_judge.h). Every
# shipped scenario is judged twice as well. Last line: worlds, internal errors, disagreements; exit status 1 when
# there are any. A world that fails is left in the folder of --out as a scenario, and as small as it gets.
#   scripts/swarm.sh [--long | --short] [--worlds N] [--from K] [-j N] [--out DIR] [--preset NAME] [--write]
#     --long      100000 worlds, scenarios in full length: the default
#     --short     1500 worlds, scenarios of at most 300 operations: what ctest runs
#     --preset    whose build it runs: release, or asan for a sanitized one
#     --write     puts the figures into tests/evidence/swarm.csv and judge.csv, when all is well
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
worlds='' from=1 jobs=2 out=results/swarm preset=release form=long write=0 said=''
words="$*"
while (($# > 0)); do
  case $1 in
  --long | --short) form=${1#--} ;;
  --write) write=1 ;;
  --worlds | --from | -j | --out | --preset)
    (($# > 1)) || { echo "swarm.sh: $1 needs a value" >&2; exit 64; }
    case $1 in
    --worlds) worlds=$2 ;;
    --from) from=$2 ;;
    -j) jobs=$2 ;;
    --out) out=$2 ;;
    --preset) preset=$2 ;;
    esac
    shift
    ;;
  *)
    echo "swarm.sh: '$1' is not known" >&2
    exit 64
    ;;
  esac
  shift
done
messages=300
if [[ $form == long ]]; then messages=1000000; fi
if [[ -z $worlds ]]; then worlds=$([[ $form == long ]] && echo 100000 || echo 1500); fi
build=build
if [[ $preset != release ]]; then build=build-$preset; fi
program=$build/tests/system_swarm
scripts/build.sh "$preset" system_swarm >&2
said=$(mktemp)
trap 'rm -f "$said" "$said".*' EXIT

# What stands under `check` is for programs of users, and judged by its clean run.
mapfile -t scenarios < <(find scenarios tests/regressions -name '*.yaml' -exec grep -L '^check:' {} + | LC_ALL=C sort)
status=0
"$program" --scenarios --messages "$messages" "${scenarios[@]}" | tee "$said.judge" || status=1
"$program" --worlds "$worlds" --from "$from" -j "$jobs" --out "$out" | tee "$said.swarm" || status=1

figure() { sed -n "$2" "$said.$1" | tail -n 1; }
if ((write && !status)); then
  mkdir -p tests/evidence
  command="scripts/swarm.sh${words:+ ${words//,/ }}"
  {
    echo "check,figure,command"
    echo "random worlds run and judged twice,\"$(figure swarm 's/^worlds \(.*\), internal errors \(.*\), disagreements \(.*\)/\1 worlds: \2 internal errors and \3 disagreements/p')\",$command"
    echo "of these worlds,\"$(figure swarm 's/^of [0-9]* worlds: without faults \([0-9]*\), with one that hit something \([0-9]*\),.* against their contract \([0-9]*\); events \([0-9]*\)/\2 with a fault that hit something; \3 against their contract; \4 events/p')\",$command"
    for slot in systems handlers stores clients publishers; do
      echo "keys of $slot that some world had other than by default,$(awk -v slot="$slot:" '$1 == slot { getline; sub(/.*default: /, ""); sub(/;.*/, ""); print }' "$said.swarm"),$command"
    done
  } >tests/evidence/swarm.csv
  {
    echo "check,figure,command"
    echo "shipped scenarios and regressions judged twice,\"$(figure judge 's/^scenarios \(.*\), refused .*, runs \(.*\), obligations \(.*\), disagreements \(.*\)/\1 scenarios: \2 runs of \3 obligations: \4 disagreements/p')\",$command"
  } >tests/evidence/judge.csv
fi
exit "$status"
