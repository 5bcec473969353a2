#!/usr/bin/env bash
# What a run leaves needs nothing else: a trace and a folder of results carry the files that the scenario reads, and
# both are told the same when those have changed or gone. Where a trace may be written.
#   tests/cli/test_files.sh DGSIM
set -uo pipefail
dgsim=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  tail -n 5 out err 2>/dev/null
  failures=$((failures + 1))
}
status() { # wanted, argument...
  local wanted=$1 got=0
  shift
  "$dgsim" "$@" >out 2>err || got=$?
  ((got == wanted)) || fail "dgsim $*: exit status $got, not $wanted"
}

mkdir given
cat >given/listed.yaml <<'YAML'
format: 1
measure_capacity: false
workload: {arrivals: {file: arrivals.csv}}
compare: [at-most-once, at-least-once]
faults:
  - {file: "the faults.csv"}
  - {when: effect, intent: 2, kill: this, for: 1s}
expect:
  - {row: at-most-once, lost: none}
YAML
cat >given/arrivals.csv <<'CSV'
at,key
100ms,1
200ms,2
5s,1
CSV
cat >'given/the faults.csv' <<'CSV'
name,at,fault,target,for,min_hits
cut,4s,kill,consumer.1,100ms,0
cut,6s,kill,consumer.1,200ms,0
CSV
cp -r given other

# a trace, somewhere else, beside files of the same names that say other things, and beside none
status 0 run given/listed.yaml --row at-most-once --seed 1 --trace whole.trace
"$dgsim" judge whole.trace >first 2>err
sed -i 's/^200ms,2$/300ms,3/' other/arrivals.csv
cp whole.trace other
(cd other && "$dgsim" judge whole.trace >../second 2>../err) || true
cmp -s first second || fail 'a trace is judged by files beside it'
grep -q 'listed' first || fail 'the trace is not judged'
size=$(wc -c <whole.trace)
awk 'BEGIN { print "at,key"; for (i = 1; i <= 120000; i++) print i "ms," i % 7 + 1 }' >large.csv
sed 's/arrivals.csv/large.csv/; s/^  - {file.*//' given/listed.yaml >large.yaml
status 0 run large.yaml --row at-most-once --seed 1 --trace large.trace
(($(wc -c <large.trace) > size)) || fail 'more than 1 MiB of arrivals is not in the trace'
mv large.csv gone.csv
"$dgsim" judge large.trace >out 2>err
grep -q '120000 operations' out || fail 'a trace of many arrivals is not judged'

# results: moved, and without what they were made from
"$dgsim" run given/listed.yaml --seeds 2 --out results >out 2>err
mv results/listed moved
grep -q '{file: input-1.csv}' moved/resolved.yaml || fail 'resolved.yaml does not read the copies'
cmp -s given/arrivals.csv moved/input-1.csv || fail 'input-1.csv is no copy'
cmp -s 'given/the faults.csv' moved/input-2.csv || fail 'input-2.csv is no copy'
"$dgsim" explain given/listed.yaml --out told 2>err | grep -v '^files:\|^again:\|dgsim explain' >first
rm -r given other
"$dgsim" explain moved 2>err | grep -v '^files:\|^again:\|dgsim explain' >second
{ [[ -s first ]] && cmp -s first second; } || fail 'a folder of results is not explained as the scenario was'
command=$(grep -o 'dgsim explain \.[^<]*' moved/report.html | head -1 |
  sed "s/&#39;/'/g; s/&quot;/\"/g; s/&amp;/\&/g")
[[ -n $command ]] || fail 'the report says no command'
(cd moved && eval "${command/dgsim/\"\$dgsim\"}" >../out 2>../err) ||
  fail "'$command' does not work in the folder of the report"
(cd moved && "$dgsim" run resolved.yaml --out ../again >../out 2>../err)
hash() { grep '"resolved_hash"' "$1/manifest.json"; }
[[ $(hash moved) == $(hash again/listed) ]] || fail 'resolved.yaml is another scenario'
cmp -s moved/runs.csv again/listed/runs.csv || fail 'resolved.yaml gives other runs'

# copies of the run before that this one has not are gone
cat >plain.yaml <<'YAML'
format: 1
name: listed
measure_capacity: false
workload: {messages: 9, rate: 9/s}
system: at-least-once
YAML
"$dgsim" run plain.yaml --out again >out 2>err
ls again/listed/input-* 2>/dev/null && fail 'a copy of another run stays'
"$dgsim" run plain.yaml --dry-run 2>err | cmp -s - again/listed/resolved.yaml ||
  fail 'resolved.yaml is not what --dry-run says'

# a trace goes where a link leads, and to the standard output without its line
status 0 run plain.yaml --seed 1 --trace plain.trace
mkdir sub && ln -s sub/there link
status 0 run plain.yaml --seed 1 --trace link
{ [[ -L link ]] && cmp -s plain.trace sub/there; } || fail 'a link was replaced'
ln -s /proc/self/fd/1 output
"$dgsim" run plain.yaml --seed 1 --trace output >redirected 2>err || fail 'a trace to the output'
cmp -s plain.trace redirected || fail 'the redirected output is not the trace'
[[ -L output ]] || fail 'a link to the output was replaced'
grep -q 'digest' err || fail 'the line is not on the error stream'
"$dgsim" run plain.yaml --seed 1 --trace /dev/fd/1 2>err | "$dgsim" judge /dev/stdin >out 2>err ||
  fail 'a trace through a pipe'

((failures == 0)) && echo 'all good'
((failures == 0))
