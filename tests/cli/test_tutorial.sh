#!/usr/bin/env bash
# Whoever types what scenarios/tutorial says gets what it shows; and a page that says otherwise is told.
# Usage: test_tutorial.sh DGSIM
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "test_tutorial.sh: $*" >&2
  exit 1
}

scripts/tutorial.sh "$dgsim"

# Each chapter is listed, has a question, something to try, and what comes next.
for page in scenarios/tutorial/[0-9]*.md; do
  grep -qF "(${page##*/})" scenarios/tutorial/README.md || fail "$page is not in README.md"
  [[ $(sed -n 3p "$page") == '**'*'?**' ]] || fail "$page does not begin with a question"
  grep -q '^\*\*Try next\.\*\*' "$page" || fail "$page has nothing to try next"
done
[[ $(find scenarios/tutorial -name '[0-9]*.md' | wc -l) == 10 ]] || fail "not ten chapters"
for scenario in scenarios/tutorial/*.yaml; do
  grep -qF "${scenario##*/}" scenarios/tutorial/[0-9]*.md || fail "$scenario is in no chapter"
done

# One chapter, made wrong in one place after the other.
mkdir "$out/pages"
wrong() { # WORDS SED: what is said of the chapter after this edit
  sed "$2" scenarios/tutorial/03-lost-ack.md >"$out/pages/03-lost-ack.md"
  ! cmp -s scenarios/tutorial/03-lost-ack.md "$out/pages/03-lost-ack.md" || fail "nothing edited: $2"
  if scripts/tutorial.sh --pages "$out/pages" "$dgsim" >"$out/said" 2>&1; then fail "not noticed: $2"; fi
  grep -qF -- "$1" "$out/said" || { cat "$out/said"; fail "does not say: $1"; }
}
wrong '-queue                      0           2 ' '/^queue  /s/  1  /  2  /'
wrong '-  - {name: lost-ack, when: ack-sent, intent: 3,' 's/\(when: ack-sent, intent: \)2/\13/'
wrong 'names results/03-lost-ack/anomalies/3.svg, which is not there' 's|anomalies/2.svg|anomalies/3.svg|'
wrong '77 stands in no block' 's/^The queue did message 2 twice/& in 77 ms/'
# shellcheck disable=SC2016 # backquotes of Markdown
wrong 'exit status 0, not 1' '0,/^```console/s//<!-- status 1 -->\n```console/'
wrong 'exit status 64, not 0' 's/--row queue$/--row no-such-row/'
echo "tutorial: as it says"
