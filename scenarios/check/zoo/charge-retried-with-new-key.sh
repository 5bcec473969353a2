# Bug: asks again after a lost answer with another key, so that the provider cannot know the request.
# Shown by one lost answer of the provider. duplicate_effects
# Fixed: one key for the operation, however often it is asked.
. "${0%/*}/dgsim.sh"

handle() {
  for attempt in 1 2 3; do
    call charge amount "$amount" idempotency_key "$id/$attempt" && return
    [ "$status" = unknown ] || return 1
    call sleep ms 100
  done
  return 1
}

run
