/* A campaign's items over the threads of this process. */
#ifndef SIM_RUNNER_CAMPAIGN_THREADS_H
#define SIM_RUNNER_CAMPAIGN_THREADS_H

#include "sim/runner/campaign_work.h"

/* Others that do items of the same campaign. `attend` is called again and again by the thread that waits for the
 * threads; may wait some milliseconds itself. */
struct work_others {
  void (*attend)(void *context);
  void *context;
};

/* Returns when all items are done and every thread has handed back its last. `workers`: at least 1; `others`: NULL =
 * none. A terminal is told how far it is. */
void campaign_threads(struct work *work, unsigned workers, const struct work_others *others);

/* Where a thread gets its items, and where what comes of them goes. */
struct work_source {
  bool (*take)(void *context, size_t *out_item); /* false: no more */
  void (*done)(void *context, size_t item, int64_t took_ns, struct work_outcome *outcome); /* takes over the outcome */
  void *context;
};

/* What one thread does, until there are no more. */
void campaign_thread(const struct work *work, const struct work_source *source);

#endif
