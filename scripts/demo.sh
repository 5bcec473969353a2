#!/usr/bin/env bash
# The first thing to run: installs what is missing, builds, and compares four delivery guarantees under
# the same bad luck. A page with charts is left in results/latest/report.html.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

scripts/install.sh run build
echo "Building dgsim"
scripts/build.sh
status=0
build/dgsim run scenarios/four-guarantees.yaml || status=$?
if ((status >= 64)); then exit "$status"; fi

echo
echo "Report: results/latest/report.html (charts: results/latest/charts)"
echo "Next:   build/dgsim run scenarios/four-guarantees.yaml --seeds 100"
exit "$status"
