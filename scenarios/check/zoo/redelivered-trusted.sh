# Bug: looks for a mark only where the broker says `redelivered`. A copy that the sender made is not one.
# Shown by that, and by a first delivery that stands still until the second is done. duplicate_effects
# Fixed: looks whatever the broker says.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status-$redelivered" = exists-true ] || call apply || return 1
  call commit
}

run
