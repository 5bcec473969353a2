/* A campaign's items over the threads of this process. */
#ifndef SIM_RUNNER_CAMPAIGN_THREADS_H
#define SIM_RUNNER_CAMPAIGN_THREADS_H

#include "sim/runner/campaign_work.h"

/* Returns when no item is left to take and every thread has handed back its last. `workers`: at least 1. A
 * terminal is told how far it is. */
void campaign_threads(struct work *work, unsigned workers);

#endif
