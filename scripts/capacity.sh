#!/usr/bin/env bash
# Capacity as measured, beside what a formula says: Markdown tables from scenarios/capacity.
#   scripts/capacity.sh SECTION [DGSIM]     sections: window acks confirms transactions crossover
#                                           cost-replication cost-distance
# scenarios/capacity/README.md has them; tests/cli/test_capacity.sh compares it with what this prints.
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
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
acks) # 5 requests of 16 records to each of 3 brokers, over one round trip, or one more to the replicas
  echo "| acks | capacity, per s | over acks=1 | window / round trips | measured / formula |"
  echo "|---|---:|---:|---:|---:|"
  measure acks | awk -F, '
    { label[NR] = $1; rate[NR] = $2; if ($1 == "acks=1") base = $2 }
    END { for (i = 1; i <= NR; i++) {
      trip = label[i] == "acks=0" ? 0 : label[i] == "acks=1" ? 1.036 : 1.036 + 1 + 0.036
      formula = trip ? sprintf("%.0f", 240000 / trip) : ""
      printf "| %s | %.0f | %.2f | %s | %s |\n", label[i], rate[i], rate[i] / base, formula,
        trip ? sprintf("%.2f", rate[i] / formula) : "" } }'
  ;;
confirms) # w / (R + flush + replication + what the other publishes of the window take of four cores)
  echo "| publisher | capacity, per s | over no confirms | window / round trip | measured / formula |"
  echo "|---|---:|---:|---:|---:|"
  measure confirms | awk -F, '
    NR == 1 { base = $2 }
    { trip = 1.021; if ($1 ~ /^fsync/) trip += 0.7; if ($1 ~ /^quorum/) trip += 0.7 + 1
      split($1, words, " "); formula = words[2] + 0 > 0 ? words[2] * 1000 / (trip + (words[2] - 1) * 0.021 / 4) : ""
      printf "| %s | %.0f | %.3f | %s | %s |\n", $1, $2, $2 / base,
        formula ? sprintf("%.0f", formula) : "", formula ? sprintf("%.2f", $2 / formula) : "" }'
  ;;
transactions) # (I + s) / (I + s + T): s the first record, T three exchanges of 3.02 ms
  echo "| commit interval | capacity, per s | over idempotent | formula | measured / formula |"
  echo "|---|---:|---:|---:|---:|"
  measure transactions | awk -F, '
    NR == 1 { base = $2; printf "| %s | %.0f | 1 | | |\n", $1, $2; next }
    { split($1, words, " "); interval = words[2] + 0; if (words[2] ~ /[0-9]s$/) interval *= 1000
      formula = (interval + 1) / (interval + 1 + 9.06)
      printf "| %s | %.0f | %.3f | %.3f | %.2f |\n", words[2], $2, $2 / base, formula, $2 / base / formula }'
  ;;
crossover) # one line a commit interval, one pair of columns a batch
  "$dgsim" run scenarios/capacity/crossover.yaml --out "$out" --no-charts >"$out/log" || { cat "$out/log" >&2; exit 1; }
  tr -d '"' <"$out/latest/aggregate.csv" | awk -F, '
    $4 != "capacity" { next }
    !($2 in interval) { interval[$2] = 1; intervals[++rows] = $2 }
    !($3 in batch) { batch[$3] = 1; batches[++columns] = $3 }
    { rate[$1, $2, $3] = $7 }
    END {
      head = "| commit interval |"; rule = "|---|"
      for (j = 1; j <= columns; j++) {
        head = head " batch " batches[j] ": idempotent consumer | exactly-once |"; rule = rule "---:|---:|"
      }
      print head "\n" rule
      for (i = 1; i <= rows; i++) {
        line = "| " intervals[i] / 1e6 " ms |"
        for (j = 1; j <= columns; j++) {
          a = rate["idempotent consumer", intervals[i], batches[j]]; b = rate["exactly-once", intervals[i], batches[j]]
          line = line sprintf(a > b ? " **%.0f** | %.0f |" : " %.0f | **%.0f** |", a, b)
        }
        print line
      } }'
  ;;
cost-replication | cost-distance) # a line for each point: rates, and their order; within 2 % is equal
  "$dgsim" run "scenarios/capacity/$section.yaml" --out "$out" --no-charts >"$out/log" || { cat "$out/log" >&2; exit 1; }
  [[ $section == cost-distance ]] && word="producer to broker, each way" || word=replication
  echo "| work a message | $word | at-most-once | at-least-once | exactly-once | order |"
  echo "|---:|---:|---:|---:|---:|---|"
  tr -d '"' <"$out/latest/aggregate.csv" | awk -F, '
    function time(text) { return text ~ /^[0-9]+$/ ? text / 1e6 " ms" : text }
    $4 != "capacity" { next }
    !(($3, $2) in known) { known[$3, $2] = 1; works[++points] = $3; prices[points] = $2 }
    { rate[$1, $2, $3] = $7; if (!($1 in row)) { row[$1] = ++rows; label[rows] = $1 } }
    END {
      for (i = 1; i <= points; i++) {
        line = "| " time(works[i]) " | " time(prices[i]) " |"
        for (j = 1; j <= rows; j++) {
          value[j] = rate[label[j], prices[i], works[i]]; place[j] = j; line = line sprintf(" %.0f |", value[j])
        }
        for (j = 1; j <= rows; j++) for (k = rows; k > j; k--)
          if (value[place[k]] > value[place[k - 1]]) { t = place[k]; place[k] = place[k - 1]; place[k - 1] = t }
        order = label[place[1]]
        for (j = 2; j <= rows; j++)
          order = order (value[place[j]] < 0.98 * value[place[j - 1]] ? " > " : " = ") label[place[j]]
        print line " " order " |"
      } }' | sort -t'|' -s -k2,2g
  ;;
*)
  echo "capacity.sh: no section '$section'" >&2
  exit 64
  ;;
esac
