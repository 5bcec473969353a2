# Bug: a body that cannot be read ends the process; the message comes again, and ends the next one.
# Shown by a poison message. died
# Fixed: what cannot be read is written down and dropped.
. "${0%/*}/dgsim.sh"

handle() {
  order=${line#*amount\\\":} # of the body: {\"account\":\"account-1\",\"amount\":10}
  order=${order%%[!0-9]*}
  : "${order:?the body has no amount}"
  call begin || return 1
  call insert_unique table processed key "$tenant/$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
