# As failures-cached.sh, but a failure leaves no trace; a cache that does not answer is no failure.
. "${0%/*}/dgsim.sh"

pay() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

handle() {
  call cache_get key "handled:$id" && return
  pay || return 1
  call cache_set key "handled:$id" value 1 ttl_ms 3600000 || :
}

run
