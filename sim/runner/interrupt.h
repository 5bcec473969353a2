/* Being told to end: SIGINT, SIGTERM and SIGHUP, asked for where it suits and not in the middle of something.
 *
 * Between begin and end they are blocked, in this thread and in those that it starts meanwhile. What the process was
 * told to ignore (nohup) stays ignored. */
#ifndef SIM_RUNNER_INTERRUPT_H
#define SIM_RUNNER_INTERRUPT_H

#include <signal.h>

struct interrupt {
  sigset_t watched, before;
  int signal; /* the first that was seen; 0 = none */
};

void interrupt_begin(struct interrupt *interrupt);

/* The signal that came, the same each time, or 0. Does not wait. */
int interrupt_seen(struct interrupt *interrupt);

/* What came and was not asked for does now what it does. */
void interrupt_end(const struct interrupt *interrupt);

/* Ends the process as the signal does that was not let do it. */
_Noreturn void interrupt_die(int signal_number);

#endif
