# Bug: knows a message again by what it says. Two payments of the same amount are not one payment.
# Shown by twins: two operations with identical bodies, both wanted. lost_acked
# Fixed: the id of the operation is the key.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "$account pays $amount" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
