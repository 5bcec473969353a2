#!/usr/bin/env bash
# Campaigns that end when they are precise enough: the same files for any number of workers, after an interruption,
# in shards and over processes of mpirun.
#   tests/cli/test_precision.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  tail -n 20 out err 2>/dev/null
  failures=$((failures + 1))
}
status() { # wanted, what must be said, argument...
  local wanted=$1 text=$2 got=0
  shift 2
  "$dgsim" "$@" >out 2>err || got=$?
  ((got == wanted)) || fail "dgsim $*: exit status $got, not $wanted"
  grep -qF -e "$text" out err || fail "dgsim $*: does not say '$text'"
}
same() { # directory: all tables are those of one/
  local file
  for file in summary.txt runs.csv aggregate.csv paired.csv timeline.csv latency.csv faults.csv resolved.yaml; do
    cmp "one/precise/$file" "$1/precise/$file" || fail "$1: $file is another"
  done
}

cat >precise.yaml <<'YAML'
format: 1
name: precise
seeds: 1000
precision: {lost: 4%, latency_p50: 10%}
measure_capacity: false
workload: {messages: 30, rate: 300/s, keys: 3}
compare: [at-most-once, at-least-once]
links: {default: {loss: 1%}}
YAML

# nothing was lost in 64 runs, and that is not enough to say at most 4 %
status 0 ', 128 of at most 1000 seeds, 3 looks, ' run precise.yaml -j 1 --out one --no-charts
[[ $(wc -l <one/precise/runs.csv) == 257 ]] || fail 'surplus runs are not left out'
grep -q '"seeds_at_most": 1000,' one/precise/manifest.json || fail 'the manifest does not say how many there might have been'
grep -q '"looks": 3' one/precise/manifest.json || fail 'the manifest does not say how many looks there were'
[[ $(grep -c '^    "[0-9a-f]\{16\}"\|^        "[0-9a-f]\{16\}"' one/precise/manifest.json) == 256 ]] || fail 'the manifest has other digests'
status 0 '' run precise.yaml -j 3 --out three --no-charts
same three
status 0 'equal' run precise.yaml -j 3 --out twice --no-charts --verify

# it is a finished campaign: what its journal lacks is not missed, and resuming does nothing
status 0 '' run precise.yaml --out three --no-charts
grep -q unfinished err && fail 'a campaign that ended early is taken for an unfinished one'
status 0 'runs were done before' run precise.yaml --out three --no-charts --resume
same three
# half a journal, and one whose end was not reached
size=$(stat -c %s three/precise/runs.journal)
truncate -s $((size / 2)) three/precise/runs.journal
status 0 'runs were done before' run precise.yaml --out three --no-charts --resume
same three

# shards do all seeds, as none knows what the others find; together they are cut where one campaign ends
for shard in 1 2 3; do
  status 0 "shard $shard of 3 is done" run precise.yaml --shard $shard/3 --out parts --no-charts
done
status 0 ', 128 of at most 1000 seeds, 3 looks, ' merge parts/precise --out merged --no-charts
same merged

if command -v mpirun >/dev/null && [[ $(ldd "$dgsim") == *libmpi* ]]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  timeout 60 mpirun --oversubscribe -n 3 "$dgsim" run precise.yaml --out ranks --no-charts >out 2>err </dev/null ||
    fail 'mpirun: another exit status'
  same ranks
fi

# what was not reached is said; and a run of its own has nothing to reach
status 0 'not precise enough: latency_p50 of ' run precise.yaml --seeds 40 --set precision/latency_p50=0.1% --out missed --no-charts
grep -q ', 40 of at most 40 seeds, 2 looks, ' missed/precise/summary.txt || fail 'the last look is not at all seeds'
status 0 ', 1 seed, ' run precise.yaml --seed 7 --out alone --no-charts
grep -q precision alone/precise/resolved.yaml && fail 'one run has a precision'
((failures == 0)) && echo 'all good'
exit $((failures > 0))
