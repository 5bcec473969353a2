#!/usr/bin/env bash
# Patterns of handlers, searched: every placement of up to two faults over two operations, without luck and
# without the scenario's own faults. scenarios/claims/explored.csv says what comes of each row: that it holds, or
# the anomaly that is found. Markdown, a line a row; exit status 1 when one comes out otherwise.
#   scripts/explore-claims.sh [-k FAULTS] [DGSIM [SCENARIO…]]
#   -k  at most so many faults (default: 2: seconds a row of a queue, minutes one of a log); what needs more to be
#       found is passed over
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
most=2
if [[ ${1:-} == -k ]]; then
  most=$2
  shift 2
fi
dgsim=${1:-build/dgsim}
shift || true
folder=scenarios/claims
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

echo "| scenario | row | faults | outcome | |"
echo "|---|---|---:|---|---|"
failed=0
while IFS=, read -r scenario row sought faults outcome; do
  if (($# > 0)) && [[ " $* " != *" $scenario "* ]]; then continue; fi
  if [[ $outcome != holds ]] && ((faults > most)); then continue; fi
  if ((faults > most)); then faults=$most; fi
  expect="row: $row"
  for metric in $sought; do expect+=", $metric: none"; done
  status=0
  "$dgsim" explore "$folder/$scenario.yaml" --row "$row" --faults "$faults" --messages 2 --no-shrink --set luck=none \
    --set faults='[]' --set "expect=[{$expect}]" --out "$out" >"$out/said" 2>&1 || status=$?
  said=$(sed -n 's/^ *\(held for all .*\)$/\1/p; s/^ *\(violated .*\)$/\1/p; s/.*\(error: .*\)/\1/p; s/^ *\(stopped .*\)$/\1/p' "$out/said" | head -n 1)
  echo "| $scenario | $row | $faults | $outcome | $said |"
  case $outcome:$status in
  holds:0) [[ $said == held* ]] || failed=1 ;;
  holds:*) failed=1 ;;
  *:1) [[ $said == "violated  $outcome = "* ]] || failed=1 ;;
  *) failed=1 ;;
  esac
done < <(tail -n +2 $folder/explored.csv)
exit "$failed"
