#!/usr/bin/env bash
# The benchmark: the kernel and the whole simulator, beside SimPy, SimGrid and ns-3 in the same run. Compare the
# ratios of one run, never figures of two days or two machines. What is measured: tests/bench/README.md.
#   scripts/bench.sh [OPTION...]
#     --short         seconds: that everything runs; no figure of it means anything
#     --long          memory up to 10^8 messages: some minutes more
#     --rounds R      how often each contestant runs, in turn with the others (default 5)
#     --only A,B,...  sections: kernel exchange systems memory workers growth
#     --out DIR       where CSV files and charts go (default results/bench)
#     --write         table and charts into tests/bench, too
#     --dgsim FILE    a dgsim that is built already, with everything beside it
# Exit status 1 when a bar is missed, or a peer does not do the same.
# shellcheck disable=SC2034 # the sections read what is set here
set -euo pipefail
export LC_ALL=C.UTF-8 # a decimal point
cd "$(dirname "$0")/.."

sections=(kernel exchange systems memory workers growth)
short=0 long=0 rounds=0 write=0 only=() bench=results/bench dgsim=''
usage() { sed -n '2,/^# Exit/s/^# \{0,1\}//p' scripts/bench.sh; }
while (($#)); do
  case $1 in
  --short) short=1 ;;
  --long) long=1 ;;
  --write) write=1 ;;
  --rounds) rounds=${2:?} && shift ;;
  --only) IFS=, read -ra only <<<"${2:?}" && shift ;;
  --out) bench=${2:?} && shift ;;
  --dgsim) dgsim=${2:?} && shift ;;
  --help | -h) usage && exit ;;
  *) { echo "bench.sh: unknown option '$1'" && usage; } >&2 && exit 64 ;;
  esac
  shift
done
if ((rounds == 0)); then rounds=$((short ? 1 : 5)); fi
if ((write && (short || ${#only[@]} > 0))); then
  echo "bench.sh: what is written is one whole run: no --short, no --only" >&2
  exit 64
fi
if ((${#only[@]} == 0)); then only=("${sections[@]}"); fi
for section in "${only[@]}"; do
  if [[ " ${sections[*]} " != *" $section "* ]]; then
    echo "bench.sh: no section '$section' (sections: ${sections[*]})" >&2
    exit 64
  fi
done

# shellcheck source=scripts/bench/common.sh
. scripts/bench/common.sh
# shellcheck source=scripts/bench/peers.sh
. scripts/bench/peers.sh
for section in "${sections[@]}"; do
  # shellcheck disable=SC1090 # one of those beside it
  . "scripts/bench/$section.sh"
done
# shellcheck source=scripts/bench/report.sh
. scripts/bench/report.sh

pin=()
cores=$(nproc)
if command -v taskset >/dev/null; then pin=(taskset -c $((cores - 1))); fi
peers=build/bench-peers
if [[ -z $dgsim ]]; then
  dgsim=build/dgsim
  scripts/install.sh build
  scripts/build.sh release dgsim bench_hold bench_mm1 bench_bare bench_measure >/dev/null
fi
programs=$(dirname "$dgsim")/tests
build_peers

mkdir -p "$bench/charts"
rm -f "$bench"/*.csv "$bench"/*.txt "$bench"/charts/*
for section in "${only[@]}"; do "section_$section"; done
rm -rf "$bench/said" "$bench/said.err" "$bench/runs"
report
if ((write)); then write_report; fi
exit $failed
