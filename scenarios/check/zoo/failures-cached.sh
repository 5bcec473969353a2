# Bug: whatever came of it, the cache remembers that the operation was handled: a failure is never made good.
# Shown by a commit that is refused: the next delivery finds the mark and is dropped. lost_acked
# Fixed: only what was committed is remembered; the cache saves work, the constraint decides.
. "${0%/*}/dgsim.sh"

pay() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

handle() {
  call cache_get key "handled:$id" && return
  pay
  paid=$?
  call cache_set key "handled:$id" value 1 ttl_ms 3600000
  return $paid
}

run
