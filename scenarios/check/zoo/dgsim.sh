# What the shell consumers here share: a JSON line in, a JSON line out (../PROTOCOL.md).
# `call NAME FIELD VALUE…` sets status, and is true for ok; `run` has `handle` called for each message, with its
# fields in id, account, amount, tenant and redelivered: what is not true leaves the message unacknowledged.

call() {
  text="{\"call\":\"$1\""
  shift
  while [ $# -gt 0 ]; do
    case $2 in
    '' | *[!0-9]*) text="$text,\"$1\":\"$2\"" ;;
    *) text="$text,\"$1\":$2" ;;
    esac
    shift 2
  done
  printf '%s}\n' "$text"
  IFS= read -r answer || exit 0
  status=${answer#*\"status\":\"}
  status=${status%%\"*}
  [ "$status" = ok ]
}

field() { # NAME: into `value`
  value=${line#*\""$1"\":}
  value=${value#\"}
  value=${value%%[\",\}]*}
}

run() {
  while IFS= read -r line; do
    for name in id account amount tenant redelivered number; do field $name && eval "$name=\$value"; done
    if handle; then echo "{\"done\":$number}"; else echo "{\"failed\":$number}"; fi
  done
}
