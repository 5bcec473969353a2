#!/usr/bin/env bash
# shellcheck disable=SC2317 # functions are called by their names, in `each`
# Any bytes at all for everything that reads bytes from outside, with libFuzzer (tests/fuzz/fuzz.h has the targets).
#   scripts/fuzz.sh [--minutes N] [TARGET...]   N minutes for each target (default: 10), from the committed corpus and
#                                               what earlier runs have found in build-fuzz/corpus
#   scripts/fuzz.sh --short                     every committed input once, then about 15 s for all targets together
#   scripts/fuzz.sh --merge [TARGET...]         what reaches new code goes from build-fuzz/corpus to tests/fuzz/corpus
#   --write                                     the figures of this run into tests/evidence/fuzz.csv
# Two targets run at a time. What fails is in build-fuzz/found, and makes the exit status 1: when it is mended it is to
# be kept as tests/fuzz/regressions/TARGET-what-it-was.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
top=$PWD
mode=long minutes=10 write=0 targets=()
while (($#)); do
  case $1 in
    --short) mode=short ;;
    --merge) mode=merge ;;
    --write) write=1 ;;
    --minutes) minutes=${2:?--minutes N} && shift ;;
    -*) echo "fuzz.sh: unknown option '$1'" >&2 && exit 64 ;;
    *) targets+=("$1") ;;
  esac
  shift
done

if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { (void)d; return n < 0; }' |
  clang -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null; then
  echo "fuzz.sh: clang cannot build for libFuzzer: scripts/install.sh test" >&2
  exit 1
fi
scripts/build.sh fuzz fuzz
if [[ ! -x build/dgsim ]]; then scripts/build.sh release dgsim; fi
corpora=build-fuzz/corpus found=$top/build-fuzz/found
mkdir -p "$corpora" "$found"
if ((${#targets[@]} == 0)); then
  for program in build-fuzz/tests/fuzz/fuzz_*; do targets+=("${program##*/fuzz_}"); done
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Words of the language, from the program's own tables.
for table in keys systems handlers stores clients publishers faults points metrics; do
  build/dgsim list "$table"
done | grep -oE '[a-zA-Z][a-zA-Z0-9_.-]{2,30}' | LC_ALL=C sort -u | sed 's/.*/"&"/' >"$work/words"
sed -E '/^(#|$)/d; s/.*/"&"/' tests/fuzz/words >>"$work/words"

# fuzz TARGET ARGUMENT...: in a folder of its own, as some write files there.
fuzz() {
  local target=$1 folder
  shift
  folder=$(mktemp -d "$work/$target.XXXXXX")
  local dictionary=()
  case $target in scenario | run | changes) dictionary=(-dict="$work/words") ;; esac
  (cd "$folder" && nice -n 10 "$top/build-fuzz/tests/fuzz/fuzz_$target" -artifact_prefix="$found/$target-" -timeout=300 \
    -rss_limit_mb=3000 -print_final_stats=1 "${dictionary[@]}" "$@") >>"$work/$target.log" 2>&1
}

# Whatever was committed, once; then for so long. A target's log is shown when it fails.
try() {
  local target=$1 seconds=$2 committed="$top/tests/fuzz/corpus/$1" regressions=() good=1
  for input in "$top/tests/fuzz/regressions/$target"-*; do if [[ -f $input ]]; then regressions+=("$input"); fi; done
  mkdir -p "$corpora/$target" "$committed"
  if ((${#regressions[@]})); then fuzz "$target" "${regressions[@]}" || good=0; fi
  local kept=("$committed")
  if [[ $mode == long ]]; then kept=("$top/$corpora/$target" "$committed"); else
    mkdir "$work/new-$target"
    kept=("$work/new-$target" "$committed")
  fi
  if ((good)); then fuzz "$target" -seed=1 -max_total_time="$seconds" "${kept[@]}" || good=0; fi
  if ((!good)); then
    sed 's/^/    /' "$work/$target.log" | grep -av '^    #[0-9]* *\(NEW\|REDUCE\|pulse\)' | tail -n 60
    echo "FAILED: $target: what it was given is in build-fuzz/found"
    return 1
  fi
  local executions
  executions=$(sed -n 's/^stat::number_of_executed_units: //p' "$work/$target.log" | awk '{ sum += $1 } END { print sum + 0 }')
  echo "$target $executions $(find "$committed" -type f | wc -l) ${#regressions[@]}" >"$work/$target.figures"
  printf '%-10s %10d executions\n' "$target" "$executions"
}

# As few inputs as reach everything, the small ones first, and no more than 300 KB of them.
merge() {
  local target=$1 committed="$top/tests/fuzz/corpus/$1" merged="$work/merged-$1" sum=0 size
  mkdir -p "$merged" "$committed" "$corpora/$target"
  fuzz "$target" -merge=1 -use_counters=0 "$merged" "$committed" "$top/$corpora/$target" || { tail -n 40 "$work/$target.log" && return 1; }
  rm -rf "$committed" && mkdir -p "$committed"
  while read -r size file; do
    sum=$((sum + size))
    if ((sum > 290000)); then break; fi
    cp "$file" "$committed/"
  done < <(find "$merged" -type f -printf '%s %p\n' | sort -n)
  echo "$target: $(find "$committed" -type f | wc -l) inputs of $(find "$merged" -type f | wc -l), $sum bytes"
}

# Two at a time; the order of `targets`.
each() {
  local function=$1 failed=0 running=0
  shift
  for target in "${targets[@]}"; do
    if ((running == 2)); then
      wait -n || failed=1
      running=$((running - 1))
    fi
    "$function" "$target" "$@" &
    running=$((running + 1))
  done
  while ((running > 0)); do
    wait -n || failed=1
    running=$((running - 1))
  done
  return "$failed"
}

failed=0
case $mode in
  merge) each merge || failed=1 ;;
  short) each try 2 || failed=1 ;;
  long) each try $((60 * minutes)) || failed=1 ;;
esac
if [[ $mode == merge ]]; then exit "$failed"; fi
read -r executions inputs regressions < <(cat "$work"/*.figures | awk '{ e += $2; i += $3; r += $4 } END { print e, i, r }')
echo "$executions executions of ${#targets[@]} targets, $inputs committed inputs and $regressions regressions among them"
if ((write && !failed)); then
  command="scripts/fuzz.sh --minutes $minutes"
  if [[ $mode == short ]]; then command='scripts/fuzz.sh --short'; fi
  {
    echo check,figure,command
    echo "fuzzing,\"$(printf "%'d" "$executions") executions of ${#targets[@]} targets, none failed\",$command"
    echo "inputs that are tried again,\"$inputs, and $regressions that failed once\",scripts/fuzz.sh --short"
  } >tests/evidence/fuzz.csv
fi
exit "$failed"
