# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# Workers: the same campaign with one, two and so on.  workers.csv: a row a number of workers and round, by the
# clock on the wall.

workers_run() { # WORKERS SEEDS MESSAGES
  local line wall
  line=$(measured "$dgsim" run scenarios/bench/at-least-once.yaml --set "workload/messages=$3" --seeds "$2" -j "$1" \
    --out "$bench/runs" --no-charts --no-report) || return
  wall=$(value wall_ns "$line")
  printf '%s,%s,%s,%s,%s,%s\n' "$1" "$round" "$2" "$3" "$wall" "$(calculate "$2 * $3 / $wall * 1e9")" \
    >>"$bench/workers.csv"
}

section_workers() {
  local seeds=64 messages=50000 workers counts=(1) cores
  cores=$(nproc)
  if ((short)); then seeds=4 messages=1000; fi
  for ((workers = 2; workers <= cores; workers *= 2)); do counts+=("$workers"); done
  echo "workers,round,seeds,messages,wall_ns,messages_per_s" >"$bench/workers.csv"
  for ((round = 1; round <= rounds; round++)); do
    say "workers, round $round of $rounds"
    for workers in "${counts[@]}"; do workers_run "$workers" $seeds $messages; done
  done
  wall() { median "$bench/workers.csv" wall_ns "workers=$1"; }
  bar "two workers over one" "$(calculate "$(wall 1) / $(wall 2)")" least 1.85 x
}
