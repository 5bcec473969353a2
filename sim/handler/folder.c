#include "sim/handler/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void empty(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return;
  for (const struct dirent *entry; (entry = readdir(folder));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  rmdir(path);
}

static _Noreturn void guard(const char *path, int in) {
  setsid();
  if (in != 0) dup2(in, 0);
  close_range(1, ~0u, 0);
  char byte;
  ssize_t got;
  do got = read(0, &byte, 1);
  while (got > 0 || (got < 0 && errno == EINTR));
  empty(path);
  _exit(0);
}

/* Everything but the end of the pipe is blocked until it is a session of its own. */
static pid_t fork_guard(const char *path, const int ends[2]) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    guard(path, ends[0]);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  return child;
}

bool folder_make(struct folder *folder, struct err *err) {
  const char *base = "/dev/shm", *named = getenv("TMPDIR");
  if (access(base, W_OK | X_OK) != 0) base = named && *named && strlen(named) < 200 ? named : "/tmp";
  snprintf(folder->path, sizeof folder->path, "%s/dgsim-%ld-XXXXXX", base, (long)getpid());
  if (!mkdtemp(folder->path))
    return err_set(err, ERR_IO, "no temporary folder in %s: %s", base, strerror(errno));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    rmdir(folder->path);
    return err_set(err, ERR_IO, "no pipe: %s", strerror(errno));
  }
  folder->pipe = ends[1];
  folder->guard = fork_guard(folder->path, ends);
  close(ends[0]);
  if (folder->guard > 0) return true;
  close(ends[1]);
  rmdir(folder->path);
  return err_set(err, ERR_IO, "no process: %s", strerror(errno));
}

void folder_remove(struct folder *folder) {
  close(folder->pipe);
  while (waitpid(folder->guard, NULL, 0) < 0 && errno == EINTR) continue;
}
