# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# What was measured, as a page: report.md, the charts and the medians that they draw.

has() { [[ -s $bench/$1.csv ]]; }

draw() { # CHART
  cp scripts/bench/charts/style.gp "scripts/bench/charts/$1.gp" "$bench/charts/"
  if ! command -v gnuplot >/dev/null; then return; fi
  (cd "$bench/charts" && gnuplot "$1.gp") || say "bench.sh: gnuplot does not draw $1"
}

machine() {
  local model
  model=$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)
  echo "$(date -u +%Y-%m-%d), $(nproc) cores of ${model:-$(uname -m)}, $(gcc -dumpfullversion | sed 's/^/gcc /'), \
medians of $rounds; one core, and processor time, where nothing else is said."
}

mega() { calculate "1e3 / $1"; } # million events a second of ns an event

report_kernel() {
  local engine n ns line
  echo "label,pending,ns" >"$bench/hold.csv"
  echo "### The kernel"
  echo
  echo "Million events a second. Hold model: N events are pending, each that pops schedules the next; M/M/1: 80 %"
  echo "utilisation, two events a customer."
  echo
  echo "| | N = 10 | 1000 | 100 000 | 1 000 000 | M/M/1 |"
  echo "|---|---:|---:|---:|---:|---:|"
  for engine in dgsim "dgsim untraced" bare ns-3 SimPy SimGrid; do
    line="| ${engine/#bare/bare loop} |"
    for n in 10 100 1000 10000 100000 1000000; do
      ns=$(hold_ns "$engine" $n)
      if [[ $ns == none ]]; then ns=''; else echo "${engine/#bare/bare loop},$n,$ns" >>"$bench/hold.csv"; fi
      case $n in 100 | 10000) ;; *) line+=" ${ns:+$(mega "$ns")} |" ;; esac
    done
    ns=$(mm1_ns "$engine")
    if [[ $ns == none ]]; then ns=''; fi
    echo "$line ${ns:+$(mega "$ns")} |"
  done
  echo
  echo "![hold model](charts/hold.svg)"
  echo
  draw hold
}

report_exchange() {
  local file=$bench/exchange.csv contestant messages
  echo "label,rate" >"$bench/rates.csv"
  echo "### The whole simulator"
  echo
  echo "| | messages a second | events a message | delivered again | doubled | mean latency |"
  echo "|---|---:|---:|---:|---:|---:|"
  for contestant in at-least-once "at-least-once into a database" exactly-once SimGrid SimPy "$callbacks"; do
    messages=$(total "$file" messages "contestant=$contestant")
    if [[ $messages == 0 ]]; then continue; fi
    echo "$contestant,$(rate_of "$contestant")" >>"$bench/rates.csv"
    awk -v name="$contestant" -v rate="$(rate_of "$contestant")" -v m="$messages" \
      -v e="$(total "$file" events "contestant=$contestant")" -v d="$(total "$file" delivered "contestant=$contestant")" \
      -v u="$(total "$file" duplicated "contestant=$contestant")" \
      -v l="$(median "$file" latency_ns "contestant=$contestant")" 'BEGIN {
        printf "| %s | %d | %s | %.2f %% | %.2f %% | %.0f ms |\n", name, rate, e ? sprintf("%.2f", e / m) : "",
          100 * (d - m) / m, 100 * u / m, l / 1e6 }'
  done
  echo
  echo "![messages a second](charts/exchange.svg)"
  echo
  draw exchange
}

report_systems() {
  local system none some file=$bench/systems.csv
  echo "label,none,some" >"$bench/system-rates.csv"
  echo "### Each system"
  echo
  echo "| | messages a second | with faults | ns an event | with faults |"
  echo "|---|---:|---:|---:|---:|"
  for system in "${systems[@]}"; do
    none=$(median "$file" messages_per_s "system=$system" faults=none)
    some=$(median "$file" messages_per_s "system=$system" faults=some)
    echo "$system,$none,$some" >>"$bench/system-rates.csv"
    echo "| $system | $none | $some | $(median "$file" ns_per_event "system=$system" faults=none) |" \
      "$(median "$file" ns_per_event "system=$system" faults=some) |"
  done
  echo
  echo "![each system](charts/systems.svg)"
  echo
  draw systems
}

