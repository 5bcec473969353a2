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
static FILE *open_special(const char *path) {
  const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return NULL;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fdopen(fd, "wb");
}

void fresh_unlink(const struct fresh_file *fresh) {
  if (fresh->fresh) unlink(fresh->fresh);
}

bool fresh_open(struct fresh_file *out, const char *path, struct err *err) {
  struct stat status;
  const bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  clean(path);
  *out = (struct fresh_file){.path = strdup(path)};
  ASSERT(out->path && (special || asprintf(&out->fresh, "%s.new.%ld", path, (long)getpid()) > 0));
  out->file = special ? open_special(path) : fopen(out->fresh, "wbe");
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
