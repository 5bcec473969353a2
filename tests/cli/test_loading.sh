#!/usr/bin/env bash
# The program takes no library from the directory that it is started in: whatever is called as one there is not touched.
#   tests/cli/test_loading.sh DGSIM
set -euo pipefail
dgsim=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count=0
for library in $(ldd "$dgsim" | awk '$2 == "=>" { print $1 }'); do
  echo "no library" >"$work/$library"
  count=$((count + 1))
done
((count > 0)) || { echo "test_loading.sh: $dgsim has no libraries" >&2 && exit 1; }
cd "$work"
"$dgsim" --version >said 2>&1 || { cat said >&2 && echo "test_loading.sh: a file here was taken for a library" >&2 && exit 1; }
grep -q '^dgsim ' said
echo "test_loading.sh: passed"
