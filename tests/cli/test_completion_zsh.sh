#!/usr/bin/env bash
# What `dgsim list zsh` completes, in a zsh that is typed into; 77 where there is none.
set -euo pipefail
dgsim=$(realpath "$1")
if ! command -v zsh >/dev/null; then
  echo "no zsh here"
  exit 77
fi
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/functions" "$tree/work/sub"
"$dgsim" list zsh >"$tree/functions/_dgsim"
zsh -n "$tree/functions/_dgsim"
touch "$tree/work/one.yaml" "$tree/work/notes.txt" "$tree/work/plugin.so"
cd "$tree/work"

# Types each line and a tab into a zsh, and prints what the line has become: LINE<TAB>RESULT.
cat >"$tree/type.zsh" <<'END'
zmodload zsh/zpty
zpty shell 'ZDOTDIR=/nonexistent TERM=dumb zsh -f -i'
say() { zpty -w shell "$1" }
# Everything up to the mark.
upto() { local chunk; REPLY=''; while [[ $REPLY != *$1* ]] && zpty -r shell chunk; do REPLY+=$chunk; done }
say "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste list_beep beep auto_menu; fpath=($1/functions \$fpath)"
say 'autoload -Uz compinit && compinit -u -D; zstyle ":completion:*" menu no; LISTMAX=10000'
# Instead of running a line, its text goes to a file.
say "keep() { print -r -- \"\$BUFFER\" >>$1/lines; BUFFER=''; zle redisplay }; zle -N keep; bindkey '^T' keep"
say "print ready\"-\"now"
upto ready-now
for line in "${(@f)$(<$1/typed)}"; do
  zpty -n -w shell "$line"$'\t\x14'
done
say ""
say "print done\"-\"now"
upto done-now
zpty -d shell
END

typed() { # LINE RESULT: what a tab makes of it
  printf '%s\n' "$1" >>"$tree/typed"
  printf '%s\n' "$2" >>"$tree/wanted"
}
typed 'dgsim expla' 'dgsim explain '
typed 'dgsim run on' 'dgsim run one.yaml '
typed 'dgsim run one.yaml --ve' 'dgsim run one.yaml --verify'
typed 'dgsim run one.yaml --format ju' 'dgsim run one.yaml --format junit '
typed 'dgsim list --format mark' 'dgsim list --format markdown '
typed 'dgsim list anom' 'dgsim list anomalies '
typed 'dgsim explore one.yaml --at ack-app' 'dgsim explore one.yaml --at ack-applied '
typed 'dgsim run one.yaml --set workload/mess' 'dgsim run one.yaml --set workload/messages='
typed 'dgsim run one.yaml --set workload/arrivals=st' 'dgsim run one.yaml --set workload/arrivals=steady '
typed 'dgsim run one.yaml --vary workload/arrivals=poisson,st' 'dgsim run one.yaml --vary workload/arrivals=poisson,steady '
typed 'dgsim check one.yaml --plugin pl' 'dgsim check one.yaml --plugin plugin.so '
typed 'dgsim check one.yaml --keep' 'dgsim check one.yaml --keep-going '
typed 'dgsim run one.yaml --out su' 'dgsim run one.yaml --out sub/'
typed 'dgsim check one.yaml -- cat not' 'dgsim check one.yaml -- cat notes.txt '
printf 'format: 1\ncompare: [at-most-once, {label: a log, system: kafka-acks-all}]\n' >"$tree/work/one.yaml"
typed 'dgsim run one.yaml --row a\ l' 'dgsim run one.yaml --row a\ log'
export PATH="${dgsim%/*}:$PATH"
touch "$tree/lines"
timeout 60 zsh -f "$tree/type.zsh" "$tree" >/dev/null || { echo "zsh did not end"; exit 1; }
# A tab that ends in a blank or not is a setting of the person.
if ! diff <(sed 's/ *$//' "$tree/wanted") <(sed 's/ *$//' "$tree/lines"); then
  echo "zsh completes otherwise"
  exit 1
fi
echo "zsh completes commands, options, their words, paths, points, lists and files"
