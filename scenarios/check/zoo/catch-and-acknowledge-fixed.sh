# As catch-and-acknowledge.sh: it writes the error down, and passes it on.
. "${0%/*}/dgsim.sh"

pay() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

handle() {
  pay && return
  echo "$id: $status" >&2
  return 1
}

run
