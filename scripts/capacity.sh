#!/usr/bin/env bash
# Capacity as measured, beside what a formula says: Markdown tables from scenarios/capacity.
#   scripts/capacity.sh SECTION [DGSIM]     sections: window transactions
# docs/capacity.md has them; tests/cli/test_capacity.sh compares it with what this prints.
set -euo pipefail
cd "$(dirname "$0")/.."
section=$1
dgsim=${2:-build/dgsim}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Lines "label,capacity" of a scenario, in the order of its rows.
measure() {
  "$dgsim" run "scenarios/capacity/$1.yaml" --out "$out" --no-charts >"$out/log" || { cat "$out/log" >&2; exit 1; }
  tr -d '"' <"$out/latest/aggregate.csv" | awk -F, '$2 == "capacity" { print $1 "," $5 }'
}

case $section in
window) # w / R: 20 ms each way, 20 us of the broker and 1 us for the KiB
  echo "| requests under way | capacity, per s | window / round trip | measured / formula |"
  echo "|---|---:|---:|---:|"
  measure window | awk -F, '{
    split($1, words, " "); window = words[2]; formula = window / 0.040021
    printf "| %d | %.0f | %.1f | %.2f |\n", window, $2, formula, $2 / formula }'
  ;;
transactions) # (I + s) / (I + s + T): s the first record, T four exchanges of 3 ms and what the broker does
  echo "| commit interval | capacity, per s | over idempotent | formula | measured / formula |"
  echo "|---|---:|---:|---:|---:|"
  measure transactions | awk -F, '
    NR == 1 { base = $2; printf "| %s | %.0f | 1 | | |\n", $1, $2; next }
    { split($1, words, " "); interval = words[2] + 0; if (words[2] ~ /[0-9]s$/) interval *= 1000
      formula = (interval + 1) / (interval + 1 + 12.1)
      printf "| %s | %.0f | %.3f | %.3f | %.2f |\n", words[2], $2, $2 / base, formula, $2 / base / formula }'
  ;;
*)
  echo "capacity.sh: no section '$section'" >&2
  exit 64
  ;;
esac
