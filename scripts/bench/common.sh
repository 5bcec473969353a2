# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the sections
# What the sections of scripts/bench.sh share; they are sourced by it, in one shell.
#
# Set by bench.sh: bench (where CSV files go), rounds, short (0 or 1), long (0 or 1), pin (array: a command
# that keeps to one core, or nothing), dgsim, programs (folder of the
# built benchmarks), peers (of the built peers).

failed=0
status_most=0 # exit status of a measured command that is no failure

# value KEY LINE: of a line "key=value key=value".
value() {
  local word
  for word in $2; do
    if [[ $word == "$1="* ]]; then
      printf '%s\n' "${word#*=}"
      return
    fi
  done
  echo "bench.sh: no $1 in '$2'" >&2
  return 70
}

# measured COMMAND...: its cost as "cpu_ns=… wall_ns=… rss_kib=… " and what it printed last, in one line.
measured() {
  local cost status=0
  "$programs/bench_measure" "$@" >"$bench/said" 2>"$bench/said.err" || status=$?
  cost=$(tail -n 1 "$bench/said.err")
  if ((status > status_most)) || [[ $cost != cpu_ns=* ]]; then
    echo "bench.sh: exit status $status: $*" >&2
    cat "$bench/said" "$bench/said.err" >&2
    return 70
  fi
  printf '%s %s\n' "$cost" "$(tail -n 1 "$bench/said")"
}

# simulate FILE OPTION...: one run of a scenario, pinned: its cost, and "intended=… delivered=…" of its row.
simulate() {
  local cost
  cost=$(measured "${pin[@]}" "$dgsim" run "$@" --out "$bench/runs" --no-charts --no-report) || return
  printf 'cpu_ns=%s rss_kib=%s %s\n' "$(value cpu_ns "$cost")" "$(value rss_kib "$cost")" "$(tr -d '"' <"$bench/runs/latest/runs.csv" | awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
    { for (i = 1; i <= NF; i++) sum[i] += $i; last = $0 }
    END { for (i = 5; i <= NF; i++) if (name[i] != "digest" && name[i] != "verdict") printf "%s=%d ", name[i], sum[i] }')"
}

# median FILE COLUMN NAME=VALUE...: of a column, over the rows where columns have these values.
median() {
  local file=$1 column=$2 IFS=@
  shift 2
  awk -F, -v column="$column" -v conditions="$*" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(conditions, want, "@"); next }
    { for (i = 1; i <= n; i++) { split(want[i], pair, "="); if ($(at[pair[1]]) != pair[2]) next }
      print $(at[column]) }' "$file" | sort -g | awk '
    { all[NR] = $1 }
    END { if (NR == 0) print "none"; else printf "%.6g\n", NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

# total FILE COLUMN NAME=VALUE...: likewise, the sum.
total() {
  local file=$1 column=$2 IFS=@
  shift 2
  awk -F, -v column="$column" -v conditions="$*" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(conditions, want, "@"); next }
    { for (i = 1; i <= n; i++) { split(want[i], pair, "="); if ($(at[pair[1]]) != pair[2]) next }
      sum += $(at[column]) }
    END { printf "%.15g\n", sum }' "$file"
}

# calculate EXPRESSION: a number, or "none" where a part of it is "none".
calculate() {
  if [[ $1 == *none* ]]; then
    echo none
  else
    awk "BEGIN { printf \"%.4g\n\", $1 }"
  fi
}

# bar WHAT FOUND least|most BOUND UNIT: prints and keeps a line; one that is missed makes bench.sh fail, but in
# the short form, whose runs are too short to time.
bar() {
  local word verdict=MISSED
  word=">="
  if [[ $3 == most ]]; then word="<="; fi
  if [[ $2 == none ]]; then
    verdict="not measured"
  elif awk -v a="$2" -v b="$4" -v word="$word" 'BEGIN { exit !(word == ">=" ? a >= b : a <= b) }'; then
    verdict=met
  fi
  local found="$2$5"
  if [[ $2 == none ]]; then found=-; fi
  printf '%-13s %9s %s %-6s %s\n' "$verdict" "$found" "$word" "$4$5" "$1" | tee -a "$bench/bars.txt"
  if [[ $verdict == MISSED ]] && ((!short)); then failed=1; fi
}

# remark FOUND UNIT WHAT: the same of what has no bar.
remark() {
  local found="$1$2"
  if [[ $1 == none ]]; then found=-; fi
  printf '%-13s %9s    %-6s %s\n' "" "$found" "" "$3" | tee -a "$bench/bars.txt"
}

say() { printf '%s\n' "$*" >&2; }
