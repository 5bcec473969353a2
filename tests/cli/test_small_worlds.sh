#!/usr/bin/env bash
# What a search writes shows the same when it is run: whatever of links, costs, groups and publishers the scenario had
# otherwise, whatever its goal is, and whichever operations its faults name.
#   tests/cli/test_small_worlds.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  cat out
  failures=$((failures + 1))
}
# made_small NAME METRIC LINE...: shrinks NAME.yaml; what is written has the lines, and still fails.
made_small() {
  local name=$1 metric=$2 line written
  shift 2
  "$dgsim" shrink "$name.yaml" >out 2>&1
  (($? == 1)) || fail "$name: not status 1"
  written=$(find "results/$name/anomalies" -name "*-${metric//_/-}.yaml" 2>/dev/null)
  [[ -n $written ]] || { fail "$name: nothing is written of $metric" && return; }
  for line; do grep -qF -e "$line" "$written" || { cat "$written" >>out && fail "$name: it has not '$line'"; }; done
  "$dgsim" replay "$written" >out 2>&1
  (($? == 1)) || fail "$name: what was written does not fail"
}

# one broker needs no controller, whose link has the default's bandwidth; a goal of one group
cat >groups.yaml <<'YAML'
format: 1
name: groups
luck: none
measure_capacity: false
system: kafka-acks-all
workload: {messages: 60, rate: 100/s}
costs: {database_commit: 900us, broker_request: 30us}
links: {default: {bandwidth: 100MiB/s}}
groups: {stock: {consumers: 2, handler: dedup-table}, mail: {consumers: 1, handler: naive}}
faults: [{name: kills, at: 300ms, kill: mail.1, for: 100ms}]
expect: [{group: mail, duplicate_effects: none}]
YAML
made_small groups duplicate_effects 'bandwidth: 100MiB/s' 'costs: {' 'broker_request: 30us' 'database_commit: 900us' \
  '  stock:' '  mail:' 'handler: naive'

# datagrams, of which one is lost; more than a share of all
cat >datagrams.yaml <<'YAML'
format: 1
name: datagrams
measure_capacity: false
system: at-most-once
workload: {messages: 100, rate: 100/s}
links: {producer_to_broker: {kind: datagram, latency: 3ms}}
faults: [{at: 300ms, degrade: producer.any_to_broker, loss: 50%, for: 300ms}]
expect: [{lost: at most 1%}]
YAML
made_small datagrams lost 'kind: datagram, latency: 3ms'

# a publisher; what the contract does not allow
cat >outbox.yaml <<'YAML'
format: 1
name: outbox
measure_capacity: false
system: kafka-acks-all
handler: dedup-table
publisher: {name: dual-write, order: publish-first}
workload: {messages: 60, rate: 100/s}
faults: [{at: 300ms, kill: producer.1, for: 100ms}, {at: 420ms, kill: producer_database.1, for: 100ms}]
expect: [{violates: none}]
YAML
made_small outbox state_errors 'publisher: {name: dual-write, order: publish-first}'

# operations that a fault names, out of those that a file lists
cat >named.yaml <<'YAML'
format: 1
name: named
measure_capacity: false
system: sqs-standard
workload: {messages: 60, rate: 100/s}
faults: [{when: ack-sent, intent: 5, attempt: 1, drop: this}]
expect: [{duplicate_effects: none}]
YAML
made_small named duplicate_effects 'intent: 5'
sed 's/^name: .*/name: listed/; s/^workload: .*/workload: {intents: [{id: 3, at: 1s, key: 1}, {id: 5, at: 1100ms, key: 2}, {id: 9, at: 2s, key: 3}]}/' \
  named.yaml >listed.yaml
made_small listed duplicate_effects 'intent: 5' 'id: 5'

((failures == 0)) && echo 'all good'
exit "$((failures > 0))"
