/* A file that appears whole or not at all: written beside its place, as <path>.new.<process>, and renamed.
 *
 * [I1] Until fresh_commit has returned true, what stands at the place is what stood there before.
 * [I2] When it could not be written, or was given up, nothing is left beside the place.
 * [I3] What a process that was killed had left beside the place is removed by the next one that writes there. Who
 *      still writes is known by its process, and by the lock that it holds: processes of another container have
 *      numbers of their own.
 * [I4] What stands there and is no regular file (a device, a FIFO) is written into as it is, and never replaced; a FIFO
 *      that nobody reads is not waited for.
 * [I5] A link stays: what it leads to is written, and the other file is made beside that. What is in /proc is written
 *      into as it is: /dev/stdout and /dev/fd/1 lead to there. Standard output goes on where it is, redirected or not.
 *
 * LIMIT: a file is not brought to the disk before it is renamed: a power failure may leave it empty.
 */
#ifndef SIM_RUNNER_FRESH_FILE_H
#define SIM_RUNNER_FRESH_FILE_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stdio.h>

struct fresh_file {
  FILE *file; /* to be written to; what fails shows in ferror */
  char *path, *fresh; /* where links lead; fresh: NULL of what is written into as it is */
  bool is_output;     /* it is the standard output, by a name of /proc */
};

/* False: a clear error, and nothing to give up. */
bool fresh_open(struct fresh_file *out, const char *path, struct err *err);

/* Closes it and puts it in its place. False: a clear error; it is given up. */
bool fresh_commit(struct fresh_file *fresh, struct err *err);

/* Closes and removes it. */
void fresh_abandon(struct fresh_file *fresh);

/* Removes what was written so far, for who is about to end the process. */
void fresh_unlink(const struct fresh_file *fresh);

/* Whether `name` in `directory` is <prefix><process>, of a process that has gone. */
bool fresh_is_left(const char *directory, const char *name, const char *prefix);

#endif
