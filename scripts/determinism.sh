#!/usr/bin/env bash
# The determinism matrix: everything that is shipped, from every build and in every way, has to leave the same bytes.
#   scripts/determinism.sh [--long] [--write]          every build: for an evening
#   scripts/determinism.sh --short [PROGRAM...]        what continuous integration does: gcc's and clang's release
#                                                      builds, or the programs named
#   --only TEXT  only scenarios whose path contains it
#   --build TEXT of the long form, only builds whose name (gcc-O2-thread, clang-aarch64-O0-plain) contains it, and the
#                release build, which they are compared with
#   --write      puts the table into tests/README.md and the figures into tests/evidence/determinism.csv
#   JOBS=N       passes, or compilers, at once; default: as many as there are cores
# A cell is one scenario (or checked consumer, or search) in one pass; its digest is that of every file and table that
# dgsim leaves, the digests of runs among them, and has to be the one of the first pass. What a pass does, and what is
# reduced: scripts/determinism/pass.sh. The long form keeps builds and passes in build-determinism/; one that is done
# already, by the very same program and for the same files, is not done again.
# Exit status: 0 all the same; 1 a digest differs or a program failed; 77 (skipped, for ctest) no clang.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
form=long only='' build='' write=false programs=()
while (($#)); do
  case $1 in
  --long | --short) form=${1#--} ;;
  --only) only=$2 && shift ;;
  --build) build=$2 && shift ;;
  --write) write=true ;;
  -*) echo "determinism.sh: '$1' is none of --long --short --only --build --write" >&2 && exit 64 ;;
  *) programs+=("$1") ;;
  esac
  shift
