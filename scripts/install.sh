#!/usr/bin/env bash
# Installs the Debian packages of scripts/packages.txt that are missing.
#   scripts/install.sh [GROUP...]     groups: run build mpi test lint bench trust package; default: run build mpi test
set -euo pipefail
if [[ ${1-} == --help ]]; then sed -n '2,/^set /{/^# shellcheck/d;s/^# \{0,1\}//p}' "$0" && exit; fi
cd "$(dirname "$0")/.."

groups=("${@:-run build mpi test}")
wanted=()
while read -r group package _; do
  case "$group" in '' | '#'*) continue ;; esac
  if [[ " ${groups[*]} " == *" $group "* ]]; then wanted+=("$package"); fi
done <scripts/packages.txt
if ((${#wanted[@]} == 0)); then
  echo "install.sh: no packages in group '${groups[*]}' (groups: run build mpi test lint bench trust package)" >&2
  exit 64
fi

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here. Needed, by their Debian names: ${wanted[*]}" >&2
  exit 0 # they may be there under other names; the build says what is not
fi

# dpkg-query fails when it knows one of the names not at all; what it printed is still right.
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
  if ! grep -qxF "$package installed" <<<"$installed"; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: not root, and no sudo. As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o=Dpkg::Use-Pty=0 "$@" </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
