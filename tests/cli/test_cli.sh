#!/usr/bin/env bash
# The command line: what it prints, and with which exit status.
#   tests/cli/test_cli.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
  echo "FAILED: $1"
  sed 's/^/    /' out err
  failures=$((failures + 1))
}

# status EXPECTED WHAT-MUST-BE-SAID ARGUMENT...: runs dgsim; its output has to contain the text.
status() {
  local expected=$1 text=$2 got
  shift 2
  "$dgsim" "$@" >out 2>err
  got=$?
  if ((got != expected)); then
    fail "dgsim $* : exit status $got, not $expected"
  elif [[ -n $text ]] && ! grep -qF -e "$text" out err; then
    fail "dgsim $* : does not say '$text'"
  fi
}

cat >good.yaml <<'YAML'
format: 1
name: good
workload: {messages: 200, rate: 1000/s}
compare: [at-most-once, at-least-once]
YAML
sed 's/^name: .*/name: other/' good.yaml >other.yaml
printf 'format: 1\nworkload: {messagse: 3}\n' >bad.yaml

# help and version
status 0 'Usage: dgsim COMMAND' --help
status 0 'Exit status' -h
status 0 'dgsim ' --version
status 64 'Usage' # nothing at all
for command in run merge explore shrink replay explain judge list diff; do status 0 "Usage: dgsim $command" "$command" --help; done
status 0 'Usage: dgsim run' help run
status 64 'unknown command' help nothing
status 0 'default: results' run --help
"$dgsim" --help 2>/dev/null | grep -qE '.{101}' && : >out && : >err && fail 'the help is wider than 100 columns'

# mistakes in the command
status 64 "did you mean 'run'" rnu
status 64 'dgsim run good.yaml' good.yaml
status 64 'needs a scenario file' run
status 64 "did you mean '--seeds'" run --sedes 3 good.yaml
status 64 'needs a value' run good.yaml --seeds
status 64 'is not a whole number' run good.yaml --seeds 3x
status 64 'is not a whole number' run good.yaml --seeds -3
status 64 'is not between' run good.yaml --seeds 0
status 64 'is not between' run good.yaml -j 99999999999999999999
status 64 'exclude each other' run good.yaml --seed 1 --seeds 2
status 64 'is not human, tap or junit' run good.yaml --format xml
status 64 'is not PATH=VALUE' run good.yaml --set seeds
status 64 'has 2 rows' run good.yaml --trace t
status 64 "did you mean 'at-most-once'" run good.yaml --trace t --row at-most-onec
status 64 'needs --trace or --record' run good.yaml --row at-most-once
status 64 "did you mean 'faults'" list fault
status 64 'takes one word' list keys values
status 0 'rows FILE' list
status 64 'note: --faults is an option of explore' run good.yaml --faults 1
status 64 'compares two traces' diff one
status 64 'needs a trace' judge
status 64 "unknown option '--seeds'" judge x.trace --seeds 3
status 64 "option '--dry-run' takes no value" run good.yaml --dry-run=x
status 64 "option '--help' takes no value" run good.yaml --help=run
status 64 "option '--se' is ambiguous: --seeds, --seed, --set" run good.yaml --se=3

# mistakes in a scenario, and where to write
status 64 "bad.yaml:2:12: error: unknown key 'messagse' of 'workload' (did you mean 'messages'?)" run bad.yaml
status 64 'missing.yaml' run missing.yaml
status 64 'Not a directory' run good.yaml --out good.yaml
status 64 'is also that of good.yaml' run good.yaml ./good.yaml --out results --no-charts

# lists
status 0 'at-least-once' list systems
status 0 'dedup-table' list handlers
status 0 'max_unavailable' list faults
status 0 'ack-sent' list points
status 0 'messages' list keys
status 0 'latency_p99_ns' list metrics
status 0 'lost_acked' list anomalies

# a dry run prints what would be run, and a resolved scenario resolves to itself
status 0 'format: 1' run good.yaml --dry-run --seed 7
grep -q 'seeds: \[7\]' out || fail '--seed is not in the resolved form'
"$dgsim" run good.yaml --dry-run >resolved.yaml
"$dgsim" run resolved.yaml --dry-run >again.yaml
diff <(sed 's/ *#.*//; /^$/d' resolved.yaml) <(sed 's/ *#.*//; /^$/d' again.yaml) >out || fail 'a resolved scenario resolves to another'
[[ ! -e results/other ]] || fail 'a dry run wrote results'

