#!/usr/bin/env bash
# The zoo of consumers in its short form, what scenarios/check/README.md says, and that a row which is not so is told.
# Usage: test_zoo.sh DGSIM
set -euo pipefail
dgsim=$1
page=scenarios/check/README.md
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export PYTHONDONTWRITEBYTECODE=1

fail() {
  echo "test_zoo.sh: $*" >&2
  exit 1
}
between() { # MARKER: what stands in the page from it to the end of the table, or within its fence
  awk -v marker="<!-- $1 -->" '
    $0 == marker { inside = 1; next }
    inside && ($0 == "<!-- end -->" || $0 == "```") { exit }
    inside && !/^```/ { print }' "$page"
}

# Every row, and the table but for its times and the cases of the repaired ones in JavaScript, fewer in the short form.
# shellcheck disable=SC2016 # awk's own fields
what='!/^\|--/ { print $2 "|" $3 "|" $4 "|" $5 "|" $6 "|" $7 "|" ($3 ~ /JavaScript/ ? "" : $9) }'
scripts/zoo.sh --short --markdown "$dgsim" >"$out/table" 2>"$out/said" || { cat "$out/said" >&2; fail "not as expected"; }
cat "$out/said"
awk -F'|' "$what" "$out/table" >"$out/is"
between scripts/zoo.sh | awk -F'|' "$what" >"$out/stands"
if command -v node >/dev/null && command -v python3 >/dev/null; then
  diff "$out/stands" "$out/is" || fail "$page is stale: scripts/zoo.sh --write"
else
  grep -vxFf "$out/stands" "$out/is" && fail "$page is stale: scripts/zoo.sh --write"
fi

# Rows that say otherwise than it is: a sound consumer for a broken one and the reverse, another anomaly, another class.
sound=select-then-insert-fixed.sql broken=select-then-insert.sql
cat >"$out/rows.csv" <<CSV
bug,language,program,fixed,scenario,anomaly,class
sound,SQL,$sound,$sound,single,duplicate_effects,paused
broken,SQL,$broken,$broken,single,duplicate_effects,paused
anomaly,SQL,$broken,$sound,single,lost_acked,paused
class,SQL,$broken,$sound,single,duplicate_effects,twins
CSV
if scripts/zoo.sh --rows "$out/rows.csv" "$dgsim" >"$out/said" 2>&1; then fail "four wrong rows pass"; fi
for words in "$sound: exit status 0, not 1" "$broken: exit status 1; not everything recovered" \
  "$broken: not lost_acked" "$broken: not of class twins" "0 of 4 as expected"; do
  grep -qF -- "$words" "$out/said" || { cat "$out/said"; fail "does not say: $words"; }
done

# The first five minutes, as the page has them.
if command -v python3 >/dev/null; then
  for file in examples/payments.yaml examples/doubled.py; do
    diff <(between "$file") "scenarios/check/$file" || fail "$page has another $file"
  done
  status=0
  "$dgsim" check scenarios/check/examples/payments.yaml --out "$out" -- \
    python3 scenarios/check/examples/doubled.py >"$out/said" || status=$?
  [[ $status == 1 ]] || fail "exit status $status, not 1"
  sed -i 's/, in [0-9.]* s$//' "$out/said"
  between output >"$out/shown"
  [[ -s $out/shown ]] || fail "$page shows no output"
  grep -vxFf "$out/said" "$out/shown" && fail "$page shows what is not printed"
fi

# Every class, in the tool's words.
"$dgsim" list cases | awk -F '  +' 'NR > 1 { printf "| `%s` | %s | %s |\n", $1, $3, $2 }' >"$out/classes"
diff <(between 'dgsim list cases' | tail -n +3) "$out/classes" || fail "$page has other classes than dgsim list cases"
echo "zoo: as expected"
