#!/usr/bin/env bash
# What is told of campaigns, searches and stories that are not the usual ones: groups, goals, runs that repeat, many
# rows, a terminal; and what is refused.
#   tests/cli/test_told.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  sed 's/^/    /' out err
  failures=$((failures + 1))
}
# status EXPECTED ARGUMENT...
status() {
  local expected=$1 got
  shift
  "$dgsim" "$@" >out 2>err </dev/null
  got=$?
  ((got == expected)) || fail "dgsim $*: exit status $got, not $expected"
}
# said TEXT...: each, one way or the other
said() {
  local text
  for text; do grep -qF -e "$text" out err || fail "it does not say '$text'"; done
}
has() { grep -qE "$2" "$1" || fail "$1 has no line like '$2'"; }

# --- Groups: a table of their own, on the screen and as a file ---
cat >groups.yaml <<'YAML'
format: 1
name: groups
seeds: 3
measure_capacity: false
system: kafka-acks-all
workload: {messages: 200, rate: 200/s}
groups: {stock: {consumers: 2, handler: dedup-table}, mail: {handler: naive}}
faults: [{every: 300ms, kill: mail.any, for: 100ms}]
expect: [{duplicate_effects: some}]
YAML
status 0 run groups.yaml --no-charts
has out '^guarantee +group +handler +lost +delivered +duplicated$'
has out '^kafka-acks-all +stock +dedup-table +0 +0 +0$'
has out '^kafka-acks-all +mail +naive +0 +[1-9]'
[[ $(wc -l <results/groups/groups.csv) == 7 ]] || fail 'groups.csv has not a line for each group and seed'
for chart in loss-and-duplication capacity-and-goodput timeline latency; do
  has results/groups/charts/$chart.gp '^SUBTITLE = "400 obligations a run'
  has results/groups/charts/$chart.gp "^THINGS = 'obligations'"
  ! grep -qi 'operations' results/groups/charts/$chart.gp || fail "$chart counts operations"
done
has results/groups/charts/capacity-and-goodput.gp '^OFFERED = 400$'
has results/groups/groups.csv '^"?kafka-acks-all"?,"?kafka-acks-all"?,"?mail"?,"?naive"?,"?3"?,.*held'

# --- Slower than one a second: a rate is not cut to whole operations ---
cat >slow.yaml <<'YAML'
format: 1
name: slow
measure_capacity: false
system: at-least-once
workload: {messages: 20, rate: 30/min}
expect: [{goodput: at least 20/min}]
YAML
status 0 run slow.yaml --no-charts
has out '^ +goodput = 0\.5'
has results/slow/runs.csv '"goodput_micro_per_s"'

# --- Nothing had an effect: a latency of that is none, and no bound on it holds ---
cat >nothing.yaml <<'YAML'
format: 1
name: nothing
luck: none
measure_capacity: false
system: at-least-once
workload: {messages: 5, rate: 10/s}
faults: [{at: 0s, for: 1h, partition: producer.1, from: broker.all}]
expect: [{latency_p99: at most 1us}, {absent_unknown: 5}]
YAML
status 2 run nothing.yaml --no-charts
said 'seed 1: nothing had an effect, so there is no latency_p99' '1 of 2 expectations held, 1 not known'
has out '^at-least-once +0 +0 +- +0 +- +- +held$'
has results/nothing/aggregate.csv '"latency_p50","ns","?0"?,"?"?,"?"?,"?"?,'
! grep -q 'never did anything' results/nothing/report.html || fail 'the report blames a fault that did something'

# --- More windows than are kept: a fault that comes late is there all the same ---
cat >windows.yaml <<'YAML'
format: 1
name: windows
measure_capacity: false
system: at-least-once
workload: {for: 2min, rate: 20/s}
faults:
  - {name: first, every: 20ms, reset: consumer_to_broker}
  - {name: second, at: 100s, for: 5s, partition: consumer.1, from: broker.all}
