/* The ledger: reads facts, keeps one entry per open obligation, and at the end says what became of
 * each. It knows nothing of systems, brokers or handlers; a saved trace can be judged again.
 *
 *   retired (interval)  |  window: a ring over the open ids      | not yet issued
 *   1 ................ base ................................. next
 *          ^ exceptions: a table of the few that could not retire; packed, where nobody names them
 *
 * [I1] Conservation: every obligation ends in exactly one class: once, many, lost_acked, lost_unacked,
 *      absent_unknown, absent_rejected, dead_lettered or stuck; they sum to `intended`. What was
 *      disposed of by policy and is absent counts as lost. And effects = once + many + reexecutions.
 * [I2] An id retires when its outcome is OK or NONE and it has exactly one effect. A later delivery
 *      of a retired id is a duplicate delivery, a later effect a duplicate effect, an effect of an id
 *      never issued a phantom.
 * [I3] Memory follows the open window and the latest exceptions, not the number of messages; of exceptions
 *      that nobody has named for long there are two or three bytes each.
 *      Operations other than increments have 4 bytes of each of the latest ids, and some numbers of each
 *      key; where there are none, nothing of it.
 * [I4] Of several outcomes of one obligation (a resubmission) the strongest stands: OK or NONE, which
 *      are final, before UNKNOWN, ABANDONED, REJECTED. So the outcome metrics count obligations.
 * [I5] A first effect implies a delivery: a delivery stated after it is a duplicate one.
 * [I6] No number depends on the size of the window, on what is in memory from earlier runs, or on how
 *      facts were cut into blocks.
 *
 * [I7] A final state is judged by the legal serial orders of its key's operations: README.md, "Final
 *      states". What is in the ledger decides; a store says what it holds and nothing else.
 *
 * In detail: duplicate deliveries count obligations, once each, in the metric and in the timeline. A
 * phantom is each effect of an id never issued, and each obligation that was rejected and has an
 * effect that stands (its class is still once or many); `effects` sums over obligations, so it has
 * the second sort only. An effect that is undone where none stands, and an outcome of an id never
 * issued, say nothing. Disposal of what has an effect is no loss and says nothing. Times of effects
 * are those from which they are visible. Goodput ends at the last of the first ones.
 *
 * Ids are dense: intents are issued 1, 2, 3…, or, in a scenario with explicit intents, rising with
 * gaps; a gap is never issued. Rising ids, keys up to `keys`, groups below `groups` and times from 0 to
 * TIME_MAX_NS are asserted.
 *
 * Several sink groups: an obligation is an intent times a group. Each group has books of its own, as
 * above: what clients do, and how the run goes, stands in all of them, what a store or a broker did for
 * a group in that group's. Counts are sums over groups; latencies are those of all obligations; prices
 * are the run's. Memory is that of one group times their number.
 */
#ifndef SIM_ORACLE_LEDGER_H
#define SIM_ORACLE_LEDGER_H

#include "sim/kernel/trace.h"
#include "sim/oracle/batches.h"
#include "sim/oracle/histogram.h"
#include "sim/oracle/metric.h"

#include <stddef.h>
#include <stdint.h>

#define LEDGER_BUCKETS_MAX 1000
#define LEDGER_GROUPS_MAX 16

/* One cell of the timeline; counts of what happened in it, `open` at its end. */
struct timeline_bucket {
  uint32_t intended, first_effects, duplicate_effects, duplicate_deliveries;
  int64_t open; /* lag: obligations without an effect, at the end of the cell */
};

struct ledger;

/* LIMIT: an operation other than an increment that takes effect LEDGER_KEYS_REMEMBERED ids late is taken
 * for an increment of no key: that its row was overwritten is not noticed, in that row or in any other.
 *
 * keys: how many the workload has (for state errors). groups: of sinks, from 1 to LEDGER_GROUPS_MAX.
 * bucket_ns: width of a timeline cell; doubles when LEDGER_BUCKETS_MAX is reached. */
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);
void ledger_reset(struct ledger *ledger, uint32_t keys, uint32_t groups, int64_t bucket_ns); /* keeps memory */

/* To be called behind ledger_reset, where services have databases that state COMMITTED: an obligation must
 * then be committed there or have no effect. */
void ledger_expect_commits(struct ledger *ledger);

/* For tests that put it under pressure, from the next reset on: fewest and most ids in the window, and
 * of how many latest ids the key is known. Powers of two, in rising order; 2^9, 2^16, 2^20 without. And
 * how many exceptions are kept as they are; 2^14 without. */
void ledger_limit(struct ledger *ledger, uint64_t window_min, uint64_t window_max,
                  uint64_t keys_remembered, uint64_t exceptions_max);

size_t ledger_bytes(const struct ledger *ledger); /* memory that it holds [I3] */

/* Context: the ledger. To be marked: facts that are judged (sim/world/fact.h), and nothing else. */
trace_mark_sink ledger_sink;

/* Whether the run has stated that it is stuck; and that it was by the count of its events. */
bool ledger_stuck(const struct ledger *ledger);
bool ledger_livelocked(const struct ledger *ledger);

/* The verdict's numbers, all metrics but FAULTS_EFFECTIVE. To be called once, when the run has ended. */
void ledger_finish(struct ledger *ledger, int64_t out[METRIC__COUNT]);
/* After ledger_finish: one group's; what metric_of_group denies is 0, unless there is one group only. */
const int64_t *ledger_group(const struct ledger *ledger, uint32_t group);

const struct histogram *ledger_latency(const struct ledger *ledger);
/* The same latencies in the order in which first effects were stated: they go together, as whoever waits
 * behind a late one is late, too. */
const struct batches *ledger_latencies(const struct ledger *ledger);
/* Cells of the timeline, up to the last fact that counts; none when nothing was intended. *out_width in
 * ns. Complete at the end of every block of facts. */
const struct timeline_bucket *ledger_timeline(const struct ledger *ledger, size_t *out_count,
                                              int64_t *out_width);

/* Evidence for tests and stories: number of the trace record of the first and second effect that
 * stand of an exception (0-based + 1; 0 = none, or of an id that had retired or was put away: a re-run
 * that records has it). False when the id is no exception; whoever has two effects is one. */
bool ledger_evidence(const struct ledger *ledger, uint32_t group, uint64_t intent,
                     uint64_t *out_first, uint64_t *out_second);

#endif
