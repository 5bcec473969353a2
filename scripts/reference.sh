#!/usr/bin/env bash
# The reference in scenarios/reference: a page for each list that the program has, an index, and the JSON Schema for
# editors; and the README's tables of options and exit statuses. All of it is what `dgsim list` says.
#   scripts/reference.sh [--write] [DGSIM]     without --write it compares, and fails on a difference
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
write=0
if [[ ${1:-} == --write ]]; then write=1; shift; fi
dgsim=${1:-build/dgsim}
folder=scenarios/reference
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mapfile -t lists < <("$dgsim" list lists | awk '{ print $1 }')
((${#lists[@]} >= 16))
for list in "${lists[@]}"; do
  "$dgsim" list "$list" --format markdown >"$work/$list.md"
done
"$dgsim" list schema >"$work/scenario.schema.json"

# The index: each page by its name, then what the page itself says of it.
{
  # shellcheck disable=SC2016 # the backticks are Markdown's
  "$dgsim" list lists --format markdown | sed -E 's/<a id="[^"]*"><\/a>`([a-z]+)`/[\1](\1.md)/'
  cat <<'END'

Each key, verb, metric and point has an anchor, such as `keys.md#workload-rate`, `faults.md#deploy-grace` and
`metrics.md#lost_acked`. The same on the terminal: `build/dgsim list keys`; for programs: `--format json`.

## In an editor

[`scenario.schema.json`](scenario.schema.json) is a JSON Schema (draft 7) of scenario files: editors complete keys, names
of models and metrics, show help, default and source, and underline what is wrong in a key, a type or a unit. Where the
YAML language server is at work (VS Code's YAML extension, Neovim, Emacs, Kate, Helix), a first line in the file is enough:

```yaml
# yaml-language-server: $schema=scenarios/reference/scenario.schema.json
format: 1
system: at-least-once
```

The path is relative to the file; what is installed is `share/dgsim/scenario.schema.json`, and `dgsim list schema` prints
it. For all files of a folder, in VS Code's `settings.json`:

```json
"yaml.schemas": {"scenarios/reference/scenario.schema.json": ["scenarios/**/*.yaml"]}
```

What depends on several values only `dgsim run FILE --dry-run` tells. `tests/cli/test_schema.sh` holds the schema against
every scenario here, and against the files with one mistake each in `tests/runner/bad`, and says how many of these it
refuses.

## The manual page and completions

`cmake --install` puts them in their places. From a checkout:

    man -l <(build/dgsim list man)
    source <(build/dgsim list bash)     # in zsh: list zsh
END
} >"$work/README.md"

# A table of README.md between its marker and <!-- end -->, from standard input.
put_table() { # marker
  awk -v begin="<!-- $1 -->" -v table="$(cat)" '
    $0 == begin { print; print table; inside = 1; found = 1; next }
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    END { exit !found }' "$work/TOP.md" >"$work/new"
  mv "$work/new" "$work/TOP.md"
}
rows() { # LIST TABLE: the rows of one table, as Markdown without anchors
  awk -v name="${2:-}" '
    BEGIN { inside = name == "" }
    /^## / { inside = $0 == "## " name }
    inside && /^\|/ { gsub(/<a id="[^"]*"><\/a>/, ""); print }' "$work/$1.md"
}
cp README.md "$work/TOP.md"
rows commands run | put_table "scripts/reference.sh options of run"
rows statuses | put_table "scripts/reference.sh exit statuses"

if ((write)); then
  mkdir -p "$folder"
  find "$folder" -name '*.md' -delete
  cp "$work/TOP.md" README.md
  rm "$work/TOP.md"
  cp "$work"/* "$folder/"
  exit 0
fi
failed=0
diff -u README.md "$work/TOP.md" || failed=1
rm "$work/TOP.md"
diff -ru "$folder" "$work" || failed=1
if ((failed)); then echo "the reference is stale: scripts/reference.sh --write"; exit 1; fi
