#!/usr/bin/env bash
# What ARCHITECTURE.md and CONTRIBUTING.md name is there: every file, every function of the tables that follow a message
# through the code is defined or called in a file of its row, and every other name somewhere in the code. And every folder has a README.
#   test_architecture.sh [PAGE]    default: both pages
set -euo pipefail
cd "$(dirname "$0")/../.."
pages=("$@")
((${#pages[@]})) || pages=(ARCHITECTURE.md CONTRIBUTING.md)
failed=0 rows=0 names=0
made=' runs.csv aggregate.csv build-dev/ x.h x.c tests/regressions/<what>.yaml ' # by programs, or an example
all=$(find sim models tests scripts scenarios -type f | LC_ALL=C sort)
words=$(find sim models tests CMakeLists.txt -name '*.[chy]*' -print0 | xargs -0 grep -IohE '[A-Za-z_][A-Za-z0-9_]*' | LC_ALL=C sort -u)

complain() {
  echo "test_architecture.sh: $*" >&2
  failed=1
}

quoted() { # what stands in backquotes in $1, a line each
  # shellcheck disable=SC2016 # backquotes of Markdown
  { grep -oE '`[^`]+`' <<<"$1" || true; } | tr -d '`'
}

# The paths that a name means: itself, or every file of that name.
paths() {
  if [[ -e $1 ]]; then printf '%s\n' "$1"; else { grep -E "(^|/)${1//./\\.}\$" <<<"$all" || true; }; fi
}

# | what | functions | files |
row() { # PAGE LINE
  local functions files=() name at
  functions=$(cut -d '|' -f 3 <<<"$2")
  while IFS= read -r name; do
    while IFS= read -r at; do files+=("$at"); done < <(paths "$name")
  done < <(quoted "$(cut -d '|' -f 4 <<<"$2")")
  while IFS= read -r name; do
    [[ $name =~ ^[a-z][a-z0-9_]*$ ]] || continue
    names=$((names + 1))
    grep -qwsF "$name" "${files[@]}" || complain "$1: no function $name in ${files[*]}"
  done < <(quoted "$functions")
  rows=$((rows + 1))
}

for page in "${pages[@]}"; do
  table=false text=$(<"$page")
  while IFS= read -r line; do
    if [[ $line == '| | function | file |' ]]; then table=true; fi
    if [[ $line != '|'* ]]; then table=false; fi
    if $table && [[ $line != '| |'* && $line != '|--'* ]]; then row "$page" "$line"; fi
    while IFS= read -r name; do
      case $name in
      *' '* | *'*'* | *'<'*) ;;
      *.c | *.h | *.sh | *.yaml | *.csv | *.md | */)
        [[ $made == *" $name "* || $(paths "${name%/}") ]] || complain "$page: no file $name"
        ;;
      esac
      if [[ $name =~ ^[A-Za-z]+_[A-Za-z0-9_]+$ ]]; then
        grep -qxF "$name" <<<"$words" || complain "$page: no $name in the code"
      fi
    done < <(quoted "$line")
  done <<<"$text"
done
if ((!$# && (rows < 20 || names < 60))); then complain "only $names functions in $rows rows: has a table another head?"; fi

if ((!$#)); then
  while IFS= read -r folder; do
    [[ -e $folder/README.md ]] || complain "$folder has no README.md"
  done < <(find sim models scenarios scripts tests results/published -mindepth 0 -maxdepth 1 -type d)

  # A page that names what is not there is told.
  wrong=$(mktemp)
  trap 'rm -f "$wrong"' EXIT
  # shellcheck disable=SC2016 # backquotes of Markdown
  printf '%s\n' '| | function | file |' '|---|---|---|' '| it is | `call_open`, `no_such` | `sim/world/call.c` |' \
    '' 'and `nowhere.c`, `no_such_word`' >"$wrong"
  said=$("tests/lint/test_architecture.sh" "$wrong" 2>&1 || true)
  for words in 'no function no_such in' 'no file nowhere.c' 'no no_such_word in the code'; do
    [[ $said == *"$words"* ]] || complain "a page that names what is not there: not said: $words"
  done
  [[ $said != *call_open* ]] || complain "call_open is not found in sim/world/call.c"
fi
if ((!failed)) && ((!$#)); then echo "architecture: $names functions in $rows rows, each in its file"; fi
exit $failed
