# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# What an event and a message cost as the simulated system grows.  growth.csv: a row a thing, its number and
# round. A point of nodes is two runs, of n and of 2 n messages: their difference is what messages cost, and the
# rest is what it costs to set the system up. Every node has the same load, whatever their number. Faults are
# spread over one run, of which all is counted.

# Options for so many consumers, each with a partition of its own and 50 messages a second. Producers have as
# many requests under way as ever, the broker is quick enough for all of them.
growth_options() { # THING NUMBER
  local producers=$(($2 > 20 ? $2 : 20)) consumers=$(($2 > 20 ? 20 : $2))
  case $1 in
  consumers)
    options=(--set "topology/consumers=$2" --set "topology/partitions=$2" --set "topology/producers=$producers"
      --set "workload/rate=$((50 * $2))/s" --set "workload/keys=$((50 * $2))"
      --set costs/broker_request=1us --set costs/broker_per_kib=0us)
    ;;
  partitions)
    options=(--set "topology/partitions=$2" --set "topology/consumers=$consumers"
      --set "workload/rate=$((50 * consumers))/s" --set "workload/keys=$((50 * $2))")
    ;;
  faults) options=(--set "faults=[$(growth_faults "$2")]") ;;
  esac
}

# So many faults: half at a time, a consumer that stands still for a while, half at an operation, whose answer is
# lost.
growth_faults() {
  local i
  for ((i = 1; i <= $1; i++)); do
    if ((i % 2)); then
      printf '{at: %dms, pause: consumer.%d, for: 200ms},' $((i * growth_messages * 9 / (10 * $1))) $((1 + i % 20))
    else
      printf '{when: publish-ack-sent, intent: %d, drop: this},' $((i * growth_messages / $1))
    fi
  done
}

growth_point() { # THING NUMBER MESSAGES
  local growth_messages=$((2 * $3)) first second options
  growth_options "$1" "$2"
  first="cpu_ns=0 events=0"
  if [[ $1 != faults ]]; then
    first=$(simulate scenarios/bench/at-least-once.yaml --set "workload/messages=$3" "${options[@]}") || return
  fi
  second=$(simulate scenarios/bench/at-least-once.yaml --set "workload/messages=$((2 * $3))" "${options[@]}") || return
  awk -v thing="$1" -v number="$2" -v round="$round" -v messages="$3" \
    -v c1="$(value cpu_ns "$first")" -v c2="$(value cpu_ns "$second")" \
    -v e1="$(value events "$first")" -v e2="$(value events "$second")" -v rss="$(value rss_kib "$second")" 'BEGIN {
      printf "%s,%d,%d,%d,%d,%d,%.1f,%.1f,%d,%d\n", thing, number, round, messages, c2 - c1, e2 - e1,
        (c2 - c1) / (e2 - e1), (c2 - c1) / (c1 ? messages : 2 * messages), c1 ? 2 * c1 - c2 : 0, rss }' >>"$bench/growth.csv"
}

# The cost of an event may grow as the logarithm of the number, from 10 on: N log N in all.
growth_bar() { # THING LARGEST
  local small large
  small=$(median "$bench/growth.csv" ns_per_event "thing=$1" number=10)
  large=$(median "$bench/growth.csv" ns_per_event "thing=$1" "number=$2")
  bar "an event at $2 $1, over one at 10" "$(calculate "$large / $small")" most \
    "$(calculate "log($2) / log(10)")" x
}

section_growth() {
  local messages=200000 numbers=(1 10 100 1000) thing number
  if ((short)); then messages=2000 numbers=(1 10); fi
  echo "thing,number,round,messages,cpu_ns,events,ns_per_event,ns_per_message,setup_ns,rss_kib" >"$bench/growth.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "growth, round $round of $rounds"
    for thing in consumers partitions faults; do
      for number in "${numbers[@]}"; do growth_point $thing "$number" $messages; done
    done
    growth_point faults 0 $messages
  done
  for thing in consumers partitions faults; do growth_bar $thing 1000; done
}
