# shellcheck shell=bash disable=SC2154 # variables are those of analysis.sh
# What an analyser said, without what is accepted.
# shellcheck disable=SC2034 # accepted_count is told by others

# Of a log its lines FILE:LINE:COL: KIND: TEXT [CHECK], once each, with paths from the top.
lines_of() { # LOG
  sed -nE "s#^(\.\./)*($PWD/)?##
    /^[^ :]+:[0-9]+:([0-9]+:)? *(fatal error|error|warning|style|performance|portability|information):/p" "$1" |
    LC_ALL=C sort -u
}

# Prints what is not accepted, and rows that accept nothing where everything was looked at; false where there is any.
# Sets `accepted_count`: how many findings were.
findings() { # TOOL LOG
  local status=0
  lines_of "$2" | awk -v tool="$1" -v short="$short" -v list="$accepted" -v taken="$out/taken" '
    BEGIN {
      while ((getline line < list) > 0) {
        split(line, field, ",")
        if (field[1] != tool) continue
        check[++count] = field[2]; file[count] = field[3]; code[count] = field[4]
      }
    }
    function source_line(path, number,   text, i) {
      for (i = 0; i < number && (getline text < path) > 0;) i++
      close(path)
      return text
    }
    {
      split($0, place, ":")
      id = match($0, /\[[^][]*\]$/) ? substr($0, RSTART + 1, RLENGTH - 2) : ""
      text = source_line(place[1], place[2])
      for (i = 1; i <= count; i++)
        if (id == check[i] && place[1] == file[i] && (code[i] == "" || index(text, code[i]))) { used[i] = 1; total++; next }
      print
      bad = 1
    }
    END {
      for (i = 1; i <= count && short != "true"; i++)
        if (!used[i]) { print list ": accepts nothing: " tool "," check[i] "," file[i] "," code[i]; bad = 1 }
      print total + 0 >taken
      exit bad
    }' >&2 || status=1
  accepted_count=$(cat "$out/taken")
  return $status
}
