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

# The commit of the first delivery is done, and its answer is lost.
cat >"$work/lost.yaml" <<'END'
format: 1
name: lost-commit
system: sqs-standard
workload: {messages: 1}
topology: {consumers: 1}
faults:
  - {when: handler-step, intent: 1, attempt: 4, fail: this}
check: {cases: declared}
END

survives() { # SCENARIO COMMAND...
  local scenario=$1
  shift
  if ! "$dgsim" check "$work/$scenario.yaml" --out "$work/out" -- "$@" >"$work/said" 2>&1; then
    cat "$work/said"
    fail "$* did not survive"
  fi
  grep -Eq '^([0-9]+) of \1 recovered' "$work/said" || fail "$*: $(tail -n 1 "$work/said")"
}

survives queue sh "$examples/consumer.sh"
python=
if [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; elif command -v python3 >/dev/null; then python=python3; fi
if command -v node >/dev/null; then survives lost node "$examples/consumer.js"; else echo "no node here: consumer.js not tried"; fi
if [[ -z $python ]]; then
  echo "no python3 here: consumer.py not tried"
  exit 0
fi
survives queue "$python" "$examples/consumer.py"

# State of its own: the page's scenario, with one fault; and that the probe finds a payment made twice.
# shellcheck disable=SC2016
sed -n '/^```yaml$/,/^```$/p' "$page" | sed "1d;\$d;s|python3,|$python,|" >"$work/own.yaml"
cat >>"$work/own.yaml" <<'END'
  cases: declared
faults:
  - {when: handler-step, intent: 1, attempt: 1, kill: this}
END
export TMPDIR=$work
survives own "$python" "$examples/own_file.py"
sed 's/startswith(/endswith(/' "$examples/own_file.py" >"$work/twice.py"
status=0
"$dgsim" check "$work/own.yaml" --out "$work/out" -- "$python" "$work/twice.py" >"$work/said" || status=$?
[[ $status == 1 ]] || fail "a payment made twice is not found: $(tail -n 1 "$work/said")"

# The page's consumer.
# shellcheck disable=SC2016
sed -n '/^```python$/,/^```$/p' "$page" | sed '1d;$d' >"$work/consumer.py"
cmp "$work/consumer.py" "$examples/consumer.py" || fail "the consumer of $page is not $examples/consumer.py"

# The page's transcript: what the program says to what the tool says, and that the tool says it.
sed -n 's/^> //p' "$page" | grep '^{' >"$work/tool"
sed -n 's/^< //p' "$page" >"$work/program"
[[ -s $work/tool && -s $work/program ]] || fail "there is no transcript in $page"
"$python" "$work/consumer.py" <"$work/tool" >"$work/answers"
diff "$work/program" "$work/answers" || fail "this is not what the consumer says to the transcript"

cat >"$work/note.py" <<'END'
import sys
for line in iter(sys.stdin.readline, ""):
    with open(sys.argv[1], "a") as heard:
        heard.write(line)
    print(line, end="", flush=True)
END
cat >"$work/listen.sh" <<'END'
"$1" "$2" "$3" | "$1" "$4"
END
"$dgsim" check "$work/lost.yaml" -j 1 --out "$work/out" -- \
  sh "$work/listen.sh" "$python" "$work/note.py" "$work/heard" "$work/consumer.py" >"$work/said"
tail -n "$(wc -l <"$work/tool")" "$work/heard" >"$work/last"
diff "$work/tool" "$work/last" || fail "this is not what the tool says when the answer of a commit is lost"
echo "test_protocol.sh: passed"