# one long run says how well it knows its mean latency; a short one says nothing of it
status 0 'one run: its mean latency' run good.yaml --set workload/messages=4000 --set workload/rate=200/s --out long --no-charts
grep -qE '^at-least-once +[0-9.]+ ±[0-9.]+ ms +[0-9]+ of [0-9]+ +-?0\.[0-9]+$' out || fail 'no interval of batches'
[[ $(grep -c '"latency_mean",.*,"batches",' long/good/aggregate.csv) -ge 1 ]] || fail 'aggregate.csv has no interval of batches'
status 0 'held' run good.yaml --out long --no-charts
grep -q 'one run' out && fail '200 operations are taken for a long run'

# a sweep from the command line: in the resolved form, in the command that repeats a violation, and mistakes in it
status 0 'workload/rate: [50/s, 100/s]            # --vary' run good.yaml --vary workload/rate=100/s,50/s --dry-run
status 64 'is not PATH=VALUE,VALUE' run good.yaml --vary workload/rate
status 64 "--vary workload/rate=1,2:1:2: error: '1' has no unit" run good.yaml --vary workload/rate=1,2
status 64 'varied twice' run good.yaml --vary workload/rate=1/s --vary workload/rate=2/s
status 64 "unknown option '--vary'" explore good.yaml --vary workload/rate=1/s
printf 'expect: [{lost: some}]\n' | cat good.yaml - >never.yaml
status 1 'again    dgsim run never.yaml --vary workload/rate=50/s,100/s --seeds 2' run never.yaml --seeds 2 \
  --vary workload/rate=50/s,100/s --out varied --no-charts
head -1 varied/good/paired.csv | grep -q '"label","workload_rate_micro_per_s","against"' || fail 'no column for what was varied'

# outputs: the same for any number of workers, and when everything is run twice
status 0 'held' run good.yaml --seeds 3 -j 1 --out one --no-charts
status 0 'equal' run good.yaml --seeds 3 -j 4 --verify --out four --no-charts
for file in runs aggregate paired timeline latency faults; do
  cmp -s "one/good/$file.csv" "four/good/$file.csv" || fail "$file.csv depends on -j"
done
for file in summary.txt resolved.yaml manifest.json charts/timeline.gp; do
  [[ -s one/good/$file ]] || fail "$file is not there"
done
grep -qx 'FAMILIES = 0' one/good/charts/timeline.gp || fail 'the legend names faults, and there was none'
printf 'faults: [{at: 100ms, kill: consumer.1, for: 100ms}]\n' | cat good.yaml - >killed.yaml
"$dgsim" run killed.yaml --out killed --no-charts --no-report >out || true
grep -qx "FAMILY\[1\] = 'fault: nodes'" killed/good/charts/timeline.gp || fail 'the legend does not name the fault'
grep -qx 'FAMILIES = 1' killed/good/charts/timeline.gp || fail 'the legend names faults that there were not'
[[ $(readlink one/latest) == good ]] || fail 'latest does not point to the last run'
status 0 '' run good.yaml other.yaml --out both --no-charts
[[ -s both/other/runs.csv && $(readlink both/latest) == other ]] || fail 'two files do not give two results'
status 64 '' run bad.yaml good.yaml --out mixed --no-charts # the worst status, but the good one was run
[[ -s mixed/good/runs.csv ]] || fail 'a bad file kept a good one from running'

# formats
status 0 'TAP version 13' run good.yaml --out one --no-charts --format tap
grep -q '^ok 1 - ' out || fail 'TAP has no cases'
grep -q '^1\.\.' out || fail 'TAP has no plan'
status 0 '<testsuites' run good.yaml --out one --no-charts --format junit
NO_COLOR=1 "$dgsim" run good.yaml --out one --no-charts >out 2>err
grep -q $'\033' out && fail 'colour in a file'

# a name that is no UTF-8: in reports '?', in commands escaped, in the manifest not left out
cp never.yaml $'n\xffver.yaml'
for format in junit tap; do
  status 1 'n?ver.yaml:5:' run $'n\xffver.yaml' --out odd --no-charts --format $format
  iconv -f UTF-8 -t UTF-8 out >/dev/null 2>err || fail "$format is not UTF-8"
  status 64 'n?ver.yml: can be run' run $'n\xffver.yml' --format tap
done
status 1 "again    dgsim run \$'n\\377ver.yaml' --seed 1" run $'n\xffver.yaml' --out odd --no-charts
grep -qF '"path": "n?ver.yaml"' odd/good/manifest.json || fail 'the manifest has no path'
grep -qF '"command": "dgsim run $'"'n\\\\377ver.yaml'" odd/good/manifest.json || fail 'the manifest has no command'

# a violation: exit status 1 and the command that repeats it
printf 'expect: [{duplicate_effects: some}]\n' | cat good.yaml - >violated.yaml
status 1 'dgsim run violated.yaml' run violated.yaml --out one --no-charts
printf 'faults: [{name: late, at: 1h, for: 1s, partition: consumer.1, min_hits: 1000000}]\n' |
  cat good.yaml - >inconclusive.yaml
