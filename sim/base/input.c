#include "sim/base/input.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 300
#define LOOK_EVERY_MS 10

/* Returns the first byte, EOF where there is none yet but a writer, or -2: there is no writer. */
static int first_byte(int fd) {
  unsigned char byte;
  for (int waited = 0;; waited += LOOK_EVERY_MS) {
    const ssize_t got = read(fd, &byte, 1);
    if (got == 1) return byte;
    if (got < 0) return EOF; /* EAGAIN; what else is wrong with it, reading will tell */
    if (waited >= WAIT_MS) return -2;
    nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000}, NULL);
  }
}

static int fail(int fd, const char *why, const char **out_why) {
  if (fd >= 0) close(fd);
  *out_why = why;
  return -1;
}

FILE *input_open(const char *path, const char **out_why) {
  struct stat status;
  int byte = EOF;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &status) != 0) return fail(fd, strerror(errno), out_why), NULL;
  if (S_ISFIFO(status.st_mode)) byte = first_byte(fd);
  if (byte == -2) return fail(fd, "it is a FIFO, and nobody writes into it", out_why), NULL;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  FILE *file = fdopen(fd, "rb");
  ASSERT(file != NULL);
  if (byte != EOF) ungetc(byte, file);
  return file;
}

int input_open_file(const char *path, const char **out_why) {
  struct stat status;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &status) != 0) return fail(fd, strerror(errno), out_why);
  if (S_ISDIR(status.st_mode)) return fail(fd, strerror(EISDIR), out_why);
  if (!S_ISREG(status.st_mode)) return fail(fd, "it is no regular file", out_why);
  return fd;
}
