# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Disks and folders.

row full_disk 'the disk becomes full' '`run`' 64 'No space left on device' \
  'what was done is in `runs.journal`, and nothing of an earlier campaign was replaced: make room, then `--resume`' mount
row full_for_others 'the disk becomes full' '`merge`, `explore`, `shrink`, `explain`, `check --save`, `run --trace`, `run --record`' 64 \
  'No space left on device' 'no half of a file: make room, and start it again' mount
row full_of_files 'no file can be made any more (inodes)' '`run`' 64 'No space left on device' 'as for a full disk' mount
row largest_file 'a file becomes larger than `ulimit -f`' 'all that write' 64 'File too large' 'as for a full disk'
row read_only 'the folder is read-only' 'all that write' 64 'Read-only file system' '`run` runs nothing, the others write nothing: `--out DIR` writes somewhere else' mount
row not_allowed 'the folder is of somebody else' 'all that write' 64 'Permission denied' 'as for a read-only one' user
row device 'a device or a pipe where a file is to be' '`run --trace`' 0 'records, digest' 'it is written to, and stays what it is'
row vanishes 'the folder is removed while runs are done' '`run`' 0 '' 'it is made again, with all files but the journal'
row vanishes_ended 'the folder is removed while runs are done, and then SIGTERM' '`run`' 143 'was removed meanwhile' 'nothing'
row vanishes_shard 'the folder is removed while runs are done' '`run --shard`' 64 'was removed while it was written' 'nothing: run the shard again'
row vanishes_files 'the folder is removed while files are written' '`run`' 64 'was removed meanwhile, so --resume has nothing to go on with' 'nothing: run it again'

mounted() { # FOLDER OPTIONS
  mkdir -p "$1"
  mount -t tmpfs -o "$2" none "$1" || fail "no file system of $2"
}
# fill FOLDER KIB: leaves so much room in it.
fill() {
  local free
  free=$(df --output=avail -k "$1" | tail -n 1)
  head -c "$(((free - $2) * 1024))" /dev/zero >"$1/filler"
}
others=('merge shards/camp --no-charts --out disk/o' 'explore lost-ack.yaml --set faults=[] --out disk/o' 'shrink lost-ack.yaml --out disk/o'
  'explain lost-ack.yaml --out disk/o' 'check one.yaml --save disk/c -- bash twice.sh' 'run lost-ack.yaml --trace disk/x.trace'
  'run lost-ack.yaml --record disk/r')

full_disk() {
  local room
  for room in 4 $(if_long "$(seq 8 4 100)" "16 40 64 100"); do # from the journal, over each file, to the last
    mounted disk size=300k
    mkdir -p disk/k/camp && cp -r "$base/earlier/camp" disk/k/
    rm disk/k/camp/runs.journal
    fill disk "$room"
    tool "${run[@]}" --out disk/k
    if ((got != 0 || room < 60)); then
      expect
      whole disk/k earlier
      grep -qE 'safe in|cannot write|make the directory' err || fail 'what is safe is not said'
    fi
    temporary disk
    mount -o remount,size=8m disk
    rm disk/filler
    resumes disk/k
    umount disk
  done
}
# As full as it can be, then with room for a part of what each writes.
full_for_others() {
  succeed "${run[@]}" --out shards --shard 1/1
  local command words
  for command in "${others[@]}"; do
    mounted disk size=64k
    mkdir -p disk/o/camp disk/o/lost-ack/anomalies disk/r disk/c
    fill disk 0
    each_of tool "$command"
    temporary disk
    [[ -z $(find disk -type f -not -name filler -not -size 0) ]] || fail "$command leaves $(find disk -type f)"
    rm disk/filler
    umount disk
  done
}
full_of_files() {
  local room
  for room in 1 3 8; do
    mounted disk size=8m,nr_inodes=60
    mkdir -p disk/k/camp
    for ((i = $(df --output=iavail disk | tail -n 1); i > room; i--)); do : >"disk/filler$i"; done
    tool "${run[@]}" --out disk/k
    expect
    temporary disk
    [[ ! -e disk/k/camp/manifest.json ]] || fail 'taken for whole'
    rm disk/filler*
    resumes disk/k
    umount disk
  done
}

largest_file() {
  succeed "${run[@]}" --out shards --shard 1/1
  cp -r "$base/earlier" k && rm k/camp/runs.journal
  local command words
  # ulimit -f holds for what the test itself writes, too: its words go through pipes
  for command in "${run[*]} --out k" "${others[@]//disk\//limit-}"; do
    read -ra words <<<"$command"
    { TOUGHNESS_ROW=$row timeout "$limit_s" prlimit --fsize=0 "$dgsim" "${words[@]}" 2>&1 >/dev/null </dev/null; echo $?; } | cat >both
    got=$(tail -n 1 both)
    head -n -1 both >err
    expect
  done
  whole k earlier
  resumes k
  [[ -z $(find limit-* -type f) ]] || fail "written: $(find limit-* -type f)"
}

read_only() {
  succeed "${run[@]}" --out shards --shard 1/1
  mounted disk size=8m
  mkdir -p disk/c
  cp -r "$base/earlier" disk/k
  mount -o remount,ro disk
  each_of tool 'run camp.yaml --out disk/k' "${others[@]}"
  whole disk/k earlier
}

as_other() { # out and err are there, so that no folder is written to
  TOUGHNESS_ROW=$row other_user timeout "$limit_s" "$dgsim" "$@" >out 2>err </dev/null
  got=$?
}
not_allowed() {
  succeed "${run[@]}" --out shards --shard 1/1
  cp -r "$base/earlier" k
  mkdir -p disk/c
  : >out
  : >err
  chmod -R a-w k disk
  chmod a-w . shards
  each_of as_other 'run camp.yaml --out k' "${others[@]}"
  chmod -R u+w . k disk
  whole k earlier
}

device() {
  mkfifo pipe
  cat pipe >read.trace &
  local reader=$!
  tool run lost-ack.yaml --trace pipe
  expect
  wait "$reader"
  [[ -p pipe ]] || fail 'the pipe is no pipe any more'
  tool judge read.trace
  [[ $got == 1 || $got == 0 ]] || fail 'what was read from the pipe is no trace'
}

# removed JOURNAL ARGUMENT...: removes k in the middle of a campaign, which is stopped then.
removed() {
  stop_in_the_middle "$@"
  rm -rf k
}
vanishes() {
  removed k/camp/runs.journal "${run[@]}" --out k
  kill -CONT "$pid"
  finish
  expect
  whole k
}
vanishes_ended() {
  removed k/camp/runs.journal "${run[@]}" --out k
  signal TERM "$pid"
  kill -CONT "$pid"
  finish
  expect
}
vanishes_shard() {
  removed k/camp/shard-1-of-1.journal "${run[@]}" --out k --shard 1/1
  kill -CONT "$pid"
  finish
  expect
}
vanishes_files() {
  mkdir removing
  printf '#!/bin/sh\nrm -rf %s/k\nexit 1\n' "$PWD" >removing/gnuplot && chmod +x removing/gnuplot
  PATH=$PWD/removing:$PATH tool run camp.yaml --out k
  expect
  [[ ! -e k/camp/runs.csv ]] || fail 'some files are there'
}
