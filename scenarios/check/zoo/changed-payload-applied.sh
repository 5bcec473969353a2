# Bug: id and amount together are the key: what comes with a known id and another amount counts as new.
# Shown by the id of an operation with another amount, as a client does that uses its ids twice. misapplied
# Fixed: the id is the key, of its tenant.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "$tenant/$id/$amount" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
