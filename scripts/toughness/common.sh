# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh, which uses what it does not
# What rows have in common: how a command is run and looked at, and what has to be so after each.

limit_s=120 # of each command: more than this is a hang
failures=0
fail() {
  echo "FAILED: $*"
  if ((failures == 0)); then
    for file in out err; do if [[ -s $file ]]; then head -c 1000 "$file" | sed "s/^/  $file: /"; fi; done
  fi
  failures=$((failures + 1))
}
long() { [[ $form == long ]]; }
if_long() { if long; then echo "$1"; else echo "$2"; fi; } # LONG SHORT
top=$PWD

# --- What a machine allows ---

can_mount() { # and change it, which users' namespaces may refuse
  read -ra wrap <<<"$(mount_wrap)"
  "${wrap[@]}" sh -c 'mount -t tmpfs none "$1" && mount -o remount,ro "$1"' sh "$TOUGHNESS_WORK/probe" 2>/dev/null
}
mount_wrap() { if ((EUID == 0)); then echo unshare -m; else echo unshare -rm; fi; }
can_user() { ((EUID != 0)) || other_user test -x "$TOUGHNESS_WORK/dgsim" 2>/dev/null; }
can_idle_user() { ((EUID == 0)) && can_user; } # one who has no process yet
can_dev_full() { [[ -c /dev/full ]] && ! echo 2>/dev/null >/dev/full; }
can_compiler() { command -v "${CC:-cc}" >/dev/null; }
can_plain() { ! grep -qE '__(a|t)san_init' "$dgsim"; } # a sanitizer has memory and threads of its own
can_long_form() { long; } # what takes long
can_proc() { [[ -r /proc/self/environ ]]; }
# As somebody who is not root: what root may do in spite of permissions and limits.
other_id=$((50000 + $$ % 10000)) # of this row alone: `ulimit -u` counts what rows beside it run, too
other_user() { if ((EUID == 0)); then setpriv --reuid $other_id --regid $other_id --clear-groups "$@"; else "$@"; fi; }

# --- Once, before all rows ---

