/* A private folder of temporary files that is gone when its process is, however that ends.
 *
 *   process --write end of a pipe--   guard (forked): reads until the pipe is closed, empties the folder, exits
 *
 * A process that is killed cleans nothing up; its pipes are closed for it all the same. The guard is a
 * session of its own, so that no signal of a terminal meets it, and keeps no file open but the pipe.
 */
#ifndef SIM_HANDLER_FOLDER_H
#define SIM_HANDLER_FOLDER_H

#include "sim/base/err.h"

#include <sys/types.h>

#define FOLDER_PATH_ROOM 300
struct folder {
  char path[FOLDER_PATH_ROOM];
  int pipe; /* its write end */
  pid_t guard;
};

/* In memory (/dev/shm) where that is to be had, else in TMPDIR or /tmp. Files in it are to be files, not
 * folders. False with *err set. */
bool folder_make(struct folder *folder, struct err *err);
/* Removes it, with what is in it. */
void folder_remove(struct folder *folder);

#endif
