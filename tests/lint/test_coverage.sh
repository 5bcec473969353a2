#!/usr/bin/env bash
# What no test runs has a reason, and the code that the reason is for is there.
set -euo pipefail
scripts/coverage.sh --short
# A list that is stale is refused.
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir -p "$made/scripts/coverage"
cp scripts/coverage.sh "$made/scripts"
printf 'static int twice(int a) {\n  return 2 * a;\n}\n' >"$made/a.c"
said() { # ROW
  printf '%s\n' file,what,reason "$1" >"$made/scripts/coverage/explained.csv"
  "$made/scripts/coverage.sh" --short || true
}
[[ $(said 'a.c,twice(),a reason') == "coverage: 1 explanations are of code that is there" ]]
[[ $(said 'a.c,return 2,a reason') == "coverage: 1 explanations are of code that is there" ]]
said 'a.c,thrice(),a reason' | grep -q 'is no more: a.c,thrice()$'
said 'a.c,return 3,a reason' | grep -q 'is no more: a.c,return 3$'
said 'b.c,return 2,a reason' | grep -q 'is no more: b.c,return 2$'
said 'a.c,return 2,' | grep -q 'no reason: a.c,return 2,$'
