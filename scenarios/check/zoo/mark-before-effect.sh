# Bug: the mark is committed before the effect: what stops in between is never done.
# Shown by a kill between them, or an effect that fails. lost_acked
# Fixed: both are one transaction.
. "${0%/*}/dgsim.sh"

handle() {
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply
}

run
