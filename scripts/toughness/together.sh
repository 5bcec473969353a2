# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Two at once, and folders in which something else is.

row two_runs 'two runs into one folder at once' '`run`' '64, the second' 'another process is writing' \
  'the first is not disturbed: wait for it, or `--out DIR`'
row two_merges 'files of two campaigns put into one folder at once' '`merge`, `run`' 0 '' 'all files are of one of them'
row stale_lock 'the lock of a process that was killed' '`run`' 0 '' 'it ended with the process: nothing is to be removed'
row foreign_files 'files of somebody else in the folder' '`run`' 0 'was no journal that can be read: it is kept as' \
  'they stay; what has the name of a file of ours is replaced, a `runs.journal` that is none is kept as `.old`'
row foreign_folder 'folders where files are to be, or files where folders are' '`run`' 64 'dgsim: error: ' 'nothing was run, and they stay'
row foreign_latest 'a file or folder called `latest`' '`run`' 64 'is in the way' 'nothing was run, and it stays'
row foreign_resume 'a `runs.journal` of another campaign, or none' '`run --resume`' 64 'error: ' 'it stays as it is'

two_runs() {
  stop_in_the_middle k/camp/runs.journal "${run[@]}" --out k # it does not get done meanwhile
  local first=$pid
  for second in "${run[*]}" "${run[*]} --resume" 'run earlier.yaml --no-charts'; do
    local words
    read -ra words <<<"$second"
    [[ -e first.err ]] || { mv out first.out && mv err first.err; }
    tool "${words[@]}" --out k
    expect 64
  done
  kill -CONT "$first"
  pid=$first
  finish
  [[ $got == 0 && ! -s first.err ]] || fail 'the first is disturbed'
  whole k
}

two_merges() {
  succeed "${run[@]}" --out a --shard 1/1
  succeed run earlier.yaml --out b --shard 1/1
  for ((round = 0; round < $(if_long 50 4); round++)); do
    TOUGHNESS_ROW=$row "$dgsim" merge a/camp --no-charts --out k >out 2>err </dev/null &
    local one=$!
    TOUGHNESS_ROW=$row "$dgsim" merge b/camp --no-charts --out k >out2 2>err2 </dev/null &
    wait $one
    got=$?
    expect
    wait $!
    got=$?
    expect
    marked k
    [[ -e k/camp/manifest.json ]] || fail 'no manifest'
  done
}

stale_lock() {
  start "${run[@]}" --out k
  until_true holds_bytes k/camp/runs.journal 1000
  signal KILL "$pid"
  finish
  tool "${run[@]}" --out k
  expect
  whole k
}

foreign_files() {
  mkdir -p k/camp/charts k/other
  local file
  for file in notes.txt runs.csv.bak charts/mine.svg .hidden .new.notes runs.journal; do echo mine >"k/camp/$file"; done
  echo 'not,ours' >k/camp/runs.csv
  ln -s /nowhere k/camp/summary.txt
  tool "${run[@]}" --out k
  expect
  whole k
  for file in notes.txt runs.csv.bak charts/mine.svg .hidden .new.notes runs.journal.old; do
    [[ $(<"k/camp/$file") == mine ]] || fail "$file is gone"
  done
  [[ ! -e /nowhere ]] || fail 'written where a link led to'
  rm k/camp/.new.notes
}

foreign_folder() {
  local file
  for file in runs.csv manifest.json runs.journal charts/latency.gp; do
    rm -rf k && mkdir -p "k/camp/$file"
    tool run camp.yaml --out k
    expect
    [[ -d k/camp/$file && ! -e k/camp/summary.txt ]] || fail "$file"
    grep -q "$file" err || fail "$file is not named"
    temporary k
  done
  for file in k k/camp k/camp/charts; do
    rm -rf k && mkdir -p "$(dirname "$file")" && echo mine >"$file"
    tool run camp.yaml --out k
    expect
    [[ $(<"$file") == mine ]] || fail "$file is gone"
    [[ ! -s k/camp/runs.journal ]] || fail "$file: something was run"
  done
}

foreign_latest() {
  mkdir k && echo mine >k/latest
  tool run camp.yaml --out k
  expect
  [[ $(<k/latest) == mine && ! -s k/camp/runs.journal ]] || fail 'latest'
  rm k/latest && mkdir k/latest
  tool run camp.yaml --out k
  expect
}

foreign_resume() {
  mkdir -p k/camp
  echo mine >k/camp/runs.journal
  tool "${run[@]}" --out k --resume
  expect
  [[ $(<k/camp/runs.journal) == mine ]] || fail 'a file of somebody else is changed'
  cp "$base/earlier/camp/runs.journal" k/camp/
  tool "${run[@]}" --out k --resume
  expect
  cmp -s k/camp/runs.journal "$base/earlier/camp/runs.journal" || fail 'a journal of another campaign is changed'
}