YAML
status 0 run windows.yaml --no-charts
has results/windows/faults.csv '^"?second"?,.*,"?100"?,"?105"?,'
[[ $(wc -l <results/windows/faults.csv) == 4097 ]] || fail 'not as many windows as are kept'
hits=$(tr -d '"' <results/windows/faults.csv | awk -F, '$1 == "first" { sum += $NF } END { print sum }')
grep -q "\"hits\": $hits\b" results/windows/manifest.json || fail "$hits hits in faults.csv, and others in the manifest"
grep -q 'are left out. Hits are of all' results/windows/report.html || fail 'the report does not say that windows are left out'

# --- All at once: no line of latencies, and not as if nothing had had an effect ---
cat >zero.yaml <<'YAML'
format: 1
name: zero
measure_capacity: false
system: rabbitmq-auto-ack
workload: {messages: 100, rate: 1000/s, service_time: 0s, size: 1B}
topology: {producers: 1, brokers: 1, partitions: 1, consumers: 1, cores: 64}
costs: {broker_request: 0s, broker_per_kib: 0s, broker_replication: 0s, broker_flush: 0s, database_statement: 0s, database_commit: 0s}
links: {default: {latency: 0s}}
YAML
status 0 run zero.yaml --no-charts
has results/zero/charts/latency.gp "^NOTHING = 'all took effect at once'"
has results/nothing/charts/latency.gp "^NOTHING = 'nothing had an effect'"

# --- Each cell of the timeline is a bin of its own, where bins are as wide as cells ---
if command -v gnuplot >/dev/null; then
  bins=$(gnuplot -e "BIN = 0.001" -e "$(grep '^bin(t)' results/windows/charts/timeline.gp)" \
    -e 'do for [i=0:999] { print sprintf("%.4f", bin(real(sprintf("%.3f", i / 1000.0)))) }' 2>&1 | sort -u | wc -l)
  ((bins == 1000)) || fail "1000 cells are in $bins bins"
fi

# --- Verdicts for other programs: expectations, faults, runs that repeat, files that cannot be run ---
cat >goals.yaml <<'YAML'
format: 1
name: goals
seeds: 2
measure_capacity: false
system: at-least-once
workload: {messages: 100, rate: 200/s}
faults:
  - {name: dies, at: 100ms, kill: consumer.1, for: 50ms}
  - {name: never, at: 10h, min_hits: 1, kill: consumer.1, for: 50ms}
expect:
  - {lost: none}
  - {duplicate_effects: some}
YAML
printf 'format: 1\nworkload: {messagse: 3}\n' >bad.yaml
status 64 run goals.yaml bad.yaml --no-charts --verify --format tap
said 'ok 1 - goals: lost: none' 'not ok 2 - goals: duplicate_effects: some' 'goals.yaml:12:' \
  'fault dies was effective' 'fault never was effective' '0 hits, at least 1 needed' \
  'goals: every run repeats' 'bad.yaml: can be run' 'line 2, column 12'
status 1 run goals.yaml --no-charts --set faults/never/min_hits=0 --format junit
said '<failure' 'duplicate_effects: some'
cat >broken.yaml <<'YAML'
format: 1
name: broken
measure_capacity: false
system: {name: kafka-acks-all, unclean.leader.election.enable: true, min.insync.replicas: 1}
workload: {messages: 500, rate: 1000/s}
faults: [{at: 200ms, power_loss: broker.majority, for: 100ms}, {at: 250ms, disk_gone: broker.leader, for: 1s}]
YAML
status 1 run broken.yaml --no-charts --format tap
said 'not ok 1 - broken: contract of kafka-acks-all' 'broken by lost_acked'

# --- Lists ---
status 0 list stores
said "of the slot 'database'" "of the slot 'cache'"
status 0 list clients
said retrying
status 0 list publishers
said 'adds to what the contract allows:'
status 0 list cases
said 'what is done to the consumer'

# --- More rows than a screen has, a row whose name is wider than its column, words as values of a sweep ---
cat >rows.yaml <<'YAML'
format: 1
name: rows
seeds: 1
measure_capacity: false
workload: {messages: 5, rate: 100/s}
compare: [{label: "a guarantee that is as long to read as a sentence is", system: sqs-standard}, kafka-acks-all]
sweep:
  workload/rate: [10/s, 20/s, 30/s, 40/s, 50/s, 60/s, 70/s, 80/s]
  workload/service_time: [exponential mean=1ms, exponential mean=2ms, exponential mean=3ms, exponential mean=4ms]
  workload/messages: [5, 6, 7, 8]