report_memory() {
  echo "### Memory"
  echo
  echo "| messages | messages a second | resident |"
  echo "|---:|---:|---:|"
  awk -F, 'NR > 1 { printf "| %d | %d | %.1f MiB |\n", $1, $3, $4 / 1024 }' "$bench/memory.csv"
  echo
  echo "![memory](charts/memory.svg)"
  echo
  draw memory
}

report_workers() {
  local workers one
  one=$(median "$bench/workers.csv" wall_ns workers=1)
  echo "### Workers"
  echo
  echo "| workers | messages a second, by the clock on the wall | over one |"
  echo "|---:|---:|---:|"
  while read -r workers; do
    echo "| $workers | $(median "$bench/workers.csv" messages_per_s "workers=$workers") |" \
      "$(calculate "$one / $(median "$bench/workers.csv" wall_ns "workers=$workers")") |"
  done < <(awk -F, 'NR > 1 { print $1 }' "$bench/workers.csv" | sort -nu)
  echo
}

relative() { # LABEL NUMBER NS BASE
  if [[ $3 != none && $4 != none ]]; then
    echo "$1,$2,$(calculate "$3 / $4")" >>"$bench/growth-relative.csv"
  fi
}

report_growth() {
  local thing number ns base file=$bench/growth.csv
  echo "label,number,relative" >"$bench/growth-relative.csv"
  if has kernel; then
    base=$(hold_ns dgsim 10)
    for number in 10 100 1000 10000 100000 1000000; do
      relative "pending events" $number "$(hold_ns dgsim $number)" "$base"
    done
  fi
  echo "### Growth"
  echo
  echo "| | | ns an event | ns a message | to set up, ms | resident, MiB |"
  echo "|---|---:|---:|---:|---:|---:|"
  for thing in consumers producers partitions faults; do
    base=$(median "$file" ns_per_event "thing=$thing" number=10)
    for number in 0 1 10 100 1000; do
      ns=$(median "$file" ns_per_event "thing=$thing" "number=$number")
      if [[ $ns == none ]]; then continue; fi
      if ((number >= 10)); then relative $thing $number "$ns" "$base"; fi
      printf '| %s | %d | %.0f | %.0f | %s | %.0f |\n' $thing $number "$ns" \
        "$(median "$file" ns_per_message "thing=$thing" "number=$number")" \
        "$(if [[ $thing != faults ]]; then
          calculate "$(median "$file" setup_ns "thing=$thing" "number=$number") / 1e6"
        fi)" \
        "$(calculate "$(median "$file" rss_kib "thing=$thing" "number=$number") / 1024")"
    done
  done
  echo
  echo "![growth](charts/growth.svg)"
  echo
  draw growth
}

report() {
  local section
  {
    machine
    echo
    echo '```'
    if [[ -s $bench/bars.txt ]]; then cat "$bench/bars.txt"; fi
    echo '```'
    echo
    for section in "${sections[@]}"; do
      if has "$section"; then "report_$section"; fi
    done
  } >"$bench/report.md"
  say "$bench/report.md and beside it: CSV files, charts"
}

# The page's generated part, and the charts beside it.
write_report() {
  local page=tests/bench/README.md
  awk -v report="$bench/report.md" '
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- scripts/bench.sh -->" { inside = 1; while ((getline line < report) > 0) print line }
    ' "$page" >"$bench/page.md"
  mv "$bench/page.md" "$page"
  mkdir -p tests/bench/charts
  cp "$bench"/charts/*.svg tests/bench/charts/
  say "$page is written"
}
