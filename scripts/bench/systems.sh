# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# What each system costs, without faults and with those of scenarios/bench/systems.yaml.  systems.csv: a row a
# system, with or without, and round.

# Each system and what it needs: a log that is read in transactions has a handler that publishes, and the
# others of the logs sessions short enough for their groups to see that somebody died.
session="--set system/session.timeout.ms=6s --set system/heartbeat.interval.ms=1s"
declare -A system_options=(
  [at-most-once]=$session
  [at-least-once]=$session
  [exactly-once]="$session --set handler=transform"
  [sqs-standard]="" [sqs-fifo]="" [rabbitmq-auto-ack]="" [rabbitmq-confirms]="" [rabbitmq-quorum]=""
)
systems=(at-most-once at-least-once exactly-once sqs-standard sqs-fifo rabbitmq-auto-ack rabbitmq-confirms
  rabbitmq-quorum)

system_run() { # SYSTEM FAULTS MESSAGES
  local line cpu events options
  read -ra options <<<"${system_options[$1]}"
  if [[ $2 == none ]]; then options+=(--set 'faults=[]'); fi
  line=$(simulate scenarios/bench/systems.yaml --set "system=$1" "${options[@]}" --set "workload/messages=$3" \
    --seed "$round") || return
  cpu=$(value cpu_ns "$line")
  events=$(value events "$line")
  printf '%s,%s,%s,%s,%s,%s,%s,%s\n' "$1" "$2" "$round" "$3" "$cpu" "$(calculate "$3 / $cpu * 1e9")" "$events" \
    "$(calculate "$cpu / $events")" >>"$bench/systems.csv"
}

section_systems() {
  local messages=500000 system
  if ((short)); then messages=5000; fi
  status_most=2 # a fault may hit nothing: in a short run, or where there are no connections to break
  echo "system,faults,round,messages,cpu_ns,messages_per_s,events,ns_per_event" >"$bench/systems.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "systems, round $round of $rounds"
    for system in "${systems[@]}"; do
      system_run "$system" none $messages
      system_run "$system" some $messages
    done
  done
  status_most=0
}
