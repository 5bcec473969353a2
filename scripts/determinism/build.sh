#!/usr/bin/env bash
# Builds dgsim for the determinism matrix and prints where the program is; quick when nothing has changed.
#   scripts/determinism/build.sh COMPILER LEVEL SANITIZERS      gcc or clang, for this machine
#   scripts/determinism/build.sh COMPILER-aarch64 LEVEL plain   a script that runs the program under qemu-user
#   LEVEL       O0, O2 or O3
#   SANITIZERS  plain, address (with undefined behaviour) or thread
# Everything goes below build-determinism/, also Debian's arm64 libraries: they are downloaded by apt-get with a list of
# packages of its own, and unpacked there. Nothing of the system changes.
set -euo pipefail
compiler=$1 level=$2 sanitizers=$3
cd "$(dirname "$0")/../.."
root=$PWD/build-determinism
build=$root/$compiler-$level-$sanitizers
mkdir -p "$root"

quietly() { # LOG COMMAND...
  if "${@:2}" >"$1" 2>&1; then return 0; fi
  tail -n 40 "$1" >&2
  return 1
}

download() {
  local apt=$root/apt sysroot=$1
  rm -rf "$apt" "$sysroot.new"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$sysroot.new"
  : >"$apt/status" # nothing is installed: so libc6 and all the others come too
  cat >"$apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Debug::NoLocking "true";
CONF
  export APT_CONFIG=$apt/apt.conf
  apt-get update || return # errors do not end a function whose status is asked for
  apt-get install -y --download-only libgsl-dev libcsv-dev libyaml-dev libjansson-dev libxxhash-dev \
    libsqlite3-dev libpq-dev libc6-dev libgcc-12-dev || return
  unset APT_CONFIG
  for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot.new" || return; done
  mv "$sysroot.new" "$sysroot" || return
  rm -rf "$apt"
}

options=()
case $compiler in
*-aarch64)
  sysroot=$root/arm64
  if [[ ! -d $sysroot ]]; then quietly "$root/arm64.log" download "$sysroot"; fi
  export PKG_CONFIG_SYSROOT_DIR=$sysroot
  export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig
  options=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 "-DCMAKE_SYSROOT=$sysroot"
    "-DCMAKE_FIND_ROOT_PATH=$sysroot" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER
    -DCMAKE_LIBRARY_ARCHITECTURE=aarch64-linux-gnu -DDGSIM_MPI=OFF)
  cc=aarch64-linux-gnu-gcc
  if [[ $compiler == clang* ]]; then
    cc=clang
    options+=(-DCMAKE_C_COMPILER_TARGET=aarch64-linux-gnu)
  fi
  ;;
*) cc=$compiler ;;
esac
flags=-$level
case $sanitizers in
plain) ;;
address)
  flags+=' -g1 -fno-sanitize-recover=all'
  options+=('-DDGSIM_SANITIZE=address,undefined')
  ;;
thread)
  flags+=' -g1'
  options+=(-DDGSIM_SANITIZE=thread)
  ;;
esac
# AUTO leaves MPI out with sanitizers, whose findings about Open MPI pass.sh silences.
mpi=AUTO
if [[ $sanitizers != plain ]] && command -v mpicc >/dev/null; then mpi=ON; fi
quietly "$build.log" cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=None "-DCMAKE_C_COMPILER=$cc" \
  "-DCMAKE_C_FLAGS=$flags" -DBUILD_TESTING=OFF "-DDGSIM_MPI=$mpi" "${options[@]}"
quietly "$build.log" cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target dgsim

program=$build/dgsim
if [[ $compiler == *-aarch64 ]]; then
  printf '#!/bin/sh\nexec qemu-aarch64 -L "%s" "%s" "$@"\n' "$sysroot" "$program" >"$build/emulated"
  chmod +x "$build/emulated"
  program=$build/emulated
fi
echo "$program"
