#!/usr/bin/env bash
# The JSON Schema takes every scenario there is, and resolved forms, and refuses what a schema can refuse of the
# files with one mistake each. 77 where python3-jsonschema or python3-yaml is missing.
set -euo pipefail
dgsim=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
python=python3
if ! python3 -c 'import jsonschema, yaml' 2>/dev/null && [[ -x /usr/bin/python3 ]]; then python=/usr/bin/python3; fi
validate() { "$python" tests/cli/schema.py "$tree/schema" "$@"; }
"$dgsim" list schema >"$tree/schema"

mapfile -t scenarios < <(find scenarios tests/regressions tests/system -name '*.yaml' | LC_ALL=C sort)
((${#scenarios[@]} >= 200))
status=0
validate "${scenarios[@]}" >"$tree/refused" || status=$?
if ((status)); then cat "$tree/refused"; exit "$status"; fi

mkdir "$tree/resolved"
resolved=()
for ((i = 0; i < ${#scenarios[@]}; i += 5)); do # every fifth: it takes a while
  scenario=${scenarios[i]}
  command=run
  if grep -q '^check:' "$scenario"; then command=check; fi
  out=$tree/resolved/${scenario//\//-}
  "$dgsim" "$command" --dry-run "$scenario" >"$out" 2>"$tree/log" || { cat "$tree/log"; exit 1; }
  resolved+=("$out")
done
validate "${resolved[@]}" || { echo "a resolved form is refused"; exit 1; }

# Of a key that counts minutes also a time.
printf 'format: 1\nsystem: {name: at-least-once, offsets.retention.minutes: %s}\n' 10min >"$tree/time.yaml"
validate "$tree/time.yaml" || { echo "offsets.retention.minutes: 10min is refused"; exit 1; }

mistakes=(tests/runner/bad/*.yaml)
validate "${mistakes[@]}" >"$tree/refused" || true
refused=$(wc -l <"$tree/refused")
# Mistakes in a key, a type, a unit or a word: each by its name, as a sum would let others take their places.
for mistake in 13-01-unknown-link-key 13-02-no-unit 13-03-minutes 13-04-share 13-05-distribution 13-06-on 13-07-arrow \
  13-09-which 13-11-no-timing 13-12-two-verbs 13-13-this-at 13-15-foreign-key 13-16-row-faults 13-19-metric 13-20-greater \
  13-22-seed 13-23-twice 13-24-no-format bound-no-unit bound-words check-ack check-key count-with-comma \
  distribution-word enum-word expect-empty fault-for-needed fault-key-of-other fault-point fault-unknown-verb \
  groups-unknown-key intents-no-at intents-unknown-key label-characters link-later model-is-list \
  model-key-of-workload no-value not-a-map null-word operation-unknown precision-bare-share precision-unknown-metric \
  row-key sweep-link sweep-not-a-map sweep-unknown-key topology-cores unknown-cost unknown-model-key \
  unknown-system unknown-top-key unknown-unit-rate value-for-map yes-is-no-bool \
  check-compare check-handler groups-and-consumers label-boolean loss-both-ways name-boolean outstanding-and-rate \
  share-above-all; do
  grep -q "/$mistake.yaml: " "$tree/refused" || { echo "$mistake is not refused"; exit 1; }
done
echo "${#scenarios[@]} scenarios and ${#resolved[@]} resolved forms pass; $refused of ${#mistakes[@]} mistakes are refused"
