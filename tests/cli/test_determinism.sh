#!/usr/bin/env bash
# Everything that is shipped leaves the same bytes from gcc's and from clang's program, with one thread, two, and three
# processes, with FMA and without; and one byte that differs would be found.
#   tests/cli/test_determinism.sh DGSIM
# Exit status 77 (skipped, for ctest): no clang.
set -uo pipefail
dgsim=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ends() { # SAID STATUS PROGRAM...: how the last line ends, and the exit status
  local status=0
  scripts/determinism.sh --short --only tutorial/01 "${@:3}" >"$folder/out" 2>&1 || status=$?
  if [[ $status == "$2" && $(tail -n 1 "$folder/out") == *"$1" ]]; then return; fi
  cat "$folder/out"
  echo "FAILED: exit status $status instead of $2, or it does not end with '$1'"
  exit 1
}

# One byte of one table, by two threads only.
cat >"$folder/differs" <<SH
#!/bin/sh
"$dgsim" "\$@" || exit
[ -z "\$OMPI_COMM_WORLD_RANK" ] || exit 0
while [ "\$1" ] && [ "\$1" != --out ]; do shift; done
[ -z "\$1" ] || sed -i '\$s/.\$/x/' "\$2/01-hello/runs.csv"
SH
# Nothing written at all.
cat >"$folder/fails" <<'SH'
#!/bin/sh
[ "$1" != run ] || exit 70
SH
chmod +x "$folder/differs" "$folder/fails"
ends ' cells, 0 differing digests' 0 "$dgsim" "$dgsim"
ends ' cells, 1 differing digests' 1 "$dgsim" "$folder/differs"
grep -q 'differs, 2, own: 01-hello differs in runs.csv' "$folder/out" || { cat "$folder/out"; exit 1; }
ends ' cells, 1 differing digests' 1 "$dgsim" "$folder/fails"
grep -q 'the program failed' "$folder/out" || { cat "$folder/out"; exit 1; }

exec scripts/determinism.sh --short "$dgsim"