YAML
status 0 run rows.yaml --no-charts
has out '^and [0-9]+ more: aggregate.csv$'
has out '^a guarantee that is as long to read as a sentence is'
has results/rows/runs.csv '"?exponential mean=2ms"?,'
status 0 run rows.yaml --no-charts --set workload/rate=10/s --set workload/messages=5 --out words
grep -q 'exponential mean=2ms' words/rows/charts/*.gp || fail 'no chart has the words'

# --- Stories: what was paused, cut off, undone, refused ---
cat >story.yaml <<'YAML'
format: 1
name: story
luck: none
workload: {messages: 3, rate: 10/s}
topology: {consumers: 2}
compare: [sqs-standard]
faults:
  - {name: "stop", when: handler-step, intent: 2, attempt: 1, pause: this, for: 40s}
  - {name: "cut", at: 205ms, partition: consumer.2, for: 500ms}
YAML
status 0 explain story.yaml 2 --set faults/stop/for=50s
said 'operation 2, doubled' 'paused'
has results/story/anomalies/2.perfetto.json '"name": "paused"'
has results/story/anomalies/2.svg 'cut'
has results/story/anomalies/2.txt 'repeat: .*--set .?faults/stop/for=50s'

cat >dead.yaml <<'YAML'
format: 1
name: dead
luck: none
workload: {messages: 3, rate: 10/s}
topology: {consumers: 1}
system: {name: sqs-standard, max_receive_count: 1, visibility_timeout: 1s}
faults: [{name: dies, when: handler-step, intent: 2, attempt: 1, kill: this, for: 100ms}]
YAML
status 0 explain dead.yaml
said 'operation 2: dead-lettered (0 effects, 1 delivery'
status 0 explain dead.yaml 2 --set system/redrive_at=10s # and it is back
said 'operation 2, reordered' 'takes it out of the dead-letter queue'
cat >undone.yaml <<'YAML'
format: 1
name: undone
luck: none
workload: {messages: 3, rate: 10/s}
system: sqs-standard
faults:
  - {name: lies, at: 0s, fsync_lies: database.1, for: 10s}
  - {name: power, at: 150ms, power_loss: database.1, for: 50ms}
YAML
status 0 explain undone.yaml
said 'its effect is gone again' 'its effect was there, and was lost again with what had not been synced'
status 1 run undone.yaml --no-charts
status 0 explain results/undone # whose manifest says which row broke its contract
said 'operation 1: lost'
status 0 explain story.yaml 2 --set 'workload/operation=set'
said 'operation 2, doubled'

# --- Searches: what each option does to what is tried ---
cat >five.yaml <<'YAML'
format: 1
name: five
luck: none
measure_capacity: false
workload: {messages: 2, rate: 10/s}
topology: {producers: 1, brokers: 1, partitions: 1, consumers: 2}
compare: [{system: sqs-standard, handler: dedup-table}]
YAML
executed() { sed -n 's/.* \([0-9]*\) executed.*/\1/p' out | tail -1; }
status 0 explore five.yaml
pruned=$(executed)
status 0 explore five.yaml --no-prune
(($(executed) > pruned)) || fail "--no-prune tries no more than $pruned"
status 0 explore five.yaml --ties
said 'held for all'
sed 's/sqs-standard/kafka-acks-all/' five.yaml >log.yaml
status 0 explore log.yaml
status 1 explore log.yaml --beyond --no-shrink # a power loss of the only copy
said 'violated  lost_acked'
{ sed 's/, handler: dedup-table//' five.yaml && echo 'expect: [{duplicate_effects: at most 1}]'; } >pair.yaml
status 0 explore pair.yaml --at ack-sent
status 1 explore pair.yaml --at ack-sent --faults 2
said 'violated  duplicate_effects = 2, by 2 faults'
status 0 shrink five.yaml
said 'nothing to shrink: no row and seed shows what is sought'
status 64 explore five.yaml --at ack-snt
said "has no point 'ack-snt'"

