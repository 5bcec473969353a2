#!/usr/bin/env bash
# What scenarios/advice says is what its scenarios measure; and a page that says otherwise is told.
# Usage: test_advice.sh DGSIM
set -euo pipefail
dgsim=$1
page=scenarios/advice/README.md
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "test_advice.sh: $*" >&2
  exit 1
}

scripts/advice.sh --compare "$dgsim"

# Each table that the script has, each question of the first table with an answer; what is linked to is there.
(($(grep -c '^<!-- scripts/advice.sh ' "$page") == $(grep -cE '^[a-z][a-z-]*\)$' scripts/advice.sh))) || fail "not each table of scripts/advice.sh"
(($(grep -c '^## ' "$page") == $(grep -c '^\*\*' "$page"))) || fail "not an answer to each question"
while IFS= read -r file; do
  [[ -e scenarios/advice/$file ]] || fail "$page links to $file, which is not there"
done < <(grep -oE '\]\([^)#]+' "$page" | cut -c3-)
while IFS= read -r anchor; do
  grep '^## ' "$page" | tr '[:upper:]' '[:lower:]' | sed 's/^## //; s/[^a-z0-9 -]//g; s/ /-/g' | grep -qxF "$anchor" ||
    fail "$page links to #$anchor, which is not there"
done < <(grep -oE '\]\(#[^)]+' "$page" | cut -c4-)

# A page with one section, and something wrong in it.
sed -n '/^## How many retries/,/^## How many receives/p' "$page" >"$out/section.md"
wrong() { # WORDS SED: what is said after this edit
  sed "$2" "$out/section.md" >"$out/page.md"
  ! cmp -s "$out/section.md" "$out/page.md" || fail "nothing edited: $2"
  if ADVICE_PAGE=$out/page.md scripts/advice.sh --compare "$dgsim" >"$out/said" 2>&1; then fail "not noticed: $2"; fi
  grep -qF -- "$1" "$out/said" || { cat "$out/said"; fail "does not say: $1"; }
}
wrong '-| 2 min | 0 | 0 | 1 |' 's/^| 2 min | 0 | 0 | 0 |/| 2 min | 0 | 0 | 1 |/'
wrong 'sweep-no_such.svg, which is not drawn' 's/sweep-absent_unknown/sweep-no_such/'
wrong 'retries.yaml is not in' 's/(retries.yaml)/(there)/'
echo "advice: as measured"
