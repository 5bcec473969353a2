# Bug: keeps a file for each operation that it has begun, and a ledger; dies between the two.
# Shown by a kill at the step that it marks there. lost_acked
# Fixed: one file for each operation is the ledger and the mark, and appears whole or not at all.
. "${0%/*}/dgsim.sh"
state=${TMPDIR:-/tmp}/dgsim-zoo-$DGSIM_WORKER
mkdir -p "$state"

handle() {
  mkdir "$state/$id" 2>/dev/null || return 0
  call step name 'marked' || return 1
  printf '%s\tpayment\t%s\n' "$id" "$amount" >>"$state/ledger"
  call step name 'written'
}

run
