# shellcheck shell=bash disable=SC2154 # variables are those of analysis.sh
# Tools that watch the program run.

# A test, unless it has passed with these sources: what was stopped goes on. That is noted in build-PRESET/passed.
sanitized_test() { # PRESET NAME
  if grep -qxF "$2" "build-$1/passed"; then return; fi
  if ctest --test-dir "build-$1" --timeout 3600 --output-on-failure -R "^${2//./\\.}\$" >"$out/$1/${2//\//_}" 2>&1; then
    echo "$2" >>"build-$1/passed"
  else
    cat "$out/$1/${2//\//_}" >&2
    return 1
  fi
}
export -f sanitized_test

# Every test but those of the sources, the benchmark and the comparison of builds, which say nothing here.
sanitized() { # PRESET CHECK
  local status=0 sources tests=()
  scripts/build.sh "$1" >"$out/$1.log" 2>&1 || { tail -n 20 "$out/$1.log" >&2 && return 1; }
  sources=$(find CMakeLists.txt README.md sim models tests scenarios scripts -type f \
    ! -path 'tests/evidence/*' ! -path 'scripts/analysis/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  if [[ ! -e build-$1/passed ]] || [[ $(head -n 1 "build-$1/passed") != "$sources" ]]; then
    echo "$sources" >"build-$1/passed"
  fi
  mapfile -t tests < <(ctest --test-dir "build-$1" -N -E '^lint/|^cli/(test_determinism|test_bench)$' |
    sed -n 's/^ *Test *#[0-9]*: //p')
  # A program that ends has the last word of its threads waited for a second, in each of thousands of processes.
  export out CK_TIMEOUT_MULTIPLIER=20 TSAN_OPTIONS=atexit_sleep_ms=0
  mkdir "$out/$1"
  printf '%s\n' "${tests[@]}" | xargs -P "$jobs" -n 1 bash -c 'sanitized_test "$@"' sanitized "$1" || status=1
  if ((!status)); then row "$1" "$2" "no finding in ${#tests[@]} test programs"; fi
  return $status
}
part_asan() { sanitized asan "every test, AddressSanitizer and UndefinedBehaviorSanitizer"; }
part_tsan() { sanitized tsan "every test, ThreadSanitizer"; }

# A process under valgrind: errors and leaks of any kind fail it.
under_valgrind() { # NAME COMMAND…
  local status=0 most=0
  case $1 in run | explore | check) most=1 ;; esac # of a scenario that is there to break
  valgrind --quiet --num-callers=40 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
    --suppressions=scripts/analysis/valgrind.supp --log-file="$out/valgrind/$1.%p" "${@:2}" >"$out/valgrind/$1.said" 2>&1 ||
    status=$?
  # What is no finding begins otherwise, as what it says of system calls that it does not know.
  if ((status == 99)) || grep -qs '^==' "$out/valgrind/$1".[0-9]*; then
    cat "$out/valgrind/$1".[0-9]* >&2
    return 1
  fi
  if ((status > most)); then
    echo "analysis.sh: $1 ends with $status" >&2
    tail -n 20 "$out/valgrind/$1.said" >&2
    return 1
  fi
}
export -f under_valgrind

# Unit tests of every layer, and a run, an exploration and a check of the whole program. Not that of plug-ins: it loads
# objects which crash or are damaged, and so reads what it must not. The short form takes what is in build/: programs
# without handlers, whose stacks valgrind has to be told of.
part_valgrind() {
  local status=0 layers=base:kernel:world:handler:oracle:models:runner build=build-valgrind programs=()
  needs valgrind
  mkdir "$out/valgrind"
  export out CK_TIMEOUT_MULTIPLIER=60
  if $short; then
    programs=(base_test_{arena,bytes,schema} kernel_test_trace oracle_test_verdict world_test_disk)
    scripts/build.sh release "${programs[@]}" >"$out/valgrind.log" 2>&1 ||
      { tail -n 20 "$out/valgrind.log" >&2 && return 1; }
    for program in "${programs[@]}"; do echo "$program build/tests/$program"; done |
      xargs -P "$jobs" -L 1 bash -c 'under_valgrind "$@"' valgrind || status=1
    if ((!status)); then row valgrind valgrind "no error and no leak in ${#programs[@]} unit tests"; fi
    return $status
  fi
  {
    cmake -S . -B $build -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DDGSIM_MPI=OFF \
      "-DCMAKE_C_FLAGS_DEBUG=-g -O1 -DDGSIM_VALGRIND"
    while IFS= read -r file; do
      programs+=("$(sed -E 's|^tests/([a-z]+)/(.*)\.c$|\1_\2|' <<<"$file")")
    done < <(find tests -name 'test_*.c' ! -path tests/handler/test_plugin.c | grep -E "^tests/(${layers//:/|})/" |
      LC_ALL=C sort)
    cmake --build $build --parallel "$jobs" --target dgsim "${programs[@]}"
  } >"$out/valgrind.log" 2>&1 || { tail -n 20 "$out/valgrind.log" >&2 && return 1; }
  {
    echo "run $build/dgsim run scenarios/four-guarantees.yaml --seeds 1 --set workload/for=1s --no-charts" \
      "-j 1 --out $out/valgrind/run"
    echo "explore $build/dgsim explore scenarios/tutorial/08-every-fault.yaml --row queue --at ack-sent" \
      "-j 1 --out $out/valgrind/explore"
    echo "check $build/dgsim check scenarios/check/zoo/single.yaml -j 1 --out $out/valgrind/check" \
      "--sql scenarios/check/zoo/effect-before-mark.sql"
    for program in "${programs[@]}"; do echo "$program $build/tests/$program"; done
  } | xargs -P "$jobs" -L 1 bash -c 'under_valgrind "$@"' valgrind || status=1
  if ((!status)); then
    row valgrind valgrind "no error and no leak in a run, an exploration, a check and ${#programs[@]} unit tests"
  fi
  return $status
}
