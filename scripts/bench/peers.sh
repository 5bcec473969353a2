# shellcheck shell=bash disable=SC2034,SC2154 # variables are those of bench.sh and of the other sections
# The peers: built here, out of the project's own build, as far as their packages are there.

have_simpy=0 have_simgrid=0 have_ns3=0

# missing NAME PACKAGE
missing() { say "skipped: $1 ($2 is not installed)"; }

# build_peer PROGRAM PACKAGE_CONFIG: tests/bench/peers/PROGRAM.cc, when it is newer than what was built.
build_peer() {
  local source=tests/bench/peers/$1.cc flags
  if [[ $peers/$1 -nt $source && $peers/$1 -nt tests/bench/peers/draws.h ]]; then return; fi
  read -ra flags <<<"$(pkg-config --cflags --libs "$2")"
  g++ -O2 -std=c++17 -Wall -Wextra -I. "$source" -o "$peers/$1" "${flags[@]}"
}

# usable PACKAGE_CONFIG: a compiler and the library are there.
usable() { command -v g++ >/dev/null && command -v pkg-config >/dev/null && pkg-config --exists "$1"; }

# Debian's own Python, where Debian's packages are; the first of the path may be another.
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1 # nothing is left beside the sources

build_peers() {
  mkdir -p "$peers"
  if [[ -x $python ]] && "$python" -c 'import simpy' 2>/dev/null; then
    have_simpy=1
  else
    missing SimPy python3-simpy3
  fi
  if usable simgrid; then
    have_simgrid=1
    build_peer simgrid simgrid
    build_peer simgrid_exchange simgrid
  else
    missing SimGrid "libsimgrid-dev, or g++,"
  fi
  if usable ns3-core; then
    have_ns3=1
    build_peer ns3 ns3-core
  else
    missing ns-3 "libns3-dev, or g++,"
  fi
}
