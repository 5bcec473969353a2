# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# Memory and time against the number of messages.  memory.csv: a row a number; rss_kib is the most that the
# process had resident.

section_memory() {
  local counts=(1000000 10000000) messages line cpu
  if ((short)); then counts=(10000 100000); fi
  if ((long)); then counts+=(100000000); fi
  echo "messages,cpu_ns,messages_per_s,rss_kib,events" >"$bench/memory.csv"
  for messages in "${counts[@]}"; do
    say "memory, $messages messages"
    line=$(simulate scenarios/bench/at-least-once.yaml --set "workload/messages=$messages")
    cpu=$(value cpu_ns "$line")
    printf '%s,%s,%s,%s,%s\n' "$messages" "$cpu" "$(calculate "$messages / $cpu * 1e9")" "$(value rss_kib "$line")" \
      "$(value events "$line")" >>"$bench/memory.csv"
  done
  rss() { median "$bench/memory.csv" rss_kib "messages=$1"; }
  rate() { median "$bench/memory.csv" messages_per_s "messages=$1"; }
  bar "resident at 10^6 messages" "$(calculate "$(rss 1000000) / 1024")" most 64 MiB
  bar "resident at 10^7 messages, over 10^6" "$(calculate "$(rss 10000000) / $(rss 1000000)")" most 1.25 x
  bar "resident at 10^8 messages, over 10^6" "$(calculate "$(rss 100000000) / $(rss 1000000)")" most 1.25 x
  bar "time a message at 10^7 messages, over 10^6" "$(calculate "$(rate 1000000) / $(rate 10000000)")" most 1.15 x
}
