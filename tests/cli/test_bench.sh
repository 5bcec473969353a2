#!/usr/bin/env bash
# The benchmark runs, every section of it, and writes what it should. No figure is looked at: peers that do not
# do the same fail it, times do not.
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

scripts/bench.sh --short --dgsim "$dgsim" --out "$out" >"$out/said" 2>"$out/log" || { cat "$out/said" "$out/log"; exit 1; }

# Every row of a CSV file has the columns of its head, and numbers where the head has a unit or a count.
rows() {
  awk -F, -v file="$1" -v least="$2" '
    NR == 1 { columns = NF; for (i = 1; i <= NF; i++) text[i] = $i ~ /^(model|engine|contestant|system|faults|thing)$/; next }
    NF != columns { print file ": row " NR " has " NF " columns of " columns; bad = 1 }
    { for (i = 1; i <= NF; i++) if (!text[i] && $i !~ /^-?[0-9.]+(e[+-]?[0-9]+)?$/) { print file ": row " NR ": " $i; bad = 1 } }
    END { if (NR - 1 < least) { print file ": " NR - 1 " rows"; bad = 1 } exit bad }' "$out/$1.csv"
}
rows kernel 7
rows exchange 3
rows systems 16
rows memory 2
rows workers 1
rows growth 9
for chart in hold exchange systems memory growth; do
  [[ -s $out/charts/$chart.gp ]] || { echo "no script of the chart $chart"; exit 1; }
  if command -v gnuplot >/dev/null; then
    [[ -s $out/charts/$chart.svg ]] || { echo "no chart $chart"; cat "$out/log"; exit 1; }
  fi
done
grep -q '^| dgsim | [0-9.]* |' "$out/report.md"
grep -q '^| at-least-once | [0-9]* |' "$out/report.md"
if grep -v -e '^kernel, ' -e '^exchange, ' -e '^systems, ' -e '^memory, ' -e '^workers, ' -e '^growth, ' \
  -e '^skipped: ' -e 'CSV files, charts$' "$out/log"; then
  echo "something was said that should not be"
  exit 1
fi

# A missing peer is skipped by the name of its package, and the rest is measured.
mkdir "$out/none"
PATH=$out/none:$PATH
printf '#!/bin/sh\nexit 1\n' >"$out/none/pkg-config"
chmod +x "$out/none/pkg-config"
scripts/bench.sh --short --only exchange --dgsim "$dgsim" --out "$out/alone" >"$out/said" 2>"$out/log"
grep -q '^skipped: SimGrid (libsimgrid-dev' "$out/log"
grep -q '^skipped: ns-3 (libns3-dev' "$out/log"
grep -q '^not measured .*over SimGrid$' "$out/said"
if grep -q '^SimGrid' "$out/alone/exchange.csv"; then exit 1; fi

status=0
scripts/bench.sh --only nothing >"$out/said" 2>&1 || status=$?
[[ $status == 64 ]] && grep -q "no section 'nothing'" "$out/said"
