#!/usr/bin/env bash
# dgsim check on small consumers: what it says of them, the file that reproduces a failure, what is kept, the formats,
# and that nothing is left behind when it is interrupted.
#   tests/cli/test_check_results.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
include=$PWD/sim/handler
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  sed 's/^/    /' out err
  failures=$((failures + 1))
}
# status EXPECTED WHAT-MUST-BE-SAID ARGUMENT...
status() {
  local expected=$1 text=$2 got
  shift 2
  "$dgsim" check "$@" >out 2>err </dev/null
  got=$?
  if ((got == expected)) && grep -qF -e "$text" out err; then return; fi
  fail "dgsim check $* : exit status $got, not $expected, or it does not say '$text'"
}

cat >fixed.c <<'C'
#include "dgsim.h"
static int handle(struct dg_context *context, const struct dg_message *message) {
  dg_begin(context);
  int inserted = dg_insert_unique(context, "processed", message->id);
  if (inserted == DG_EXISTS) return dg_rollback(context), DG_OK;
  if (inserted == DG_OK) dg_apply(context);
  return dg_commit(context);
}
const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "fixed", .handle = handle};
C
cat >doubles.c <<'C'
#include "dgsim.h"
static int handle(struct dg_context *context, const struct dg_message *message) {
  return (void)message, dg_apply(context);
}
const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "doubles", .handle = handle};
C
sed 's/return (void)message/if (message->redelivered) *(volatile int *)0 = 1; return 0/' doubles.c >crashes.c
sed 's/return (void)message/while (message->redelivered) {} return 0/' doubles.c >loops.c
for name in fixed doubles crashes loops; do
  cc -w -O1 -shared -fPIC -I "$include" -o $name.so $name.c || exit 1
done
printf 'format: 1\nname: small\nworkload: {messages: 3}\ncheck: {pairs: 20}\n' >small.yaml
sed 's/pairs: 20/pairs: 0, answer_limit: 500ms/' small.yaml >short.yaml

# what is said, and the file that shows it again
status 0 ' recovered, in ' small.yaml --plugin ./fixed.so
grep -qE '^([0-9]+) of \1 recovered' out || fail 'not everything recovered'
status 1 'duplicate_effects' small.yaml --plugin ./doubles.so
found=$(sed -n 's/^  written   //p' out)
if [[ ! -f $found ]]; then
  fail 'no file reproduces it'
else
  (($(grep -c 'this' "$found") <= 3 && $(grep -c '{id:' "$found") <= 3)) || fail "$found is not small"
  status 1 'duplicate_effects' "$found" --plugin ./doubles.so
  status 0 '2 of 2 recovered' "$found" --plugin ./fixed.so
fi
again=$("$dgsim" check small.yaml --plugin ./doubles.so | sed -n 's/^  again     dgsim //p')
eval "$dgsim $again" >out 2>err
(($? == 1)) || fail "what is said to repeat it does not: $again"

# any number of workers: the same
for jobs in 1 3; do
  "$dgsim" check small.yaml --plugin ./doubles.so --keep-going -j $jobs | sed 's/, in .*//; s/; stopped.*//' >jobs$jobs
done
cmp -s jobs1 jobs3 || fail 'one worker and three say different things'

# kept, and tried first
status 1 'duplicate_effects' small.yaml --plugin ./doubles.so --save kept
status 1 'STILL FAILS' small.yaml --plugin ./doubles.so --save kept
status 0 'FIXED' small.yaml --plugin ./fixed.so --save kept

# formats
"$dgsim" check small.yaml --plugin ./doubles.so --format junit >out.xml
python3 -c 'import sys, xml.dom.minidom as m
suite = m.parse("out.xml").documentElement
assert suite.getElementsByTagName("failure") and suite.getElementsByTagName("skipped")' ||
  fail 'no JUnit with a failure and what was skipped'
"$dgsim" check small.yaml --plugin ./doubles.so --format tap >out
if ! grep -q '^1\.\.[0-9]' out || ! grep -q '^not ok' out || ! grep -q '# SKIP' out; then fail 'not TAP'; fi