status 2 'inconclusive' run inconclusive.yaml --out one --no-charts

# traces: written in one piece, equal to themselves, and told apart at the right record
header='dgsimtr1\x01\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0'
record() { printf '%b' "\\x$1\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02\0\0\0\0\0"; }
{ printf '%b' "$header" && record 07 && record 08; } >a.trace
{ printf '%b' "$header" && record 07 && record 09; } >b.trace
{ printf '%b' "$header" && record 07; } >short.trace
printf 'not a trace at all' >no.trace
status 0 'equal: 2 records' diff a.trace a.trace
status 1 'record 2 is the first that differs' diff a.trace b.trace
grep -q 'at 0.000000008 s  node 2  ok  operation 5' out || fail 'diff does not say what happened'
status 1 'ends after record 1' diff a.trace short.trace
status 64 'no.trace: error' diff a.trace no.trace
status 64 'missing.trace' diff a.trace missing.trace
status 0 'records, digest' run good.yaml --seed 3 --row at-least-once --trace x.trace
status 0 'equal' diff x.trace x.trace

# judging a trace: as its run was judged, and nothing that is no whole trace
status 0 'records, digest' run violated.yaml --row at-least-once --trace violated.trace
status 0 'records, digest' run inconclusive.yaml --row at-least-once --trace inconclusive.trace
status 0 'verdict  held' judge x.trace
digest=$(sed -n 's/.*records, digest //p' out)
"$dgsim" run good.yaml --seed 3 --out one --no-charts >/dev/null
grep -q "^\"at-least-once\".*,\"$digest\"\$" one/good/runs.csv || fail 'judge reads another digest than the run has'
status 1 'violated  duplicate_effects: some' judge x.trace violated.trace
status 2 'late' judge inconclusive.trace
status 0 'ok 1 - good (x.trace): contract of at-least-once' judge x.trace --format tap
status 1 '<testsuite name="good (violated.trace)"' judge x.trace violated.trace --format junit
head -c "$(($(stat -c %s x.trace) - 32))" x.trace >cut.trace
status 64 'cut.trace: error: the trace ends before its run does' judge cut.trace x.trace
grep -q 'verdict  held' out || fail 'a bad trace kept a good one from being judged'
status 64 'not a trace' judge no.trace
status 64 'missing.trace' judge missing.trace
status 64 "'format' is missing" judge a.trace
# explain: the story of one operation, from the scenario or from its results
cat >lost-ack.yaml <<'YAML'
format: 1
name: lost-ack
workload: {messages: 5, rate: 10/s}
compare: [{label: queue, system: sqs-standard}, {label: log, system: at-least-once}]
faults: [{name: gone, when: ack-sent, intent: 2, attempt: 1, drop: this}]
YAML
status 0 'dropped by fault gone' explain lost-ack.yaml
grep -qF 'repeat:  dgsim explain lost-ack.yaml 2 --row queue --seed 1' out || fail 'explain does not say how to repeat it'
cp out first
for file in txt svg perfetto.json shiviz.log; do
  [[ -s results/lost-ack/anomalies/2.$file ]] || fail "explain wrote no 2.$file"
done
sh -c ': >"results/lost-ack/anomalies/2.svg.new.$$"' # as by one that was killed
status 0 'doubled' explain lost-ack.yaml 2 --row queue --seed 1
[[ -z $(find results/lost-ack -name '*.new.*') ]] || fail 'what a killed explain had left stays'
diff first out >err || fail 'the command that explain names tells another story'
status 0 'once' explain lost-ack.yaml 2 --row log --out elsewhere
[[ -s elsewhere/lost-ack/anomalies/2.svg ]] || fail 'explain ignores --out'
status 0 'nothing to explain' explain lost-ack.yaml --row log
status 0 'nothing to explain' explain good.yaml --row at-least-once
"$dgsim" run lost-ack.yaml --no-charts --out kept >/dev/null
status 0 'doubled' explain kept/lost-ack
[[ -s kept/lost-ack/anomalies/2.svg ]] || fail 'a story of results is not beside them'
status 64 'there is no operation 6' explain lost-ack.yaml 6
status 64 'is no operation' explain lost-ack.yaml two
status 64 'is no operation' explain lost-ack.yaml 0
status 64 "did you mean 'queue'" explain lost-ack.yaml --row qeue
status 64 'needs a scenario' explain
status 64 'no resolved.yaml' explain kept
status 64 'missing.yaml' explain missing.yaml

# what cannot be printed is not passed over
if [[ -e /dev/full ]]; then
  "$dgsim" list metrics >/dev/full 2>err
  (($? == 70)) || fail 'a full disk behind the standard output is not noticed'
fi

((failures == 0)) && echo 'all good'
((failures == 0))
