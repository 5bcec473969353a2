#!/usr/bin/env bash
# The README's table of guarantees as measured: runs a scenario and prints Markdown from its
# aggregate.csv. Usage: scripts/measured.sh [DGSIM [SCENARIO]]. tests/cli/test_readme.sh compares the
# README with what this prints.
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
dgsim=${1:-build/dgsim}
scenario=${2:-scenarios/four-guarantees.yaml}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$dgsim" run "$scenario" --out "$out" --no-charts >"$out/log" || { cat "$out/log" >&2; exit 1; }

echo "| guarantee | lost | duplicate effects | capacity, per s | round trips an operation | durable writes an operation | latency, median |"
echo "|---|---:|---:|---:|---:|---:|---:|"
tr -d '"' <"$out/latest/aggregate.csv" | awk -F, '
  !($1 in seen) && NR > 1 { seen[$1] = 1; order[++count] = $1 }
  { mean[$1, $2] = $5; half[$1, $2] = ($7 - $6) / 2; n[$1, $2] = $4 }
  function with(label, metric, format,  text) {
    text = sprintf(format, mean[label, metric])
    if (n[label, metric] > 1 && half[label, metric] > 0) text = text " ±" sprintf(format, half[label, metric])
    return text
  }
  END {
    for (i = 1; i <= count; i++) {
      label = order[i]
      printf "| %s | %s | %s | %.0f | %.2f | %.2f | %.0f ms |\n", label, with(label, "lost", "%.1f"),
        with(label, "duplicate_effects", "%.1f"), mean[label, "capacity"],
        mean[label, "round_trips"] / mean[label, "intended"],
        mean[label, "durable_writes"] / mean[label, "intended"], mean[label, "latency_p50"] / 1e6
    }
  }'
