# As mark-file-first.sh, with one file that is written aside and linked into its place, which only one can take.
. "${0%/*}/dgsim.sh"
state=${TMPDIR:-/tmp}/dgsim-zoo-$DGSIM_WORKER
mkdir -p "$state"

handle() {
  printf '%s\tpayment\t%s\n' "$id" "$amount" >"$state/.$$"
  call step name 'written aside' || return 1
  ln "$state/.$$" "$state/$id" 2>/dev/null || [ -e "$state/$id" ] || return 1
  rm "$state/.$$"
  call step name 'in place'
}

run