# --- Replays ---
mkdir empty
status 64 replay empty
said "no .yaml file in 'empty'"
status 64 replay nowhere
said nowhere
status 64 replay
said "'replay' needs a scenario file or a directory of them"
status 64 replay --sedes
status 2 replay goals.yaml --set 'expect=[{lost: none}]'
said INCONCLUSIVE 'a fault was never effective'
sed '/measure_capacity/d; /faults:/,$d' goals.yaml >capacity.yaml
printf 'expect: [{capacity: at least 1/s}]\n' >>capacity.yaml
status 0 replay capacity.yaml
said FIXED
status 1 replay capacity.yaml --set 'expect=[{capacity: at most 1/s}]'
said 'capacity: at most 1/s: capacity = '

# --- One run of a file ---
status 64 run goals.yaml --trace x
said 'writes one run: the scenario has 2 seeds' 'add --seed 1'
for option in --trace --record; do
  status 64 run goals.yaml other.yaml "$option" x
  said "$option needs exactly one scenario file"
  status 64 run goals.yaml "$option" x --dry-run
  said "$option and --dry-run exclude each other"
done
status 64 run goals.yaml --shard 1/2 --format tap
said '--shard and --format exclude each other'
: >file
status 64 run goals.yaml --seed 1 --record file/x
said "cannot make the directory 'file/x'"
cat >cache.yaml <<'YAML'
format: 1
name: cache
compare: [{label: plain, system: sqs-standard}, {label: cached, system: sqs-standard, handler: cache-claim-first}]
faults: [{name: forget, at: 100ms, kill: cache.1, for: 50ms}]
YAML
status 0 run cache.yaml --seed 1 --row plain --record x
has x/faults.csv '^"?forget"?,"?"?,"?kill"?,"?producer.any"?,.*"?0%"?'

# --- Rows that are wrong in the end, where nothing is lost ---
cat >rows.yaml <<'YAML'
format: 1
seeds: 5
workload: {messages: 2000, rate: 200/s, keys: 50, operation: put}
topology: {consumers: 3}
compare:
  - {label: in turn, system: kafka-acks-all}
  - {label: at once, system: sqs-standard}
faults: [{every: 2s, kill: consumer.any, for: 500ms}]
YAML
status 0 run rows.yaml --no-charts --no-report
has out '^at once ends with wrong rows in [1-5] of 5 runs: state_errors$'
grep -q '^in turn ends' out && fail 'rows are wrong that are not'
sed -i 's/, operation: put//' rows.yaml
status 0 run rows.yaml --no-charts --no-report
grep -q 'ends with wrong rows' out && fail 'increments overwrite nothing'

# --- Too much of something, and too little ---
status 64 run goals.yaml --set faults/never=3
said 'it does not say which key of the fault'
printf 'format: 1\ncheck: {}\nworkload: {messages: 1001}\n' >many.yaml
status 64 check many.yaml -- true
said 'a check of 1001 operations; the most is 1000'
values=$(seq -s ', ' 1 30)
printf 'format: 1\nsystem: sqs-standard\nsweep: {workload/messages: [%s], workload/keys: [%s], topology/consumers: [%s]}\n' \
  "$values" "$values" "$values" >points.yaml
status 64 run points.yaml
said 'the sweep has more than 4096 points'

# --- What other files a run came from: a record's ---
status 0 run story.yaml --seed 1 --record recorded
status 0 run recorded/scenario.yaml --no-charts --out again
grep -q '"xxh3"' again/*/manifest.json || fail 'the manifest has no files'

# --- On a terminal: colours, and how far it is ---
if command -v python3 >/dev/null; then
  sed 's/messages: 100/messages: 40000/; s/seeds: 2/seeds: 80/' goals.yaml >slow.yaml
  python3 - "$dgsim" run slow.yaml --no-charts -j 1 >out 2>err <<'PY'
import pty, sys
pty.spawn(sys.argv[1:])
PY
  said ' of 80 runs, ' ' s left'
  grep -q $'\033\[3' out || fail 'no colour on a terminal'
  python3 - "$dgsim" explore five.yaml --faults 2 --messages 40 --at ack-sent -j 1 >out 2>err <<'PY'
import pty, sys
pty.spawn(sys.argv[1:])
PY
  said ' of the level, '
fi

((failures == 0)) && echo 'all good'
exit "$((failures > 0))"
