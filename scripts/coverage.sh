#!/usr/bin/env bash
# How much of sim/ and models/ the tests run, by line and by branch. Every line that none of them runs has a reason
# in scripts/coverage/explained.csv, or is a finding; so is a reason for what there is no more, or for what is run.
#   scripts/coverage.sh [OPTION...]
#     --long      builds in build-coverage, without optimisation, runs every test, counts (default)
#     --short     only that what is explained is there: seconds
#     --again     counts once more what an earlier long run has left
#     --list      prints the lines that are not explained
#     --write     the figures into tests/evidence/coverage.csv; of the long form only
# Branches of assertions are left out, whose other side ends the program, and branches of lines without code
# (gcovr --exclude-unreachable-branches); nothing else is. The tests of the sources, the benchmark, the comparison of
# builds and the mutants, which are programs of their own, are not run: they say nothing here. What a process has run
# that is killed is not counted.
# A row of explained.csv is FILE,WHAT,REASON: WHAT is `name()`, all of a function, or a part of the line itself. What a
# REASON says is run `by chance: ` may be run.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

least_lines=95 least_branches=85
short=false again=false write=false list=false
while (($#)); do
  case $1 in
  --short) short=true ;;
  --long) short=false ;;
  --again) again=true ;;
  --write) write=true ;;
  --list) list=true ;;
  *) echo "coverage.sh: '$1' is none of --short --long --again --list --write" >&2 && exit 64 ;;
  esac
  shift
done
if $write && $short; then echo "coverage.sh: what is written is of the long form" >&2 && exit 64; fi

build=build-coverage explained=scripts/coverage/explained.csv jobs=${JOBS:-$(nproc)}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Reads FILE:LINE lines of what is not run; prints those that no row explains, and rows that are stale: those of
# which nothing is there, and with `every` those that explain nothing.
unexplained() { # every|there
  awk -v rows="$explained" -v every="$1" '
    function read_file(path,   text, n, name) {
      if (path in known) return
      known[path] = 0
      while ((getline text < path) > 0) {
        code[path, ++n] = text
        if (text ~ /^[A-Za-z_].*\(/ && text !~ /;$/) {
          name = text
          sub(/\(.*/, "", name)
          sub(/.*[ *]/, "", name)
        }
        inside[path, n] = name
        if (text ~ /^\}/) name = ""
      }
      known[path] = n + 0
      close(path)
    }
    function meant(row, path, line) {
      if (file[row] != path) return 0
      return what[row] ~ /^[A-Za-z_0-9]+\(\)$/ ? inside[path, line] "()" == what[row] : index(code[path, line], what[row])
    }
    BEGIN {
      while ((getline row < rows) > 0) {
        if (row == "file,what,reason" || row == "") continue
        count++
        if (split(row, field, ",") < 3 || field[3] == "") { print rows ": no reason: " row; bad = 1 }
        file[count] = field[1]; what[count] = field[2]; chance[count] = field[3] ~ /^by chance: /
        read_file(field[1])
        for (line = 1; line <= known[field[1]] && !there[count]; line++) there[count] = meant(count, field[1], line)
        if (!there[count]) { print rows ": is no more: " field[1] "," field[2]; bad = 1 }
      }
    }
    {
      split($0, place, ":")
      read_file(place[1])
      for (row = 1; row <= count; row++) if (meant(row, place[1], place[2])) { used[row] = 1; next }
      print $0 ":" code[place[1], place[2]]
      bad = 1
    }
    END {
      for (row = 1; row <= count && every == "every"; row++)
        if (there[row] && !used[row] && !chance[row]) { print rows ": is run: " file[row] "," what[row]; bad = 1 }
      exit bad
    }'
}

if $short; then
  unexplained there </dev/null || { echo "coverage: failed" && exit 1; }
  echo "coverage: $(tail -n +2 "$explained" | wc -l) explanations are of code that is there"
  exit
fi

command -v gcovr >/dev/null || { echo "coverage.sh: no gcovr here (scripts/install.sh trust)" >&2 && exit 1; }
if ! $again; then
  {
    cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS_DEBUG="-O0 -g" \
      -DCMAKE_C_FLAGS="--coverage -fprofile-update=atomic -include $PWD/scripts/coverage/count.h"
    cmake --build $build --parallel "$jobs"
  } >"$out/log" 2>&1 || { tail -n 20 "$out/log" >&2 && exit 1; }
  find $build -name '*.gcda' -delete
  CK_TIMEOUT_MULTIPLIER=60 ctest --test-dir $build -j "$jobs" --timeout 7200 --output-on-failure \
    -E '^lint/|^system/mutants$|^cli/(test_determinism|test_bench)$' >"$out/log" 2>&1 || { cat "$out/log" >&2 && exit 1; }
fi
# The models are compiled once more with mechanisms that can be switched off: another program, not counted.
gcovr --root . --filter 'sim/' --filter 'models/' --exclude-directories '.*dgsim_mutants.*' \
  --exclude-unreachable-branches --exclude-branches-by-pattern '.*\bASSERT[A-Z_]*\(.*' \
  --csv "$out/files.csv" --sonarqube "$out/lines.xml" $build >"$out/log" 2>&1 || { cat "$out/log" >&2 && exit 1; }

awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  {
    split($1, part, "/")
    folder = part[1] "/" part[2]
    for (i = 0; i < 2; i++) {
      name = i ? "all" : folder
      lines[name] += $at["line_total"]; run[name] += $at["line_covered"]
      branches[name] += $at["branch_total"]; taken[name] += $at["branch_covered"]
    }
  }
  function show(name) {
    printf "%-16s %6d lines %5.1f %%  %6d branches %5.1f %%\n", name, lines[name], 100 * run[name] / lines[name],
      branches[name], branches[name] ? 100 * taken[name] / branches[name] : 100
  }
  END { for (name in lines) show(name) }' "$out/files.csv" | LC_ALL=C sort >"$out/folders"
grep -v '^all ' "$out/folders"
grep '^all ' "$out/folders"

sed 's/></>\n</g' "$out/lines.xml" |
  sed -nE 's|.*<file path="([^"]*)".*|\1|; /^[^ <]/{h;d}; s|.*lineNumber="([0-9]+)" covered="false".*|\1|; /^[0-9]+$/{G; s|(.*)\n(.*)|\2:\1|p}' |
  LC_ALL=C sort -t: -k1,1 -k2,2n >"$out/uncovered"
failed=0
unexplained every <"$out/uncovered" >"$out/unexplained" || failed=1
if $list; then cat "$out/unexplained"; fi
missing=$(grep -c '^[^,]*:[0-9]*:' "$out/unexplained" || true)
echo "$(wc -l <"$out/uncovered") lines are not run, $missing of them without a reason"
grep "^$explained" "$out/unexplained" >&2 || true

read -r lines_share branches_share < <(awk '$1 == "all" { print $4, $8 }' "$out/folders")
if ! awk -v a="$lines_share" -v b="$branches_share" -v l=$least_lines -v r=$least_branches 'BEGIN { exit !(a >= l && b >= r) }'; then
  echo "coverage.sh: $least_lines % of lines and $least_branches % of branches are wanted" >&2
  failed=1
fi
if $write && ((!failed)); then
  {
    echo check,figure,command
    echo "lines of sim/ and models/ that tests run,$lines_share %; each of the other $(wc -l <"$out/uncovered") has a reason,scripts/coverage.sh"
    echo "branches of them,$branches_share %,scripts/coverage.sh"
  } >tests/evidence/coverage.csv
fi
if ((failed)); then echo "coverage: failed" && exit 1; fi
