#include "sim/runner/fresh_file.h"

#include "sim/base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40

static bool io_error(const char *path, struct err *err) {
  return err_set(err, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
}

bool fresh_is_left(const char *directory, const char *name, const char *prefix) {
  if (strncmp(name, prefix, strlen(prefix)) != 0) return false;
  char *end, *path;
  const long process = strtol(name + strlen(prefix), &end, 10);
  if (process <= 0 || *end != '\0' || kill((pid_t)process, 0) == 0 || errno != ESRCH) return false;
  ASSERT(asprintf(&path, "%s/%s", directory, name) > 0);
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  free(path);
  if (fd < 0) return true; /* a link, or it cannot be removed either */
  const bool held = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return !held;
}

/* [I3] */
static void clean(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("."), *prefix;
  ASSERT(folder && asprintf(&prefix, "%s.new.", slash ? slash + 1 : path) > 0);
  DIR *directory = opendir(folder);
  for (const struct dirent *entry; directory && (entry = readdir(directory));)
    if (fresh_is_left(folder, entry->d_name, prefix)) unlinkat(dirfd(directory), entry->d_name, 0);
  if (directory) closedir(directory);
  free(folder);
  free(prefix);
}

static void forget(struct fresh_file *fresh) {
  free(fresh->path);
  free(fresh->fresh);
  *fresh = (struct fresh_file){0};
}

/* [I4] */
static FILE *open_special(const char *path, bool regular) {
  const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (regular ? O_TRUNC : 0));
  if (fd < 0) return NULL;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fdopen(fd, "wb");
}

/* As it is open already, at its place in the file and behind what was printed. */
static FILE *open_output(void) {
  fflush(stdout);
  const int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return fd < 0 ? NULL : fdopen(fd, "wb");
}

static bool is_output(const struct stat *status) {
  struct stat output;
  return fstat(STDOUT_FILENO, &output) == 0 && output.st_dev == status->st_dev && output.st_ino == status->st_ino;
}

/* The folder, with the last slash; "" = the current one. The caller's to free. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
  ASSERT(folder);
  return folder;
}

/* /dev/stdout is a link to there. What its links say is for people: "pipe:[4711]". */
static bool is_in_proc(const char *path) {
  char *folder = folder_of(path), *real = realpath(*folder ? folder : ".", NULL);
  const bool in = real && (strncmp(real, "/proc/", 6) == 0 || strcmp(real, "/proc") == 0);
  free(folder);
  free(real);
  return in;
}

/* [I5] Where the links lead that `path` may be, whether or not something is there; they end at what is in /proc. The
 * caller's to free. */
static char *resolve(const char *path) {
  char *at = strdup(path), target[4096];
  ASSERT(at);
  for (int links = 0; links < LINKS_MAX && !is_in_proc(at); links++) {
    const ssize_t length = readlink(at, target, sizeof target - 1);
    if (length < 0) break;
    target[length] = '\0';
    char *folder = folder_of(target[0] == '/' ? "" : at), *next;
    ASSERT(asprintf(&next, "%s%s", folder, target) > 0);
    free(folder);
    free(at);
    at = next;
  }
  return at;
}

void fresh_unlink(const struct fresh_file *fresh) {
  if (fresh->fresh) unlink(fresh->fresh);
}

static FILE *open_as_it_is(struct fresh_file *out, bool in_proc, const struct stat *status) {
  out->is_output = in_proc && is_output(status);
  return out->is_output ? open_output() : open_special(out->path, S_ISREG(status->st_mode));
}

bool fresh_open(struct fresh_file *out, const char *path, struct err *err) {
  struct stat status;
  *out = (struct fresh_file){.path = resolve(path)};
  const bool there = stat(out->path, &status) == 0, in_proc = is_in_proc(out->path);
  const bool special = there && (in_proc || (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)));
  if (!special) clean(out->path);
  ASSERT(special || asprintf(&out->fresh, "%s.new.%ld", out->path, (long)getpid()) > 0);
  out->file = special ? open_as_it_is(out, in_proc, &status) : fopen(out->fresh, "wbe");
  if (!out->file) {
    io_error(path, err);
    forget(out);
    return false;
  }
  if (special) return true;
  return flock(fileno(out->file), LOCK_EX | LOCK_NB) == 0 || true; /* some file systems have no locks */
}

bool fresh_commit(struct fresh_file *fresh, struct err *err) {
  bool good = fflush(fresh->file) == 0 && !ferror(fresh->file);
  if (!good) io_error(fresh->path, err);
  if (fclose(fresh->file) != 0 && good) good = io_error(fresh->path, err);
  if (good && fresh->fresh && rename(fresh->fresh, fresh->path) != 0) good = io_error(fresh->path, err);
  if (!good) fresh_unlink(fresh);
  forget(fresh);
  return good;
}

void fresh_abandon(struct fresh_file *fresh) {
  fclose(fresh->file);
  fresh_unlink(fresh);
  forget(fresh);
}
