# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Signals, at any moment.

row killed_run 'SIGKILL, at any moment' '`run`, also `-j 2`' 137 '' \
  'what was done is in `runs.journal`: `--resume` goes on, and ends byte for byte as if nothing had been'
row ended_run 'SIGINT, SIGTERM or SIGHUP, once or twice' '`run`, also `-j 2`' '128 + its number' '--resume goes on with them' \
  'as after SIGKILL; no file of an earlier campaign was replaced'
row ended_files 'SIGINT, SIGTERM or SIGHUP while files are written or gnuplot runs' '`run`, `merge`' '128 + its number' 'interrupted: no file of' \
  'gnuplot is ended; the journal has all runs: `--resume`, or `merge` again'
row killed_files 'SIGKILL while files are written or gnuplot runs' '`run`' 137 '' \
  'gnuplot dies with it; `.new.*` is left, until the next run removes it. Without `manifest.json` a folder is not whole: `--resume`'
row nohup_run 'SIGHUP that is ignored (`nohup`)' '`run`' 0 '' 'it goes on'
row stopped_run 'SIGTSTP, and SIGCONT later' '`run`, `explore`' 0 '' 'the same results'
row ended_trace 'SIGINT, SIGTERM or SIGHUP' '`run --trace`' '128 + its number' 'is not written' \
  'nothing; a trace that was there before is as it was'
row killed_trace 'SIGKILL' '`run --trace`' 137 '' '`FILE.new.*`, until the next run that writes FILE removes it'
row ended_search 'SIGINT, SIGTERM, SIGHUP or SIGKILL' '`explore`, `shrink`, `explain`, `run --record`, `replay`, `judge`' '128 + its number' '' \
  'what was written is whole; start it again'
row killed_merge 'SIGKILL, at any moment' '`merge`' 137 '' 'the journals are as they were: `merge` again'
row ended_check 'SIGINT, SIGTERM or SIGHUP, once or twice' '`check`' '128 + its number' 'dgsim: interrupted' \
  'no process of the consumer, nor of its children'
row killed_check 'SIGKILL' '`check`' 137 '' 'no process of the consumer, nor of its children'
row frozen_check 'tool and consumer stopped for longer than `answer_limit`' '`check`' 0 'recovered' \
  'a limit does not count what both were stopped for'

number() { kill -l "$1"; }
died_of() { expect $((128 + $(number "$1"))); }
# Where it may have been done before it was told, on a machine that does much else.
survived_or_died() {
  if [[ $got == 0 ]] || ! grep -q 'of [0-9]* runs are in' err; then
    [[ $got == 0 || $got == $((128 + $(number "$1"))) ]] || fail "$row: exit status $got"
  else
    died_of "$1"
  fi
}

# Moments of a campaign, as sizes of its journal.
moments() {
  local all parts=$1
  all=$(stat -c %s "$base/whole/camp/runs.journal")
  for ((i = 0; i < parts; i++)); do echo $((1 + all * i / parts)); done
}

killed_run() {
  local moment workers
  for workers in 1 2; do
    for moment in $(moments "$(if_long 40 2)"); do
      rm -rf k
      start "${run[@]}" --out k -j $workers
      until_true holds_bytes k/camp/runs.journal "$moment"
      signal KILL "$pid"
      finish
      survived_or_died KILL
      marked k
      resumes k
    done
  done
  # at times, wherever it is then: also while files are renamed, over those of an earlier campaign
  rm -rf k && cp -r "$base/earlier" k && rm k/camp/runs.journal
  local times
  times=$(if_long 200 10)
  for ((round = 0; round < times; round++)); do
    start "${run[@]}" --out k -j 2 --resume
    sleep "0.0$((round * 97 % 90 + 10))"
    signal KILL "$pid"
    finish
    marked k
  done
  resumes k
}

ended_run() {
  local signal moment workers=1 again=false told=0
  for signal in INT TERM HUP; do
    # on a busy machine it may have been done each time: then more often, at the first moment
    for moment in $(moments "$(if_long 20 2)") $(printf '1 %.0s' {1..30}); do
      ((moment == 1 && told > 0)) && continue
      rm -rf k && cp -r "$base/earlier" k && rm k/camp/runs.journal
      start "${run[@]}" --out k -j $workers
      until_true holds_bytes k/camp/runs.journal "$moment"
      signal $signal "$pid"
      if $again; then signal TERM "$pid"; fi
      finish
      $again && [[ $got == $((128 + $(number TERM))) ]] && got=$((128 + $(number $signal))) # either of the two
      survived_or_died $signal
      marked k
      temporary k
      if grep -q 'goes on with them' err; then told=$((told + 1)) && whole k earlier; fi
      resumes k
      workers=$((3 - workers))
      if ((workers == 1)); then again=true; fi
    done
    again=false
    ((told > 0)) || fail "never in the middle of a campaign: nothing is tested of $signal"
    told=0
  done
}

# hanging_run SIGNAL COMMAND...: sends it to the whole group, as a terminal does, while gnuplot hangs.
hanging_run() {
  local signal=$1
  rm -f ready
  PATH=$base/hanging:$PATH READY=$PWD/ready start "${@:2}"
  until_true test -e ready
  signal "$signal" "-$pid"
  finish
}
ended_files() {
  local signal
  for signal in INT TERM HUP; do
    rm -rf k && cp -r "$base/earlier" k && rm k/camp/runs.journal
    hanging_run $signal run camp.yaml --out k
    died_of $signal
    whole k earlier
    temporary k
    nothing_left
    resumes k
    rm -rf k && cp -r "$base/earlier" k
    succeed run camp.yaml --out shards --shard 1/1
    hanging_run $signal merge shards/camp --out k
    died_of $signal
    whole k earlier
    temporary k
  done
}

