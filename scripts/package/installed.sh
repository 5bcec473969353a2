#!/usr/bin/env bash
# In a clean Debian, as root: installs /root/dgsim.deb, uses what is installed, takes it away again.
#   installed.sh DIGEST     of scenarios/four-guarantees.yaml
set -euo pipefail
cd /root
digest=$1

fail() {
  echo "installed.sh: $*" >&2
  exit 1
}

quiet() {
  if ! "$@" >log 2>&1; then
    cat log >&2
    fail "failed: $*"
  fi
}

quiet apt-get update
quiet apt-get install -y --no-install-recommends ./dgsim.deb
dgsim --version | head -1
quiet dgsim run /usr/share/dgsim/scenarios/tutorial/01-hello.yaml --no-charts --out results
[[ -s results/01-hello/report.html ]] || fail "no report of an installed example"
quiet dgsim run /usr/share/doc/dgsim/examples/four-guarantees.yaml --no-charts --no-report --out results
grep -q "^digest  *$digest$" log || fail "another digest of four-guarantees.yaml"
echo "runs installed examples; four-guarantees has digest $digest"

zcat /usr/share/man/man1/dgsim.1.gz | grep '^\.TH\|^\.Dt' >title || fail "no manual page"
bash -c 'source /usr/share/bash-completion/completions/dgsim && complete -p dgsim' | grep -q dgsim || fail "no completion"
grep -q '^#compdef dgsim' /usr/share/zsh/vendor-completions/_dgsim || fail "no completion for zsh"
[[ -s /usr/share/dgsim/scenario.schema.json && -s /usr/share/doc/dgsim/copyright ]] || fail "no schema or copyright"
echo "manual page, completions, schema and copyright are there"

quiet apt-get install -y --no-install-recommends gcc libc6-dev pkg-config cmake make
mkdir project
cp /usr/share/dgsim/scenarios/check/examples/consumer.c project/
read -ra flags < <(pkg-config --cflags dgsim) || true
gcc -Wall -Werror -shared -fPIC "${flags[@]}" -o by-pkg-config.so project/consumer.c
printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(consumer LANGUAGES C)' \
  'find_package(dgsim 0.1 REQUIRED)' 'dgsim_add_plugin(by-cmake consumer.c)' >project/CMakeLists.txt
quiet cmake -S project -B project
quiet cmake --build project
for plugin in by-pkg-config.so project/by-cmake.so; do
  dgsim check /usr/share/dgsim/scenarios/check/zoo/single.yaml --plugin "./$plugin" >checked || { cat checked; fail "$plugin"; }
  echo "$plugin: $(grep '^\([1-9][0-9]*\) of \1 recovered' checked)" || fail "$plugin: not all recovered"
done

quiet apt-get install -y gnuplot-nox # recommended
quiet dgsim run /usr/share/dgsim/scenarios/tutorial/01-hello.yaml --out drawn
find drawn -name '*.svg' -size +0 | grep -q . || fail "no chart"

dpkg -L dgsim | while IFS= read -r file; do [[ -d $file && ! -L $file ]] || echo "$file"; done >files
quiet apt-get purge -y dgsim
while IFS= read -r file; do [[ ! -e $file && ! -L $file ]] || fail "purge leaves $file"; done <files
find / -xdev -path /root -prune -o -iname '*dgsim*' -print | grep -v '^/proc/' | grep . && fail "purge leaves that"
echo "charts are drawn; purge leaves nothing of $(wc -l <files) files"
