#!/usr/bin/env bash
# Checks that a built-in handler is what a user could write: a file of at most 40 lines of code beside its
# table rows, on the public header alone. Prints what is not; exit status 1 when there is something.
#   tests/lint/handlers.sh [DIRECTORY]     default: this checkout
# A handler's file is one with a row: `const struct handler handler_…`. Not counted: comments, blank lines,
# #include, tables (`const struct … = {` to its `};`). For the row it may include what the row is made of.
set -euo pipefail
cd "${1:-"$(dirname "$0")/../.."}"

most=40
allowed='
sim/handler/dgsim.h
sim/world/model.h
sim/kernel/time.h
models/store/local.h
models/handlers/cache_keys.h
models/mutants.h
'
mapfile -t files < <(grep -lE '^const struct handler handler_' models/handlers/*.c | LC_ALL=C sort)
if ((${#files[@]} == 0)); then
  echo "handlers.sh: no handlers in $PWD" >&2
  exit 1
fi
awk -v allowed="$allowed" -v most="$most" '
  BEGIN {
    count = split(allowed, lines, "\n")
    for (i = 1; i <= count; i++) if (lines[i] != "") may["\"" lines[i] "\""] = 1
  }
  function over() {
    if (file != "" && code > most) {
      print file ": " code " lines of code, and " most " are the most"
      bad = 1
    }
  }
  FNR == 1 { over(); file = FILENAME; code = 0; comment = table = 0 }
  {
    line = $0
    text = ""
    while (line != "") {
      if (comment) {
        at = index(line, "*/")
        if (!at) break
        line = substr(line, at + 2)
        comment = 0
      } else {
        at = index(line, "/*")
        if (!at) { text = text line; break }
        text = text substr(line, 1, at - 1)
        line = substr(line, at + 2)
        comment = 1
      }
    }
    sub(/\/\/.*/, "", text)
    if (text !~ /[^ \t]/) next
    if (text ~ /^#[ \t]*include/) {
      sub(/^#[ \t]*include[ \t]*/, "", text)
      if (!(text in may)) {
        print FILENAME ":" FNR ": a handler includes " text
        bad = 1
      }
      next
    }
    if (text ~ /^(static )?const struct .*= *\{/) table = 1
    if (!table) code++
    if (text ~ /\};[ \t]*$/) table = 0
  }
  END { over(); exit bad }
' "${files[@]}"
