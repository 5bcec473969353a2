#!/bin/sh
# Does every operation once: what was done is a row of the same transaction as the doing.
field() { printf '%s' "$line" | sed -n 's/.*[{,]"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'; }

call() { # NAME [,"FIELD":VALUE…]: sets `status`
  printf '{"call":"%s"%s}\n' "$1" "$2"
  read -r answer || exit 0
  status=${answer#*\"status\":\"} status=${status%%\"*}
}

handle() { # of operation $1
  call begin
  call insert_unique ",\"table\":\"processed\",\"key\":\"$1\""
  if test "$status" = ok; then
    call apply
    if test "$status" = ok; then
      call commit
      test "$status" = ok
      return
    fi
  fi
  test "$status" = exists; known=$?
  call rollback
  return $known
}

while read -r line; do
  if handle "$(field tenant)/$(field id)"; then end="done"; else end=failed; fi
  printf '{"%s":%s}\n' "$end" "$(field number)"
done