killed_files() {
  cp -r "$base/earlier" k
  hanging_run KILL run camp.yaml --out k
  died_of KILL
  if can_proc; then until_true nobody; fi
  whole k earlier
  resumes k
}

nohup_run() {
  trap '' HUP
  start "${run[@]}" --out k
  trap - HUP
  until_true holds_bytes k/camp/runs.journal 1000
  signal HUP "$pid"
  finish
  expect
  whole k
}

stopped_run() {
  start "${run[@]}" --out k
  until_true holds_bytes k/camp/runs.journal 1000
  signal TSTP "$pid"
  sleep 0.5
  signal CONT "$pid"
  finish
  expect
  whole k
  start explore lost-ack.yaml --set faults=[] --set workload/messages=3 --out e --no-shrink
  sleep 0.01
  signal TSTP "$pid"
  sleep 0.3
  signal CONT "$pid"
  finish
  mv out stopped
  tool explore lost-ack.yaml --set faults=[] --set workload/messages=3 --out e --no-shrink
  cmp <(grep -v ' s$\|second\|/s' stopped) <(grep -v ' s$\|second\|/s' out) || fail 'explore says something else when it was stopped'
}

trace_under_way() { compgen -G 'x.trace.new.*' >/dev/null && holds_bytes "$(compgen -G 'x.trace.new.*')" 100000; }
trace_under_way_or_done() { trace_under_way || ! kill -0 "$pid"; }
# trace_cut SIGNAL: sends it while a trace is written; again where that was done before, on a busy machine.
trace_cut() {
  local attempt
  for ((attempt = 0; attempt < 30; attempt++)); do
    echo before >x.trace
    start run slow.yaml --trace x.trace
    until_true trace_under_way_or_done
    signal "$1" "$pid"
    finish
    ((got == 0)) || break
  done
}
ended_trace() {
  local signal
  for signal in INT TERM HUP; do
    trace_cut $signal
    died_of $signal
    [[ $(<x.trace) == before ]] || fail 'the trace that was there is another'
    temporary .
  done
}
killed_trace() {
  trace_cut KILL
  expect
  [[ $(<x.trace) == before ]] || fail 'the trace that was there is another'
  succeed run lost-ack.yaml --trace x.trace
  temporary .
  succeed judge x.trace
}

# What it writes is whole wherever it is stopped: compared with what it writes undisturbed.
ended_search() {
  local commands=("explore lost-ack.yaml --set faults=[] --out k" 'shrink lost-ack.yaml --out k' 'explain lost-ack.yaml --out k'
    'run lost-ack.yaml --record k' "replay camp.yaml" "judge $base/a.trace") words command signal file delay
  for command in "${commands[@]}"; do
    read -ra words <<<"$command"
    rm -rf k undisturbed && mkdir k
    tool "${words[@]}"
    cp -r k undisturbed
    for signal in INT TERM HUP KILL; do
      for delay in $(if_long "$(seq -f 0.%03g 1 40)" "0.005 0.02"); do
        rm -rf k && mkdir k
        start "${words[@]}"
        sleep "$delay"
        signal $signal "$pid"
        finish
        ((got <= 2)) || died_of $signal # it may have been done
        while IFS= read -r file; do
          [[ $signal == KILL && $file == *.new.* ]] || cmp -s "$file" "undisturbed${file#k}" || fail "$command, $signal: $file is not whole"
        done < <(find k -type f)
        [[ $signal == KILL ]] || temporary k
      done
    done
    tool "${words[@]}"
    temporary k
    diff -r k undisturbed || fail "$command after it was killed"
  done
}

killed_merge() {
  local times
  times=$(if_long 100 8)
  for shard in 1 2; do succeed "${run[@]}" --out shards --shard $shard/2; done
  rm -rf k && cp -r "$base/earlier" k
  for ((round = 0; round < times; round++)); do
    start merge shards/camp --no-charts --out k
    sleep "0.00$((round % 10))"
    signal KILL "$pid"
    finish
    marked k
  done
  succeed merge shards/camp --no-charts --out k
  whole k
  temporary k
}

# A consumer that has a child of its own, which lives as long as nobody ends it.
children() {
  cat >children.sh <<'SH'
sleep 1000 &
while read -r line; do
  echo '{"call":"apply"}' && read -r answer
  : >ready
  sleep 0.3
  [[ $line =~ \"number\":([0-9]+) ]] && echo "{\"done\":${BASH_REMATCH[1]}}"
done
SH
  rm -f ready
  start check one.yaml --keep-going -j 2 -- bash children.sh
  until_true test -e ready
}
ended_check() {
  local signal
  for signal in INT TERM HUP; do
    children
    signal $signal "$pid"
    if [[ $signal == TERM ]]; then signal TERM "$pid"; fi
    finish
    died_of $signal
    nothing_left
  done
}
killed_check() {
  children
  signal KILL "$pid"
  finish
  expect
}

frozen_check() {
  sed 's/2s/1s/' one.yaml >short.yaml
  sed 's/^while read.*/&\n  : >ready; sleep 0.05/' careful.sh >slowly.sh
  start check short.yaml -j 1 -- bash slowly.sh
  until_true test -e ready
  # shellcheck disable=SC2046 # a word for each process
  kill -STOP $(alive | tr -dc '0-9\n')
  sleep 1.7
  # shellcheck disable=SC2046
  kill -CONT $(alive | tr -dc '0-9\n')
  finish
  expect
}
