# Bug: knows a message again by the broker's id. The sender who repeats himself gets a new one.
# Shown by an answer to the sender that is lost: he publishes the same operation again. duplicate_effects
# Fixed: the id of the operation, which its sender gave it.
. "${0%/*}/dgsim.sh"

handle() {
  field message_id
  call begin || return 1
  call insert_unique table processed key "$value" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
