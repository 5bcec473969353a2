#!/usr/bin/env bash
# Debian's package, packed from what is built already: what is in it and what it says of itself. That it can be
# installed, is hardened, and comes out the same each time: scripts/package.sh.
set -euo pipefail
dgsim=$1
if ! command -v dpkg-shlibdeps >/dev/null; then
  echo "skipped: no dpkg-dev here"
  exit 77
fi
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

fail() {
  echo "test_package.sh: $*" >&2
  exit 1
}

export SOURCE_DATE_EPOCH=1700000000
if ! (umask 077 && cpack --config "$(dirname "$dgsim")/CPackConfig.cmake" -B "$tree/pack") >"$tree/log" 2>&1; then
  cat "$tree/log"
  fail "cpack"
fi
debs=("$tree"/pack/*.deb)
((${#debs[@]} == 1)) || fail "not one package"
dpkg-deb -x "${debs[0]}" "$tree/root"

field() { dpkg-deb -f "${debs[0]}" "$1"; }
version=$("$dgsim" --version | sed -n '1s/^dgsim \([0-9.]*\).*/\1/p')
[[ $(field Package) == dgsim && $(field Version) == "$version-1" ]] || fail "not dgsim $version-1"
[[ $(field Depends) == *libc6* && $(field Depends) == *libgsl* && $(field Depends) == *libjansson4* ]] \
  || fail "depends on $(field Depends)"
[[ $(field Recommends) == gnuplot-nox ]] || fail "recommends $(field Recommends)"
[[ $(field Maintainer) == "dgsim developers "* ]] || fail "maintained by $(field Maintainer)"

# Owners, permissions, times.
dpkg-deb --fsys-tarfile "${debs[0]}" | TZ=UTC tar -tv --full-time >"$tree/list"
awk '$2 != "root/root"' "$tree/list" | grep . && fail "not of root"
awk '$1 !~ /^(drwxr-xr-x|-rw-r--r--|lrwxrwxrwx)$/ && $NF != "./usr/bin/dgsim"' "$tree/list" | grep . && fail "permissions"
awk '$1 !~ /^d/ && $4 " " $5 != "2023-11-14 22:13:20"' "$tree/list" | grep . && fail "not the time that was given"

usr=$tree/root/usr
for file in bin/dgsim include/dgsim.h share/dgsim/scenario.schema.json share/dgsim/scenarios/four-guarantees.yaml \
  share/doc/dgsim/README.md share/doc/dgsim/copyright share/doc/dgsim/changelog.gz \
  share/doc/dgsim/changelog.Debian.gz share/doc/dgsim/examples/tutorial/01-hello.yaml share/man/man1/dgsim.1.gz \
  share/bash-completion/completions/dgsim share/zsh/vendor-completions/_dgsim; do
  [[ -s $usr/$file ]] || fail "no $file"
done
[[ -n $(find "$usr/lib" -name dgsim.pc) && -n $(find "$usr/lib" -name dgsimConfig.cmake) ]] || fail "no package for plug-ins"
[[ ! -e $usr/share/doc/dgsim/LICENSE ]] || fail "the licence twice"
zcat "$usr/share/man/man1/dgsim.1.gz" | cmp - <("$dgsim" list man) || fail "another manual page"
zcat "$usr/share/doc/dgsim/changelog.gz" | cmp - CHANGELOG.md || fail "another changelog"
zcat "$usr/share/doc/dgsim/changelog.Debian.gz" | grep -q '  Tue, 14 Nov 2023 22:13:20 +0000$' || fail "another date"
sed '1,/^Permission is/d; s/^$/./; s/^/ /' LICENSES/MIT.txt >"$tree/mit"
sed '1,/^ Permission is/d' "$usr/share/doc/dgsim/copyright" | diff "$tree/mit" - || fail "another MIT licence"
diff -r scenarios "$usr/share/dgsim/scenarios" || fail "other scenarios"
(cd "$tree/root" && md5sum --quiet -c <(dpkg-deb --ctrl-tarfile "${debs[0]}" | tar -xO ./md5sums)) || fail "other sums"

"$usr/bin/dgsim" run "$usr/share/dgsim/scenarios/tutorial/01-hello.yaml" --no-charts --no-report \
  --out "$tree/results" >"$tree/log" || { cat "$tree/log"; fail "the packed program"; }
echo "the package has what it should: $(wc -l <"$tree/list") entries, $(stat -c %s "${debs[0]}") bytes"
