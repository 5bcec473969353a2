# Bug: writes every error down and goes on: a passing failure of the database counts as handled.
# Shown by one statement that is refused. lost_acked
# Fixed: the error is what the handler ends with, and the message comes again.
. "${0%/*}/dgsim.sh"

pay() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

handle() {
  pay || echo "$id: $status" >&2
}

run
