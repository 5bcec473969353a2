#!/usr/bin/env bash
# The tables of scenarios/patterns/README.md are what its own commands print.
set -euo pipefail
dgsim=$1
sections=0
while IFS= read -r section; do
  in_page=$(awk -v begin="<!-- scripts/swept.sh $section -->" '
    $0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' scenarios/patterns/README.md)
  if ! diff <(printf '%s\n' "$in_page") <(scripts/swept.sh "$section" "$dgsim"); then
    echo "scenarios/patterns/README.md: the table is stale: scripts/swept.sh $section"
    exit 1
  fi
  sections=$((sections + 1))
done < <(sed -n 's|^<!-- scripts/swept.sh \(.*\) -->$|\1|p' scenarios/patterns/README.md)
((sections == $(grep -cE '^[a-z-]+\)$' scripts/swept.sh))) # each that the script has

# The charts of both kinds are drawn without a word, and a point is picked where one run is wanted.
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cat >"$out/swept.yaml" <<'YAML'
format: 1
seeds: 2
measure_capacity: false
compare: [sqs-standard, kafka-acks-all]
workload: {messages: 30, rate: 200/s, service_time: uniform min=10ms max=60ms}
sweep:
  system/visibility_timeout: [20ms, 50ms, 2s]
  faults/kill-1/for: [100ms, 1s]
faults: [{at: 50ms, kill: consumer.1}]
YAML
drawn=(gp svg) charts=()
if ! command -v gnuplot >/dev/null; then drawn=(gp) charts=(--no-charts); fi
"$dgsim" run "$out/swept.yaml" --out "$out/map" "${charts[@]}" >/dev/null 2>"$out/said"
"$dgsim" run "$out/swept.yaml" --out "$out/lines" --set faults/kill-1/for=1s "${charts[@]}" >/dev/null 2>>"$out/said"
[[ ! -s $out/said ]] || { cat "$out/said"; exit 1; }
for kind in map lines; do
  for end in "${drawn[@]}"; do
    [[ -s $out/$kind/swept/charts/sweep-duplicate_effects.$end ]] || { echo "$kind: no chart, .$end"; exit 1; }
  done
  [[ ! -e $out/$kind/swept/charts/timeline.gp ]] || { echo "$kind: a chart of one point"; exit 1; }
done
for command in "explore $out/swept.yaml" "shrink $out/swept.yaml" "explain $out/swept.yaml" \
  "run $out/swept.yaml --trace $out/x --row sqs-standard --seed 1" \
  "run $out/swept.yaml --record $out/x --row sqs-standard --seed 1"; do
  refused=0
  # shellcheck disable=SC2086 # words
  "$dgsim" $command >"$out/said" 2>&1 || refused=$?
  [[ $refused == 64 ]] || { echo "$command: exit status $refused"; exit 1; }
  grep -q -- "pick it, such as --set 'system/visibility_timeout=20ms' --set 'faults/kill-1/for=100ms'" "$out/said" ||
    { cat "$out/said"; exit 1; }
done
"$dgsim" run "$out/swept.yaml" --trace "$out/trace" --row sqs-standard --seed 1 \
  --set system/visibility_timeout=50ms --set faults/kill-1/for=1s >"$out/ran"
"$dgsim" judge "$out/trace" >"$out/judged"
[[ $(head -1 "$out/ran") == $(head -1 "$out/judged") ]] || { diff "$out/ran" "$out/judged"; exit 1; }
"$dgsim" run "$out/swept.yaml" --record "$out/record" --row sqs-standard --seed 1 \
  --set system/visibility_timeout=50ms --set faults/kill-1/for=1s >"$out/recorded"
grep -q "digest $(sed -n '1s/.*digest //p' "$out/ran")" "$out/recorded"
