# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# The whole simulator on one exchange, and the same exchange written for the peers.  exchange.csv: a row a
# contestant and round; cpu_ns is the whole process: start, reading the scenario, files.

exchange_row() { # CONTESTANT LINE EVENTS EFFECTS DUPLICATED LATENCY_NS
  local messages cpu
  messages=$(value messages "$2")
  cpu=$(value cpu_ns "$2")
  printf '%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n' "$1" "$round" "$messages" "$cpu" \
    "$(calculate "$messages / $cpu * 1e9")" "$3" "$(value delivered "$2")" "$4" "$5" "$6" >>"$bench/exchange.csv"
}

# Mean of a run's latencies; cells are 1/32 wide at the most, and their upper edge is in the file.
mean_latency() {
  tr -d '"' <"$bench/runs/latest/latency.csv" |
    awk -F, 'NR > 1 { sum += $2 * (1 - 1 / 64) * $3; n += $3 } END { printf "%.0f\n", n ? sum / n : 0 }'
}

exchange_dgsim() { # CONTESTANT SCENARIO MESSAGES
  local line
  line=$(simulate "scenarios/bench/$2.yaml" --set "workload/messages=$3" --seed "$round") || return
  exchange_row "$1" "messages=$3 $line" "$(value events "$line")" "$(value effects "$line")" \
    "$(value many "$line")" "$(mean_latency)"
}

exchange_peer() { # CONTESTANT MESSAGES COMMAND...
  local name=$1 messages=$2 line
  shift 2
  line=$(measured "${pin[@]}" "$@" "$messages" "$round") || return
  exchange_row "$name" "$line" "$(value events "$line")" "$(value effects "$line")" "$(value duplicated "$line")" \
    "$(value latency_ns "$line")"
}

callbacks="SimPy callbacks"

rate_of() { median "$bench/exchange.csv" messages_per_s "contestant=$1"; }

# agree PEER WHAT OURS THEIRS ERROR: within 3 % and four standard errors of both.
agree() {
  local verdict=agrees
  if ! awk -v a="$3" -v b="$4" -v e="$5" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= 0.03 * a + 5.7 * e) }'; then
    verdict="DISAGREES"
    failed=1
  fi
  printf '%-13s %9.5g ~  %-6.4g %s: %s\n' "$verdict" "$4" "$3" "$1" "$2" | tee -a "$bench/bars.txt"
}

# A peer that does something else is no comparison. Of n messages about n / 100 are delivered again, each by
# itself; one output batch of a hundred, of about 50, is appended again. Latencies of neighbours go together:
# a batch counts as one.
check_peer() {
  local peer=$1 file=$bench/exchange.csv n m
  n=$(total "$file" messages contestant=at-least-once)
  m=$(total "$file" messages "contestant=$peer")
  share() { calculate "($(total "$file" "$2" "contestant=$1") - ${3:-0}) / $(total "$file" messages "contestant=$1")"; }
  local least=$((n < m ? n : m))
  agree "$peer" "deliveries again, a message" "$(share at-least-once delivered "$n")" "$(share "$peer" delivered "$m")" \
    "$(calculate "sqrt(0.01 / $least)")"
  agree "$peer" "effects again, a message" "$(share at-least-once effects "$n")" "$(share "$peer" effects "$m")" \
    "$(calculate "sqrt((0.01 + 0.01 * 50) / $least)")"
  agree "$peer" "messages doubled, of all" "$(share at-least-once duplicated)" "$(share "$peer" duplicated)" \
    "$(calculate "sqrt((0.01 + 0.01 * 50) / $least)")"
  agree "$peer" "mean latency, s" \
    "$(calculate "$(median "$file" latency_ns contestant=at-least-once) / 1e9")" \
    "$(calculate "$(median "$file" latency_ns "contestant=$peer") / 1e9")" "$(calculate "0.3 / sqrt($least / 50)")"
}

section_exchange() {
  local messages=2000000 peer_messages=200000 own=at-least-once peer
  if ((short)); then messages=20000 peer_messages=5000; fi
  echo "contestant,round,messages,cpu_ns,messages_per_s,events,delivered,effects,duplicated,latency_ns" \
    >"$bench/exchange.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "exchange, round $round of $rounds"
    exchange_dgsim $own at-least-once $messages
    exchange_dgsim "at-least-once into a database" at-least-once-database $messages
    exchange_dgsim exactly-once exactly-once $messages
    if ((have_simgrid)); then exchange_peer SimGrid $peer_messages "$peers/simgrid_exchange"; fi
    if ((have_simpy)); then
      exchange_peer SimPy $((peer_messages / 2)) "$python" tests/bench/peers/simpy_exchange.py
      exchange_peer "$callbacks" $peer_messages "$python" tests/bench/peers/simpy_callbacks_exchange.py
    fi
  done
  if ((have_simgrid)); then check_peer SimGrid; fi
  if ((have_simpy)); then check_peer SimPy && check_peer "$callbacks"; fi
  bar "at-least-once, million messages a second" "$(calculate "$(rate_of $own) / 1e6")" least 1.5 ""
  bar "at-least-once: over SimGrid" "$(calculate "$(rate_of $own) / $(rate_of SimGrid)")" least 10 x
  bar "at-least-once: over SimPy" "$(calculate "$(rate_of $own) / $(rate_of SimPy)")" least 30 x
  remark "$(calculate "$(rate_of $own) / $(rate_of "$callbacks")")" x \
    "at-least-once: over SimPy as nothing but a queue of callbacks"
  bar "exactly-once over at-least-once" "$(calculate "$(rate_of exactly-once) / $(rate_of $own)")" least 0.5 x
}
