# A PostgreSQL of a test's own, to be sourced: in a temporary folder, on a Unix socket, as an unprivileged user.
#   cluster_start    sets `database`, the address of it; exit status 77 where there is no PostgreSQL
#   cluster_stop     ends it, by its process id, and removes the folder; for a trap
# shellcheck shell=bash

cluster_folder=''
cluster_pid=''

# In memory where that is to be had: half of the time of a case goes into files of tables.
cluster_base() { if [[ -w /dev/shm ]]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi; }

cluster_start() {
  local bin user as=()
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1 || true)
  if [[ ! -x $bin/initdb || ! -x $bin/postgres ]]; then
    echo "skipped: no PostgreSQL here (package postgresql)"
    exit 77
  fi
  cluster_folder=$(mktemp -d "$(cluster_base)/dgsim-postgres-XXXXXX")
  if ((EUID == 0)); then # the server refuses to be root
    user=$(id -u nobody)
    as=(setpriv --reuid="$user" --regid="$(id -g nobody)" --clear-groups)
    chown "$user" "$cluster_folder"
  fi
  (cd "$cluster_folder" && "${as[@]}" "$bin/initdb" -D "$cluster_folder/data" -U dgsim --auth=trust -N \
    -E UTF8 --locale=C >"$cluster_folder/initdb.log") || { cat "$cluster_folder/initdb.log"; return 1; }
  # No `&` behind a subshell: the process id is that of the server.
  pushd "$cluster_folder" >/dev/null || return
  "${as[@]}" "$bin/postgres" -D "$cluster_folder/data" -k "$cluster_folder" -c listen_addresses= -c fsync=off \
    -c autovacuum=off -c full_page_writes=off -c max_connections=40 >"$cluster_folder/log" 2>&1 &
  cluster_pid=$!
  popd >/dev/null || return
  for ((i = 0; i < 200; i++)); do
    if "$bin/pg_isready" -q -h "$cluster_folder" -U dgsim -d postgres; then
      # Who sources this reads it.
      # shellcheck disable=SC2034
      database="postgres://dgsim@/postgres?host=$cluster_folder"
      return 0
    fi
    sleep 0.05
  done
  cat "$cluster_folder/log"
  return 1
}

cluster_stop() {
  if [[ -n $cluster_pid ]]; then
    kill -INT "$cluster_pid" 2>/dev/null || true
    wait "$cluster_pid" 2>/dev/null || true
    cluster_pid=''
  fi
  if [[ -n $cluster_folder ]]; then rm -rf "$cluster_folder"; fi
}
