# What the tool calls for the consumers that keep files of their own, with a worker's number in DGSIM_WORKER:
# `sh own-state.sh reset` before each run, `sh own-state.sh probe` after it, which prints what they have done.
state=${TMPDIR:-/tmp}/dgsim-zoo-${DGSIM_WORKER:-0}

case $1 in
reset) rm -rf "$state" "$state.json" "$state.db" ;;
probe)
  if [ -d "$state" ]; then cat "$state"/* 2>/dev/null || :; fi
  if [ -f "$state.json" ]; then tr ',' '\n' <"$state.json" | sed -n 's/[{ ]*"\(.*\)": \([0-9]*\)}*/\1\tpayment\t\2/p'; fi
  ;;
esac
