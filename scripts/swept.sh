#!/usr/bin/env bash
# The tables of scenarios/patterns/README.md: runs a swept scenario and prints what was measured at each value
# beside a formula. Usage: scripts/swept.sh SECTION [DGSIM]. tests/cli/test_swept.sh compares.
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
section=$1
dgsim=${2:-build/dgsim}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$dgsim" run "scenarios/patterns/$section.yaml" --out "$out" --no-charts >"$out/log" ||
  { cat "$out/log" >&2; exit 1; }

# The first columns of aggregate.csv: label, the swept value in ns or bytes, metric, unit, n, mean, low, high, sum.
rows() {
  tr -d '"' <"$out/latest/aggregate.csv" | cut -d, -f1-9 |
    awk -F, -v label="$1" -v metric="$2" '$1 == label && $3 == metric'
}

case $section in
commit-interval)
  echo "| auto.commit.interval.ms | repeated a roll | 95 % interval | rate × interval / 2 |"
  echo "|---:|---:|---:|---:|"
  rows auto-commit duplicate_effects |
    awk -F, '{ printf "| %g ms | %.1f | %.1f to %.1f | %g |\n", $2 / 1e6, $6, $7, $8, 100 * $2 / 1e9 / 2 }'
  ;;
visibility-timeout)
  echo "| visibility timeout | doubled of 600 | 95 % interval | 600 (1 − F(timeout)) | latency p99 |"
  echo "|---:|---:|---:|---:|---:|"
  # The upper tail of the normal distribution, by Simpson's rule.
  paste -d, <(rows "fixed timeout" duplicate_effects) <(rows "fixed timeout" latency_p99 | cut -d, -f6) | awk -F, '
    function density(x) { return exp(-x * x / 2) / sqrt(8 * atan2(1, 1)) }
    function tail(z,  i, step, sum) {
      step = (10 - z) / 2000
      for (i = 0; i <= 2000; i++) sum += density(z + i * step) * (i == 0 || i == 2000 ? 1 : i % 2 ? 4 : 2)
      return sum * step / 3
    }
    BEGIN { sigma = log(40 / 8) / 2.3263479 } # the median is 8 s, the 99th percentile 40 s
    { printf "| %g s | %.2f | %.2f to %.2f | %.2f | %.0f s |\n", $2 / 1e9, $6, $7, $8,
        600 * tail(log($2 / 1e9 / 8) / sigma), $10 / 1e9 }'
  ;;
poll-interval)
  echo "| poll_every | latency p50 | latency p99 | interval / 2 | SELECTs a second |"
  echo "|---:|---:|---:|---:|---:|"
  paste -d, <(rows polling latency_p50) <(rows polling latency_p99 | cut -d, -f6) \
    <(rows polling database_reads | cut -d, -f6) |
    awk -F, '{ printf "| %g ms | %.0f ms | %.0f ms | %g ms | %.1f |\n", $2 / 1e6, $6 / 1e6, $10 / 1e6,
      $2 / 2e6, $11 / 20 }'
  for label in "log of the database" "dual write"; do
    paste -d, <(rows "$label" latency_p50) <(rows "$label" latency_p99 | cut -d, -f6) \
      <(rows "$label" database_reads | cut -d, -f6) |
      awk -F, '{ printf "| %s | %.0f ms | %.0f ms | - | %.1f |\n", $1, $6 / 1e6, $10 / 1e6, $11 / 20 }'
  done
  ;;
outbox-cleanup)
  echo "| events | no cleanup | delete | drop-partitions |"
  echo "|---:|---:|---:|---:|"
  paste -d, <(rows "no cleanup" outbox_rows_peak) <(rows delete outbox_rows_peak | cut -d, -f6) \
    <(rows "drop partitions" outbox_rows_peak | cut -d, -f6) |
    awk -F, '{ printf "| %d | %d | %d | %d |\n", $2, $6, $10, $11 }'
  ;;
window)
  echo "| retention | done more than once, of 1800 | 95 % interval | room at most |"
  echo "|---:|---:|---:|---:|"
  label="table with a retention"
  paste -d, <(rows "$label" duplicate_effects) <(rows "$label" dedup_bytes_peak | cut -d, -f6) |
    awk -F, '{ printf "| %g s | %.1f | %.1f to %.1f | %.1f KiB |\n", $2 / 1e9, $6, $7, $8, $10 / 1024 }'
  ;;
bloom)
  echo "| bytes | lost, of 1000 | 95 % interval | the formula says |"
  echo "|---:|---:|---:|---:|"
  rows bloom lost | awk -F, '{
    sum = 0
    for (i = 0; i < 1000; i++) sum += (1 - exp(-5 * i / (8 * $2))) ^ 5
    printf "| %d | %.2f | %.2f to %.2f | %.2f |\n", $2, $6, $7, $8, sum }'
  ;;
operations)
  echo "| operation | log | FIFO queue | standard queue | standard + dedup-table |"
  echo "|---|---|---|---|---|"
  tr -d '"' <"$out/latest/aggregate.csv" | awk -F, '
    NR > 1 && !($2 in known) { known[$2] = 1; order[++operations] = $2 }
    NR > 1 && !($1 in row) { row[$1] = ++rows; label[rows] = $1 }
    { sum[$1, $2, $3] = $9 }
    function part(l, o, metric, word) { return sum[l, o, metric] ? sprintf(", %d %s", sum[l, o, metric], word) : "" }
    END {
      for (i = 1; i <= operations; i++) {
        printf "| %s |", order[i]
        for (j = 1; j <= rows; j++) {
          text = part(label[j], order[i], "state_doubled", "doubled") part(label[j], order[i], "state_stale", "stale") \
            part(label[j], order[i], "stuck", "operations stuck")
          printf " %s |", text ? substr(text, 3) : "right"
        }
        print ""
      }
    }'
  ;;
*)
  echo "there is no section '$section': commit-interval, visibility-timeout, poll-interval, outbox-cleanup," \
    "window, bloom, operations" >&2
  exit 64
  ;;
esac
