#!/usr/bin/env bash
# dgsim check: what its command line and its file may say, how mistakes in them are told, and what becomes of a failing
# case: written, tried again, kept.
#   tests/cli/test_check.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cp "$(dirname "${BASH_SOURCE[0]}")/careful.sh" "$work"
cd "$work" || exit 1
failures=0

# status EXPECTED WHAT-MUST-BE-SAID ARGUMENT...: runs dgsim; its output has to contain the text.
status() {
  local expected=$1 text=$2 got
  shift 2
  "$dgsim" "$@" >out 2>err </dev/null
  got=$?
  if ((got == expected)) && grep -qF -e "$text" out err; then return; fi
  echo "FAILED: dgsim $* : exit status $got, not $expected, or it does not say '$text'"
  sed 's/^/    /' out err
  failures=$((failures + 1))
}

printf 'format: 1\ncheck: {}\n' >a.yaml
printf 'format: 1\n' >empty.yaml

# one program, said in one of three ways
status 64 "'check' needs the consumer to check" check a.yaml
status 64 "no command follows '--'" check a.yaml --
status 64 'exclude each other' check a.yaml --sql x.sql -- true
status 64 'exclude each other' check a.yaml --plugin x.so --sql x.sql
status 64 '--database says where' check a.yaml --database postgres://x -- true
status 64 '--proxy and --sql exclude each other' check a.yaml --sql x.sql --proxy localhost:1
status 64 "'localhost' is not HOST:PORT" check a.yaml --proxy localhost -- true
status 64 "'localhost:99999' is not HOST:PORT" check a.yaml --proxy localhost:99999 -- true
status 64 "'check' needs one scenario file" check -- true
status 64 "'check' needs one scenario file" check a.yaml empty.yaml -- true
status 64 "did you mean '--plugin'" check a.yaml --plugn x.so
status 64 'is not between 0 and' check a.yaml --pairs 99999999999 -- true

# nobody can be judged by what loses by itself
printf 'format: 1\nsystem: at-most-once\n' >lossy.yaml
status 64 "'at-most-once' loses messages by itself" check lossy.yaml -- true

# what the contract says of order and acknowledgements, and the system does otherwise
printf 'format: 1\nsystem: sqs-standard\ncheck: {delivery: {reorder: false}}\n' >order.yaml
status 64 "'sqs-standard' keeps no order" check order.yaml -- true
printf 'format: 1\nsystem: sqs-standard\ncheck: {delivery: {ack: cumulative}}\n' >acks.yaml
status 64 "'sqs-standard' acknowledges one by one" check acks.yaml -- true

# what follows '--' is the program's, options and all
status 0 'pairs: 3' check --dry-run a.yaml --pairs 3 -- consumer --pairs 9 --sedes
status 0 'default: results' check --help

# other commands do not run it
for command in run explore shrink explain replay; do
  status 64 'dgsim check FILE -- COMMAND' "$command" a.yaml
done

# the resolved form: nothing but the format is needed, and it is the same again
for file in a empty; do
  "$dgsim" check "$file.yaml" --dry-run >once.yaml || failures=$((failures + 1))
  "$dgsim" check once.yaml --dry-run --set name="$file" >twice.yaml || failures=$((failures + 1))
  if ! diff <(sed '/^ *#/d; s/ *#.*//' once.yaml) <(sed '/^ *#/d; s/ *#.*//' twice.yaml); then
    echo "FAILED: the resolved form of $file.yaml is another when it is resolved"
    failures=$((failures + 1))
  fi
done
status 0 'system: {name: sqs-standard' check empty.yaml --dry-run
status 0 'system: {name: at-least-once' check empty.yaml --dry-run --set check/delivery/ack=cumulative

