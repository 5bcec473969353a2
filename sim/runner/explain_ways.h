/* What a story asks of all transmissions of its recording, put in order once. */
#ifndef SIM_RUNNER_EXPLAIN_WAYS_H
#define SIM_RUNNER_EXPLAIN_WAYS_H

#include "sim/runner/explain_record.h"

struct ways {
  const struct explain_record *record; /* borrowed */
  struct arrival *arrivals;            /* by name, sender, receiver and time */
  size_t arrival_count;
  const char **own; /* names of messages that are the system's own */
  size_t own_count, own_capacity;
};

void ways_init(struct ways *ways, const struct explain_record *record);
void ways_deinit(struct ways *ways);

/* Of the messages of that name from `from` that have arrived at `to` until then, the last that was sent; NULL: none. */
const struct transmission *ways_last(const struct ways *ways, const char *name, uint16_t from, uint16_t to, int64_t at);

/* Whether a transmission of that name states a point of the system's own. */
bool ways_is_own(const struct ways *ways, const char *name);

#endif
