/* One run: one plan, one seed, through world and ledger to integers. A `struct run` is reused for many
 * runs by one thread; run_execute leaves nothing behind but memory to use again. */
#ifndef SIM_RUNNER_RUN_H
#define SIM_RUNNER_RUN_H

#include "sim/kernel/trace.h"
#include "sim/runner/result.h"
#include "sim/world/observer.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct recording;
struct run;

/* base_offset, fill: where the arenas start and what fresh memory holds; `--verify` uses others for
 * its second run, and the results must be equal. */
struct run *run_new(size_t base_offset, unsigned char fill);
void run_free(struct run *run);

/* Who looks on at the runs from here on (sim/world/observer.h), and gets their trace records too; NULL =
 * nobody. Both are borrowed. */
void run_observe(struct run *run, const struct observer *observer, trace_sink *records, void *context);

/* Executes a run for its verdict alone: the ledger's metrics and the digest; nothing is allocated in
 * steady state. What a search does thousands of times a second. Returns CLAIM_BIT()s of what the
 * contract does not allow. */
uint32_t run_judge(struct run *run, const struct plan *plan, uint64_t seed, const char *command,
                   int64_t out_metrics[METRIC__COUNT], uint64_t *out_digest);

/* After run_judge: the metrics of one sink group, until the next run. */
const int64_t *run_group(const struct run *run, uint32_t group);

/* Executes and fills *out (owned by the caller: run_result_deinit). `trace` may be NULL: a file that
 * the records are written to, behind the header that is there (trace_file_begin). `command` is what a failed assertion tells to repeat. */
void run_execute(struct run *run, const struct plan *plan, uint32_t row, uint64_t seed, FILE *trace,
                 const char *command, struct run_result *out);

/* The runs from here on are recorded, too (recording.h); NULL = no more. Borrowed. */
void run_record(struct run *run, struct recording *recording);

/* Capacity of a plan: obligations ended once per second, in micro-events a second (SCHEMA_RATE_SCALE),
 * over the middle half of a short saturating phase without faults or losses. */
int64_t run_capacity(struct run *run, const struct plan *plan, uint64_t seed, const char *command);

#endif
