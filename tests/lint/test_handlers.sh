#!/usr/bin/env bash
# The check of handlers finds what it should, the built-in ones are as they are promised, and so is the
# example in CONTRIBUTING.md. Run from the top of the checkout.
set -euo pipefail
check=$(cd "$(dirname "$0")" && pwd)/handlers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/models/handlers"
file=$tree/models/handlers/a.c

# A handler of so many lines of code, with one include more.
handler() {
  {
    printf '/* What it is,\n * in two lines. */\n#include "sim/handler/dgsim.h"\n#include %s\n\n' "$2"
    printf 'static int handle(struct dg_context *c, const struct dg_message *m) {\n'
    for ((i = 3; i <= $1; i++)); do printf '  dg_work(c); /* a line */\n'; done
    printf '}\n\nstatic const struct key keys[] = {\n    {"key", 0},\n};\n'
    printf 'const struct handler handler_a = {\n    .name = "a",\n};\n'
  } >"$file"
}
expect() {
  if output=$("$check" "$tree"); then found=good; else found=bad; fi
  if [[ $found != "$1" || $output != *"$2"* ]]; then
    echo "expected $1 ($2), found $found: $output"
    exit 1
  fi
}
handler 40 '"sim/world/model.h"'
expect good ""
handler 41 '"sim/world/model.h"'
expect bad "a.c: 41 lines of code"
handler 10 '"sim/world/world.h"'
expect bad 'a.c:4: a handler includes "sim/world/world.h"'
handler 10 '<stdlib.h>'
expect bad 'a.c:4: a handler includes <stdlib.h>'
printf 'int not_a_handler;\n' >"$tree/models/handlers/host.c" # what has no row is not looked at
handler 3 '"sim/world/model.h"'
expect good ""

# The example in CONTRIBUTING.md is the file as it is, and its row is in the registry.
example=models/handlers/commit_first.c
diff <(sed -n '/^+++ b\/models\/handlers/,/^```/s/^+//p' CONTRIBUTING.md | tail -n +2) "$example" || {
  echo "CONTRIBUTING.md shows another $example than there is"
  exit 1
}
grep -qF "$(grep '^+  X(' CONTRIBUTING.md | cut -c 2-)" models/registry.c || {
  echo "CONTRIBUTING.md shows a row that models/registry.c has not"
  exit 1
}

"$check" && echo "every handler is one short file on the public header"
