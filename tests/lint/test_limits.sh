#!/usr/bin/env bash
# scripts/limits.sh finds limits in every kind of comment, whole, and nothing else.
set -euo pipefail
limits=$(cd "$(dirname "$0")/../../scripts" && pwd)/limits.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/models" "$tree/sim/world"
cat >"$tree/models/a.h" <<'END'
/* What it is.
 * LIMIT: one line
 * goes on.
 *
 * Not this.
 * LIMIT: up to a tag.
 * [I1] Not this.
 * LIMIT: up to the end */
int a; /* LIMIT: behind code */
int c; /* Something (LIMIT: in brackets (these)). Not this. */
// LIMIT: of slashes,
// two lines
int b;
const char *text = "LIMIT: no comment";
END
echo '/* LIMIT: elsewhere. */' >"$tree/sim/world/b.c"
diff - <("$limits" "$tree") <<'END'
# What this does not model

`models/a.h`

- one line goes on.
- up to a tag.
- up to the end
- behind code
- in brackets (these)
- of slashes, two lines

`sim/world/b.c`

- elsewhere.
END
