#!/usr/bin/env bash
# The committed reference is what the program says, its links lead somewhere, and every list has each of its forms.
set -euo pipefail
dgsim=$1
folder=scenarios/reference
scripts/reference.sh "$dgsim"

mapfile -t lists < <("$dgsim" list lists | awk '{ print $1 }')
for list in "${lists[@]}"; do
  page=$folder/$list.md
  [[ $(head -c 2 "$page") == '# ' ]] || { echo "$page has no heading"; exit 1; }
  sentences=$(sed -n 3p "$page" | grep -o '\.\( \|$\)' | wc -l)
  ((sentences >= 2)) || { echo "$page begins with $sentences sentences"; exit 1; }
  if ids=$(grep -o '<a id="[^"]*"' "$page" | sort | uniq -d) && [[ -n $ids ]]; then
    echo "$page: two rows have one anchor: $ids"
    exit 1
  fi
  [[ -n $("$dgsim" list "$list") ]] || { echo "list $list says nothing"; exit 1; }
done
while IFS= read -r link; do # PAGE#ANCHOR that the index names
  grep -q "id=\"${link#*#}\"" "$folder/${link%%#*}" || { echo "no anchor $link"; exit 1; }
done < <(grep -o '[a-z]*\.md#[a-z_-]*' "$folder/README.md")

# A key that is in the table of the terminal is on a page, and none is without a word of help.
while read -r key; do
  grep -qF "\`$key\`" "$folder"/{keys,systems,handlers,stores,clients,publishers}.md || { echo "$key is on no page"; exit 1; }
done < <("$dgsim" list keys | awk '/^  [A-Za-z]/ { print $1 }' | sort -u)
for list in keys systems handlers stores clients publishers faults; do
  if "$dgsim" list "$list" --format json | grep -n '"meaning": ""'; then echo "$list: a key without help"; exit 1; fi
done

# The README names every command and every list.
while read -r command; do
  grep -q "^| \`dgsim $command " README.md || { echo "README.md: no line for the command $command"; exit 1; }
done < <("$dgsim" --help | awk '/^  [a-z]+ / && $1 != "dgsim" { print $1 }')
# shellcheck disable=SC2016 # Markdown's
row=$(grep '^| `dgsim list WHAT`' README.md)
for list in "${lists[@]}" claims man bash zsh schema; do
  [[ $row == *"\`$list\`"* ]] || { echo "README.md: the line of list has no $list"; exit 1; }
done

# Mistakes.
fails() { # text, arguments
  local said=$1 status=0 out
  shift
  out=$("$dgsim" list "$@" 2>&1) || status=$?
  [[ $status == 64 && $out == *"$said"* ]] || { echo "list $*: $status, $out"; exit 1; }
}
fails "did you mean 'systems'?" sistems
fails "documents are: man, bash, zsh, schema" anything
fails "'xml' is not human, markdown or json" keys --format xml
fails "is a document" man --format json
fails "for people alone" claims --format json
fails "for people alone" rows scenarios/four-guarantees.yaml --format json
fails "are of a scenario" rows
fails "cannot open it" rows nothing.yaml
[[ $("$dgsim" list rows scenarios/four-guarantees.yaml | sed -n 3p) == "at-least-once + dedup-table" ]]
[[ $("$dgsim" list | sed -nE "s/^(keys|man|claims) .*/\1/p" | tr "\n" " ") == "keys claims man " ]]
fails "takes one word" keys values
