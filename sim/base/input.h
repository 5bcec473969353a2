/* Opening what somebody else has named, to read it.
 *
 * A FIFO that nobody has open for writing would be waited for without end: here for a third of a second. One with a writer, and
 * so the pipe of a shell's <(command), is read like any file. */
#ifndef SIM_BASE_INPUT_H
#define SIM_BASE_INPUT_H

#include <stdio.h>

/* NULL: *out_why says why, in words; borrowed, until the thread's next strerror. */
FILE *input_open(const char *path, const char **out_why);
/* The same as a descriptor, -1 instead of NULL; of a regular file: whatever else it is cannot be read from any place. */
int input_open_file(const char *path, const char **out_why);

#endif
