#!/usr/bin/env bash
# What `dgsim list bash` completes, as bash asks for it: words cut at = and :, and the number of the current one.
set -euo pipefail
dgsim=$(realpath "$1")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
"$dgsim" list bash >"$tree/completion"
bash -n "$tree/completion"
if command -v shellcheck >/dev/null; then shellcheck "$tree/completion"; fi
mkdir -p "$tree/work/sub" "$tree/work/deep"
cd "$tree/work"
touch one.yaml two.yml notes.txt plugin.so sub/three.yaml 'a blank.yaml'
# shellcheck source=/dev/null
source "$tree/completion"
[[ $(complete -p dgsim) == *"-F _dgsim dgsim" ]]

# complete WORD… : the answers for the last word, sorted, one blank between.
answers() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _dgsim 2>/dev/null
  printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd' '
}
expect() { # answers, WORD…
  local wanted=$1 found
  shift
  found=$(answers "$@")
  [[ $found == "$wanted" ]] || { echo "$*: '$found', not '$wanted'"; exit 1; }
}
includes() { # answer, WORD…
  local wanted=$1
  shift
  [[ " $(answers "$@") " == *" $wanted "* ]] || { echo "$*: '$(answers "$@")' has no '$wanted'"; exit 1; }
}

commands=$("$dgsim" --help | awk '/^  [a-z]+ / && $1 != "dgsim" { print $1 }' | LC_ALL=C sort | paste -sd' ')
expect "--help --version $commands" dgsim ''
expect "replay run" dgsim r # and nothing that a command does not begin with
for command in $commands; do # every option that --help shows
  options=$("$dgsim" "$command" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE '\-\-[a-z-]+' | LC_ALL=C sort | paste -sd' ')
  expect "$options" dgsim "$command" -
done
expect "--seed --seeds --set" dgsim run one.yaml --se
expect "a blank.yaml deep one.yaml sub two.yml" dgsim run ''
expect "sub/three.yaml" dgsim run sub/t
expect "deep sub" dgsim run one.yaml --out ''
expect "deep plugin.so sub" dgsim check one.yaml --plugin ''
expect "notes.txt" dgsim run one.yaml --trace no
expect "junit" dgsim run one.yaml --format j
expect "junit" dgsim run one.yaml --format = j
expect "human junit tap" dgsim run one.yaml --format =
expect "human json markdown" dgsim list keys --format ''
expect "" dgsim run one.yaml --seeds ''
expect "keys" dgsim list k
for list in systems claims man bash zsh schema; do includes "$list" dgsim list ''; done
cat >rows.yaml <<'END'
format: 1
compare: [at-most-once, at-least-once, {system: at-least-once, handler: dedup-table}, {label: a log, system: kafka-acks-all}]
END
expect "a log at-least-once at-least-once + dedup-table at-most-once" "$dgsim" run rows.yaml --row ''
expect "at-least-once + dedup-table" "$dgsim" run rows.yaml --row 'at-least-once\ +'
expect "a log" "$dgsim" explain rows.yaml --row "'a l"
expect "" "$dgsim" explain --row ''
rm rows.yaml
includes ack-sent dgsim explore one.yaml --at ''
expect "workload/rate=" dgsim run one.yaml --set workload/ra
includes links/consumer_to_broker/ dgsim run one.yaml --set links/
includes links/default/loss= dgsim run one.yaml --set links/default/
includes system/visibility_timeout= dgsim run one.yaml --vary system/v
expect "workload/rate=" dgsim run one.yaml --set = workload/ra
expect "poisson steady" dgsim run one.yaml --set workload/arrivals =
expect "steady" dgsim run one.yaml --set workload/arrivals = st
expect "steady" dgsim run one.yaml --set = workload/arrivals = st
expect "poisson,steady" dgsim run one.yaml --vary workload/arrivals = poisson,s
expect "" dgsim run one.yaml --set workload/rate = 1
expect "notes.txt" dgsim check one.yaml -- python3 no
includes bash dgsim check one.yaml -- bas
echo "bash completes commands, options, their words, paths, points, lists and files"
