#!/usr/bin/env bash
# What no compiler says. Fails on shellcheck's findings, includes that go up, and files of more than 500
# lines (tests: 700); functions of more than 60 lines and clang-format's differences are only reported.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

file_lines_max=500
test_lines_max=700 # mostly tables
function_lines_max=60
failed=0
sources=()
while IFS= read -r file; do sources+=("$file"); done < <(find sim models tests -name '*.[ch]' | LC_ALL=C sort)
scripts=(.ci/run)
while IFS= read -r file; do scripts+=("$file"); done < <(find scripts tests -name '*.sh' | LC_ALL=C sort)

if command -v shellcheck >/dev/null; then
  shellcheck "${scripts[@]}" || failed=1
else
  echo "note: no shellcheck here: scripts not checked"
fi

tests/lint/includes.sh || failed=1

for file in "${sources[@]}" "${scripts[@]}"; do
  lines=$(wc -l <"$file")
  allowed=$file_lines_max
  if [[ $file == tests/* ]]; then allowed=$test_lines_max; fi
  if ((lines > allowed)); then
    echo "$file: $lines lines; $allowed are allowed"
    failed=1
  fi
done

# A function begins at the line in the first column that its brace ends, or continues, and ends at a
# brace in the first column.
awk -v max="$function_lines_max" '
  FNR == 1 { start = 0; open = 0 }
  /^[A-Za-z_].*\(/ && !open { start = FNR; name = $0 }
  /\{$/ && start && !open && !/=/ { open = 1 }
  /;$/ && !open { start = 0 }
  /^\}/ {
    if (open && FNR - start + 1 > max)
      printf "note: %s:%d: a function of %d lines: %s\n", FILENAME, start, FNR - start + 1, name
    start = 0; open = 0
  }
' "${sources[@]}"

if command -v clang-format >/dev/null; then
  differing=0
  for file in "${sources[@]}"; do
    if ! clang-format --dry-run -Werror "$file" 2>/dev/null; then differing=$((differing + 1)); fi
  done
  echo "note: clang-format would change $differing of ${#sources[@]} files"
else
  echo "note: no clang-format here: layout not compared"
fi

if ((failed)); then
  echo "lint: failed"
  exit 1
fi
echo "lint: passed"
