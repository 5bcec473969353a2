# `sh own-files.sh reset` before each run, `probe` after it: what the consumers that keep files have done.
state=${TMPDIR:-/tmp}/dgsim-zoo-${DGSIM_WORKER:-0}
case $1 in
reset) rm -rf "$state" ;;
probe) cat "$state"/* 2>/dev/null || : ;;
esac
