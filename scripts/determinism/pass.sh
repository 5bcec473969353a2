#!/usr/bin/env bash
# One pass of the determinism matrix: all that is shipped, run by one program in one way. Leaves OUT/sums, a line a
# file: its SHA-256, and CELL/FILE. A cell is a scenario that is run, a consumer of the zoo that is checked (those
# that need no command: SQL and C) or a scenario that is searched.
#   scripts/determinism/pass.sh PROGRAM WORKERS ARITHMETIC OUT [TEXT]
#   WORKERS      1 or 2: threads; mpi: three processes, which only `run` knows, so there are fewer cells
#   ARITHMETIC   own, or no-fma: the C library is told that the processor has no FMA and no AVX2
#   TEXT         only scenarios whose path contains it, and neither zoo nor searches
# CC compiles the zoo's C. Compared is every file but manifest.json, which tells of the machine, and the journal,
# which tells in which order runs were done. Exit status 1 when the program fails: what it left is in OUT/log.
set -euo pipefail
program=$(realpath "$1") workers=$2 arithmetic=$3 out=$4 only=${5:-}
cd "$(dirname "$0")/../.."
rm -rf "$out"
mkdir -p "$out"
out=$(realpath "$out")
log=$out/log failed=0

export TSAN_OPTIONS=halt_on_error=1:atexit_sleep_ms=0 ASAN_OPTIONS=detect_stack_use_after_return=0
launch=() threads=(-j "$workers")
if [[ $workers == mpi ]]; then
  launch=(mpirun --quiet --allow-run-as-root --oversubscribe --bind-to none --mca btl_tcp_if_include lo
    --mca oob_tcp_if_include lo -n 3)
  threads=()
  # Open MPI is not compiled with either sanitizer: what it does between its own threads cannot be followed, and what
  # it does not give back at the end is not ours.
  TSAN_OPTIONS+=:ignore_noninstrumented_modules=1
  ASAN_OPTIONS+=:detect_leaks=0
fi
if [[ $arithmetic == no-fma ]]; then export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4; fi

# A verdict is not the question here, so an exit status below 64 is fine.
dgsim() {
  local status=0
  "${launch[@]}" "$program" "$@" >>"$log" 2>&1 </dev/null || status=$?
  if ((status < 64)); then return 0; fi
  echo "exit status $status: $arithmetic dgsim $*" | tee -a "$log" >&2
  failed=1
}

# Scenarios that run by themselves: all in one process, but for those that scripts/determinism/reduced.csv makes small.
# The tutorial's have three seeds, so that the intervals of several runs are there, and the page with its stories, each a
# run or two more; all others have one seed and no page.
reduced=scripts/determinism/reduced.csv
one=() several=()
while IFS= read -r scenario; do
  if [[ $scenario != *"$only"* ]]; then continue; fi
  override=$(awk -F, -v scenario="$scenario" '$1 == scenario { print $2 }' "$reduced")
  if [[ $override ]]; then
    dgsim run "$scenario" --set "$override" --seeds 1 --no-charts --no-report --out "$out/run" "${threads[@]}"
  elif [[ $scenario == scenarios/tutorial/* ]]; then
    several+=("$scenario")
  else
    one+=("$scenario")
  fi
done < <(find scenarios tests/regressions -name '*.yaml' -exec grep -L '^check:' {} + | LC_ALL=C sort)
if ((${#one[@]})); then dgsim run "${one[@]}" --seeds 1 --no-charts --no-report --out "$out/run" "${threads[@]}"; fi
if ((${#several[@]})); then dgsim run "${several[@]}" --seeds 3 --no-charts --out "$out/run" "${threads[@]}"; fi
rm -f "$out/run/latest"

# What is printed, without the time that it took, the folder that it was written to, and what ASan says of each process
# with contexts (it is told of every switch of a stack).
printed() { # CELL COMMAND...
  local cell=$out/run/$1 status=0
  mkdir -p "$cell"
  "$program" "${@:2}" --out "$cell" "${threads[@]}" >"$out/printed" 2>&1 </dev/null || status=$?
  sed -E "s|$out|OUT|g; /^  took /d; s/, in [0-9.]+ s\$//; /WARNING: ASan doesn't fully support makecontext/d" "$out/printed" >"$cell/printed"
  if ((status < 64)); then return 0; fi
  { cat "$out/printed"; echo "exit status $status: $arithmetic dgsim ${*:2}"; } | tee -a "$log" >&2
  failed=1
}

if [[ $workers != mpi && ! $only ]]; then
  zoo=scenarios/check/zoo
  while IFS=, read -r consumer scenario; do
    case $consumer in
    *.sql) as=(--sql "$zoo/$consumer") ;;
    *.c)
      "${CC:-cc}" -std=c17 -O1 -fPIC -shared -I sim/handler -o "$out/plugin.so" "$zoo/$consumer"
      as=(--plugin "$out/plugin.so")
      ;;
    *) continue ;;
    esac
    printed "check $consumer" check "$zoo/$scenario.yaml" "${as[@]}" --set workload/messages=1 --keep-going
  done < <(awk -F, 'NR > 1 { print $3 "," $5; print $4 "," $5 }' "$zoo/zoo.csv")
  printed "explore 08-every-fault" explore scenarios/tutorial/08-every-fault.yaml --faults 1
  printed "explore rabbitmq-every-fault" explore scenarios/patterns/rabbitmq-every-fault.yaml --faults 1
fi

(cd "$out/run" && find . -type f -not -name manifest.json -not -name '*.journal' -print0 | LC_ALL=C sort -z |
  xargs -0 sha256sum | sed 's|  \./| |') >"$out/sums"
if ((failed)); then exit 1; fi
