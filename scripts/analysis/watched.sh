# shellcheck shell=bash disable=SC2154 # variables are those of analysis.sh
# Tools that watch the program run.

# Every test but those of the sources, the benchmark and the comparison of compilers, which say nothing here.
sanitized() { # PRESET CHECK
  local counted
  scripts/build.sh "$1" >"$out/$1.log" 2>&1 || { tail -n 20 "$out/$1.log" >&2 && return 1; }
  if ! ctest --test-dir "build-$1" -j "$jobs" --timeout 3600 --output-on-failure \
    -E '^lint/|^cli/(compilers|test_bench)$' >"$out/$1.log" 2>&1; then
    cat "$out/$1.log" >&2
    return 1
  fi
  counted=$(sed -nE 's/^100% tests passed, 0 tests failed out of ([0-9]+)$/\1/p' "$out/$1.log")
  row "$1" "$2" "no finding in ${counted:?} test programs"
}
part_asan() { sanitized asan "every test, AddressSanitizer and UndefinedBehaviorSanitizer"; }
part_tsan() { sanitized tsan "every test, ThreadSanitizer"; }

# A process under valgrind: errors and leaks of any kind fail it.
under_valgrind() { # NAME COMMAND…
  local status=0
  valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
    --suppressions=scripts/analysis/valgrind.supp --log-file="$out/valgrind/$1.%p" "${@:2}" >"$out/valgrind/$1.said" 2>&1 ||
    status=$?
  if ((status == 99)) || [[ -n $(find "$out/valgrind" -name "$1.[0-9]*" -size +0) ]]; then
    cat "$out/valgrind/$1".[0-9]* >&2
    return 1
  fi
  if ((status > 1)); then # 1: of a scenario that is there to break
    echo "analysis.sh: $1 ends with $status" >&2
    tail -n 20 "$out/valgrind/$1.said" >&2
    return 1
  fi
}
export -f under_valgrind

# Unit tests of every layer, and a run, an exploration and a check of the whole program.
part_valgrind() {
  local status=0 layers=base:kernel:world:handler:oracle:models:runner build=build-valgrind programs=()
  needs valgrind valgrind
  if $short; then layers=base:kernel; fi
  {
    cmake -S . -B $build -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DDGSIM_MPI=OFF \
      "-DCMAKE_C_FLAGS_DEBUG=-g -O1 -DDGSIM_VALGRIND"
    while IFS= read -r file; do
      programs+=("$(sed -E 's|^tests/([a-z]+)/(.*)\.c$|\1_\2|' <<<"$file")")
    done < <(find tests -name 'test_*.c' | grep -E "^tests/(${layers//:/|})/" | LC_ALL=C sort)
    cmake --build $build --parallel "$jobs" --target dgsim "${programs[@]}"
  } >"$out/valgrind.log" 2>&1 || { tail -n 20 "$out/valgrind.log" >&2 && return 1; }
  mkdir "$out/valgrind"
  export out CK_TIMEOUT_MULTIPLIER=60
  {
    printf '%s\n' "run $build/dgsim run scenarios/four-guarantees.yaml --seeds 1 --set workload/for=1s --no-charts --out $out/valgrind/run -j 1"
    printf '%s\n' "explore $build/dgsim explore scenarios/tutorial/08-every-fault.yaml --row queue --at ack-sent --out $out/valgrind/explore -j 1"
    printf '%s\n' "check $build/dgsim check scenarios/check/zoo/single.yaml -j 1 --out $out/valgrind/check --sql scenarios/check/zoo/effect-before-mark.sql"
    for program in "${programs[@]}"; do echo "$program $build/tests/$program"; done
  } | xargs -P "$jobs" -L 1 bash -c 'under_valgrind "$@"' valgrind || status=1
  row valgrind "valgrind" "$(if ((status)); then echo FINDINGS; else echo "no error and no leak"; fi) in a run, an exploration, a check and ${#programs[@]} unit tests"
  return $status
}
