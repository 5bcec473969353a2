# shellcheck shell=bash disable=SC2154 # variables are those of analysis.sh
# Tools that read the code.

sources() { find "$@" -name '*.c' | LC_ALL=C sort; }

# What is told where a tool found nothing, or something.
said() { # STATUS FILES
  if (($1)); then echo "FINDINGS in $2 files"; else echo "no finding in $2 files, $accepted_count accepted with a reason"; fi
}

part_shellcheck() {
  local scripts=(.ci/run) file status=0
  needs shellcheck shellcheck
  accepted_count=0
  while IFS= read -r file; do scripts+=("$file"); done < <(find scripts tests scenarios -name '*.sh' | LC_ALL=C sort)
  shellcheck "${scripts[@]}" >&2 || status=1
  accepted_count=$(cat "${scripts[@]}" | grep -c "^ *# shellcheck disable=")
  row shellcheck shellcheck "$(said $status ${#scripts[@]})"
  return $status
}

# Style is not looked at in tests, whose tables have members that only a loop reads.
part_cppcheck() {
  local status=0
  needs cppcheck cppcheck
  local general=(--quiet --std=c17 -D_GNU_SOURCE -I . -j "$jobs" --inline-suppr)
  general+=('--template={file}:{line}:{column}: {severity}: {message} [{id}]' '--suppressions-list=scripts/analysis/cppcheck.txt')
  cppcheck "${general[@]}" --enable=warning,performance,portability,style sim models 2>"$out/cppcheck.log"
  sources tests >"$out/tests"
  cppcheck "${general[@]}" --enable=warning,performance,portability --file-list="$out/tests" 2>>"$out/cppcheck.log"
  findings cppcheck "$out/cppcheck.log" || status=1
  row cppcheck cppcheck "$(said $status "$(sources sim models tests | wc -l)")"
  return $status
}

# The checks are those of .clang-tidy. The short form leaves out clang's analyzer, and most files.
part_tidy() {
  local status=0 options=() folders=(sim models)
  needs clang-tidy clang-tidy
  if $short; then options=(--checks=-clang-analyzer-*) folders=(sim/base sim/kernel sim/oracle models/handlers); fi
  CC=clang cmake --preset dev -B build-tidy >"$out/configured" 2>&1 || { cat "$out/configured" >&2 && return 1; }
  sources "${folders[@]}" | grep -v /install/ >"$out/files"
  mkdir "$out/tidy"
  export out
  # shellcheck disable=SC2016 # the dollars are of the inner shell
  xargs -P "$jobs" -n 4 bash -c 'clang-tidy --quiet -p build-tidy "$@" >"$out/tidy/$$" 2>/dev/null' \
    "tidy" "${options[@]}" <"$out/files" || true # what it found is in its words
  cat "$out"/tidy/* >"$out/tidy.log"
  findings tidy "$out/tidy.log" || status=1
  row tidy clang-tidy "$(said $status "$(wc -l <"$out/files")")"
  return $status
}

# A build from nothing, as warnings are printed once. gcc 12 takes memory for lost that a member of a structure keeps
# which another function fills: leaks are looked for when tests run, by AddressSanitizer and valgrind.
part_analyzer() {
  local status=0 target=dgsim
  if $short; then target=dgsim_kernel; fi
  {
    cmake -S . -B build-analyzer -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF \
      "-DCMAKE_C_FLAGS_DEBUG=-g -O1 -fanalyzer -Wno-analyzer-malloc-leak"
    cmake --build build-analyzer --parallel "$jobs" --target $target --clean-first
  } >"$out/analyzer.log" 2>&1 || { tail -n 20 "$out/analyzer.log" >&2 && return 1; }
  findings analyzer "$out/analyzer.log" || status=1
  row analyzer "gcc -fanalyzer" "$(said $status "$(grep -c 'Building C object' "$out/analyzer.log")")"
  return $status
}
