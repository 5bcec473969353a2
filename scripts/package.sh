#!/usr/bin/env bash
# Debian's package, with Debian's hardening flags: build-package/dgsim_VERSION_ARCHITECTURE.deb. It is without MPI.
#   scripts/package.sh                  makes it, shows that it is hardened, tries the hardened program
#   scripts/package.sh --test           and installs it in a clean Debian 12 (root, debootstrap): package/installed.sh
#   scripts/package.sh --reproducible   two builds in folders, times and surroundings of their own: the same bytes
#   JOBS=N                              compilers at once; default: as many as there are cores
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."
what=${1:-}
case $what in
  '' | --test | --reproducible) ;;
  *) sed -n '2,/^set/{s/^# \?//p}' "$0" >&2 && exit 64 ;;
esac

scripts/install.sh build package
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# -g only costs time: what is packed is stripped.
export DEB_BUILD_MAINT_OPTIONS=hardening=+all DEB_CFLAGS_MAINT_STRIP=-g
work=$(mktemp -d)
shopt -s inherit_errexit
trap 'rm -rf --one-file-system "$work"' EXIT

fail() {
  echo "package.sh: $*" >&2
  exit 1
}

quiet() {
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    fail "failed: $*"
  fi
}

# build SOURCE FOLDER [TARGET...]: configures, builds, packs. Paths are told apart from what they are called here.
build() (
  cd "$1"
  flags="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS) -fPIE -ffile-prefix-map=$2=build"
  quiet cmake --preset package -B "$2" -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_EXE_LINKER_FLAGS="$(dpkg-buildflags --get LDFLAGS) -pie"
  quiet cmake --build "$2" --parallel "${JOBS:-$(nproc)}" --target dgsim "${@:3}"
  umask 022 # CPack writes its modes into the package
  quiet cpack --config "$2/CPackConfig.cmake" -B "$2"
)

# hardened PROGRAM: as readelf sees it.
hardened() {
  local headers dynamic symbols
  headers=$(readelf -hlW "$1") dynamic=$(readelf -dW "$1") symbols=$(readelf --dyn-syms -W "$1")
  grep -q 'Type: *DYN (Position-Independent Executable' <<<"$headers" || fail "$1 is not position-independent"
  grep -q GNU_RELRO <<<"$headers" || fail "$1 has no read-only relocations"
  grep -q 'GNU_STACK.* RW ' <<<"$headers" || fail "$1 has an executable stack"
  grep -q 'FLAGS_1.*NOW.*PIE' <<<"$dynamic" || fail "$1 is not bound at once"
  grep -q __stack_chk_fail <<<"$symbols" || fail "$1 has no stack protector"
  grep -q '__[a-z]*printf_chk' <<<"$symbols" || fail "$1 has no fortified functions"
  echo "hardened: position-independent, relro, bound at once, stack protector, fortified, no executable stack"
}

if [[ $what == --reproducible ]]; then
  unset CMAKE_C_COMPILER_LAUNCHER # a compiler cache would compare a build with itself
  for copy in one another/and/longer; do
    mkdir -p "$work/$copy"
    git ls-files -z | tar --null -T - -c | tar -C "$work/$copy" -x
  done
  (umask 022 && TZ=UTC LC_ALL=C build "$work/one" "$work/one/build-package")
  (umask 077 && TZ=Pacific/Auckland LC_ALL=C.UTF-8 build "$work/another/and/longer" "$work/elsewhere")
  mv "$work/one/build-package" "$work/first"
  mv "$work/elsewhere" "$work/second"
  (cd "$work" && sha256sum first/dgsim second/dgsim first/*.deb second/*.deb)
  cmp "$work/first/dgsim" "$work/second/dgsim" || fail "two programs"
  for file in "$work"/first/*.deb; do cmp "$file" "$work/second/${file##*/}" || fail "two packages"; done
  echo "two builds, the same bytes"
  exit
fi

folder=$PWD/build-package
rm -f "$folder"/*.deb
build "$PWD" "$folder" handler_test_fiber plugin_library
debs=("$folder"/*.deb)
hardened "$folder/dgsim"

# Fibers change stacks under a stack protector's eyes. Its results are those of the usual build.
quiet "$folder/tests/handler_test_fiber"
scripts/build.sh release dgsim >/dev/null
digest_of() {
  quiet "$1" run scenarios/four-guarantees.yaml --no-charts --no-report --out "$work/results"
  sed -n 's/^digest  *//p' "$work/log"
}
digest=$(digest_of build/dgsim)
[[ $digest =~ ^[0-9a-f]{16}$ && $digest == "$(digest_of "$folder/dgsim")" ]] || fail "another digest than $digest"
"${CC:-cc}" -shared -fPIC -O2 -Isim/handler -o "$work/consumer.so" scenarios/check/examples/consumer.c
"$folder/dgsim" check scenarios/check/zoo/single.yaml --out "$work/hardened" --plugin "$work/consumer.so" >"$work/check"
grep '^\([1-9][0-9]*\) of \1 recovered' "$work/check" || fail "a plug-in in the hardened program"
echo "fibers, four-guarantees (digest $digest, as build/dgsim) and a plug-in work in the hardened program"

if command -v lintian >/dev/null; then
  quiet lintian --allow-root --fail-on error,warning --suppress-tags-from-file scripts/package/lintian.txt "${debs[0]}"
  echo "lintian finds nothing that scripts/package/lintian.txt does not explain"
else
  echo "note: no lintian here: the package is not checked by it"
fi
echo "${debs[0]#"$PWD/"}: $(stat -c %s "${debs[0]}") bytes"
[[ $what == --test ]] || exit 0

if ((EUID != 0)) || ! command -v debootstrap >/dev/null; then
  echo "skipped: the installation test needs root and debootstrap"
  exit 0
fi
root=$work/root
quiet debootstrap --variant=minbase bookworm "$root"
apt-config dump Acquire >"$root/etc/apt/apt.conf.d/90host" # how packages are reached from here
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp "${debs[0]}" "$root/root/dgsim.deb"
cp scripts/package/installed.sh "$root/root/"
# Mounts of a namespace of their own: they end with it, whatever happens.
# shellcheck disable=SC2016
DIGEST=$digest unshare --mount --propagation private bash -euc '
  mount --bind /proc "$1/proc"
  mount --rbind /dev "$1/dev"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    "${@:2}" chroot "$1" bash /root/installed.sh "$DIGEST"' bash "$root" ${http_proxy:+"http_proxy=$http_proxy"} </dev/null
