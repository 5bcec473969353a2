#!/usr/bin/env bash
# How to choose a guarantee, as measured: Markdown tables of scenarios/capacity/README.md.
#   scripts/choosing.sh columns|orders|idempotent [DGSIM]
# columns: loss, duplicates, complexity and capacity under the faults of scenarios/claims/C26-holds.yaml.
# orders: capacity without faults, in worlds that differ in one thing; idempotent: likewise of the consumers of
# C27-breaks-fsync.yaml. Capacity is measured once a seed. tests/cli/test_choosing.sh compares that page with this.
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
section=$1
dgsim=${2:-build/dgsim}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

run() { # scenario, option...: its aggregate.csv
  "$dgsim" run "$@" --out "$out" --no-charts >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
  tr -d '"' <"$out/latest/aggregate.csv"
}

# Lines "label,mean,half of the 95 % interval", in the order of rows. Arguments: seeds, scenario, option...
capacities() {
  local seeds=$1 scenario=$2
  shift 2
  for ((seed = 1; seed <= seeds; seed++)); do
    run "$scenario" --seed "$seed" --set faults='[]' --set expect='[]' --set workload/messages=100 "$@"
  done | awk -F, '
    BEGIN { split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 2.201 2.179 2.160 2.145 2.131 2.120 2.110 2.101 2.093", t, " ") }
    $2 == "capacity" { if (!($1 in n)) order[++rows] = $1; n[$1]++; sum[$1] += $5; squares[$1] += $5 * $5 }
    END { for (i = 1; i <= rows; i++) {
      label = order[i]; k = n[label]; mean = sum[label] / k
      variance = k > 1 ? (squares[label] - k * mean * mean) / (k - 1) : 0
      printf "%s,%.6f,%.6f\n", label, mean, (variance > 0 ? t[k - 1] * sqrt(variance / k) : 0) } }'
}

# One line of a table of worlds: rates, and their order; what differs by less than 2 % or their intervals is equal.
world() { # text, option...
  local text=$1
  shift
  capacities 5 "$scenario" "$@" | awk -F, -v text="$text" '
    { label[NR] = $1; mean[NR] = $2; half[NR] = $3 }
    function before(a, b,  least) {
      least = half[a] + half[b]; if (least < 0.02 * mean[b]) least = 0.02 * mean[b]
      return mean[a] - mean[b] > least
    }
    END {
      line = "| " text " |"
      for (i = 1; i <= NR; i++) { line = line sprintf(" %.0f ±%.0f |", mean[i], half[i]); place[i] = i }
      for (i = 1; i <= NR; i++) for (j = NR; j > i; j--)
        if (mean[place[j]] > mean[place[j - 1]]) { k = place[j]; place[j] = place[j - 1]; place[j - 1] = k }
      order = label[place[1]]
      for (i = 2; i <= NR; i++) order = order (before(place[i - 1], place[i]) ? " > " : " = ") label[place[i]]
      print line " " order " |" }'
}

case $section in
columns)
  scenario=scenarios/claims/C26-holds.yaml
  run "$scenario" >"$out/table"
  capacities 20 "$scenario" >"$out/capacities"
  echo "| guarantee | lost | duplicate effects | round trips an operation | durable writes an operation | capacity, per s |"
  echo "|---|---:|---:|---:|---:|---:|"
  awk -F, '
    NR == FNR { capacity[$1] = sprintf("%.0f ±%.0f", $2, $3); order[++rows] = $1; next }
    { mean[$1, $2] = $5; half[$1, $2] = ($7 - $6) / 2 }
    function with(label, metric, format, by) {
      return sprintf(format, mean[label, metric] / by) (half[label, metric] > 0 ? " ±" sprintf(format, half[label, metric] / by) : "")
    }
    END { for (i = 1; i <= rows; i++) {
      label = order[i]; n = mean[label, "intended"]
      printf "| %s | %s | %s | %s | %s | %s |\n", label, with(label, "lost", "%.1f", 1), with(label, "duplicate_effects", "%.1f", 1),
        with(label, "round_trips", "%.2f", n), with(label, "durable_writes", "%.2f", n), capacity[label] } }' \
    "$out/capacities" "$out/table"
  ;;
orders)
  scenario=scenarios/claims/C26-breaks-quiet.yaml
  echo "| world | at-most-once | at-least-once | exactly-once | order |"
  echo "|---|---:|---:|---:|---|"
  world "one output topic, 1 ms of work a message" --set measure_capacity=true
  world "the same, replication 0 ms instead of 2 ms" --set measure_capacity=true --set costs/broker_replication=0s
  world "the same, replication 20 ms" --set measure_capacity=true --set costs/broker_replication=20ms
  world "0.1 ms of work" --set measure_capacity=true --set workload/service_time=100us
  world "10 ms of work" --set measure_capacity=true --set workload/service_time=10ms
  world "0.1 ms of work, one producer, 20 ms away" --set measure_capacity=true --set workload/service_time=100us \
    --set topology/producers=1 --set links/producer_to_broker/latency=20ms
  scenario=scenarios/claims/C27-breaks-fsync.yaml
  rows='compare=[{label: at-most-once, system: at-most-once}, {label: at-least-once, system: at-least-once}, {label: exactly-once, system: exactly-once}]'
  world "1 ms of work, effects of the first two in a database" --set "$rows"
  world "the same, its flush 0 ms instead of 0.7 ms" --set "$rows" --set costs/database_commit=0s
  ;;
idempotent)
  scenario=scenarios/claims/C27-breaks-fsync.yaml
  echo "| world | at-least-once | idempotent consumer | exactly-once | order |"
  echo "|---|---:|---:|---:|---|"
  world "1 ms of work a message"
  world "the same, no way to the database" --set links/consumer_to_database/latency=0s
  world "the same, no flush in the database" --set costs/database_commit=0s
  world "10 ms of work" --set workload/service_time=10ms
  ;;
*)
  echo "choosing.sh: no section '$section'" >&2
  exit 64
  ;;
esac
