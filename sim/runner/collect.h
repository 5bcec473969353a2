/* From records to a run's result.
 *
 * Everything that is known of a run is read from its records, whether it is under way or was saved in a
 * file: two sinks of a trace, the ledger and one for faults. So judging a file again cannot come to
 * anything else than the run did.
 *
 * [C1] All of run_result but wall_s and grown is a function of plan and records.
 */
#ifndef SIM_RUNNER_COLLECT_H
#define SIM_RUNNER_COLLECT_H

#include "sim/kernel/trace.h"
#include "sim/runner/result.h"
#include "sim/world/plan.h"

struct collector;

/* Listens to the trace from now on; the trace is to outlive it. Reused for many runs. */
struct collector *collector_new(struct trace *trace);
void collector_free(struct collector *collector);

/* Before the first record. The plan is borrowed until collector_finish. */
void collector_begin(struct collector *collector, const struct plan *plan);

/* After the last record, which it flushes: the verdict alone, nothing allocated. Returns CLAIM_BIT()s of
 * what the contract does not allow. FAULTS_EFFECTIVE is left out. */
uint32_t collector_judge(struct collector *collector, int64_t out_metrics[METRIC__COUNT],
                         uint64_t *out_digest);

/* After collector_judge, until the next collector_begin: the metrics of one sink group. */
const int64_t *collector_group(const struct collector *collector, uint32_t group);

/* Likewise, and everything. Fills *out, but for row, seed, wall_s and grown; to be given
 * to run_result_deinit. */
void collector_finish(struct collector *collector, struct run_result *out);

#endif
