#!/usr/bin/env bash
# What reads the code or watches it run, all of it to find nothing: shellcheck, cppcheck, clang-tidy, gcc's
# -fanalyzer, every test under AddressSanitizer with UndefinedBehaviorSanitizer and under ThreadSanitizer, unit
# tests and one run, exploration and check under valgrind.
#   scripts/analysis.sh [OPTION...]
#     --long          everything (default): an hour on two cores; tidy, asan and tsan go on where they stopped
#     --short         what continuous integration runs, a minute: the quick ones, and some of what the others do
#     --only A,B,...  parts: shellcheck cppcheck tidy analyzer asan tsan valgrind
#     --write         the figures of these parts into tests/evidence/analysis.csv; of the long form only
# What an analyser is wrong about is a row of scripts/analysis/accepted.csv: which tool and check, in which file, on
# a line with this code, and why. A row that accepts nothing is a finding, too. JOBS=N: processes at once.
set -euo pipefail
cd "$(dirname "$0")/.."

parts=(shellcheck cppcheck tidy analyzer asan tsan valgrind)
short=false write=false only=()
usage() { sed -n '2,/^# a line/s/^# \{0,1\}//p' scripts/analysis.sh; }
while (($#)); do
  case $1 in
  --short) short=true ;;
  --long) short=false ;;
  --write) write=true ;;
  --only) IFS=, read -ra only <<<"${2:?}" && shift ;;
  --help | -h) usage && exit ;;
  *) { echo "analysis.sh: unknown option '$1'" && usage; } >&2 && exit 64 ;;
  esac
  shift
done
if $write && $short; then echo "analysis.sh: what is written is of the long form" >&2 && exit 64; fi
if ((${#only[@]} == 0)); then
  only=("${parts[@]}")
  if $short; then only=(cppcheck tidy analyzer valgrind); fi # lint.sh has shellcheck
fi
for part in "${only[@]}"; do
  if [[ " ${parts[*]} " != *" $part "* ]]; then
    echo "analysis.sh: no part '$part' (parts: ${parts[*]})" >&2
    exit 64
  fi
done

jobs=${JOBS:-$(nproc)} accepted=scripts/analysis/accepted.csv
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
: >"$out/rows.csv"

needs() { # PROGRAM
  command -v "$1" >/dev/null || { echo "analysis.sh: no $1 here (scripts/install.sh lint)" >&2 && exit 1; }
}
row() { # PART CHECK FIGURE: a row for tests/evidence, and what is told
  echo "$2: $3"
  echo "$1,\"$2\",\"$3\",scripts/analysis.sh --only $1" >>"$out/rows.csv"
}

# shellcheck source=scripts/analysis/findings.sh
. scripts/analysis/findings.sh
# shellcheck source=scripts/analysis/read.sh
. scripts/analysis/read.sh
# shellcheck source=scripts/analysis/watched.sh
. scripts/analysis/watched.sh

failed=0
for part in "${only[@]}"; do "part_$part" || failed=1; done

if $write && ((!failed)); then
  evidence=tests/evidence/analysis.csv
  if [[ -e $evidence ]]; then cp "$evidence" "$out/before.csv"; else : >"$out/before.csv"; fi
  {
    echo check,figure,command
    for part in "${parts[@]}"; do
      if grep -q "^$part," "$out/rows.csv"; then
        sed -n "s/^$part,//p" "$out/rows.csv"
      else
        grep -- "--only $part\$" "$out/before.csv" || true
      fi
    done
  } >"$evidence"
fi
if ((failed)); then echo "analysis: failed" && exit 1; fi
echo "analysis: passed"
