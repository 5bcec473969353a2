#!/usr/bin/env bash
# A swarm of random worlds and every shipped scenario, judged twice; and the swarm is what it says: the same
# again, of everything that there is, and worlds in which something happens.
set -euo pipefail
program=$(dirname "$1")/tests/system_swarm
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
mapfile -t scenarios < <(find scenarios tests/regressions -name '*.yaml' -exec grep -L '^check:' {} + | LC_ALL=C sort)

"$program" --scenarios --messages 300 "${scenarios[@]}" >"$out/judged" || { cat "$out/judged"; exit 1; }
grep -q "^scenarios ${#scenarios[@]}, refused 0, .* disagreements 0$" "$out/judged" || { cat "$out/judged"; exit 1; }

"$program" --worlds 1500 -j 2 --out "$out/failed" >"$out/said" 2>"$out/log" || { cat "$out/said" "$out/log"; exit 1; }
[[ $(tail -n 1 "$out/said") == "worlds 1500, internal errors 0, disagreements 0" ]] || { tail -n 1 "$out/said"; exit 1; }
# Each model was there, and each verb hit something, but for those that few worlds have anything to do with.
grep -E '^(systems|handlers|stores|operations):' "$out/said" >"$out/models"
if grep -E ' [a-z-]+ 0( |$)' "$out/models"; then
  echo "a model that no world has"
  exit 1
fi
if grep '^faults' "$out/said" | grep -E ' (kill|power_loss|disk_gone|terminate|deploy|pause|slow|partition|reset|clog|degrade|drop|delay|duplicate|failover|move_coordinator|lose_slot|fsync_lies|fsync_fails|redeliver) [0-9]+ \(0\)'; then
  echo "a verb that hit nothing"
  exit 1
fi
# Most anomalies come about, in worlds whose contract allows them or not.
for anomaly in lost_acked lost_unacked duplicate_deliveries reexecutions duplicate_effects state_errors state_doubled \
  state_stale state_lost false_suppressions phantoms reordered stale_overwrites dead_lettered stuck store_disagreements replays; do
  grep '^worlds in which there were:' "$out/said" | grep -qE " $anomaly [1-9]" || { echo "no world shows $anomaly"; exit 1; }
done

# Worlds that were once over before all was done in them: outputs that a consumer had not sent off yet, a log's end told
# by a leader that did not know it.
for world in tests/system/ended_early/*.yaml; do
  "$program" --file "$world" --out "$out/failed" >"$out/said" 2>&1 || { cat "$out/said"; exit 1; }
  grep -q ': good$' "$out/said" || { cat "$out/said"; exit 1; }
done

"$program" --print 77 >"$out/one"
"$program" --print 77 | cmp - "$out/one"
"$1" run "$out/one" --out "$out/run" --dry-run >/dev/null # it is a scenario like any other
