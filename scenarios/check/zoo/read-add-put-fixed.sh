# As read-add-put.sh, with a conditional write: a total that has changed meanwhile is read again.
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
    until [ "$status" = written ]; do
      read_total || return 1
      call put_if table totals key "$account" expected "$value" value $((value + amount)) && status=written
      [ "$status" = written ] || [ "$status" = exists ] || return 1
    done
  fi
  call commit
}

run