done
if $write && [[ $form == short || $only || $build ]]; then echo "determinism.sh: --write is for the whole long form" >&2 && exit 64; fi
if ((${#programs[@]})) && [[ $form == long ]]; then echo "determinism.sh: programs are named with --short" >&2 && exit 64; fi
jobs=${JOBS:-$(nproc)}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
kept=$temporary
if [[ $form == long ]]; then
  kept=$PWD/build-determinism/passes
  mkdir -p "$kept"
fi

# Tells whether masking FMA changes what the C library computes here; where it does not, those passes show less.
"${CC:-cc}" -O1 -o "$temporary/arithmetic" scripts/determinism/arithmetic.c -lm
if [[ $("$temporary/arithmetic") == $(GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4 "$temporary/arithmetic") ]]; then
  echo "note: the C library computes the same with FMA masked: there is none in this processor" >&2
fi

pass() { # PROGRAM CC WORKERS ARITHMETIC FOLDER
  local key program=$1
  if [[ $program == */emulated ]]; then program=${program%/*}/dgsim; fi
  key=$({
    sha256sum "$program"
    find scenarios tests/regressions scripts/determinism -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    echo "$only"
  } | sha256sum)
  if [[ -f $5/key && $(<"$5/key") == "$key" ]]; then return; fi
  if CC=$2 scripts/determinism/pass.sh "$1" "$3" "$4" "$5" "$only"; then echo "$key" >"$5/key"; fi
  rm -rf "$5/run"
}
running=0
# A line a pass: its build, how that is called in the table, its column there, the program, CC, workers, arithmetic.
# Passes begin at once, beside the next build.
matrix=$temporary/matrix
add() { # BUILD LABEL LEVEL PROGRAM CC WORKERS:ARITHMETIC...
  local way
  for way in "${@:6}"; do
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "${@:1:5}" "${way%:*}" "${way#*:}" >>"$matrix"
    if ((running == jobs)); then
      wait -n || true
      running=$((running - 1))
    fi
    echo "pass $1, ${way%:*}, ${way#*:}" >&2
    pass "$4" "$5" "${way%:*}" "${way#*:}" "$kept/${1//\//-},${way%:*},${way#*:}" &
    running=$((running + 1))
  done
}
mpi_works() { # PROGRAM
  "$1" --version | grep '^with MPI' &&
    timeout 60 mpirun --allow-run-as-root --oversubscribe --bind-to none --mca btl_tcp_if_include lo \
      --mca oob_tcp_if_include lo -n 3 true
}
with_mpi() { # PROGRAM WAYS...: those that it can do
  local way program=$1
  for way in "${@:2}"; do
    if [[ $way != mpi:* ]] || mpi_works "$program" >/dev/null 2>&1 </dev/null; then
      echo "$way"
    else
      echo "note: no $way: no MPI in $program, or mpirun starts nothing here" >&2
    fi
  done
}
built() { # COMPILER LEVEL SANITIZERS: the program, into `program`. False: it is not asked for
  if [[ "$1-$2-$3" != *"$build"* ]]; then return 1; fi
  echo "building $*" >&2
  program=$(scripts/determinism/build.sh "$@") || exit 1
}

if [[ $form == short ]]; then
  if ((${#programs[@]} == 0)); then programs=(build/dgsim); fi
  if ((${#programs[@]} == 1)); then
    if ! command -v clang >/dev/null; then echo "no clang: skipped" && exit 77; fi
    scripts/build.sh clang dgsim >/dev/null
    programs+=(build-clang/dgsim)
  fi
  ways=(1:own 2:no-fma)
  for program in "${programs[@]}"; do
    if [[ ! -x $program ]]; then echo "determinism.sh: no program $program; build it with scripts/build.sh" >&2 && exit 1; fi
    mapfile -t possible < <(with_mpi "$program" "${ways[@]}")
    add "$program" "$program" O2 "$program" cc "${possible[@]}"
    ways=(2:own mpi:no-fma)
  done
else
  every=(1:own 2:own mpi:own 1:no-fma 2:no-fma mpi:no-fma)
  scripts/build.sh release dgsim >/dev/null
  mapfile -t possible < <(with_mpi build/dgsim "${every[@]}")
  add release "gcc, linked as a whole" O2 build/dgsim gcc "${possible[@]}"
  declare -A label=([plain]='' [address]=', ASan and UBSan' [thread]=', TSan')
  # Under sanitizers each level has two ways; together, every number of workers with and without FMA.
  declare -A pair=([O0]="1:own 2:no-fma" [O2]="2:own mpi:no-fma" [O3]="mpi:own 1:no-fma")
  for sanitizers in plain address thread; do
    for compiler in gcc clang; do
      for level in O0 O2 O3; do
        if ! built "$compiler" "$level" "$sanitizers"; then continue; fi
        ways=("${every[@]}")
        if [[ $sanitizers != plain ]]; then read -ra ways <<<"${pair[$level]}"; fi
        mapfile -t possible < <(with_mpi "$program" "${ways[@]}")
        add "$compiler-$level-$sanitizers" "$compiler${label[$sanitizers]}" $level "$program" "$compiler" "${possible[@]}"
      done
    done
    # aarch64 has FMA always, and mpirun no emulator, which is slow: threads at one level are enough.
    if [[ $sanitizers == plain ]]; then
      emulated_cc=$temporary/aarch64-cc # for the zoo's C: with the headers that build.sh has unpacked
      printf '#!/bin/sh\nexec aarch64-linux-gnu-gcc --sysroot="%s" "$@"\n' "$PWD/build-determinism/arm64" >"$emulated_cc"
      chmod +x "$emulated_cc"
      for compiler in gcc clang; do
        for level in O0 O2 O3; do
          if ! built $compiler-aarch64 $level plain; then continue; fi
          ways=(1:own)
          if [[ $level == O2 ]]; then ways+=(2:own); fi
          add $compiler-aarch64-$level "$compiler for aarch64, under qemu" $level "$program" "$emulated_cc" "${ways[@]}"
        done
      done
    fi
  done
fi

wait

failed=0
# Of each pass: cells, and those of them with a file that differs from the first pass's, is missing or is too many.
while IFS=$'\t' read -r made name level _ _ workers arithmetic; do
  folder=$kept/${made//\//-},$workers,$arithmetic
  : >>"$folder/sums"
  if [[ ! -s $temporary/reference ]]; then cp "$folder/sums" "$temporary/reference"; fi
  awk -v pass="$made, $workers, $arithmetic" -v mpi="$([[ $workers == mpi ]] && echo 1)" -v name="$name" \
    -v level="$level" -v table="$temporary/table" '
    { path = substr($0, 66); cell = path; sub(/\/.*/, "", cell) }
    mpi && cell ~ /^(check|explore) / { next }
    { cells[cell] }
    FNR == NR { wanted[path] = $1; next }
    { got[path] = $1 }
    function compare(path) {
      if (wanted[path] == got[path]) return
      cell = path; sub(/\/.*/, "", cell)
      if (!(cell in differing)) printf "%s: %s differs in %s\n", pass, cell, substr(path, length(cell) + 2)
      differing[cell]
    }
    END {
      for (path in wanted) compare(path)
      for (path in got) compare(path)
      printf "%s\t%s\t%d\t%d\n", name, level, length(cells), length(differing) >>table
    }' "$temporary/reference" "$folder/sums"
  if [[ ! -f $folder/key ]]; then
    echo "$made, $workers, $arithmetic: the program failed"
    tail -n 20 "$folder/log"
    failed=1
  fi
done <"$matrix"

# A row a kind of build, a column a level: passes, cells and differing digests.
awk -F'\t' '
  !($1 in seen) { seen[$1]; order[++rows] = $1 }
  { key = $1 FS $2; cells[key] += $3; differing[key] += $4; all += $3; bad += $4; if ($3) passes[key]++ }
  # Passes under MPI have fewer cells than others.
  function shown(key) { return key in cells ? cells[key] " (" passes[key] "), " differing[key] : "" }
  END {
    print "| build: cells (in passes), differing digests | -O0 | -O2 | -O3 |"
    print "|---|---:|---:|---:|"
    for (i = 1; i <= rows; i++)
      printf "| %s | %s | %s | %s |\n", order[i], shown(order[i] FS "O0"), shown(order[i] FS "O2"), shown(order[i] FS "O3")
    printf "\n%d cells, %d differing digests\n", all, bad
  }' "$temporary/table" >"$temporary/page"
cat "$temporary/page"
total=$(tail -n 1 "$temporary/page")

if $write; then
  awk -v table="$temporary/page" '
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- scripts/determinism.sh -->" { inside = 1; while ((getline line < table) > 0) print line }
    ' tests/README.md >"$temporary/readme"
  cp "$temporary/readme" tests/README.md
  mkdir -p tests/evidence
  {
    echo "check,figure,command"
    echo "the same bytes from every build and in every way,\"$total\",scripts/determinism.sh --write"
  } >tests/evidence/determinism.csv
fi
[[ $total =~ ^[1-9][0-9]*\ cells,\ 0\ differing ]] && ((!failed))
