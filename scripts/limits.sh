#!/usr/bin/env bash
# What this does not model: the LIMIT: comments of models/ and sim/, as Markdown, by file. A limit goes on
# over the following comment lines, until an empty one, a tag such as [I1], a list item or the end.
#   scripts/limits.sh [DIRECTORY]     default: this checkout
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "${1:-"$(dirname "$0")/.."}"

echo "# What this does not model"
# shellcheck disable=SC2016 # the dollars are awk's
find models sim -name '*.[ch]' | LC_ALL=C sort | xargs -r awk '
  function finish() {
    if (limit == "") return
    depth = 0
    for (i = 1; i <= length(limit); i++) { # a limit in brackets ends with them
      depth += substr(limit, i, 1) == "("
      depth -= substr(limit, i, 1) == ")"
      if (depth < 0) limit = substr(limit, 1, i - 1)
    }
    if (file != printed) printf "\n`%s`\n\n", file
    printed = file
    print "- " limit
    limit = ""
  }
  function add(text) {
    ended = sub(/[ \t]*\*\/.*$/, "", text)
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    if (text != "") limit = limit == "" ? text : limit " " text
    if (ended) finish()
  }
  FNR == 1 { finish() }
  /(\/\*|\/\/|^[ \t]*\*).*LIMIT:/ {
    finish()
    file = FILENAME
    mark = $0 ~ /\/\/.*LIMIT:/ ? "^[ \t]*//" : "^[ \t]*[*]?([^/]|$)"
    sub(/^.*LIMIT:/, "")
    add($0)
    next
  }
  limit != "" {
    if ($0 ~ /^[ \t]*\*\// || $0 !~ mark) { finish(); next }
    sub(/^[ \t]*(\/\/|\*)/, "")
    if ($0 ~ /^[ \t]*($|\[[A-Z]+[0-9]+\]|- )/) { finish(); next }
    add($0)
  }
  END { finish() }
'
