#!/usr/bin/env bash
# Checks the direction of every #include of ours: each file includes its own layer and lower ones, by
# paths from the top. Prints the lines that do not; exit status 1 when there are any.
#   tests/lint/includes.sh [DIRECTORY]     default: this checkout
# The linker cannot see this: between static libraries an upward include hides.
# And <mpi.h> is for one file alone, so that everything else is the same with MPI and without.
set -euo pipefail
cd "${1:-"$(dirname "$0")/../.."}"

# FILES (the longest prefix wins)   what they may include, by prefix
rules='
sim/base                sim/base/
sim/kernel              sim/base/ sim/kernel/
sim/world               sim/base/ sim/kernel/ sim/world/
sim/handler             sim/base/ sim/kernel/ sim/handler/
sim/handler/dgsim.h     -
sim/oracle              sim/base/ sim/kernel/ sim/world/ sim/oracle/
sim/runner              sim/base/ sim/kernel/ sim/world/ sim/oracle/ sim/handler/program.h sim/handler/command_spawn.h sim/runner/
sim/cli                 sim/
sim/cli/main.c          sim/ models/registry.h
models                  sim/base/ sim/kernel/ sim/world/ sim/handler/ models/
tests/base              sim/base/ tests/base/
tests/kernel            sim/base/ sim/kernel/ tests/kernel/
tests/world             sim/base/ sim/kernel/ sim/world/ tests/world/
tests/handler           sim/base/ sim/kernel/ sim/handler/ tests/handler/
tests/oracle            sim/base/ sim/kernel/ sim/world/ sim/oracle/ tests/oracle/
tests/models            sim/base/ sim/kernel/ sim/world/ sim/handler/ models/ tests/models/
tests/runner            sim/base/ sim/kernel/ sim/world/ sim/oracle/ sim/runner/ tests/runner/
tests/system            sim/base/ sim/kernel/ sim/world/ sim/oracle/ sim/runner/ sim/handler/ models/registry.h tests/system/
tests/system/two_judges.h  sim/runner/run.h tests/oracle/second_judge.h
tests/system/broken_models.h  sim/world/ models/ tests/system/
tests/system/lying_models.h  sim/world/ sim/handler/ models/ tests/system/
tests/system/mutants.c  sim/world/ sim/runner/ sim/oracle/ models/mutants.h tests/system/
tests/fuzz              sim/ models/registry.h tests/fuzz/
tests/bench             sim/base/ sim/kernel/ tests/bench/
'
# A file that no rule names may include nothing of ours, so that a new folder needs a rule. How a program of tests ends
# (tests/run_suite.h) is for all of them.
files=()
while IFS= read -r file; do files+=("$file"); done < <(
  for top in sim models tests; do
    if [[ -d $top ]]; then find "$top" -name '*.[ch]'; fi
  done | LC_ALL=C sort
)
if ((${#files[@]} == 0)); then
  echo "includes.sh: no C files in $PWD" >&2
  exit 1
fi
awk -v rules="$rules" '
  BEGIN {
    count = split(rules, lines, "\n")
    for (i = 1; i <= count; i++) {
      split(lines[i], words, " ")
      if (words[1] != "") { allowed[words[1]] = lines[i]; sub(/^[^ ]+ +/, "", allowed[words[1]]) }
    }
  }
  function rule_of(path) {
    while (path != "") {
      if (path in allowed) return allowed[path]
      if (!sub(/\/[^\/]*$/, "", path)) return "-"
    }
    return "-"
  }
  # An include of ours: in quotes, or in angle brackets with one of our paths.
  /^[ \t]*#[ \t]*include[ \t]*("|<(sim|models|tests)\/)/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", target)
    sub(/[">].*$/, "", target)
    rule = rule_of(FILENAME)
    count = split(rule, prefixes, " ")
    good = target !~ /\.\./ && $0 !~ /</
    found = rule != "-" && FILENAME ~ /^tests\// && target == "tests/run_suite.h"
    for (i = 1; i <= count; i++) if (index(target, prefixes[i]) == 1) found = 1
    if (good && found) next
    printf "%s:%d: %s\n    may include: %s\n", FILENAME, FNR, $0, rule == "-" ? "nothing of ours" : rule
    offences++
  }
  /^[ \t]*#[ \t]*include[ \t]*<mpi\.h>/ && FILENAME != "sim/runner/ranks_port.c" {
    printf "%s:%d: %s\n    only sim/runner/ranks_port.c may include it\n", FILENAME, FNR, $0
    offences++
  }
  END { exit offences > 0 }
' "${files[@]}"
