# Bug: charges without a key in the middle of a transaction. A rollback takes the mark back, and not the charge.
# Shown by a commit that fails, or a kill before it. duplicate_effects
# Fixed: the provider gets a key, and so knows what it has charged.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table paid key "$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call charge amount "$amount" || return 1
  call commit
}

run
