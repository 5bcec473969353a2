# A consumer for tests of check: does what it is told in a transaction with the message's id, and so once.
# shellcheck shell=bash
call() { printf '%s\n' "$1" && read -r answer && [[ $answer == *'"ok"'* ]]; }
once() {
  call '{"call":"begin"}'
  if call "{\"call\":\"insert_unique\",\"table\":\"done\",\"key\":\"$1\"}"; then
    call '{"call":"apply"}' && call '{"call":"commit"}'
  else
    local seen=$answer
    call '{"call":"rollback"}'
    [[ $seen == *'"exists"'* ]]
  fi
}
while read -r line; do
  [[ $line =~ \"number\":([0-9]+) ]] && number=${BASH_REMATCH[1]}
  [[ $line =~ \"id\":\"([^\"]+)\" ]] && id=${BASH_REMATCH[1]}
  if once "$id"; then echo "{\"done\":$number}"; else echo "{\"failed\":$number}"; fi
done
