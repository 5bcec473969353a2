#!/usr/bin/env bash
# The tables of scenarios/advice/README.md: what was measured at each swept value, a column for each row and metric.
#   scripts/advice.sh SECTION [DGSIM]     sections: guarantee retries max-receive-count prefetch acks ttl grace
#   scripts/advice.sh --write [DGSIM]     puts all of them into the page
#   scripts/advice.sh --compare [DGSIM]   fails where the page has another, names a chart that is not drawn, or a
#                                         scenario has more than 25 lines
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
section=$1 dgsim=${2:-build/dgsim} page=${ADVICE_PAGE:-scenarios/advice/README.md}
out=${ADVICE_OUT:-}
if [[ ! $out ]]; then
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi

# The page with its tables made anew. What was run stays in $out.
made() {
  local line inside=false
  while IFS= read -r line; do
    if [[ $line == '<!-- end -->' ]]; then inside=false; fi
    if ! $inside; then printf '%s\n' "$line"; fi
    if [[ $line == '<!-- scripts/advice.sh '*' -->' ]]; then
      line=${line#<!-- scripts/advice.sh }
      ADVICE_OUT=$out scripts/advice.sh "${line% -->}" "$dgsim"
      inside=true
    fi
  done <"$page"
}

case $section in
--write)
  made >"$out/page"
  cp "$out/page" "$page"
  exit
  ;;
--compare)
  failed=0
  made >"$out/page"
  diff -u --label "$page" --label "as measured" "$page" "$out/page" || { echo "stale: scripts/advice.sh --write"; failed=1; }
  while IFS= read -r chart; do
    if [[ ! -e $out/${chart%.svg}.gp ]]; then echo "$page names results/$chart, which is not drawn"; failed=1; fi
  done < <(grep -oE 'results/advice-[a-z-]+/charts/[a-z0-9_-]+\.svg' "$page" | sed 's|results/||')
  for scenario in scenarios/advice/*.yaml; do
    if (($(wc -l <"$scenario") > 25)); then echo "$scenario: more than 25 lines"; failed=1; fi
    if ! grep -qF "(${scenario##*/})" "$page"; then echo "$scenario is not in $page"; failed=1; fi
  done
  exit $failed
  ;;
esac

# Lines of standard input: heading|row|metric|divisor|format. The first column is the swept value.
table() { # HEADING
  "$dgsim" run "scenarios/advice/$section.yaml" --out "$out" --no-charts >"$out/log" || { cat "$out/log" >&2; exit 1; }
  tr -d '"' <"$out/latest/aggregate.csv" >"$out/aggregate.csv"
  awk -v heading="$1" '
    function value(text) {
      if (!times) return text
      if (text >= 60e9) return text % 3600e9 ? text / 60e9 " min" : text / 3600e9 " h"
      return text >= 1e9 ? text / 1e9 " s" : text / 1e6 " ms"
    }
    FNR == NR { split($0, cell, "|"); columns++; head[columns] = cell[1]; row[columns] = cell[2]; metric[columns] = cell[3]
      divisor[columns] = cell[4]; format[columns] = cell[5]; next }
    FNR == 1 { FS = ","; $0 = $0; times = $2 ~ /_ns$/; next }
    !($2 in known) { known[$2] = 1; at[++lines] = $2 }
    { mean[$1, $2, $3] = $6; half[$1, $2, $3] = ($8 - $7) / 2; seeds[$1, $2, $3] = $5 }
    END {
      line = "| " heading " |"; rule = "|---:|"
      for (j = 1; j <= columns; j++) { line = line " " head[j] " |"; rule = rule "---:|" }
      print line "\n" rule
      for (i = 1; i <= lines; i++) {
        line = "| " value(at[i]) " |"
        for (j = 1; j <= columns; j++) {
          if (!((row[j], at[i], metric[j]) in mean)) { print "no " row[j] ", " metric[j] > "/dev/stderr"; exit 1 }
          line = line " " sprintf(format[j], mean[row[j], at[i], metric[j]] / divisor[j])
          spread = sprintf(format[j], half[row[j], at[i], metric[j]] / divisor[j])
          sub(/ .*/, "", spread)
          if (seeds[row[j], at[i], metric[j]] > 1 && spread + 0 > 0 && format[j] !~ / /) line = line " ±" spread
          line = line " |"
        }
        print line
      }
    }' - "$out/aggregate.csv"
}

case $section in
guarantee)
  table "a consumer dies every" <<'CELLS'
at-most-once: lost, of 6000|at-most-once|lost|1|%.1f
at-least-once: done twice|at-least-once|duplicate_effects|1|%.1f
with a dedup-table: either|at-least-once + dedup-table|reexecutions|1|%.1f
exactly-once: either|exactly-once|reexecutions|1|%.1f
exactly-once: latency p50|exactly-once|latency_p50|1e6|%.0f ms
CELLS
  ;;
retries)
  table "delivery.timeout.ms" <<'CELLS'
gives up: told *unknown*, of 1800|gives up|unknown|1|%.0f
of these not there|gives up|absent_unknown|1|%.0f
sends again itself: done twice|sends again itself|duplicate_effects|1|%.0f
CELLS
  ;;
max-receive-count)
  table "maxReceiveCount" <<'CELLS'
left to its timeout: set aside, of 1200|left to its timeout|dead_lettered|1|%.0f
made visible at once: set aside|made visible at once|dead_lettered|1|%.0f
CELLS
  ;;
prefetch)
  table "prefetch" <<'CELLS'
capacity, per s|rabbitmq-quorum|capacity|1|%.0f
latency p50|rabbitmq-quorum|latency_p50|1e6|%.0f ms
latency p99|rabbitmq-quorum|latency_p99|1e6|%.0f ms
CELLS
  ;;
acks)
  table "min.insync.replicas" <<'CELLS'
acks=1: acknowledged and lost, of 6000|acks=1|lost_acked|1|%.0f
acks=all|acks=all|lost_acked|1|%.0f
acks=all + eligible leader replicas|acks=all + eligible leader replicas|lost_acked|1|%.0f
CELLS
  ;;
ttl)
  table "a key lives" <<'CELLS'
claim first: lost, of 6000|claim first|lost|1|%.1f
done twice|claim first|duplicate_effects|1|%.1f
effect first: done twice|effect first|duplicate_effects|1|%.1f
lease: done twice|lease|duplicate_effects|1|%.1f
CELLS
  ;;
grace)
  table "grace" <<'CELLS'
SQS: begun twice, of 400|SQS|duplicate_deliveries|1|%.1f
RabbitMQ|RabbitMQ|duplicate_deliveries|1|%.1f
Kafka|Kafka|duplicate_deliveries|1|%.1f
SQS: latency p99|SQS|latency_p99|1e9|%.0f s
CELLS
  ;;
*)
  echo "advice.sh: no section '$section': guarantee, retries, max-receive-count, prefetch, acks, ttl, grace" >&2
  exit 64
  ;;
esac
