#!/usr/bin/env bash
# The manual page is good mdoc, and says every command, option, status and file. 77 where there is no mandoc.
set -euo pipefail
dgsim=$1
if ! command -v mandoc >/dev/null; then
  echo "no mandoc here"
  exit 77
fi
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
"$dgsim" list man >"$tree/dgsim.1"
# That other pages are not installed here is no fault of this one; an --option is no dash.
mandoc -T lint -W style "$tree/dgsim.1" >"$tree/lint" 2>&1 || true
if grep -v 'outdated mandoc.db\|referenced manual not found' "$tree/lint"; then exit 1; fi
if command -v man >/dev/null && command -v groff >/dev/null; then
  warnings=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$tree/dgsim.1" 2>&1 >/dev/null)
  [[ -z $warnings ]] || { echo "$warnings"; exit 1; }
fi
mandoc -T utf8 "$tree/dgsim.1" | sed 's/.\x08//g' >"$tree/text"
tr -s ' \n' '  ' <"$tree/text" >"$tree/words" # lines are broken anywhere, but for hyphens
sed -i 's/- /-/g' "$tree/words"
says() { grep -qF -- "$(tr -s ' ' <<<"${1//- /-}")" "$tree/words" || { echo "the page does not say: $1"; exit 1; }; }
for section in NAME SYNOPSIS DESCRIPTION COMMANDS LISTS ENVIRONMENT FILES "EXIT STATUS" EXAMPLES "SEE ALSO"; do
  grep -qx "$section" "$tree/text" || { echo "no section $section"; exit 1; }
done
commands=0
while read -r command; do
  says "dgsim $command [option ...]"
  while IFS= read -r help; do says "${help:1:60}"; done < <("$dgsim" "$command" --help | sed -nE 's/^ +(-[a-z], )?--[a-z-]+( [^ ]+)? {2,}(.*)$/\3/p')
  commands=$((commands + 1))
done < <("$dgsim" --help | awk '/^  [a-z]+ / && $1 != "dgsim" { print $1 }')
((commands >= 10))
while read -r file _; do says "$file"; done < <("$dgsim" list files)
for variable in NO_COLOR TMPDIR DGSIM_SHOW_STDERR DGSIM_WORKER; do
  says "$variable"
  grep -rqF "\"$variable" sim || { echo "$variable is of no use"; exit 1; }
done
echo "the manual page is good mdoc and says $commands commands"
