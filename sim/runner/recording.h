/* What was drawn for a run, as it came: every arrival, every beginning of a timed fault. Written as the
 * two files of a scenario, it gives the same run without drawing them.
 *
 * Nodes that a selector drew are named one by one. LIMIT: where a recording would name more nodes
 * than a selector has room for, or none, the selector stays as it was; it draws the same again, as the fault keeps its name.
 */
#ifndef SIM_RUNNER_RECORDING_H
#define SIM_RUNNER_RECORDING_H

#include "sim/kernel/trace.h"
#include "sim/runner/result.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct world;

struct recorded_arrival {
  uint64_t id;
  int64_t at;
  uint32_t key, producer; /* producer: index from 1 */
};
struct recorded_beginning {
  uint32_t fault; /* index into plan->faults */
  struct fault_plan as; /* how it struck, its nodes named; chance 0 = it did not happen */
};
struct recording {
  struct recorded_arrival *arrivals;
  size_t arrival_count, arrival_capacity;
  struct recorded_beginning *beginnings; /* in the order in which they came */
  size_t beginning_count, beginning_capacity;
  bool *absent; /* [fault_count], swarm: not in this run */
  size_t absent_capacity;
};

void recording_deinit(struct recording *recording);

/* For run.c: records of the trace, struct faults' observer, and what is known at the end. */
void recording_records(struct recording *recording, const struct trace_record *records, size_t count);
void recording_fault(void *context, const struct world *world, uint32_t fault,
                     const struct fault_plan *rules, bool happened, bool drawn);
void recording_end(struct recording *recording, const struct world *world);

/* arrivals.csv and faults.csv of a run of this plan. A fault counts as hit as often as it was in this
 * run: `min_hits` is not more. In the place of one that has no target in this row stands another that never came. False: a
 * write failed. */
bool recording_write_arrivals(const struct recording *recording, const struct plan *plan, FILE *file);
bool recording_write_faults(const struct recording *recording, const struct plan *plan,
                            const struct run_result *result, FILE *file);

/* Whether faults.csv has anything to say: some fault has a time. */
bool recording_has_faults(const struct plan *plan);

#endif
