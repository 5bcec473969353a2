#!/usr/bin/env bash
# Every test: installs what is missing, builds with gcc and with clang, and runs ctest. The test
# `test_determinism` then demands the same results of both programs.
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

scripts/install.sh run build mpi test
echo "Building with gcc"
scripts/build.sh release
echo "Building with clang"
scripts/build.sh clang dgsim
ctest --test-dir build --output-on-failure --no-tests=error --timeout 600 -j2
