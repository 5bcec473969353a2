# As changed-payload-applied.sh, with tenant and id alone as the key.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "$tenant/$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
