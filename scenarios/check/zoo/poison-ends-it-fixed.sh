# As poison-ends-it.sh, but it drops what it cannot read, and goes on.
. "${0%/*}/dgsim.sh"

handle() {
  order=${line#*amount\\\":} # of the body: {\"account\":\"account-1\",\"amount\":10}
  order=${order%%[!0-9]*}
  if [ -z "$order" ]; then
    echo "$id: the body has no amount" >&2
    return
  fi
  call begin || return 1
  call insert_unique table processed key "$tenant/$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
