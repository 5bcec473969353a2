# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# What an event and a message cost as the simulated system grows.  growth.csv: a row a thing, its number and
# round. A point of nodes is two runs, of a thousand messages and of many more: their difference is what messages
# cost, the first is what it costs to set the system up. Faults are spread over one run, of which all is counted.

# Options for so many of a thing. Consumers have a partition each and 50 messages a second, whatever their number;
# producers are as many as have a request free, and the broker is quick enough for all of them.
growth_options() { # THING NUMBER
  local producers=$(($2 > 200 ? $2 / 10 : 20)) consumers=$(($2 > 20 ? 20 : $2))
  case $1 in
  consumers)
    options=(--set "topology/consumers=$2" --set "topology/partitions=$2" --set "topology/producers=$producers"
      --set "workload/rate=$((50 * $2))/s" --set "workload/keys=$((50 * $2))"
      --set costs/broker_request=1us --set costs/broker_per_kib=0us)
    ;;
  producers) options=(--set "topology/producers=$2") ;;
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
  local growth_messages=$3 few="cpu_ns=0 events=0" many options
  growth_options "$1" "$2"
  if [[ $1 != faults ]]; then
    few=$(simulate scenarios/bench/at-least-once.yaml --set workload/messages=1000 "${options[@]}") || return
  fi
  many=$(simulate scenarios/bench/at-least-once.yaml --set "workload/messages=$3" "${options[@]}") || return
  awk -v thing="$1" -v number="$2" -v round="$round" -v messages="$3" \
    -v c1="$(value cpu_ns "$few")" -v c2="$(value cpu_ns "$many")" \
    -v e1="$(value events "$few")" -v e2="$(value events "$many")" -v rss="$(value rss_kib "$many")" 'BEGIN {
      printf "%s,%d,%d,%d,%d,%d,%.1f,%.1f,%d,%d\n", thing, number, round, messages, c2 - c1, e2 - e1,
        (c2 - c1) / (e2 - e1), (c2 - c1) / (messages - (c1 ? 1000 : 0)), c1, rss }' >>"$bench/growth.csv"
}

# The cost of an event may grow as the logarithm of the number, from 10 on: N log N in all.
growth_ratio() { # THING LARGEST
  calculate "$(median "$bench/growth.csv" ns_per_event "thing=$1" "number=$2") / \
    $(median "$bench/growth.csv" ns_per_event "thing=$1" number=10)"
}

section_growth() {
  local messages=200000 numbers=(1 10 100 1000) thing number
  if ((short)); then messages=3000 numbers=(1 10); fi
  status_most=2 # what the runs expect is not what is measured here
  echo "thing,number,round,messages,cpu_ns,events,ns_per_event,ns_per_message,setup_ns,rss_kib" >"$bench/growth.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "growth, round $round of $rounds"
    for thing in consumers producers partitions faults; do
      for number in "${numbers[@]}"; do growth_point $thing "$number" $messages; done
    done
    growth_point faults 0 $messages
  done
  status_most=0
  for thing in consumers producers; do
    bar "an event at 1000 $thing, over one at 10: N log N" "$(growth_ratio $thing 1000)" most 3 x
  done
  for thing in partitions faults; do
    remark "$(growth_ratio $thing 1000)" x "an event at 1000 $thing, over one at 10"
  done
}
