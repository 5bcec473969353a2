#!/usr/bin/env bash
# results/published is what its commands make, in the short form; and a file that is not is told.
# Usage: test_reproduce.sh DGSIM
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "test_reproduce.sh: $*" >&2
  exit 1
}

scripts/reproduce.sh --short "$dgsim"

# A picture for each section but the last two, whose results are text and elsewhere; every file a link and a source.
page=results/published/README.md
(($(grep -c '^!\[' "$page") >= $(grep -c '^## ' "$page") - 2)) || fail "a section of $page has no picture"
(($(du -sk results/published | cut -f 1) < 2048)) || fail "results/published is larger than 2 MiB"
while IFS= read -r file; do
  [[ -e results/published/$file ]] || fail "$page links to $file, which is not there"
done < <(grep -oE '\]\([^)#]+' "$page" | cut -c3-)

wrong() { # WORDS SED FILE [ONLY]: what is said after this edit
  rm -rf "$out/published"
  cp -r results/published "$out/published"
  sed -i "$2" "$out/published/$3"
  ! cmp -s "results/published/$3" "$out/published/$3" || fail "nothing edited: $2"
  if scripts/reproduce.sh --published "$out/published" --only "${4:-$3}" "$dgsim" >"$out/said" 2>&1; then
    fail "not noticed: $2"
  fi
  grep -qF -- "$1" "$out/said" || { cat "$out/said"; fail "does not say: $1"; }
}
wrong 'results/published/outbox.csv differs from results/poll-interval/aggregate.csv' '5s/1/2/' outbox.csv
wrong 'results/published/story.svg differs' 's/doubled/lost/' story.svg
wrong 'the commands leave no results/poll-interval/none.csv' 's|poll-interval/aggregate|poll-interval/none|' README.md outbox.csv
wrong 'bloom.csv is not in README.md' '/^- \[bloom.csv\]/d' README.md outbox.csv
wrong 'nothing was compared' 's/^- \[outbox.*//' README.md outbox.csv
echo "reproduce: as published"
