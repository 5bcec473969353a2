# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Few resources. Where the least that it needs is less than what it has, it goes on.

row memory 'too little memory (`ulimit -v`)' '`run`, `explore`, `check`' 70 'out of memory: a smaller -j or scenario needs less' \
  'of a run, the journal: `--resume` with more memory, or a smaller `-j`' plain
row descriptors '16 descriptors (`ulimit -n 16`)' '`run`, `explore`, `explain`, `check`' 'as with more' '' 'enough for all but a `check` with many workers'
row few_descriptors 'fewer descriptors than it needs' '`run`, `check -j 8`' 64 'Too many open files' 'a smaller `-j`, or a larger limit'
row threads 'fewer threads than `-j` wants (`ulimit -u`)' '`run`, `explore`' 0 'threads instead of' \
  'the same results, with those that there are' 'idle_user plain'
row processes 'fewer processes than it needs (`ulimit -u`)' '`check`' 64 'Resource temporarily unavailable' \
  'a smaller `-j`, or a larger limit' 'idle_user plain'
row stack 'a small stack (`ulimit -s 256`)' '`run`, `explore`, `check`' 0 '' 'the same results' plain
row processor_time 'no more processor time (`ulimit -t`)' '`run`' '137 or 152' '' 'as after SIGKILL: `--resume`'
row clock 'a clock that is set back or forward' 'all commands' 0 '' 'no result reads a clock; `manifest.json` alone tells the time'

# limited OPTION OF PRLIMIT... -- ARGUMENT...: as tool, with limits for the tool alone.
limited() {
  local limits=()
  while [[ $1 != -- ]]; do limits+=("$1") && shift; done
  TOUGHNESS_ROW=$row timeout -k 5 "$limit_s" prlimit "${limits[@]}" "$dgsim" "${@:2}" >out 2>err </dev/null
  got=$?
}

# It works, or it says what it lacks: never anything between. From what the program cannot even be loaded with.
memory() {
  local step mib lacked=0 command words
  for command in "run camp.yaml --no-charts -j 2 --out k" "explore lost-ack.yaml --set faults=[] --out e" \
    "check one.yaml --out c -- bash careful.sh"; do
    read -ra words <<<"$command"
    for mib in $(seq 24 "$(if_long 1 12)" 96); do
      rm -rf k
      limited --as=$((mib * 1048576)) -- "${words[@]}"
      case $got in
      0) [[ ${words[0]} != run ]] || whole k ;;
      127) grep -q 'shared librar' err || fail 'not loaded, and not that' ;;
      *)
        if [[ $got == 1 && ${words[0]} == explore ]]; then continue; fi # it has found something
        if grep -qE 'annot (start|allocate)|no process' err out; then continue; fi # a thread's stack, a program
        lacked=$((lacked + 1))
        expect
        [[ ${words[0]} != run ]] || marked k
        ;;
      esac
    done
  done
  ((lacked > 0)) || fail 'it never lacked memory: nothing is tested'
}

descriptors() {
  limited --nofile=16 -- run camp.yaml --out k
  expect 0
  whole k
  limited --nofile=16 -- explain lost-ack.yaml --out x
  expect 0
  limited --nofile=16 -- check one.yaml -j 1 --out c -- bash careful.sh
  expect 0
  limited --nofile=16 -- explore lost-ack.yaml --set faults=[] --set workload/messages=1 --out e
  expect 1
}
few_descriptors() {
  limited --nofile=4 -- "${run[@]}" --out k
  expect
  [[ ! -e k/camp/runs.csv ]] || fail 'something was run'
  limited --nofile=16 -- check one.yaml -j 8 --keep-going -- bash careful.sh
  expect
  for i in $(seq 4 "$(if_long 1 3)" 24); do # whatever is lacking
    rm -rf k
    limited --nofile="$i" -- run camp.yaml --out k
    if ((got == 0)); then whole k; elif ((got != 64)); then fail "$i descriptors: status $got"; fi
    limited --nofile="$i" -- check one.yaml -j 2 --out c -- bash careful.sh
    case $got in
    0) ;;
    2 | 64) grep -q 'Too many open files' out err || fail "$i descriptors: it does not say what it lacks" ;;
    *) fail "$i descriptors: check ends with $got" ;;
    esac
  done
}

as_nobody() { # LIMIT ARGUMENT...
  TOUGHNESS_ROW=$row other_user timeout -k 5 "$limit_s" prlimit --nproc="$1" "$dgsim" "${@:2}" >out 2>err </dev/null
  got=$?
}
threads() {
  chmod 777 .
  as_nobody 4 "${run[@]}" -j 8 --out k
  expect
  whole k
  as_nobody 4 explore lost-ack.yaml --set faults=[] -j 8 --out e --no-shrink
  expect 1
}
processes() {
  chmod 777 . tmp
  as_nobody 4 check one.yaml -j 8 --out c -- bash careful.sh
  expect
  for ((i = 1; i < 12; i++)); do
    as_nobody "$i" check one.yaml -j 2 --out c -- bash careful.sh
    [[ $got == 0 || $got == 2 || $got == 64 ]] || fail "$i processes: check ends with $got"
  done
}

stack() {
  limited --stack=262144 -- "${run[@]}" --out k
  expect
  whole k
  limited --stack=262144 -- check one.yaml --out c -- bash careful.sh
  expect
  limited --stack=262144 -- explore lost-ack.yaml --set faults=[] --out e
  expect 1
}

processor_time() {
  limited --cpu=1:1 -- run camp.yaml --seeds 4000 --no-charts --out k
  [[ $got == 137 || $got == 152 ]] || fail "status $got"
  run=(run camp.yaml --seeds 4000 --no-charts)
  tool "${run[@]}" --set workload/messages=2 --out k --resume
  [[ $got == 64 ]] || fail 'another campaign is gone on with'
  grep -q . k/camp/runs.journal || fail 'no journal'
}

# The one file that may ask for the time of day.
clock() {
  local files
  files=$(cd "$top" && grep -rlE 'CLOCK_REALTIME|gettimeofday|[^_a-z]time\(|localtime|gmtime|clock\(\)' sim models --include='*.c' --include='*.h' | sort)
  [[ $files == sim/runner/manifest.c ]] || fail "who asks for the time of day: $files"
  got=0
  expect
}
