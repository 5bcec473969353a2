#!/usr/bin/env bash
# explore, shrink and replay as a user types them. Usage: test_explore.sh DGSIM
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "test_explore.sh: $*" >&2
  exit 1
}
expect_status() { # status, command...
  local wanted=$1 got=0
  shift
  "$@" >"$out/said" 2>&1 || got=$?
  [[ $got == "$wanted" ]] || { cat "$out/said"; fail "exit status $got, not $wanted: $*"; }
}
said() { grep -qF -- "$1" "$out/said" || { cat "$out/said"; fail "does not say: $1"; }; }

cat >"$out/five.yaml" <<'YAML'
format: 1
name: five
luck: none
measure_capacity: false
workload: {messages: 5, rate: 10/s}
topology: {producers: 1, brokers: 1, partitions: 1, consumers: 2}
compare:
  - {label: queue, system: sqs-standard}
  - {label: queue + dedup-table, system: sqs-standard, handler: dedup-table}
YAML

# The source's seven steps: found, made small, written, and it still fails.
expect_status 1 "$dgsim" explore "$out/five.yaml" --row queue --at ack-sent --out "$out/results"
said "violated  duplicate_effects = 1, by 1 fault"
said "shrunk    to 1 operation and 1 fault"
small=$out/results/five/anomalies/queue-duplicate-effects.yaml
grep -qF "{when: ack-sent, node: consumer.1, intent: 1, attempt: 1, drop: this}" "$small" ||
  fail "$small does not lose the one acknowledgement"
expect_status 1 "$dgsim" replay "$small"
said "STILL FAILS"
expect_status 1 "$dgsim" run "$small" --out "$out/results" --no-charts
mapfile -t names < <(printf -- '--set=name=renamed-%d\n' {1000..1060})
expect_status 1 "$dgsim" run "$small" --out "$out/results" --no-charts "${names[@]}" --set name=last
sed -n 's/^again //p' "$out/said" | grep -qE -- '--set name=last .*--seed 1$' || fail "a long command to repeat is cut off"
sed 's/id: 1,/id: 4711,/; s/intent: 1,/intent: 4711,/' "$small" >"$out/renamed.yaml"
expect_status 0 "$dgsim" explain "$out/renamed.yaml" --out "$out/results"
said "operation 4711, doubled"
expect_status 64 "$dgsim" explain "$out/renamed.yaml" 1 --out "$out/results"
said "there is no operation 1"
sed 's/^handler: .*/handler: dedup-table/' "$small" >"$out/fixed.yaml"
expect_status 0 "$dgsim" replay "$out/fixed.yaml"
said "FIXED"

# Labels as long as they may be, and labels that make the same name; the command that is printed is one for a shell.
long=L$(printf 'x%.0s' {1..99})
sed "s/label: queue,/label: $long,/" "$out/five.yaml" >"$out/long.yaml"
expect_status 1 "$dgsim" explore "$out/long.yaml" --row "$long" --at ack-sent --out "$out/it's kept"
[[ -s "$out/it's kept/five/anomalies/l${long:1:81}-duplicate-effects.yaml" ]] || fail "no file for a long label"
said "again     dgsim run '$out/it'\\''s kept/five/"
sed "s/dedup-table, .*/%, system: sqs-standard}/" "$out/five.yaml" >"$out/same.yaml"
expect_status 1 "$dgsim" explore "$out/same.yaml" --at ack-sent --out "$out/same"
expect_status 1 "$dgsim" explore "$out/same.yaml" --row 'queue + %' --at ack-sent --out "$out/same"
for name in queue queue-2; do
  grep -qx "name: $name-duplicate-effects" "$out/same/five/anomalies/$name-duplicate-effects.yaml" ||
    fail "two rows' violations are not in two files"
done
[[ $(find "$out/same/five/anomalies" -type f | wc -l) == 2 ]] || fail "a row's file has not always the same name"

# What holds says for how many placements; the number of workers changes nothing but the time.
for workers in 1 2; do
  expect_status 0 "$dgsim" explore "$out/five.yaml" --row "queue + dedup-table" -j "$workers"
  said "held for all"
  grep -v took "$out/said" >"$out/said.$workers"
done
cmp "$out/said.1" "$out/said.2" || fail "-j changes what is found"

# A campaign's violation.
expect_status 1 "$dgsim" shrink scenarios/tutorial/04-crash.yaml --out "$out/results" --set expect='[]'
said "shrunk    to 1 operation and 1 fault"
expect_status 0 "$dgsim" replay tests/regressions
[[ $(grep -c '^FIXED' "$out/said") == $(find tests/regressions -name '*.yaml' | wc -l) ]] ||
  fail "not every regression is fixed"

expect_status 64 "$dgsim" explore "$out/five.yaml" --at nowhere
said "has no point 'nowhere'"
expect_status 64 "$dgsim" explore "$out/five.yaml" --faults 9
expect_status 64 "$dgsim" replay "$out/nothing"
mkdir "$out/folder"
expect_status 64 "$dgsim" replay "$out/folder"
said "no .yaml file in"
cp "$out/fixed.yaml" "$out/folder/b.yaml"
ln -s nobody@nowhere.1 "$out/folder/.#b.yaml" # as an editor leaves one beside the file that it has open
expect_status 0 "$dgsim" replay "$out/folder"
expect_status 64 "$dgsim" explore
echo "explore, shrink, replay: as expected"
