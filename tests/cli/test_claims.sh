#!/usr/bin/env bash
# `dgsim list claims` as a user types it, and the table of scenarios/claims/README.md. Usage: test_claims.sh DGSIM
set -euo pipefail
dgsim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "test_claims.sh: $*" >&2
  exit 1
}

in_page=$(awk '$0 == "<!-- end -->" { inside = 0 } inside { print }
  $0 == "<!-- scripts/claims.sh -->" { inside = 1 }' scenarios/claims/README.md)
if ! diff <(printf '%s\n' "$in_page") <(scripts/claims.sh --markdown "$dgsim" || true); then
  fail "scenarios/claims/README.md is stale: scripts/claims.sh --write"
fi

# A claim that nothing shows, and a verdict that is not so, are told and fail.
cat >"$out/claims.csv" <<'CSV'
claim,text,finding
C03,a lost acknowledgement doubles,
C98,a claim with a finding,measured otherwise
C99,a claim that nothing shows,
CSV
cat >"$out/verdicts.csv" <<'CSV'
claim,scenario,row,verdict,anomalies
C03,C03-breaks,naive,holds,duplicate_effects
C03,C03-breaks,dedup-table,breaks,duplicate_effects
C98,C03-breaks,naive,breaks,duplicate_effects
C98,C03-breaks,dedup-table,holds,duplicate_effects
CSV
cp scenarios/claims/C03-breaks.yaml "$out"
status=0
"$dgsim" list claims "$out" >"$out/said" || status=$?
[[ $status == 1 ]] || fail "exit status $status, not 1"
for words in 'C03  NOT AS EXPECTED' 'MEASURED breaks' 'MEASURED holds' 'C98  qualified' \
  'found instead: measured otherwise' 'C99  no scenario' '1 of 3 claims as expected, 1 of them qualified'; do
  grep -qF -- "$words" "$out/said" || { cat "$out/said"; fail "does not say: $words"; }
done
sed -i '/^C99/d; /^C03/d' "$out/claims.csv"
sed -i '/^C03/d' "$out/verdicts.csv"
"$dgsim" list claims "$out" >"$out/said" || { cat "$out/said"; fail "does not hold"; }

status=0
"$dgsim" list claims "$out/nowhere" >"$out/said" 2>&1 || status=$?
[[ $status == 64 ]] || fail "exit status $status, not 64, where there is no such folder"
grep -q 'dgsim list claims FOLDER' "$out/said" || fail "does not say which folder it takes"
echo "claims: as expected"