# A consumer that does what it is told each time; careful.sh knows what it has done.
cat >naive.sh <<'SH'
call() { printf '%s\n' "$1" && read -r answer && [[ $answer == *'"ok"'* ]]; }
while read -r line; do
  [[ $line =~ \"number\":([0-9]+) ]] && number=${BASH_REMATCH[1]}
  if call '{"call":"apply"}'; then echo "{\"done\":$number}"; else echo "{\"failed\":$number}"; fi
done
SH
printf 'format: 1\nworkload: {messages: 1}\n' >one.yaml
cat >killed.yaml <<'YAML'
format: 1
workload: {messages: 1}
check: {cases: declared}
faults:
  - {when: handler-step, intent: 1, attempt: 1, kill: this, for: 1s}
YAML

# the first failing case is kept as a scenario, which shows it again and is tried first the next time
status 1 'written   kept/call-unanswered-duplicate-effects-' check one.yaml --save kept -- bash naive.sh
mv kept/call-unanswered-duplicate-effects-*.yaml kept/unanswered.yaml
status 1 'duplicate_effects: a re-execution left a different state' check kept/unanswered.yaml -- bash naive.sh
cp killed.yaml kept/
sed 's/attempt: 1/attempt: 99/' killed.yaml >kept/never.yaml
status 1 'STILL FAILS  kept/killed.yaml' check killed.yaml --save kept -- bash naive.sh
status 1 'not ok 3 - killed: kept/unanswered.yaml is fixed' check killed.yaml --save kept --format tap -- bash naive.sh
status 0 'FIXED        kept/killed.yaml' check killed.yaml --save kept -- bash careful.sh
status 0 'NOT REACHED  kept/never.yaml' check killed.yaml --save kept -- bash careful.sh
status 2 'the declared faults were never effective' check kept/never.yaml -- bash careful.sh
status 1 'again     dgsim check kept/never.yaml --set faults/kill-1/attempt=1 -- bash naive.sh' check kept/never.yaml \
  --set faults/kill-1/attempt=1 -- bash naive.sh
grep -q 'operation 1, doubled' out || {
  echo 'FAILED: no story of a declared case that --set made'
  failures=$((failures + 1))
}

# the body's file, from a folder of a long name
printf '{}\n' >body.json
printf 'format: 1\nworkload: {messages: 1, body: {file: body.json}}\n' >body.yaml
deep=$(printf 'd%.0s' {1..100})/$(printf 'e%.0s' {1..99})/f
status 1 written check body.yaml --out "$deep" -- bash naive.sh
grep -qF 'body: {file: ../../../../../body.json}' "$deep"/body/anomalies/*.yaml || {
  echo 'FAILED: the case has another path of its body'
  failures=$((failures + 1))
}

# where the case cannot be written the verdict is told all the same
touch taken
status 64 'duplicate_effects: a re-execution left a different state' check one.yaml --out taken -- bash naive.sh
grep -q "Not a directory" err || failures=$((failures + 1))
status 64 'type="violated">' check one.yaml --out taken --format junit -- bash naive.sh

# what hangs gives no verdict, and the report says so too
printf 'format: 1\nworkload: {messages: 1}\ncheck: {answer_limit: 200ms}\n' >hangs.yaml
status 2 'unjudged  hung' check hangs.yaml -- sh -c 'read -r line; exec sleep 100'
status 2 '# inconclusive' check hangs.yaml --format tap -- sh -c 'read -r line; exec sleep 100'

# a program that does not use the proxy
status 0 'nothing came through the proxy' check one.yaml --proxy localhost:1 -- bash careful.sh

# an operation may have any number
printf 'format: 1\nworkload: {intents: [{id: 1000000000000, at: 1ms, key: 1}]}\n' >far.yaml
status 1 'duplicate_effects = 1 (operation 1000000000000)' check far.yaml -- bash naive.sh

# told to end as the first process of a container, which no signal ends by itself
cat >waits.sh <<'SH'
read -r line && touch begun && exec sleep 100
SH
if unshare -rpf true 2>/dev/null; then
  unshare -rpf "$dgsim" check one.yaml -- bash waits.sh >out 2>err &
  for ((waited = 0; waited < 1000; waited++)); do [[ -e begun ]] || sleep 0.01; done
  kill -TERM "$(pgrep -P $!)"
  wait $!
  got=$?
  if ((got != 143)) || grep -q . out || ! grep -q interrupted err; then
    echo "FAILED: interrupted as the first process: exit status $got"
    sed 's/^/    /' out err
    failures=$((failures + 1))
  fi
fi

# a report also of what could not begin
mkdir damaged
printf 'format: 9\n' >damaged/case.yaml
status 64 '<testcase classname="none.yaml" name="can be run"><error' check none.yaml --format junit -- true
status 64 "not ok 1 - one.yaml: can be run" check one.yaml --format tap --plugin ./none.so
status 64 '<error message="cannot read ./none.sql' check one.yaml --format junit --sql ./none.sql
status 64 'not ok 1 - damaged/case.yaml: can be run' check one.yaml --format tap --save damaged -- bash naive.sh
tail -1 out | grep -qx '1\.\.1' || {
  echo 'FAILED: a report has no end'
  failures=$((failures + 1))
}

exit "$((failures > 0))"
