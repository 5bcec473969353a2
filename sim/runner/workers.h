/* Threads that share out work: how many, started together, waited for together. */
#ifndef SIM_RUNNER_WORKERS_H
#define SIM_RUNNER_WORKERS_H

#include <stddef.h>

/* What -j comes to: `wanted`, or for 0 as many as the machine has cores for us; at least 1, no more
 * than there are items. */
unsigned workers_count(unsigned wanted, size_t items);

/* Says that the system gives no more than so many of the threads that were wanted: results are the same with fewer.
 * None at all is no way to go on. `failed` is an errno. */
void workers_are_fewer(unsigned started, unsigned wanted, int failed);

/* Calls `work(context)` in so many threads at once (one of them may be the caller's), or as many as there can be, and
 * returns when all have returned. */
void workers_run(unsigned wanted, size_t items, void (*work)(void *context), void *context);

#endif