prepare() {
  cp "$top/tests/cli/careful.sh" "$TOUGHNESS_WORK"
  cd "$TOUGHNESS_WORK" || return
  mkdir probe
  cat >camp.yaml <<'YAML'
format: 1
name: camp
seeds: 24
workload: {messages: 1200, rate: 500/s}
compare: [at-most-once, at-least-once]
faults: [{name: crash, every: 1s, for: 200ms, kill: consumer.any}]
YAML
  cat >lost-ack.yaml <<'YAML'
format: 1
name: lost-ack
workload: {messages: 5, rate: 10/s}
compare: [{label: queue, system: sqs-standard}]
faults: [{name: gone, when: ack-sent, intent: 2, attempt: 1, drop: this}]
YAML
  sed 's/seeds: 24/seeds: 2/' camp.yaml >earlier.yaml
  sed 's/seeds: 24/seeds: 1/; s/messages: 1200/messages: 400000/; s/500/4000/; s/, at-least-once//' camp.yaml >slow.yaml
  printf 'format: 1\nname: one\nworkload: {messages: 1}\ncheck: {pairs: 0, answer_limit: 2s}\n' >one.yaml
  cat >twice.sh <<'SH'
while read -r line; do
  echo '{"call":"apply"}' && read -r answer
  [[ $line =~ \"number\":([0-9]+) ]] && echo "{\"done\":${BASH_REMATCH[1]}}"
done
SH
  mkdir hanging && printf '#!/bin/sh\n: >"$READY"\nexec sleep 1000\n' >hanging/gnuplot && chmod +x hanging/gnuplot
  {
    ./dgsim run camp.yaml --no-charts --out whole -j 1 &&
      ./dgsim run earlier.yaml --no-charts --out earlier && ./dgsim run lost-ack.yaml --trace a.trace --seed 1
  } >out 2>&1 </dev/null
  local prepared=$?
  ((prepared == 0)) || cat out
  cd "$top" || return
  return "$prepared"
}

# --- A row, in a folder of its own ---

perform() {
  row=$1 base=$TOUGHNESS_WORK
  mkdir -p "$base/$row/tmp" && cd "$base/$row" || exit 70
  cp "$base"/*.yaml "$base"/*.sh .
  export TMPDIR=$PWD/tmp
  run=(run camp.yaml --no-charts)
  "$row"
  nothing_left
  ((failures == 0))
}

# tool ARGUMENT...: runs it, with its output in out and err, its exit status in got.
tool() {
  TOUGHNESS_ROW=$row timeout -k 5 "$limit_s" "$dgsim" "$@" >out 2>err </dev/null
  got=$?
}
# start ARGUMENT...: in the background, as a group with default signals: its process is $!.
start() {
  set -m
  TOUGHNESS_ROW=$row "$dgsim" "$@" >out 2>err </dev/null &
  pid=$!
  set +m
}
# Waits for what was started; got is its exit status.
finish() {
  set -m # a group, as its sleep has to end with it
  (sleep "$limit_s" && kill -KILL -- "-$pid") 2>/dev/null &
  local watchdog=$!
  set +m
  wait "$pid" 2>/dev/null
  got=$?
  kill -- "-$watchdog" 2>/dev/null
  wait "$watchdog" 2>/dev/null
}
# signal NAME [-]PROCESS
signal() {
  echo "$1" >>kills
  kill "-$1" -- "$2" 2>/dev/null
}
# until_true COMMAND...: waits for it.
until_true() {
  for ((i = 0; i < 5000; i++)); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.004
  done
  fail "never so: $*"
}
holds_bytes() { (($(stat -c %s "$1" 2>/dev/null || echo 0) >= $2)); }
# stop_in_the_middle JOURNAL ARGUMENT...: starts a campaign into k, and stops it (SIGSTOP) when its journal has some
# rows, and not half of them.
stop_in_the_middle() {
  local journal=$1 half attempt
  half=$(($(stat -c %s "$base/whole/camp/runs.journal") / 2))
  for ((attempt = 0; attempt < 50; attempt++)); do
    rm -rf k
    start "${@:2}"
    until_true holds_bytes "$journal" 1000
    kill -STOP "$pid" 2>/dev/null
    holds_bytes "$journal" "$half" || return 0
    kill -CONT "$pid" 2>/dev/null # on a busy machine it may be further, or done
    finish
  done
  fail "never stopped in the middle: $*"
}

# expect [STATUS]: as the row says; and what the row says that it says.
expect() {
  local wanted=${1:-${status[$row]}}
  [[ $got == "$wanted" ]] || fail "$row: exit status $got, not $wanted"
  [[ -z ${said[$row]} ]] || grep -qF -e "${said[$row]}" out err || fail "$row: it does not say '${said[$row]}'"
}
succeed() { # ARGUMENT...: without a word of complaint
  tool "$@"
  [[ $got == 0 ]] || fail "$*: exit status $got"
}

# --- What has to be so ---

manifest() { sed '/"command"/d; /"execution"/,/}/d' "$1"; }

# whole RESULTS [OF]: all files are there and are those of a run that nobody disturbed.
whole() {
  local file of=${2:-whole}
  for file in "$base/$of"/camp/*.csv "$base/$of"/camp/*.txt "$base/$of"/camp/*.yaml "$base/$of"/camp/charts/*.gp; do
    cmp -s "$file" "$1/camp/${file#"$base/$of"/camp/}" || fail "$1: ${file##*/} is another than that of $of"
  done
  cmp -s <(manifest "$base/$of/camp/manifest.json") <(manifest "$1/camp/manifest.json") || fail "$1: another manifest.json"
}
# marked RESULTS: each file is whole, of this campaign or of the one before; with a manifest all are there, of one.
marked() {
  local file name
  for file in "$1"/camp/*.csv "$1"/camp/*.txt "$1"/camp/*.yaml "$1"/camp/charts/*.gp; do
    name=camp/${file#"$1"/camp/}
    [[ ! -e $file ]] || cmp -s "$file" "$base/whole/$name" || cmp -s "$file" "$base/earlier/$name" || fail "$1: $name is not whole"
  done
  [[ -e $1/camp/manifest.json ]] || return
  if cmp -s "$1/camp/runs.csv" "$base/whole/camp/runs.csv"; then whole "$1"; else whole "$1" earlier; fi
}
# resumes RESULTS: the same command goes on and ends as if nothing had been.
resumes() {
  succeed "${run[@]}" --out "$1" --resume
  whole "$1"
  temporary "$1"
}
# temporary FOLDER: nothing in it that was to be renamed.
temporary() {
  local left
  left=$(find "$1" '(' -name '.new.*' -o -name '*.new.*' -o -name '.latest.*' ')' 2>/dev/null)
  [[ -z $left ]] || fail "left: $left"
}
alive() { grep -lsz "^TOUGHNESS_ROW=$row$" /proc/[0-9]*/environ; }
nobody() { [[ -z $(alive) ]]; }
# No process of the row's, no temporary file, and nothing of dgsim's in memory.
nothing_left() {
  if can_proc; then
    for ((i = 0; i < 100; i++)); do if nobody; then break; else sleep 0.05; fi; done
    nobody || fail "alive: $(for process in $(alive); do tr '\0' ' ' <"${process%environ}cmdline"; done)"
  fi
  [[ -z $(ls -A tmp) ]] || fail "temporary files: $(ls -A tmp)"
  temporary .
}

# In README: between its markers.
replace_table() { # FILE TABLE
  awk -v table="$2" '
    /^<!-- scripts\/toughness\.sh --table -->$/ { print; while ((getline line <table) > 0) print line; skip = 1; next }
    /^<!-- end -->$/ { skip = 0 }
    !skip' "$1" >"$TOUGHNESS_WORK/page" && cat "$TOUGHNESS_WORK/page" >"$1"
}
