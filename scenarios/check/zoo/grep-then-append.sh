# Bug: appends to its ledger what it does not find there: two who look at once both append.
# Shown by a pause between looking and appending. duplicate_effects
# Fixed: one file for each operation, linked into its place, which only one can take.
. "${0%/*}/dgsim.sh"
state=${TMPDIR:-/tmp}/dgsim-zoo-$DGSIM_WORKER
mkdir -p "$state"

handle() {
  [ -e "$state/ledger" ] && grep -q "^$id	" "$state/ledger" && return 0
  call step name 'not there yet' || return 1
  printf '%s\tpayment\t%s\n' "$id" "$amount" >>"$state/ledger"
  call step name 'appended'
}

run
