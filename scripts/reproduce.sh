#!/usr/bin/env bash
# Makes results/published anew and compares, byte for byte.
#   scripts/reproduce.sh [--write] [--short] [--only FILE]... [--published FOLDER] [DGSIM]
# Exits with 1 and the names of the files that differ. --write: puts what was made there instead. --only: the sections
# of results/published/README.md that have FILE; --short: those that take a moment. In a section of that page
#   four spaces and build/dgsim ...          are commands, typed in order in a folder of their own
#   - [FILE](FILE): `results/...`            is a file that they leave; "what it prints" is their output
# Charts are compared where gnuplot is the version that the page names; CSV files, stories and output always.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
write=false dgsim=build/dgsim published=results/published only=()
while (($#)); do
  case $1 in
  --write) write=true ;;
  --short) only+=(outbox.svg bloom.svg story.svg check.txt) ;;
  --only) only+=("$2") && shift ;;
  --published) published=$2 && shift ;;
  -*) echo "reproduce.sh: '$1' is none of --write --short --only --published" >&2 && exit 64 ;;
  *) dgsim=$1 ;;
  esac
  shift
done
dgsim=$(realpath "$dgsim") published=$(realpath "$published") page=$published/README.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/top/build"
ln -s "$PWD/scenarios" "$work/top/scenarios"
ln -s "$dgsim" "$work/top/build/dgsim"
export PYTHONDONTWRITEBYTECODE=1
failed=0 compared=0 undrawn=0

drawn_by=$(sed -nE 's/^Charts are drawn by (gnuplot [^;]*);.*/\1/p' "$page")
gnuplot_here=$(gnuplot --version 2>/dev/null || echo none)

complain() {
  echo "reproduce.sh: $*" >&2
  failed=1
}

section_wanted() { # FILES...
  ((${#only[@]})) || return 0
  local file wanted
  for file in "$@"; do
    for wanted in "${only[@]}"; do
      if [[ $file == "$wanted" ]]; then return 0; fi
    done
  done
  return 1
}

# One published file against what was made of it.
settle() { # FILE FROM
  local made=$work/top/$2
  if [[ $2 == printed ]]; then made=$work/printed; fi
  if [[ $2 == */charts/* ]] && { [[ $gnuplot_here == none ]] || { ! $write && [[ $gnuplot_here != "$drawn_by" ]]; }; }; then
    undrawn=$((undrawn + 1))
  elif [[ ! -s $made ]]; then
    complain "results/published/$1: the commands leave no ${2/printed/output}"
  elif $write; then
    cp "$made" "$published/$1"
  elif cmp -s "$made" "$published/$1"; then
    compared=$((compared + 1))
  else
    complain "results/published/$1 differs from $2, as made"
    diff "$published/$1" "$made" | head -n 6 | cut -c 1-160 >&2 || true
  fi
}

# Types the commands of a section, then looks at its files.
section() { # uses: commands, files, sources
  local command status i
  section_wanted "${files[@]}" || return 0
  : >"$work/printed"
  for command in "${commands[@]}"; do
    status=0
    (cd "$work/top" && bash -c "$command") >>"$work/printed" 2>"$work/complaints" </dev/null || status=$?
    if ((status > 1)); then complain "exit status $status: $command"; cat "$work/complaints" >&2; fi # 1: violated
  done
  sed -E -i 's/, in [0-9.]+ s$/, in … s/; s/^(  took +)[0-9.]+ s, [0-9]+ /\1… s, … /' "$work/printed"
  for i in "${!files[@]}"; do settle "${files[i]}" "${sources[i]}"; done
}

commands=() files=() sources=()
# shellcheck disable=SC2016 # backquotes of Markdown
row='^- \[([a-z0-9.-]+)\]\(([a-z0-9.-]+)\): (`(results/[^`]+)`|what it prints)'
while IFS= read -r line || [[ $line ]]; do
  if [[ $line == '## '* ]]; then
    if ((${#files[@]})); then section; fi
    commands=() files=() sources=()
  elif [[ $line == '    build/dgsim '* ]]; then
    commands+=("${line#    }")
  elif [[ $line =~ $row ]]; then
    files+=("${BASH_REMATCH[1]}") sources+=("${BASH_REMATCH[4]:-printed}")
  fi
done < <(cat "$page"; echo '## end')

for file in "$published"/*; do
  name=${file##*/}
  if [[ $name != README.md ]] && ! grep -qF -- "- [$name]($name): " "$page"; then complain "$name is not in README.md"; fi
done
if $write && ((!failed)); then
  if [[ $gnuplot_here != none ]]; then
    sed -E -i "s/^(Charts are drawn by )gnuplot [^;]*;/\1$gnuplot_here;/" "$page"
  fi
  echo "reproduce: written"
  exit
fi
if ((undrawn)); then echo "reproduce: $undrawn charts not compared: gnuplot here is '$gnuplot_here', not '$drawn_by'"; fi
if ((compared == 0)); then complain "nothing was compared"; fi
if ((!failed)); then echo "reproduce: $compared files, each byte as published"; fi
exit $failed
