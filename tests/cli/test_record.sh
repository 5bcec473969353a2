#!/usr/bin/env bash
# A record gives the digest of the run that it was taken from, for every scenario that ships, short enough,
# and for one in which everything that can be drawn is drawn.
#   tests/cli/test_record.sh DGSIM
set -uo pipefail
dgsim=$(realpath "$1")
scenarios=$PWD/scenarios
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  cat out err 2>/dev/null
  failures=$((failures + 1))
}

cat >drawn.yaml <<'YAML'
format: 1
workload: {messages: 3000, rate: 500/s, keys: 40, service_time: exponential mean=1ms}
topology: {producers: 3, brokers: 3, partitions: 6, consumers: 9}
links: {default: {loss: 0.1%}}
compare:
  - {label: log, system: {name: at-least-once, session.timeout.ms: 6s, heartbeat.interval.ms: 1s}}
  - {label: queue, system: sqs-standard}
faults:
  - {when: effect, intent: 9, kill: this}
  - {every: exponential mean=1s, kill: [consumer.any, broker.minority], for: 300ms, chance: 50%}
  - {every: exponential mean=2s, partition: consumer.majority, from: broker.any, for: 200ms, direction: in}
  - {every: 700ms, times: 3, terminate: producer.any, grace: 50ms, for: 100ms}
  - {at: 1s, every: 900ms, deploy: consumer.minority, grace: 400ms, max_unavailable: 2}
  - {at: 2s, power_loss: broker.leader, unsynced: torn}
  - {every: exponential mean=400ms, reset: consumer.any_to_broker}
  - {at: 3s, chance: 0%, kill: consumer.1, min_hits: 0}
  - {every: 1h, kill: consumer.1, min_hits: 0}
  - {when: handled, intent: 70, terminate: this}
YAML

cat >verbs.yaml <<'YAML'
format: 1
workload: {messages: 1000, rate: 500/s, keys: 40}
topology: {producers: 3, brokers: 3, partitions: 6, consumers: 3}
links: {default: {loss: 0.1%}}
compare:
  - {label: log, system: {name: exactly-once, session.timeout.ms: 6s, heartbeat.interval.ms: 1s}}
  - {label: queue, system: sqs-standard}
faults:
  - {when: effect, intent: 9, node: broker.leader, min_hits: 0, kill: this}
  - {every: exponential mean=300ms, min_hits: 0, slow: [broker.leader, database.1], for: 200ms, what: both}
  - {every: exponential mean=300ms, min_hits: 0, fsync_lies: [broker.any, database.1], for: 200ms}
  - {every: exponential mean=600ms, min_hits: 0, fsync_fails: database.1, for: 200ms}
  - {every: exponential mean=900ms, min_hits: 0, disk_gone: [database.1, broker.leader], for: 100ms}
  - {every: exponential mean=400ms, min_hits: 0, power_loss: [broker.any, database.1], for: 100ms}
  - {every: exponential mean=200ms, clog: producer.any_to_broker, for: 100ms}
  - {every: exponential mean=200ms, degrade: consumer.any_to_broker, for: 100ms, latency: exponential mean=20ms}
  - {every: exponential mean=200ms, degrade: producer_to_broker, for: 100ms, reply_loss: 20%, bandwidth: 1MiB/s}
YAML

# round_trip FILE ROW SEED OPTION...: dgsim compares the digests itself; here they are compared again.
round_trip() {
  local file=$1 row=$2 seed=$3 before after
  shift 3
  rm -rf record
  "$dgsim" run "$file" --row "$row" --seed "$seed" --record record "$@" >out 2>err ||
    fail "$file, $row, seed $seed is not recorded"
  before=$("$dgsim" run "$file" --row "$row" --seed "$seed" --trace x.trace "$@" | sed 's/.*digest //')
  after=$("$dgsim" run record/scenario.yaml --trace y.trace 2>err | sed 's/.*digest //')
  [[ -n $before && $before == "$after" ]] || fail "$file, $row, seed $seed: '$before', then '$after'"
}

for seed in 1 2 3 4 5; do
  round_trip drawn.yaml log "$seed"
  round_trip drawn.yaml queue "$seed"
done
for row in at-most-once at-least-once exactly-once; do
  round_trip "$scenarios/four-guarantees.yaml" "$row" 7 --set workload/for=15s --set faults/release/at=8s
  round_trip "$scenarios/tutorial/04-crash.yaml" "$row" 2
  round_trip "$scenarios/tutorial/02-loss.yaml" "${row/exactly-once/idempotent producer}" 2
done
round_trip "$scenarios/tutorial/03-lost-ack.yaml" queue 1
round_trip "$scenarios/tutorial/06-rolling-deploy.yaml" at-least-once 1 --set workload/messages=6000

for seed in 1 2 3; do
  round_trip drawn.yaml log "$seed" --set swarm=true
  round_trip verbs.yaml log "$seed"
  round_trip verbs.yaml queue "$seed"
done

# a record of a record says the same, and drew nothing: no selector is left to be drawn
round_trip drawn.yaml log 3
mv record first
round_trip first/scenario.yaml log 3
if grep -v '"0%"' first/faults.csv | cut -d, -f4 | grep -qE '\.(any|majority|leader)'; then
  fail 'a record leaves something to be drawn'
fi

# what other rows of the comparison have, relays and points of their systems, the record does not name
cat >others.yaml <<'YAML'
format: 1
measure_capacity: false
workload: {messages: 20, rate: 20/s}
topology: {relays: 2}
compare:
  - sqs-standard
  - {label: outbox, system: kafka-transactional, publisher: outbox-polling}
faults:
  - {when: fetch-received, nth: 2, kill: this, min_hits: 0}
  - {when: ack-sent, intent: 2, drop: this, min_hits: 0}
  - {at: 500ms, kill: relay.any, min_hits: 0}
YAML
for row in sqs-standard outbox; do round_trip others.yaml "$row" 1; done
round_trip "$scenarios/claims/C21-breaks-lost.yaml" 'dual write' 3
round_trip "$scenarios/patterns/poll-interval.yaml" 'dual write' 3

# what cannot be recorded is told
status() {
  local expected=$1 text=$2 got
  shift 2
  "$dgsim" "$@" >out 2>err
  got=$?
  if ((got != expected)) || ! grep -qF -e "$text" out err; then fail "dgsim $*: status $got"; fi
}
status 64 'has 2 rows' run drawn.yaml --record record
status 64 'exclude each other' run drawn.yaml --row log --record record --trace t
status 64 "a consequence, not luck" run drawn.yaml --row log --record record --set workload='{messages: 9, outstanding: 3}' --set faults=[]
status 64 'cannot' run drawn.yaml --row log --record drawn.yaml

# a record that could not be written leaves nothing of itself
mkdir -p half/scenario.yaml
status 64 'cannot' run drawn.yaml --row log --record half
[[ $(ls half) == scenario.yaml ]] || fail "left of a record: $(ls half)"

((failures == 0)) && echo 'all good'
((failures == 0))
