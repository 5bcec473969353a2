# As charge-retried-with-new-key.sh, with the key of the operation.
. "${0%/*}/dgsim.sh"

handle() {
  for _ in 1 2 3; do
    call charge amount "$amount" idempotency_key "$id" && return
    [ "$status" = unknown ] || return 1
    call sleep ms 100
  done
  return 1
}

run
