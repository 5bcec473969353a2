# shellcheck shell=bash disable=SC2154 # variables are those of analysis.sh
# Tools that read the code.

sources() { find "$@" -name '*.c' | LC_ALL=C sort; }

# What is told where a tool found nothing, or something.
said() { # STATUS FILES
  if (($1)); then echo "FINDINGS in $2 files"; else echo "no finding in $2 files, $accepted_count accepted with a reason"; fi
}

# The consumers in scenarios/ are of any shell, and get the fields of a message by `eval`.
part_shellcheck() {
  local scripts=(.ci/run) consumers=() file status=0
  needs shellcheck
  while IFS= read -r file; do scripts+=("$file"); done < <(find scripts tests -name '*.sh' | LC_ALL=C sort)
  while IFS= read -r file; do consumers+=("$file"); done < <(find scenarios -name '*.sh' | LC_ALL=C sort)
  shellcheck "${scripts[@]}" >&2 || status=1
  shellcheck --shell=sh --external-sources --source-path=SCRIPTDIR --exclude=SC2154 "${consumers[@]}" >&2 || status=1
  accepted_count=$(cat "${scripts[@]}" "${consumers[@]}" | grep -c "^ *# shellcheck disable=")
  row shellcheck shellcheck "$(said $status $((${#scripts[@]} + ${#consumers[@]})))"
  return $status
}

# Style is not looked at in tests, whose tables have members that only a loop reads.
part_cppcheck() {
  local status=0 folders=(sim models)
  needs cppcheck
  local general=(--quiet --std=c17 -D_GNU_SOURCE -I . -j "$jobs" --suppressions-list=scripts/analysis/cppcheck.txt)
  general+=('--template={file}:{line}:{column}: {severity}: {message} [{id}]')
  cppcheck "${general[@]}" --enable=warning,performance,portability,style sim models 2>"$out/cppcheck.log" ||
    { cat "$out/cppcheck.log" >&2 && return 1; }
  if ! $short; then
    folders+=(tests)
    sources tests >"$out/tests"
    cppcheck "${general[@]}" --enable=warning,performance,portability "--file-list=$out/tests" 2>>"$out/cppcheck.log" ||
      { cat "$out/cppcheck.log" >&2 && return 1; }
  fi
  findings cppcheck "$out/cppcheck.log" || status=1
  row cppcheck cppcheck "$(said $status "$(sources "${folders[@]}" | wc -l)")"
  return $status
}

# What clang-tidy says of a file, or has said of it when it, all that it includes and the checks were these: so what
# was stopped goes on. The words are kept in build-tidy/said.
tidy_file() { # FILE
  local said="build-tidy/said/${1//\//_}" read status=0
  read=$({ echo "$tidy_options" && clang-tidy --version && cat .clang-tidy &&
    clang -MM -MG -std=c17 -D_GNU_SOURCE -I . "$1" | tr -cs '[:alnum:]_./-' '\n' | grep -E '^(sim|models)/' |
      xargs cat; } | sha256sum)
  if [[ ! -e $said ]] || [[ $(head -n 1 "$said") != "$read" ]]; then
    clang-tidy --quiet -p build-tidy ${tidy_options:+"$tidy_options"} "$1" >"$said.new" 2>"$said.err" ||
      status=$?
    # 1: it has found an error, which its words tell. Whoever fails otherwise has said nothing.
    if ((status > 1)) || { ((status)) && [[ ! -s $said.new ]]; }; then cat "$said.err" >&2 && return 1; fi
    { echo "$read" && cat "$said.new"; } >"$said.whole"
    mv "$said.whole" "$said"
    rm "$said.new" "$said.err"
  fi
  sed 1d "$said" >"$out/tidy/${1//\//_}"
}
export -f tidy_file

# The checks are those of .clang-tidy. The short form leaves out clang's analyzer, which takes most of the time.
part_tidy() {
  local status=0
  needs clang-tidy
  export out tidy_options=''
  if $short; then tidy_options='--checks=-clang-analyzer-*'; fi
  CC=clang cmake --preset dev -DDGSIM_WERROR=OFF -B build-tidy >"$out/configured" 2>&1 || { cat "$out/configured" >&2 && return 1; }
  sources sim models | grep -v /install/ >"$out/files"
  mkdir -p "$out/tidy" build-tidy/said
  # shellcheck disable=SC2016 # the dollar is of the inner shell
  xargs -P "$jobs" -n 1 bash -c 'set -euo pipefail; tidy_file "$1"' tidy <"$out/files" || return 1
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
