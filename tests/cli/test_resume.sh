#!/usr/bin/env bash
# Campaigns that are killed, run in parts, or stopped by a full disk end as if nothing had happened.
#   tests/cli/test_resume.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
  echo "FAILED: $1"
  for file in out err; do [[ -f $file ]] && sed 's/^/    /' "$file"; done
  failures=$((failures + 1))
}

# status EXPECTED WHAT-MUST-BE-SAID ARGUMENT...
status() {
  local expected=$1 text=$2 got
  shift 2
  "$dgsim" "$@" >out 2>err
  got=$?
  ((got == expected)) || fail "dgsim $* : exit status $got, not $expected"
  [[ -z $text ]] || grep -qF -e "$text" out err || fail "dgsim $* : does not say '$text'"
}

# under_way JOURNAL: waits until some runs are done.
under_way() {
  for ((waited = 0; waited < 1000; waited++)); do
    [[ -s $1 ]] && (($(stat -c %s "$1") > 1500)) && return
    sleep 0.01
  done
  fail "$1 does not grow"
}

# stopped SIGNAL STATUS JOURNAL ARGUMENT...: begins a campaign until the signal reaches it when some runs are done, and not all.
stopped() {
  local signal=$1 expected=$2 journal=$3 got
  shift 3
  for ((attempt = 0; attempt < 50; attempt++)); do
    rm -f "$journal" "${journal%/*}/runs.csv"
    "$dgsim" "$@" >out 2>err &
    under_way "$journal"
    kill -"$signal" $! 2>/dev/null
    wait $! 2>/dev/null
    got=$?
    ((got == 0)) || break # on a busy machine it may have ended before
  done
  ((got == expected)) || fail "dgsim $* : exit status $got by SIG$signal, not $expected"
}

# manifest FILE: without what may differ.
manifest() { sed '/"command"/d; /"execution"/,/}/d' "$1"; }

