#!/usr/bin/env bash
# Every row of scenarios/claims that breaks, made small: Markdown, a line a row and anomaly, with the operations
# and faults that are left. Exit status 1 when one is not made small and scenarios/claims/not-small.csv does not
# say why, or one that is there is.   scripts/shrink-claims.sh [-t SECONDS] [DGSIM [CLAIM…]]
#   -t  for one row (default: 60)     CLAIM: C07, or a scenario's name; default: all
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
limit=60
if [[ ${1:-} == -t ]]; then
  limit=$2
  shift 2
fi
dgsim=${1:-build/dgsim}
shift || true
folder=scenarios/claims
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

wanted() { # claim, scenario, the wanted...
  local claim=$1 scenario=$2 name
  shift 2
  (($# == 0)) && return
  for name in "$@"; do
    if [[ $name == "$claim" || $name == "$scenario" ]]; then return; fi
  done
  return 1
}
excused() { awk -F, -v scenario="$1" -v row="$2" '$1 == scenario && $2 == row { found = 1 } END { exit !found }' $folder/not-small.csv; }

echo "| scenario | row | anomaly | operations | faults | |"
echo "|---|---|---|---:|---:|---|"
failed=0
while IFS=, read -r claim scenario row verdict anomalies; do
  if [[ $verdict != breaks ]] || ! wanted "$claim" "$scenario" "$@"; then continue; fi
  for anomaly in $anomalies; do
    status=0
    timeout "$limit" "$dgsim" shrink "$folder/$scenario.yaml" --row "$row" --set "expect=[{row: $row, $anomaly: none}]" \
      --out "$out/results" >"$out/said" 2>&1 || status=$?
    small=$(sed -n 's/^ *shrunk *to \([0-9]*\) operations* and \([0-9]*\) faults*\(.*\), in .* runs$/\1 | \2 |\3/p' "$out/said")
    if [[ -n $small && $status == 1 ]]; then
      echo "| $scenario | $row | $anomaly | $small |"
      if excused "$scenario" "$row"; then
        echo "shrink-claims.sh: not-small.csv names $scenario, row $row, which is made small" >&2
        failed=1
      fi
    else
      echo "| $scenario | $row | $anomaly | | | not made small (exit status $status) |"
      if ! excused "$scenario" "$row"; then failed=1; fi
    fi
  done
done < <(sort -u -t, -k2 $folder/verdicts.csv)
exit "$failed"
