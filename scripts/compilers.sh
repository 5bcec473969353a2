#!/usr/bin/env bash
# Two programs, one result: every CSV file of every scenario, digests included, must be byte-identical
# between a given dgsim and the one that clang builds. Exit status 77 (skipped, for ctest): no clang.
#   scripts/compilers.sh [DGSIM [SEEDS]]     default: build/dgsim, 2 seeds
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-build/dgsim}
seeds=${2:-2}
if [[ ! -x $program ]]; then
  echo "compilers.sh: no program $PWD/$program; build it with scripts/build.sh" >&2
  exit 1
fi
if ! command -v clang >/dev/null; then
  echo "no clang: skipped"
  exit 77
fi
scripts/build.sh clang dgsim >/dev/null

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Runs a scenario and notes the exit status: a verdict is not the question here, so one below 64 is fine.
run() { # program, directory, scenario
  local status=0
  mkdir -p "$2"
  "$1" run "$3" --seeds "$seeds" --out "$2" --no-charts >"$2/log" 2>&1 || status=$?
  echo "$status" >"$2/status.csv"
  if ((status < 64)); then return 0; fi
  cat "$2/log" >&2
  echo "compilers.sh: $1 run $3: exit status $status" >&2
  exit 1
}

scenarios=0 files=0 different=0
while IFS= read -r scenario; do
  scenarios=$((scenarios + 1))
  run "$program" "$out/given/$scenarios" "$scenario"
  run build-clang/dgsim "$out/clang/$scenarios" "$scenario"
  found=0
  while IFS= read -r file; do
    if ! cmp "$out/given/$scenarios/$file" "$out/clang/$scenarios/$file"; then different=1; fi
    if [[ $file == */runs.csv ]]; then found=1; fi
    files=$((files + 1))
  done < <(cd "$out/given/$scenarios" && find . -name '*.csv' | sort)
  if ((!found)); then
    echo "compilers.sh: $scenario left no runs.csv" >&2
    different=1
  fi
done < <(find scenarios -name '*.yaml' -not -path '*/bench/*' -not -path 'scenarios/check/*' | LC_ALL=C sort)

if ((different || scenarios == 0)); then
  echo "compilers.sh: $scenarios scenarios: results differ or are missing" >&2
  exit 1
fi
echo "$scenarios scenarios, $seeds seeds each, $files files: the same"
