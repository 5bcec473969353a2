/* One world, run and judged twice, and what is wrong with it. */
#ifndef TESTS_SYSTEM_SWARM_TRIAL_H
#define TESTS_SYSTEM_SWARM_TRIAL_H

#include "tests/system/swarm/world.h"
#include "tests/system/two_judges.h"

/* How a trial ends. A child's exit status, so that a parent knows; a signal is an internal error. */
enum trial {
  TRIAL_GOOD = 0,
  TRIAL_DISAGREED = 10, /* the two judges; or classes that do not sum up */
  TRIAL_DIFFERED = 11,  /* run again, it is another run; or its resolved form is another scenario */
  TRIAL_REFUSED = 12,   /* the loader refuses it */
  TRIAL_DIED = 13,      /* an assertion, a sanitizer, a signal */
  TRIAL_ENDLESS = 14,   /* took longer than TRIAL_SECONDS of processor time */
  TRIAL_EARLY = 15      /* it was over, and when it goes on, something comes of it */
};
const char *trial_name(enum trial trial);

#define TRIAL_SECONDS 60 /* of processor time: a sanitized world takes less than a second */

/* Runs the first row of a loaded scenario. *out is the caller's. `again`: once more from the start, in memory
 * that lies elsewhere, and from its resolved form. `said` is what is wrong. */
enum trial trial_run(struct two_judges *judges, struct run *run, const struct scenario *scenario,
                     const struct registry *registry, bool again, struct run_result *out, char said[400]);

/* A run that is drained has ended too early if anything comes of it when it goes on: operations would count as lost
 * that were under way, and both judges see the same trace. A fault that comes only then may do what it likes; and a
 * rebalance may hand out again what was done, where a commit that was long under way has set a group back (group.h),
 * but nothing that was not done or skipped. "" or what has come. */
const char *trial_came_later(const struct plan *plan, uint64_t seed, const struct run_result *result);

/* The same in a child process of its own; nothing is printed. */
enum trial trial_fork(const struct swarm_world *world, const struct registry *registry, bool again);

/* Ends the process with SIGPROF when it has used TRIAL_SECONDS more. */
void trial_limit(void);

/* Takes lines away for as long as the world ends in the same way. Returns how many trials that took. */
unsigned trial_shrink(struct swarm_world *world, const struct registry *registry, enum trial trial, bool again);

#endif
