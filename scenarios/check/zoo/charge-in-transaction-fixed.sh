# As charge-in-transaction.sh, with the operation's id as the idempotency key.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table paid key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call charge amount "$amount" idempotency_key "$id" || return 1
  call commit
}

run
