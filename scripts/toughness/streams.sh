# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Standard output and error that take nothing.

row reader_gone 'who reads the output, as `head` does, has gone' '`run`, `merge`, `explore`, `shrink`, `explain`, `check`' 70 \
  'cannot write to the standard output' 'all files are written'
row filter_gone 'who reads the output, as `head` does, has gone' '`list`, `diff`, `judge`, `replay`' '141, of SIGPIPE' '' 'they have no files'
row output_full 'standard output on a full disk' 'all commands' 70 'cannot write to the standard output' \
  'all files are written' dev_full
row output_closed 'standard output, or all three, closed' 'all commands' 70 'cannot write to the standard output' \
  'all files are written'
row errors_gone 'who reads standard error has gone' '`run`' 0 '' 'all files are written'

writing=('run camp.yaml --no-charts --out k' 'merge shards/camp --no-charts --out m' 'explore lost-ack.yaml --set faults=[] --out e'
  'shrink lost-ack.yaml --out s' 'explain lost-ack.yaml --out x' 'check one.yaml --save c -- bash twice.sh')
# What they leave behind, wherever their output goes.
written() {
  whole k
  whole m
  for file in 'e/lost-ack/anomalies/*.yaml' 's/lost-ack/anomalies/*.yaml' 'x/lost-ack/anomalies/2.svg' 'c/*.yaml'; do
    compgen -G "$file" >/dev/null || fail "not written: $file"
  done
  rm -rf k m e s x c
}
each_of() { # HOW COMMAND...: as HOW does it, which sets got
  local how=$1 command words
  shift
  for command; do
    read -ra words <<<"$command"
    "$how" "${words[@]}"
    expect "${expected:-}"
  done
}

# The output has to be more than what is kept back until it ends, and the reader gone before that.
into_nobody() {
  TOUGHNESS_ROW=$row timeout "$limit_s" bash -c 'exec 3> >(exec true); wait "$!"; "$0" "$@" >&3' "$dgsim" "$@" \
    2>err </dev/null
  got=$?
  : >out
}
into_full() {
  TOUGHNESS_ROW=$row timeout "$limit_s" "$dgsim" "$@" >/dev/full 2>err </dev/null
  got=$?
}
into_closed() {
  TOUGHNESS_ROW=$row timeout "$limit_s" "$dgsim" "$@" 2>err >&- <&-
  got=$?
}
shards() { succeed "${run[@]}" --out shards --shard 1/1; }

reader_gone() {
  shards
  each_of into_nobody "${writing[@]}"
  written
}
reading=('list keys' 'diff ../a.trace ../a.trace' 'judge ../a.trace' 'replay lost-ack.yaml')
filter_gone() { expected=141 each_of into_nobody "${reading[@]}"; }
output_full() {
  shards
  each_of into_full "${writing[@]}" "${reading[@]}" '--help' 'run camp.yaml --dry-run'
  written
}
output_closed() {
  shards
  each_of into_closed "${writing[@]}" "${reading[@]}"
  written
  TOUGHNESS_ROW=$row timeout "$limit_s" "$dgsim" "${run[@]}" --out k <&- >&- 2>&-
  [[ $? == 70 ]] || fail 'with nothing open'
  whole k
}
errors_gone() {
  # without gnuplot it has something to say there
  mkdir nothing
  TOUGHNESS_ROW=$row timeout "$limit_s" \
    bash -c 'exec 3> >(exec true); wait "$!"; PATH=$PWD/nothing exec "$0" "$@" 2>&3' \
    "$dgsim" run camp.yaml --out k >out </dev/null
  got=$?
  : >err
  expect
  whole k
}
