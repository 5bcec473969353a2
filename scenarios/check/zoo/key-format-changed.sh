# Bug: a new version writes its keys in another form, and does not know those of the old one, which still runs.
# Shown by both versions side by side, and a message that comes to each. duplicate_effects
# Fixed: keeps the form. To change it: first a version that looks for both, then one that writes the new one.
. "${0%/*}/dgsim.sh"

handle() {
  call begin || return 1
  call insert_unique table processed key "v2:$id" || [ "$status" = exists ] || return 1
  [ "$status" = exists ] || call apply || return 1
  call commit
}

run
