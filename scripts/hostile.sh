#!/usr/bin/env bash
# Files, values, names and surroundings that nobody should give: each comes to a clear error with its place, or to a run
# that ends in time and in memory. The inputs are the rows of tests/cli/hostile.sh; files are made in a folder that is
# removed afterwards. For each row:
#   - the exit status and what is said are what the row says
#   - it takes less than its seconds, within its address space (4 GiB)
#   - nothing of what is printed is a control character, or no UTF-8; "internal error" is never said
#   - no half-written file is left behind
#   scripts/hostile.sh [--short] [--write] [PATH/TO/dgsim]     --short is all of it: it takes seconds
#   --write: the figures into tests/evidence/hostile.csv
set -uo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
top=$(realpath "$(dirname "$0")/..")
write=0 dgsim=''
for word in "$@"; do
  case $word in
    --short) ;;
    --write) write=1 ;;
    -*) echo "hostile.sh: unknown option '$word'" >&2 && exit 64 ;;
    *) dgsim=$(realpath "$word") ;;
  esac
done
if [[ -z $dgsim ]]; then
  "$top/scripts/build.sh" release dgsim || exit 1
  dgsim=$top/build/dgsim
fi
said=$(mktemp -d)
work=$said/work
mkdir "$work"
trap 'chmod -R u+rwX "$said" && rm -rf "$said"' EXIT
cd "$work" || exit 1
rows=0 failed=0 last_failed='' slowest=0 slowest_row=''

wrong() {
  echo "FAILED: $what: $1"
  head -c 2000 "$said/all" | cat -v | sed 's/^/    /'
  if [[ $what != "$last_failed" ]]; then failed=$((failed + 1)); fi
  last_failed=$what
}

# row WHAT STATUS TEXT SECONDS COMMAND: one row of the table. COMMAND is bash, in which `dgsim` is the program; each
# line of TEXT has to stand in what it prints.
row() {
  local what=$1 status=$2 text=$3 seconds=$4 command=$5 got begun took line left
  rows=$((rows + 1))
  begun=$(date +%s%N)
  # shellcheck disable=SC2016 # the inner shell is to expand it
  dgsim=$dgsim timeout -s KILL $((seconds * patience)) bash -c 'ulimit -v '$space'
export dgsim
dgsim() { "$dgsim" "$@"; }
'"$command" >"$said/out" 2>"$said/err" </dev/null
  got=$?
  took=$((($(date +%s%N) - begun) / 1000000))
  if ((took > slowest)); then slowest=$took slowest_row=$what; fi
  cat "$said/out" "$said/err" >"$said/all"
  if ((got == 137 && status != 137)); then wrong "not over after $seconds s" && return; fi
  if ((got != status)); then wrong "exit status $got, not $status"; fi
  while IFS= read -r line; do
    if [[ -n $line ]] && ! grep -qF -e "$line" "$said/all"; then wrong "it does not say '$line'"; fi
  done <<<"$text"
  if grep -qaF -e 'internal error' -e 'Sanitizer' "$said/all"; then wrong 'an error of the program'; fi
  # C0 but tabs and line ends, DEL, and C1 as UTF-8 has it.
  if LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$said/all"; then wrong 'a control character'; fi
  if ! iconv -f UTF-8 -t UTF-8 "$said/all" >/dev/null 2>&1; then wrong 'what it prints is no UTF-8'; fi
  left=$(find "$work" -name '*.new.*' | head -n 1)
  if [[ -n $left ]]; then
    wrong "a half-written file: $left"
    rm -rf "$left"
  fi
}
patience=3 # times the seconds of a row, before it counts as not over: a machine may have other things to do
space=4194304 # KiB
sanitized=false
if grep -qE '__(a|t)san_init' "$dgsim"; then # it has memory of its own, and is many times slower
  sanitized=true patience=40 space=unlimited
fi

# shellcheck source=tests/cli/hostile.sh
source "$top/tests/cli/hostile.sh"

if ((failed)); then
  echo "hostile: $failed of $rows inputs came to something else"
  exit 1
fi
echo "hostile: $rows inputs, each as it should be; the slowest took $slowest ms ($slowest_row)"
if ((write)); then
  {
    echo check,figure,command
    echo "hostile inputs,\"$rows of $rows end in a clear error or within their limits\",scripts/hostile.sh"
  } >"$top/tests/evidence/hostile.csv"
fi