# same WHAT DIR: all files of the campaign are those of the undisturbed one, and nothing half done is left.
same() {
  local file
  for file in whole/camp/*.csv whole/camp/*.txt whole/camp/*.yaml whole/camp/charts/*; do
    cmp -s "$file" "$2/camp/${file#whole/camp/}" || fail "$1: ${file#whole/camp/} is another"
  done
  cmp -s <(manifest whole/camp/manifest.json) <(manifest "$2/camp/manifest.json") || fail "$1: manifest.json is another"
  [[ -z $(find "$2" -name '.*' -mindepth 1) ]] || fail "$1: something half written is left: $(find "$2" -name '.*')"
}

cat >camp.yaml <<'YAML'
format: 1
name: camp
seeds: 16
measure_capacity: true
workload: {messages: 1200, rate: 500/s}
compare: [at-most-once, at-least-once]
faults: [{name: crash, every: 1s, for: 200ms, kill: consumer.any}]
sweep: {workload/rate: [250/s, 500/s]}
YAML
run=(run camp.yaml --no-charts)
items=$((4 + 4 * 16)) # capacities and runs

"$dgsim" "${run[@]}" --out whole -j 1 >out 2>err || fail 'the undisturbed campaign'

# killed again and again, wherever it is
for workers in 1 2; do
  results=killed-$workers
  for ((round = 0; round < 5; round++)); do
    "$dgsim" "${run[@]}" --out "$results" -j "$workers" --resume >out 2>err &
    sleep "0.$((RANDOM % 15 + 2))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
  done
  status 0 '' "${run[@]}" --out "$results" -j "$workers" --resume
  same "killed with -j $workers" "$results"
done

# and while files are renamed: all runs are done, so that is nearly all that it does
for ((round = 0; round < 10; round++)); do
  rm -f killed-1/camp/runs.csv
  echo wrong >killed-1/camp/aggregate.csv
  "$dgsim" "${run[@]}" --out killed-1 --resume >out 2>err &
  sleep "0.0$((RANDOM % 50 + 10))"
  kill -9 $! 2>/dev/null
  wait $! 2>/dev/null
done
status 0 "all $items runs were done before" "${run[@]}" --out killed-1 --resume
same 'killed while files are written' killed-1

# a torn and a damaged row
truncate -s -23 killed-1/camp/runs.journal
status 0 "$((items - 1)) of $items runs were done before" "${run[@]}" --out killed-1 --resume
grep -q 'the last row was torn' err || fail 'a torn row is not told'
same 'a torn row' killed-1
middle=$(($(stat -c %s killed-1/camp/runs.journal) / 2))
printf 'x' | dd of=killed-1/camp/runs.journal bs=1 seek=$middle conv=notrunc status=none
status 0 'was damaged' "${run[@]}" --out killed-1 --resume
same 'a damaged row' killed-1

# told to end: what is done is kept, and said
stopped TERM 143 told/camp/runs.journal "${run[@]}" --out told -j 1
grep -qE 'interrupted: [1-9][0-9]* of '"$items"' runs are in .*--resume goes on' err || fail 'what is kept is not said'
[[ ! -e told/camp/runs.csv ]] || fail 'half a campaign has files'

# without --resume it is not thrown away
kept=$(stat -c %s told/camp/runs.journal)
status 0 '--resume would have gone on with them' "${run[@]}" --out told
[[ $(stat -c %s told/camp/runs.journal.old) == "$kept" ]] || fail 'the unfinished journal is not kept'
mv told/camp/runs.journal.old told/camp/runs.journal
status 0 'runs were done before' "${run[@]}" --out told --resume
same 'an old journal' told

# what cannot be gone on with
status 64 "then no options, now '--seeds=3'" "${run[@]}" --out told --resume --seeds 3
status 64 'then without --verify, now with it' "${run[@]}" --out told --resume --verify
sed 's/1200/1201/' camp.yaml >changed.yaml
status 64 'was not as it is now' run changed.yaml --no-charts --out told --resume
status 0 'nothing to resume' "${run[@]}" --out new --resume --seeds 1
status 64 'excludes' "${run[@]}" --resume --trace x --row at-most-once
status 64 'is not I/N' "${run[@]}" --shard 3
status 64 'is not between' "${run[@]}" --shard 4/3
status 64 'is not between' "${run[@]}" --shard 0/3

# two at once
if command -v flock >/dev/null; then
  flock told/camp/runs.journal "$dgsim" "${run[@]}" --out told --resume >out 2>err
  (($? == 64)) || fail 'two processes write one journal'
  grep -q 'another process is writing' err || fail 'that two processes write one journal is not said'
fi

# a full disk: for the journal, then for the files; what was there is left as it was
size=$(($(stat -c %s whole/camp/runs.journal) / 1024))
mkdir -p full/camp && echo old >full/camp/runs.csv
(ulimit -f $((size / 2)); "$dgsim" "${run[@]}" --out full -j 2 >out 2>err)
(($? == 64)) || fail 'a full disk is no error'
grep -qE "cannot write 'full/camp/runs.journal': File too large" err || fail 'a full disk is not told'
grep -qE '[1-9][0-9]* of '"$items"' runs are safe in it: make room, then go on with --resume' err || fail 'what is safe is not said'
[[ $(cat full/camp/runs.csv) == old ]] || fail 'half a campaign has replaced files'
status 0 '' "${run[@]}" --out full --resume
grep -q torn err && fail 'a full disk leaves half a row'
same 'a full disk' full
echo old >full/camp/runs.csv
(ulimit -f 8; "$dgsim" "${run[@]}" --out full --resume >out 2>err)
(($? == 64)) || fail 'a full disk for the files is no error'
grep -q 'all runs are safe in' err || fail 'what is safe is not said of files'
[[ $(cat full/camp/runs.csv) == old ]] || fail 'a file was replaced though not all could be written'
status 0 '' "${run[@]}" --out full --resume
same 'a full disk for the files' full
mkdir bin && cat >bin/gnuplot <<'SH' # as the real one does it when the disk is full
#!/bin/sh
printf '<?xml version="1.0"?>\n<svg width="900">\n<g>\n<path d="M' >"${2%.gp}.svg"
SH
chmod +x bin/gnuplot
PATH=$PWD/bin:$PATH "$dgsim" run camp.yaml --out full --resume >out 2>err
grep -q 'the chart is not there, or not to its end' err || fail 'half a chart is not told'
[[ -z $(find full -name '*.svg') ]] || fail 'half a chart is kept'
same 'half a chart' full
printf -v long '%0100d/' 1 2 3 4
long=$PWD/${long:0:$((404 - ${#PWD}))}
status 0 '' "${run[@]}" --seeds 1 --out "$long"
[[ -s $long/camp/runs.journal ]] || fail 'a long path is cut off'
status 64 'longer than' "${run[@]}" --out "$long$long"
status 64 'has no name' "${run[@]}" --out ''
touch file
status 64 'Not a directory' "${run[@]}" --out file/deeper --resume

# in parts, and killed
status 0 '' "${run[@]}" --out parts --shard 1/3 -j 1
stopped KILL 137 parts/camp/shard-2-of-3.journal "${run[@]}" --out parts --shard 2/3 -j 1
status 0 '' "${run[@]}" --out parts --shard 3/3 -j 1
status 64 'shard 2 of 3:' merge parts/camp --no-charts
command=$(sed -n 's/.*missing: dgsim //p' err)
[[ $command == 'run camp.yaml --out=parts --resume --shard=2/3' ]] || fail "merge names another command: $command"
[[ ! -e parts/camp/runs.csv ]] || fail 'shards have files'
read -ra words <<<"$command"
status 0 'shard 2 of 3 is done' "${words[@]}"
status 0 'held' merge parts/camp --no-charts --out parts
same 'three shards' parts
status 0 'ok 1 - ' merge parts/camp/shard-{3,1,2}-of-3.journal --no-charts --out other --format tap
same 'in another order' other
status 0 '' merge parts/camp told/camp/runs.journal --no-charts --out other # runs that are there twice
same 'runs that are there twice' other
status 64 'is of another campaign' merge parts/camp new/camp/runs.journal --no-charts --out other

# one shard was killed at once, another one in a row, each in a directory of its own; the commands are for where one is
mkdir -p apart/{1,2}/camp
head -c 60 parts/camp/shard-1-of-3.journal >apart/1/camp/shard-1-of-3.journal
head -c -50 parts/camp/shard-2-of-3.journal >apart/2/camp/shard-2-of-3.journal
status 64 'is the beginning of a journal' merge apart/1/camp/shard-1-of-3.journal --format tap
grep -q '^not ok 1' out || fail 'a report without the error'
apart=(merge apart/{1,2}/camp parts/camp/shard-3-of-3.journal --no-charts --out other)
status 64 "camp/shard-2-of-3.journal' counts up to its row" "${apart[@]}"
grep -qF 'dgsim run camp.yaml --out=apart/1 --resume --shard=1/3' err || fail 'the first shard is said to be elsewhere'
grep -qF '1 missing: dgsim run camp.yaml --out=apart/2 --resume --shard=2/3' err || fail 'the second shard is said to be elsewhere'
(cd apart/2/camp && "$dgsim" merge . --file ../../../camp.yaml >/dev/null 2>../../../err)
grep -qF "run ../../../camp.yaml --out=$(realpath apart/2) --resume --shard=2/3" err || fail 'from within a directory of results'
status 0 '' "${run[@]}" --out apart/1 --resume --shard 1/3
status 0 '' "${run[@]}" --out apart/2 --resume --shard 2/3
status 0 'held' "${apart[@]}"
same 'shards apart' other

mkdir moved && mv camp.yaml moved/
status 64 '--file FILE' merge parts/camp --no-charts
status 64 'is not as it was' merge parts/camp --no-charts --file changed.yaml
status 0 'held' merge parts/camp --no-charts --out other --file moved/camp.yaml
status 64 'there is no shard' merge told/camp
status 64 'needs journals' merge
status 64 'no journal of a campaign' merge changed.yaml

# a campaign that ends when it is precise enough: killed, and in parts
mv whole camps
sed '/^sweep/d; s/^seeds: .*/seeds: 300\nprecision: {duplicate_effects: 0.15%}/; s/at-most-once, //' moved/camp.yaml >camp.yaml
"$dgsim" "${run[@]}" --out whole -j 1 >out 2>err || fail 'the undisturbed, precise campaign'
runs=$(($(wc -l <whole/camp/runs.csv) - 1))
((runs > 32 && runs < 300)) || fail "precision needs $runs runs: nothing to test"
stopped KILL 137 precise/camp/runs.journal "${run[@]}" --out precise
status 0 'runs were done before' "${run[@]}" --out precise --resume
same 'killed before it was precise' precise
status 0 'all ' "${run[@]}" --out precise --resume
same 'precise before' precise
status 0 '' "${run[@]}" --out precise
grep -q kept err && fail 'a campaign that is precise enough is taken for unfinished'
for shard in 1 2 3; do status 0 '' "${run[@]}" --out parted --shard $shard/3; done
status 0 'held' merge parted/camp --no-charts --out parted
same 'precise in parts' parted

((failures == 0)) && echo 'all good'
((failures == 0))