# what a plug-in prints is no part of a report, wherever it runs
sed 's/static int handle(.*{/&\n  printf("heard\\n"), fflush(stdout);/; 1i #include <stdio.h>' doubles.c >prints.c
cc -w -shared -fPIC -I "$include" -o prints.so prints.c || exit 1
"$dgsim" check small.yaml --plugin ./prints.so --format junit >out.xml 2>err
python3 -c 'import xml.dom.minidom as m; m.parse("out.xml")' || fail "no JUnit where a plug-in prints"
grep -q heard err || fail 'the plug-in has printed nothing'

# programs that are broken themselves; a sanitizer would end the one that crashes in its own way
export ASAN_OPTIONS=handle_segv=0 TSAN_OPTIONS=handle_segv=0
status 1 'signal 11' small.yaml --plugin ./crashes.so
status 2 'no answer within' short.yaml --plugin ./loops.so
status 2 'hung' short.yaml -- sleep 4711
status 2 'line 1 of the output' small.yaml -- echo 'not JSON'
status 2 'cannot start' small.yaml -- ./nothing-there
# shellcheck disable=SC2016 # the consumer's own variables
status 2 'nothing behind' small.yaml -- sh -c 'while read -r line; do n=${line##*:}; echo "{\"done\":${n%\}}}"; done'

# what cannot come to anything is said
cat >publishes.c <<'C'
#include "dgsim.h"
static int handle(struct dg_context *context, const struct dg_message *message) {
  return (void)message, dg_apply(context) | dg_publish(context);
}
const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "publishes", .handle = handle};
C
sed 's/dg_apply(context) | dg_publish(context)/dg_charge(context, 0, message->amount, 0)/' publishes.c >charges.c
for name in publishes charges; do cc -w -shared -fPIC -I "$include" -o $name.so $name.c || exit 1; done
printf 'format: 1\ncheck: {pairs: 0, delivery: {external: none}}\n' >none.yaml
status 2 'sqs-standard has no output topic' small.yaml --plugin ./publishes.so
status 2 'delivery/external is none' none.yaml --plugin ./charges.so
# on a log: what is published is one effect, what is applied another
printf 'format: 1\nname: log\nsystem: at-least-once\nworkload: {messages: 2}\ncheck: {pairs: 0}\n' >log.yaml
status 1 'duplicate_effects' log.yaml --plugin ./publishes.so
grep -q '^  clean  *1  *1$' out || fail 'two effects of one message are not one done twice'

# a store that is not empty when a run begins
cat >keeps.sh <<'SH'
while read -r line; do
  n=${line##*:}
  echo op-1 >>kept-$DGSIM_WORKER
  echo '{"call":"step","name":"written"}'
  read -r answer
  echo "{\"done\":${n%\}}}"
done
SH
# shellcheck disable=SC2016 # the probe's own variable
printf 'format: 1\nworkload: {messages: 1}\ncheck:\n  pairs: 0\n  probe: [sh, -c, "touch kept-$DGSIM_WORKER; sed %s kept-$DGSIM_WORKER"]\n' \
  "'s/$/\\tpayment\\t10/'" >keeps.yaml
status 2 'give a command that empties them' keeps.yaml -j 1 -- sh keeps.sh

# interrupted: no process of it lives on
cat >slow.sh <<'SH'
while read -r line; do
  n=${line##*:}
  echo '{"call":"apply"}'
  read -r answer
  sleep 0.5
  echo "{\"done\":${n%\}}}"
done
SH
"$dgsim" check small.yaml --keep-going -- sh slow.sh "$work" >out 2>err &
tool=$!
for _ in $(seq 100); do
  if pgrep -f "^sh slow.sh $work" >processes; then break; fi
  sleep 0.05
done
[[ -s processes ]] || fail 'it has started nothing'
kill -INT $tool
wait $tool
(($? == 130)) || fail 'an interrupted check does not end by the signal'
for _ in $(seq 100); do
  if ! pgrep -f "^sh slow.sh $work" >processes; then break; fi
  sleep 0.05
done
[[ ! -s processes ]] || fail "processes live on: $(cat processes)"

exit "$((failures > 0))"
