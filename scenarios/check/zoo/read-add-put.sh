# Bug: reads a total, adds to it and writes it: of two who read at once, one's addition is overwritten.
# Shown by a statement of a dead consumer that is executed late, or a pause between read and write. lost_acked
# Fixed: writes only if the total is still what was read, and otherwise reads again.
. "${0%/*}/dgsim.sh"

read_total() {
  value=0
  call get table totals key "$account" || [ "$status" = not-found ] || return 1
  line=$answer
  [ "$status" = not-found ] || field value
}

handle() {
  call begin || return 1
  call insert_unique table processed key "$id" || [ "$status" = exists ] || return 1
  if [ "$status" != exists ]; then
    read_total || return 1
    call put table totals key "$account" value $((value + amount)) || return 1
  fi
  call commit
}

run
