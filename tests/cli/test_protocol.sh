#!/usr/bin/env bash
# What scenarios/check/PROTOCOL.md shows is so: its consumer is the one that is tried here, its transcript is what
# tool and program say. The consumers beside it survive everything, in each language that there is.
#   tests/cli/test_protocol.sh DGSIM
set -euo pipefail
dgsim=$1
page=scenarios/check/PROTOCOL.md
examples=scenarios/check/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "test_protocol.sh: $*" >&2
  exit 1
}

cat >"$work/queue.yaml" <<'END'
format: 1
name: queue
system: sqs-standard
workload: {messages: 1}
topology: {consumers: 1}
check: {pairs: 0}
END

survives() { # COMMAND...
  if ! "$dgsim" check "$work/queue.yaml" --out "$work/out" -- "$@" >"$work/said" 2>&1; then
    cat "$work/said"
    fail "$* did not survive"
  fi
  grep -Eq '^([0-9]+) of \1 recovered' "$work/said" || fail "$*: $(tail -n 1 "$work/said")"
}

survives sh "$examples/consumer.sh"
python=
if [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; elif command -v python3 >/dev/null; then python=python3; fi
if command -v node >/dev/null; then survives node "$examples/consumer.js"; else echo "no node here: consumer.js not tried"; fi
if [[ -z $python ]]; then
  echo "no python3 here: consumer.py not tried"
  exit 0
fi
survives "$python" "$examples/consumer.py"

# The page's consumer.
sed -n '/^```python$/,/^```$/p' "$page" | sed '1d;$d' >"$work/consumer.py"
cmp "$work/consumer.py" "$examples/consumer.py" || fail "the consumer of $page is not $examples/consumer.py"

# The page's transcript: what the program says to what the tool says, and that the tool says it.
sed -n 's/^> //p' "$page" | grep '^{' >"$work/tool"
sed -n 's/^< //p' "$page" >"$work/program"
[[ -s $work/tool && -s $work/program ]] || fail "there is no transcript in $page"
"$python" "$work/consumer.py" <"$work/tool" >"$work/answers"
diff "$work/program" "$work/answers" || fail "this is not what the consumer says to the transcript"

cat >"$work/listen.sh" <<'END'
exec tee -a "$1" | "$2" "$3"
END
sed 's/messages: 1}/messages: 2, keys: 2}/' "$work/queue.yaml" >"$work/two.yaml"
"$dgsim" check "$work/two.yaml" -j 1 --out "$work/out" -- \
  sh "$work/listen.sh" "$work/heard" "$python" "$work/consumer.py" >/dev/null
sort -u "$work/heard" >"$work/known"
while IFS= read -r line; do
  # op-2 is this process's first message there, and may be its second here.
  grep -Fq -- "${line%,\"number\":*}" "$work/known" || fail "the tool does not say: $line"
done <"$work/tool"
echo "test_protocol.sh: passed"
