/* A plug-in loaded for one consumer, with variables of its own.
 *
 *   plugin_copy_open --> begin (process 1) --> begin (process 2) --> …
 *
 * [I1] Two copies share no variable: each is a file of its own (in memory) to the dynamic linker.
 * [I2] plugin_copy_begin makes it a process that has just been started: every variable, also thread-local
 *      ones of this thread, has its first value, and then the constructors have run. Its cost is that of
 *      copying the variables: no file is read and nothing is loaded.
 * [I3] A copy is never unloaded: what a plug-in has left in the process (a thread, a function for exit) may
 *      still point into it. Neither are its destructors run, as nothing runs in a process that is killed.
 *      Whoever has run a plug-in leaves by _exit: what it registered for exit (atexit, the destructors of
 *      C++) would run once for each process that there was.
 * [I4] It crashes and loops for ever in the process that runs it; nothing here catches that.
 *
 * LIMIT: what a plug-in leaves outside of its own variables is not reset when its process ends: memory from
 * malloc (it leaks, and no pointer to it is left), open files, threads, signal handlers, the environment,
 * the working folder.
 * LIMIT: the variables of libraries that a plug-in is linked with are not reset, and all consumers share
 * them: also those of the C library (the seed of rand, the place of strtok). What is linked into it
 * statically is reset.
 * LIMIT: what a plug-in prints is neither limited nor told apart by process; it goes to standard error.
 * LIMIT: thread-local variables are reset for the thread of the simulator only.
 * LIMIT: a process that a plug-in forks ends with its worker, but not one that has gone to a session of its own.
 * LIMIT: a plug-in compiled with a sanitizer cannot be loaded; try it as a command.
 */
#ifndef SIM_HANDLER_PLUGIN_COPY_H
#define SIM_HANDLER_PLUGIN_COPY_H

#include "sim/base/err.h"
#include "sim/handler/plugin_image.h"

#include <stdint.h>

struct dg_plugin;
struct plugin_copy;

/* Loads a copy. `image` must outlive it. NULL with *err set: it cannot be loaded, or it has no `dg_plugin` of
 * a version that this tool knows. */
struct plugin_copy *plugin_copy_open(const struct plugin_image *image, struct err *err);
/* [I2] In the thread that will call it. */
void plugin_copy_begin(struct plugin_copy *copy);
/* What it exports. It lies in the copy: valid until the next plugin_copy_begin, and after it again. */
const struct dg_plugin *plugin_copy_plugin(const struct plugin_copy *copy);
/* Frees what is beside the loaded object. [I3] */
void plugin_copy_close(struct plugin_copy *copy);

#endif
