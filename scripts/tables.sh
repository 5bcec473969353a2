#!/usr/bin/env bash
# The tables of scenarios/README.md that the program itself knows: Markdown, from `dgsim list`.
#   scripts/tables.sh handlers|slots|systems|metrics [DGSIM]     tests/cli/test_tables.sh compares
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
section=$1
dgsim=${2:-build/dgsim}

# Lines "kind name<TAB>`key` `key`" of the models that have keys.
keys() {
  "$dgsim" list keys | awk '
    /^[a-z]/ { model = $0 }
    /^  [A-Za-z]/ { keys[model] = keys[model] (keys[model] ? " " : "") "`" $1 "`" }
    END { for (model in keys) print model "\t" keys[model] }'
}
# A line for each entry of a list: `name`, what it is, what FURTHER asks of its further lines, and its keys.
models() { # list, kind of its keys or "" where the further line says it
  awk -v kind="$2" '
    NR == FNR { split($0, field, "\t"); keys[field[1]] = field[2]; next }
    function flush() {
      if (name == "") return
      slot = kind != "" ? kind : further; gsub(/^of the slot .|.$/, "", slot)
      if (kind != "") slot = kind
      if (kind == "handler") {
        sub(/^calls: a /, "", further); gsub(/, a /, ", ", further); sub(/^calls no store.*/, "-", further)
        printf "| `%s` | %s | %s | %s |\n", name, about, further, keys["handler " name]
      } else
        printf "| `%s` | `%s` | %s | %s |\n", slot, name, about, keys[slot " " name]
    }
    /^[a-z]/ { flush(); name = $1; about = $0; sub(/^[^ ]+ +/, "", about); further = ""; next }
    further == "" { further = $0; sub(/^ +/, "", further) }
    END { flush() }' <(keys) <("$dgsim" list "$1")
}

case $section in
handlers)
  echo "| handler | what it does | calls | keys |"
  echo "|---|---|---|---|"
  models handlers handler
  ;;
slots)
  echo "| slot | model | what it is | keys |"
  echo "|---|---|---|---|"
  models stores ""
  models clients client
  models publishers publisher
  ;;
systems)
  echo "| system | what it is |"
  echo "|---|---|"
  "$dgsim" list systems | awk '/^[a-z]/ { name = $1; sub(/^[^ ]+ +/, ""); printf "| `%s` | %s |\n", name, $0 }'
  ;;
metrics)
  echo "| metric | | what it is |"
  echo "|---|---|---|"
  "$dgsim" list metrics | awk 'NR > 1 { name = $1; unit = $2; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, ""); printf "| `%s` | %s | %s |\n", name, unit, $0 }'
  ;;
*)
  echo "tables.sh: no section '$section': handlers, slots, systems, metrics" >&2
  exit 64
  ;;
esac
