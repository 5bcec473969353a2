#!/usr/bin/env bash
# Every claim of the source, measured: runs all that scenarios/claims/verdicts.csv names, with 20 seeds or
# more each, and prints a line a row. Exit status 1 when one comes out otherwise, is inconclusive, or a claim
# has no scenario.   scripts/claims.sh [--write | --markdown] [DGSIM]
#   --markdown  prints the table of scenarios/claims/README.md instead; --write puts it there
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
form=text
if [[ ${1:-} == --* ]]; then
  form=${1#--}
  shift
fi
dgsim=${1:-build/dgsim}
page=scenarios/claims/README.md
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

status=0
"$dgsim" list claims >"$out/claims" || status=$?
((status <= 1)) || exit "$status"

# Fields stand at least two blanks apart, and nothing within a field does.
markdown() {
  echo "| | claim | measured | holds | breaks |"
  echo "|---|---|---|---|---|"
  awk -F '  +' '
    function flush() {
      if (id) printf "| %s | %s | %s | %s | %s |\n", id, text, verdict, rows ? rows " rows" : "", breaks
      rows = 0; breaks = ""
    }
    /^C[0-9]/ { flush(); id = $1; verdict = $2; text = $3 }
    /^  found instead: / { verdict = verdict ": " substr($0, 18) }
    /^  holds / { rows++ }
    /^  breaks / { breaks = breaks (breaks ? "<br>" : "") "`" $3 "` " $4 ": " $5 }
    END { flush() }' "$out/claims"
  tail -n 1 "$out/claims" | sed 's/^/\n/'
}

case $form in
text) cat "$out/claims" ;;
markdown) markdown ;;
write)
  markdown >"$out/table"
  awk -v table="$out/table" '
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- scripts/claims.sh -->" { inside = 1; while ((getline line < table) > 0) print line }
    ' "$page" >"$out/page"
  cp "$out/page" "$page"
  ;;
*)
  echo "claims.sh: '--$form' is neither --write nor --markdown" >&2
  exit 64
  ;;
esac
exit "$status"
