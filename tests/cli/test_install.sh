#!/usr/bin/env bash
# As somebody who has the installed tool alone: a plug-in is compiled outside of the checkout, with pkg-config
# and with CMake, and the installed tool tries it. What is installed can be moved.
set -euo pipefail
dgsim=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

fail() {
  echo "test_install.sh: $*" >&2
  exit 1
}

if ! cmake --install "$(dirname "$dgsim")" --prefix "$tree/first" >"$tree/log" 2>&1; then
  cat "$tree/log"
  fail "cmake --install"
fi
mv "$tree/first" "$tree/prefix" # it was made for another place
prefix=$tree/prefix
for file in bin/dgsim include/dgsim.h lib/pkgconfig/dgsim.pc lib/cmake/dgsim/dgsimConfig.cmake \
  lib/cmake/dgsim/dgsimConfigVersion.cmake share/doc/dgsim/LICENSE share/doc/dgsim/MIT.txt \
  share/man/man1/dgsim.1 share/bash-completion/completions/dgsim share/zsh/vendor-completions/_dgsim \
  share/dgsim/scenario.schema.json; do
  [[ -s $prefix/$file ]] || fail "no $file"
done
[[ $(find "$prefix/include" -type f | wc -l) == 1 ]] || fail "more than the one header is installed"
version=$("$prefix/bin/dgsim" --version | sed -n '1s/^dgsim \([0-9.]*\).*/\1/p')
[[ -n $version ]] || fail "no version from the installed tool"
for document in man=man/man1/dgsim.1 bash=bash-completion/completions/dgsim zsh=zsh/vendor-completions/_dgsim \
  schema=dgsim/scenario.schema.json; do # as this program says it
  "$prefix/bin/dgsim" list "${document%%=*}" | cmp - "$prefix/share/${document#*=}" || fail "another ${document%%=*}"
done

mkdir "$tree/project"
cp scenarios/check/examples/consumer.c "$tree/project/payments.c"
cd "$tree/project"
cat >CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.16)
project(payments LANGUAGES C)
find_package(dgsim $version REQUIRED)
dgsim_add_plugin(payments payments.c)
END
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
[[ $(pkg-config --modversion dgsim) == "$version" ]] || fail "pkg-config has another version"
read -ra flags < <(pkg-config --cflags dgsim)
"${CC:-cc}" -std=c17 -Wall -Wextra -Wmissing-prototypes -Werror -fvisibility=hidden -shared -fPIC \
  "${flags[@]}" -o payments.so payments.c
build() { cmake -G Ninja -S . -B build -DCMAKE_PREFIX_PATH="$prefix" && cmake --build build; }
if ! build >"$tree/log" 2>&1; then
  cat "$tree/log"
  fail "CMake"
fi

cat >payments.yaml <<END
format: 1
name: payments
system: sqs-standard
workload: {messages: 5, keys: 2}
check: {delivery: {tenants: true, changed_payload: true}, pairs: 0}
END
try() { "$prefix/bin/dgsim" check payments.yaml -j 1 --out out --plugin "$1"; }
for object in payments.so build/payments.so; do
  nm -D --defined-only "$object" | grep -q ' dg_plugin$' || fail "$object does not export dg_plugin"
  nm -D --undefined-only "$object" | grep -q ' dg_' && fail "$object needs something of the tool"
  try "$object" >"$tree/log" || true
  grep -q '^\([1-9][0-9]*\) of \1 recovered' "$tree/log" || { cat "$tree/log"; fail "not all recovered"; }
done

# With that one bug: the deduplication is what recovers.
sed 's/dg_insert_unique(.*;/DG_OK;/' payments.c >bug.c
"${CC:-cc}" -shared -fPIC -w "${flags[@]}" -o bug.so bug.c
if try ./bug.so >"$tree/log"; then
  fail "a consumer without deduplication passes"
fi
grep -q duplicate_effects "$tree/log" || { cat "$tree/log"; fail "not its anomaly"; }

# What it prints stays out of the report.
sed 's/dg_begin(context);/& puts("in the plug-in"), fflush(stdout);/; 1i #include <stdio.h>' payments.c >print.c
"${CC:-cc}" -shared -fPIC -w "${flags[@]}" -o print.so print.c
try ./print.so >"$tree/log" 2>"$tree/printed"
grep -q 'in the plug-in' "$tree/printed" || fail "what the plug-in prints is lost"
! grep 'in the plug-in' "$tree/log" || fail "a report with what the plug-in prints"

echo "a plug-in compiles with what is installed, by pkg-config and by CMake"
