#!/usr/bin/env bash
# Campaigns over processes that mpirun starts: the same bytes as one thread writes, also when one of them dies;
# and what is said where they cannot work together. On this machine alone, over its loopback.
#   tests/cli/test_mpi.sh DGSIM
# Exit status 77 (skipped, for ctest): no mpirun here, or no MPI built in.
set -uo pipefail
dgsim=$(realpath "$1")
scenarios=$PWD/scenarios
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  tail -n 30 out err 2>/dev/null
  failures=$((failures + 1))
}
# Runs the rest of the line and compares its exit status.
status() { # wanted, command...
  local wanted=$1 got=0
  shift
  "$@" >out 2>err </dev/null || got=$?
  ((got == wanted)) || fail "status $got instead of $wanted: $*"
}
says() { # file, regular expression
  grep -q "$2" "$1" || fail "$1 does not say '$2'"
}
# Everything but how it was run.
same() { # directory, directory
  for directory in "$1" "$2"; do
    find "$directory" -name manifest.json -exec sed -i '/^  "command":/d; /^  "execution": {/,/^  }/d' {} +
    find "$directory" -name '*.journal' -delete
  done
  diff -r "$1" "$2" >differences 2>&1 || {
    head -20 differences
    fail "$1 and $2 differ"
  }
  [[ $(find "$1" -name runs.csv -size +1k) ]] || fail "no runs in $1"
}

cat >small.yaml <<'YAML'
format: 1
name: small
system: at-least-once
workload: {messages: 3, rate: 100/s, keys: 1}
YAML
cat >violated.yaml <<'YAML'
format: 1
name: violated
workload: {messages: 50, rate: 100/s, keys: 3}
compare:
  - {label: log, system: at-most-once}
  - {label: queue, system: sqs-standard}
sweep: {workload/rate: [50/s, 100/s]}
faults: [{every: exponential mean=300ms, kill: consumer.any, for: 100ms}]
expect: [{row: log, duplicate_effects: some}]
YAML

# Several processes, and no MPI that connects them: each alone would do all of it.
status 64 env PMI_RANK=0 PMI_SIZE=3 "$dgsim" run small.yaml
says err 'started together'
status 0 env PMI_RANK=1 PMI_SIZE=3 "$dgsim" run small.yaml --shard 2/3 --out shards # which is no concern of MPI
[[ ! -e results ]] || fail "it has run"
says out 'shard 2 of 3'

"$dgsim" --version >out
if ! grep -q '^with MPI' out || ! command -v mpirun >/dev/null; then
  ((failures == 0)) || exit 1
  echo "no MPI: skipped"
  exit 77
fi
mpi=(timeout 60 mpirun --allow-run-as-root --oversubscribe --bind-to none --mca btl_tcp_if_include lo
  --mca oob_tcp_if_include lo)
if ! "${mpi[@]}" -n 2 true >out 2>&1 </dev/null; then
  cat out
  echo "mpirun starts nothing here: skipped"
  exit 77
fi

# The same bytes, and rank 0's exit status; of two files, with capacities, a sweep and twice each.
files=(small.yaml violated.yaml)
status 1 "$dgsim" run "${files[@]}" --seeds 9 --verify --no-charts --out alone -j 1
cp out alone.out
status 1 "${mpi[@]}" -n 3 "$dgsim" run "${files[@]}" --seeds 9 --verify --no-charts --out ranks
diff <(sed 's/^files .*//' alone.out) <(sed 's/^files .*//' out) >differences || fail "another output"
grep -q '"ranks": 3' ranks/violated/manifest.json || fail "not by three ranks"
same alone ranks

# One speaks. What is not for several says so.
status 64 "${mpi[@]}" -n 2 "$dgsim" run small.yaml --seed 1 --record record
says err "record is for one run: it does not use MPI"
status 0 "${mpi[@]}" -n 3 "$dgsim" --version
[[ $(wc -l <out) == 2 ]] || fail "--version"
status 64 "${mpi[@]}" -n 2 "$dgsim" explore small.yaml
[[ $(grep -c "'explore' does not use MPI" err) == 1 ]] || fail "explore"

# Ranks that have something else before them.
status 64 "${mpi[@]}" -n 2 "$dgsim" run small.yaml --out n : -n 1 "$dgsim" run small.yaml --seeds 2 --out n
says err '^small.yaml: error: rank 2 on .* has another scenario'
[[ ! -e n ]] || fail "it has run"

# The process of a rank that `timeout ... mpirun` has started.
process_of() { # timeout, rank
  local mpirun process
  mpirun=$(pgrep -P "$1") || return 0
  for process in $(pgrep -P "$mpirun"); do
    if tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
      echo "$process"
    fi
  done
}
# Starts them, and kills a rank in the middle of the campaign: when a quarter of its journal is there, and not yet half.
kill_in_the_middle() { # rank, argument of mpirun..., which end in --out DIR
  local rank=$1 directory=${!#} started process
  local journal=$directory/four-guarantees/runs.journal
  shift
  journal_size() { stat -c %s "$journal" 2>/dev/null || echo 0; }
  for ((attempt = 0; attempt < 20; attempt++)); do
    rm -rf "$directory" && process=''
    "${mpi[@]}" "$@" >out 2>err </dev/null &
    started=$!
    while kill -0 "$started" 2>/dev/null && (($(journal_size) < enough)); do
      [[ -n $process ]] || process=$(process_of "$started" "$rank")
      sleep 0.01
    done
    if [[ -n $process ]] && kill -KILL "$process" 2>/dev/null && (($(journal_size) < 2 * enough)); then
      wait "$started"
      return
    fi
    wait "$started" # on a busy machine it may have been further, or done
  done
  fail "rank $rank could not be killed in the middle"
}

campaign=(run "$scenarios/four-guarantees.yaml" --seeds 7 --no-charts)
status 0 "$dgsim" "${campaign[@]}" --out whole
enough=$(($(stat -c %s whole/four-guarantees/runs.journal) / 4))
# Open MPI ends all when one dies. What came back before is in the journal, and other ranks go on with it.
kill_in_the_middle 2 -n 3 "$dgsim" "${campaign[@]}" --out resumed
[[ ! -e resumed/four-guarantees/runs.csv ]] || fail "one was killed, and the campaign is done"
status 0 "${mpi[@]}" -n 2 "$dgsim" "${campaign[@]}" --out resumed --resume
says err ' [1-9][0-9]* of [0-9]* runs were done before'
same whole resumed
# The others go on where Open MPI lets them: what the dead one had taken is given to them.
kill_in_the_middle 2 --mca orte_enable_recovery 1 -n 3 "$dgsim" "${campaign[@]}" --mpi-silence 1s --out survived
says err 'nothing is heard of rank 2'
same whole survived
# Without rank 0 there is nothing to go on for, and nobody waits for it.
kill_in_the_middle 0 --mca orte_enable_recovery 1 -n 3 "$dgsim" "${campaign[@]}" --mpi-silence 1s --out left
says err 'hears nothing of rank 0'
[[ ! -e left/four-guarantees/runs.csv ]] || fail "files without rank 0"

((failures == 0)) && echo "passed"
exit $((failures > 0))
