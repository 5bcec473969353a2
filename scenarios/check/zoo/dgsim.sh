# What the shell consumers here share: a JSON line in, a JSON line out (../PROTOCOL.md).
# `field NAME` sets value; `call NAME FIELDS` sets status and is true for ok; `run` calls `handle` for each message.

field() {
  value=${line#*\"$1\":}
  value=${value#\"}
  value=${value%%[\",\}]*}
}

call() {
  printf '{"call":"%s"%s}\n' "$1" "${2:+,$2}"
  IFS= read -r answer || exit 0
  status=${answer#*\"status\":\"}
  status=${status%%\"*}
  [ "$status" = ok ]
}

run() {
  while IFS= read -r line; do
    field number && number=$value
    field account && account=$value
    field amount && amount=$value
    field tenant && tenant=$value
    field redelivered && redelivered=$value
    field id && id=$value
    if handle; then printf '{"done":%s}\n' "$number"; else printf '{"failed":%s}\n' "$number"; fi
  done
}
