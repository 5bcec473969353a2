# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# The kernel: hold model and M/M/1, against the peers and a bare loop.  kernel.csv: a row a contestant,
# model, number of pending events and round.

ns3_schedulers=(Map PriorityQueue Heap Calendar)

# contest ENGINE MODEL PENDING COMMAND...: one run; MODEL and its numbers are the command's last arguments.
contest() {
  local engine=$1 model=$2 pending=$3 line
  shift 3
  line=$("${pin[@]}" "$@") || { say "bench.sh: $engine fails: $*"; return 70; }
  local events cpu
  events=$(value events "$line")
  cpu=$(value cpu_ns "$line")
  printf '%s,%s,%s,%s,%s,%s,%s\n' "$model" "$engine" "$pending" "$round" "$events" "$cpu" \
    "$(calculate "$cpu / $events")" >>"$bench/kernel.csv"
  if [[ $model == mm1 ]]; then check_wait "$engine" "$line"; fi
}

# The mean wait of an M/M/1 at 80 % is 4 services; four standard errors of it are allowed (tests/bench/mm1.c).
check_wait() {
  if awk -v n="$(value customers "$2")" -v wait="$(value wait_ns "$2")" 'BEGIN {
    error = 1e6 * sqrt(0.8 * 3.952 / 0.0016 / n); exit !(wait > 4e6 - 4 * error && wait < 4e6 + 4 * error) }'; then
    return
  fi
  say "bench.sh: $1's M/M/1 waits $(value wait_ns "$2") ns in the mean: that is no M/M/1"
  failed=1
}

hold_round() { # PENDING
  local n=$1 scheduler
  contest dgsim hold "$n" "$programs"/bench_hold "$n" "$events"
  contest "dgsim untraced" hold "$n" "$programs"/bench_hold "$n" "$events" untraced
  contest bare hold "$n" "$programs"/bench_bare "$n" "$events"
  case $n in 10 | 1000 | 100000) ;; *) return ;; esac
  if ((have_ns3)); then
    for scheduler in "${ns3_schedulers[@]}"; do
      contest "ns-3 $scheduler" hold "$n" "$peers/ns3" "$scheduler" hold "$n" $((events / 4))
    done
  fi
  if ((have_simpy)); then contest SimPy hold "$n" "$python" tests/bench/peers/simpy_kernel.py hold "$n" $((events / 10)); fi
  if ((have_simgrid)); then contest SimGrid hold "$n" "$peers/simgrid" hold "$n" $((events / 10)); fi
}

mm1_round() {
  local scheduler
  contest dgsim mm1 0 "$programs"/bench_mm1 "$events"
  if ((have_ns3)); then
    for scheduler in "${ns3_schedulers[@]}"; do
      contest "ns-3 $scheduler" mm1 0 "$peers/ns3" "$scheduler" mm1 $((events / 4))
    done
  fi
  if ((have_simpy)); then contest SimPy mm1 0 "$python" tests/bench/peers/simpy_kernel.py mm1 $((events / 10)); fi
  if ((have_simgrid)); then contest SimGrid mm1 0 "$peers/simgrid" mm1 $((events / 10)); fi
}

# ns per event of an engine, hold model; "ns-3" is the best of its schedulers.
hold_ns() { # ENGINE PENDING
  if [[ $1 != ns-3 ]]; then
    median "$bench/kernel.csv" ns_per_event model=hold "engine=$1" "pending=$2"
    return
  fi
  local scheduler
  for scheduler in "${ns3_schedulers[@]}"; do
    median "$bench/kernel.csv" ns_per_event model=hold "engine=ns-3 $scheduler" "pending=$2"
  done | sort -g | head -n 1
}

section_kernel() {
  local events=3000000 pendings=(10 100 1000 10000 100000 1000000) n
  if ((short)); then events=100000 pendings=(10 1000); fi
  echo "model,engine,pending,round,events,cpu_ns,ns_per_event" >"$bench/kernel.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "kernel, round $round of $rounds"
    for n in "${pendings[@]}"; do hold_round "$n"; done
    mm1_round
  done
  for n in 1000 100000; do
    local least=2
    if ((n == 100000)); then least=3; fi
    bar "hold, $n pending: the kernel over ns-3's best scheduler" \
      "$(calculate "$(hold_ns ns-3 $n) / $(hold_ns dgsim $n)")" least $least x
    bar "hold, $n pending: the kernel over SimPy" "$(calculate "$(hold_ns SimPy $n) / $(hold_ns dgsim $n)")" least 18 x
    bar "hold, $n pending: the kernel's speed, of the bare loop's" \
      "$(calculate "100 * $(hold_ns bare $n) / $(hold_ns dgsim $n)")" least 60 %
  done
  bar "hold: an event at 1000000 pending, over one at 1000" \
    "$(calculate "$(hold_ns dgsim 1000000) / $(hold_ns dgsim 1000)")" most 5 x
}

mm1_ns() { # ENGINE
  if [[ $1 != ns-3 ]]; then
    median "$bench/kernel.csv" ns_per_event model=mm1 "engine=$1"
    return
  fi
  local scheduler
  for scheduler in "${ns3_schedulers[@]}"; do
    median "$bench/kernel.csv" ns_per_event model=mm1 "engine=ns-3 $scheduler"
  done | sort -g | head -n 1
}
