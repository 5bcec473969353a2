/* What one run leaves behind: integers. Rows of runs.csv are these, in order of (row, seed). */
#ifndef SIM_RUNNER_RESULT_H
#define SIM_RUNNER_RESULT_H

#include "sim/base/bytes.h"
#include "sim/oracle/batches.h"
#include "sim/oracle/ledger.h"
#include "sim/oracle/metric.h"
#include "sim/oracle/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One time window in which a fault was under way, for charts. */
struct fault_window {
  uint32_t fault; /* index into plan->faults */
  int64_t begin, end; /* ns */
};
#define RESULT_WINDOWS_MAX 4096 /* kept of a run: of each fault all, or the first so many of those that have more */

/* Fewest latencies of which batches are kept: fewer say nothing of each other. */
#define RESULT_BATCHED_MIN 512

/* One sink group's part, where there are several. */
struct group_result {
  int64_t metrics[METRIC__COUNT]; /* what metric_of_group denies is 0 */
  uint32_t violations;            /* CLAIM_BIT()s of the contract with this group's handler */
};

struct run_result {
  uint32_t row;  /* index into scenario->plans */
  uint64_t seed;
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  uint64_t records; /* of the trace */
  enum verdict verdict; /* of the contract, inconclusive not yet considered */
  uint32_t violations;  /* CLAIM_BIT()s */
  bool drained;
  bool livelocked; /* not drained, and stopped by drain_events */
  struct group_result *groups; /* [plan's groups], owned; NULL = one group, which is the whole */
  uint64_t *fault_hits;   /* [plan->fault_count], owned */
  uint8_t *fault_applies; /* [plan->fault_count], 0 = this row has no such target */
  struct fault_window *windows;
  size_t window_count;
  uint64_t windows_left_out; /* beyond RESULT_WINDOWS_MAX */
  struct batch_means *latencies; /* ns, in order of first effects; owned. NULL = of fewer than RESULT_BATCHED_MIN */
  struct bytes latency, timeline; /* packed: series.h */
  size_t timeline_count;
  int64_t timeline_width; /* ns */
  int64_t end_ns;         /* virtual time at which the run ended */
  double wall_s;          /* of this machine: manifest and bench only */
  uint64_t grown;         /* memory growths after the first tenth of the messages */
};

void run_result_deinit(struct run_result *result);

#endif
