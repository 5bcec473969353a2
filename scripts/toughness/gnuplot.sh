# shellcheck shell=bash disable=SC2016,SC2034,SC2123,SC2154 # sourced by toughness.sh; code in the words of its tables
# A gnuplot that is not as it should be. The status is that of the verdict, and all files but charts are there.

row gnuplot_missing 'no gnuplot' '`run`, `merge`' 0 'warning: gnuplot not found, so there are no charts (--no-charts silences this)' \
  'all but the charts; their scripts are there'
row gnuplot_refused 'a gnuplot that cannot be started' '`run`' 0 'warning: gnuplot cannot be started, so there are no charts' 'all but the charts; their scripts are there'
row gnuplot_fails 'a gnuplot that fails' '`run`' 0 'warning: gnuplot failed on' 'the charts that it has made whole'
row gnuplot_dies 'a gnuplot that dies' '`run`' 0 'was ended by signal 11' 'the charts that it has made whole'
row gnuplot_hangs 'a gnuplot that hangs' '`run`, `merge`' 0 'so there are no more charts (--chart-limit)' \
  'it is ended after `--chart-limit` (1 min), with what it has started'
row gnuplot_floods 'a gnuplot that says too much' '`run`' 0 'warning: gnuplot failed on' 'the charts that it has made whole; of what it says, one line'

# fake SCRIPT: a gnuplot that does it.
fake() {
  mkdir -p fake
  printf '#!/bin/sh\n%s\n' "$1" >fake/gnuplot
  chmod +x fake/gnuplot
}
charts() { # COMMAND...
  PATH=$PWD/fake:$PATH tool "$@"
  expect
  [[ -z $(find k -name '*.svg') ]] || fail 'there are charts'
  whole k
  nothing_left
}
# As tool, with what is in `fake` for all its PATH.
without_others() {
  ln -sf "$(command -v timeout)" fake/timeout
  local before=$PATH
  PATH=$PWD/fake
  tool "$@"
  PATH=$before
}
gnuplot_missing() {
  mkdir fake
  succeed "${run[@]}" --out shards --shard 1/1
  for command in 'run camp.yaml --out k' 'merge shards/camp --out k'; do
    local words
    read -ra words <<<"$command"
    without_others "${words[@]}"
    expect
    whole k
  done
}
gnuplot_refused() {
  fake ''
  chmod 644 fake/gnuplot
  without_others run camp.yaml --out k
  expect
  whole k
}
gnuplot_fails() { fake 'echo "line 0: no fonts"; exit 1' && charts run camp.yaml --out k; }
gnuplot_dies() { fake 'kill -SEGV $$' && charts run camp.yaml --out k; }
gnuplot_hangs() {
  fake 'trap "" TERM HUP INT; sleep 1000 & sleep 1000'
  charts run camp.yaml --out k --chart-limit 300ms
  succeed "${run[@]}" --out shards --shard 1/1
  charts merge shards/camp --out k --chart-limit 300ms
}
gnuplot_floods() {
  fake 'head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2; yes no | head -c 2000000 >&2; exit 1'
  charts run camp.yaml --out k
  (($(wc -c <err) < 2000)) || fail 'it repeats all of that'
}
