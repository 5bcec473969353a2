#!/usr/bin/env bash
# Configures and builds. The presets are in CMakePresets.json; release gives build/dgsim.
#   scripts/build.sh [PRESET [TARGET...]]     default: release, everything
#   JOBS=N                                    compilers at once; default: as many as there are cores
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

preset=${1:-release}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
targets=() quiet=()
if (($# > 1)); then targets=(--target "${@:2}"); fi
if [[ ! -t 1 ]]; then quiet=(-- --quiet); fi # no line a file in a log
cmake --build --preset "$preset" --parallel "${JOBS:-$(nproc)}" "${targets[@]}" "${quiet[@]}"
