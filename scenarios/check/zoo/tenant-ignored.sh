# Bug: the key is the operation's id alone, which is unique only among those of its tenant.
# Shown by another tenant's operation with the same id: it is dropped. lost_acked
# Fixed: tenant and id are the key.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
