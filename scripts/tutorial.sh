#!/usr/bin/env bash
# Follows scenarios/tutorial as a reader does: types every command of every chapter, in order, in a folder of its own
# that has the scenarios and build/dgsim, and makes the pages anew from what comes out.
#   scripts/tutorial.sh [--write] [--pages FOLDER] [DGSIM]
# Without --write: fails where a page shows anything else than what came out, names a file of results/ that is not
# there or empty, or has a figure in its text that stands in none of its blocks. With it: writes the pages.
# --pages: those of FOLDER instead. In a page
#   ```console      a block with one command behind `$ ` and what it prints. A comment in the line before may say
#                   <!-- lines 1-4 9 -->: only these, `…` stands for the others; 3$ is the last three
#                   <!-- status 1 -->: its exit status, else 0
#   <!-- FILE -->   in front of a block: the block is that file of scenarios/tutorial
# What differs from machine to machine, times and rates of the tool itself, is `…` on both sides.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
write=false pages=scenarios/tutorial dgsim=build/dgsim
while (($#)); do
  case $1 in
  --write) write=true ;;
  --pages) pages=$2 && shift ;;
  -*) echo "tutorial.sh: '$1' is none of --write --pages" >&2 && exit 64 ;;
  *) dgsim=$1 ;;
  esac
  shift
done
dgsim=$(realpath "$dgsim") pages=$(realpath "$pages")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/top/build" "$work/top/scenarios" "$work/bin" "$work/pages"
cp -r scenarios/tutorial "$work/top/scenarios/"
ln -s "$dgsim" "$work/top/build/dgsim"
if [[ -x /usr/bin/python3 ]]; then ln -s /usr/bin/python3 "$work/bin/python3"; fi # a wrapper may cost more than it
export PATH=$work/bin:$PATH PYTHONDONTWRITEBYTECODE=1
failed=0

complain() {
  echo "$*" >&2
  failed=1
}

# Runs a command as typed and prints what the page is to show of it.
typed() { # PAGE COMMAND LINES STATUS
  local status=0
  (cd "$work/top" && bash -c "$2") >"$work/said" 2>&1 </dev/null || status=$?
  if [[ $status != "$4" ]]; then complain "$1: exit status $status, not $4: $2"; cat "$work/said" >&2; fi
  sed -E -i 's/^(  took +)[0-9.]+ s, [0-9]+ /\1… s, … /; s/(, in) [0-9.]+ s$/\1 … s/' "$work/said"
  awk -v lines="$3" '
    { text[NR] = $0 }
    END {
      if (!lines) lines = NR "$"
      count = split(lines, range, " ")
      for (i = 1; i <= count; i++) {
        both = split(range[i], ends, "-")
        first = ends[1] + 0
        last = both == 2 ? ends[2] + 0 : first
        if (sub(/\$/, "", range[i])) { first = NR - range[i] + 1; last = NR }
        if (first > before + 1) print "…"
        for (j = first; j <= last && j <= NR; j++) print text[j]
        before = last
      }
      if (before < NR) print "…"
    }' "$work/said"
}

# Files that a line of a page names have to be there when a reader comes to it.
named() { # PAGE LINE
  local file
  # shellcheck disable=SC2016 # backquotes of Markdown
  while IFS= read -r file; do
    if [[ $file == */charts/* ]] && ! command -v gnuplot >/dev/null; then
      echo "note: no gnuplot here: $1: $file not looked for" >&2
    elif [[ ! -s $work/top/$file ]]; then
      complain "$1 names $file, which is not there or empty"
    fi
  done < <(grep -oE '`results/[^` ]+\.[a-z]+`' <<<"$2" | tr -d '`')
}

# A page, with its blocks as they come out.
made() { # PAGE
  local line name=${1##*/} lines='' status=0 file='' command
  while IFS= read -r line; do
    printf '%s\n' "$line"
    named "$name" "$line"
    case $line in
    '<!-- lines '*' -->') lines=${line#<!-- lines } lines=${lines% -->} ;;
    '<!-- status '*' -->') status=${line#<!-- status } status=${status% -->} ;;
    '<!-- '*' -->') file=${line#<!-- } file=${file% -->} ;;
    '```console')
      IFS= read -r command
      printf '%s\n' "$command"
      typed "$name" "${command#\$ }" "$lines" "$status"
      while IFS= read -r line && [[ $line != '```' ]]; do :; done
      echo '```'
      lines='' status=0
      ;;
    '```'*)
      if [[ $file ]]; then cat "$work/top/scenarios/tutorial/$file"; fi
      while IFS= read -r line && [[ $line != '```' ]]; do
        if [[ ! $file ]]; then printf '%s\n' "$line"; fi
      done
      echo '```'
      file=''
      ;;
    esac
  done <"$1"
}

# Figures of two digits and more in a page's text that stand in none of its blocks.
unfounded() { # PAGE
  awk '
    /^```/ { inside = !inside; next }
    inside { gsub(/[^0-9.]+/, " "); n = split($0, words, " "); for (i = 1; i <= n; i++) { sub(/\.$/, "", words[i]); known[words[i]] = 1 }; next }
    /^<!--/ { next }
    { gsub(/`[^`]*`|95 %/, ""); gsub(/\]\([^)]*\)/, ""); text[NR] = $0 }
    END {
      for (line in text) {
        n = split(text[line], words, /[^0-9.]+/)
        for (i = 1; i <= n; i++) {
          sub(/\.$/, "", words[i])
          if (length(words[i]) > 1 && !(words[i] in known)) print line ": " words[i]
        }
      }
    }' "$1"
}

for page in "$pages"/[0-9][0-9]-*.md; do
  name=${page##*/}
  if grep -q '^\$ .*python3' "$page" && ! command -v python3 >/dev/null; then
    echo "note: no python3 here: $name not followed" >&2
    continue
  fi
  made "$page" >"$work/pages/$name"
  if $write; then
    cp "$work/pages/$name" "$page"
  elif ! diff -u --label "$name, as it stands" --label "$name, as it came out" "$page" "$work/pages/$name" >&2; then
    complain "$name is stale: scripts/tutorial.sh --write"
  fi
  while IFS= read -r figure; do complain "$name:$figure stands in no block of the page"; done < <(unfounded "$work/pages/$name")
done
if ((failed)); then exit 1; fi
