/* Being told to end: SIGINT and SIGTERM, asked for where it suits and not in the middle of something.
 *
 * Between begin and end both are blocked, in this thread and in those that it starts meanwhile. What the process was
 * told to ignore (nohup) stays ignored. */
#ifndef SIM_RUNNER_INTERRUPT_H
#define SIM_RUNNER_INTERRUPT_H

#include <signal.h>

struct interrupt {
  sigset_t watched, before;
};

void interrupt_begin(struct interrupt *interrupt);

/* The signal that came, or 0. Does not wait. */
int interrupt_seen(const struct interrupt *interrupt);

/* What came and was not asked for does now what it does. */
void interrupt_end(const struct interrupt *interrupt);

#endif
