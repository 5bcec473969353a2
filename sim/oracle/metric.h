/* Metrics of a run: integers only. One table gives the columns of runs.csv, the words of `expect`, and
 * `dgsim list metrics`. A metric's name carries no unit; its column does. */
#ifndef SIM_ORACLE_METRIC_H
#define SIM_ORACLE_METRIC_H

#include <stdbool.h>
#include <stdint.h>

enum metric_unit {
  UNIT_COUNT, /* obligations or things: sums over seeds; % of it = share of `intended` */
  UNIT_NS,    /* times: pooled over seeds by the mean */
  UNIT_RATE,  /* micro-events a second (SCHEMA_RATE_SCALE), so that the slow are not 0: the same */
  UNIT_BYTES,
};

/* id, name, column, unit, about */
#define METRICS(X)                                                                                 \
  X(INTENDED, "intended", "intended", UNIT_COUNT, "obligations: operations wanted, times sink groups") \
  X(OK, "ok", "ok", UNIT_COUNT, "confirmed to the client")                                         \
  X(NONE, "none_outcome", "none_outcome", UNIT_COUNT, "sent where no confirmation exists")         \
  X(UNKNOWN, "unknown", "unknown", UNIT_COUNT, "the client does not know: timeout, lost answer")   \
  X(REJECTED, "rejected", "rejected", UNIT_COUNT, "refused with the promise that nothing was stored") \
  X(ABANDONED, "abandoned", "abandoned", UNIT_COUNT, "the client died before an answer, or was dead") \
  X(DELIVERED, "delivered", "delivered", UNIT_COUNT, "handler starts")                             \
  X(EFFECTS, "effects", "effects", UNIT_COUNT, "committed executions that stand")                  \
  X(ONCE, "once", "once", UNIT_COUNT, "obligations with exactly one effect")                       \
  X(MANY, "many", "many", UNIT_COUNT, "obligations with more than one effect")                     \
  X(LOST, "lost", "lost", UNIT_COUNT, "lost_acked + lost_unacked")                                 \
  X(LOST_ACKED, "lost_acked", "lost_acked", UNIT_COUNT, "absent though the client was told OK")    \
  X(LOST_UNACKED, "lost_unacked", "lost_unacked", UNIT_COUNT, "absent, and no confirmation exists") \
  X(ABSENT_UNKNOWN, "absent_unknown", "absent_unknown", UNIT_COUNT, "absent, and the client knows that it may be") \
  X(ABSENT_REJECTED, "absent_rejected", "absent_rejected", UNIT_COUNT, "absent, as the client was told") \
  X(DEAD_LETTERED, "dead_lettered", "dead_lettered", UNIT_COUNT, "set aside in a dead-letter queue") \
  X(STUCK, "stuck", "stuck", UNIT_COUNT, "absent when the run had to stop before it was drained")   \
  X(DUPLICATE_DELIVERIES, "duplicate_deliveries", "duplicate_deliveries", UNIT_COUNT, "obligations handed to a handler more than once") \
  X(REEXECUTIONS, "reexecutions", "reexecutions", UNIT_COUNT, "committed executions beyond the first") \
  X(DUPLICATE_EFFECTS, "duplicate_effects", "duplicate_effects", UNIT_COUNT, "obligations whose re-execution left a different state") \
  X(STATE_ERRORS, "state_errors", "state_errors", UNIT_COUNT, "keys whose final state is no legal outcome") \
  X(STATE_DOUBLED, "state_doubled", "state_doubled", UNIT_COUNT, "of them, those that an operation done twice explains") \
  X(STATE_STALE, "state_stale", "state_stale", UNIT_COUNT, "of them, those where an older operation's value stands over a newer one's") \
  X(STATE_LOST, "state_lost", "state_lost", UNIT_COUNT, "of them, those that an operation that was never done explains") \
  X(FALSE_SUPPRESSIONS, "false_suppressions", "false_suppressions", UNIT_COUNT, "fresh operations dropped as duplicates") \
  X(PHANTOMS, "phantoms", "phantoms", UNIT_COUNT, "effects of no operation, or of a rejected one")  \
  X(MISAPPLIED, "misapplied", "misapplied", UNIT_COUNT, "right operation, wrong payload or key")   \
  X(REORDERED, "reordered", "reordered", UNIT_COUNT, "first effects that came after a later operation's on the same key") \
  X(STALE_OVERWRITES, "stale_overwrites", "stale_overwrites", UNIT_COUNT, "effects that overwrote what a newer operation had done") \
  X(REPLAYS, "replays", "replays", UNIT_COUNT, "requests that a provider answered with a saved result") \
  X(KEY_CONFLICTS, "key_conflicts", "key_conflicts", UNIT_COUNT, "requests refused as their idempotency key was under way") \
  X(KEY_MISMATCHES, "key_mismatches", "key_mismatches", UNIT_COUNT, "requests refused as their idempotency key came with other parameters") \
  X(STORE_DISAGREEMENTS, "store_disagreements", "store_disagreements", UNIT_COUNT, "committed in their service's database without an effect, or the reverse") \
  X(GOODPUT, "goodput", "goodput_micro_per_s", UNIT_RATE, "obligations ended once, per second from the first arrival to the last of their first effects") \
  X(LATENCY_MEAN, "latency_mean", "latency_mean_ns", UNIT_NS, "from arrival to first effect, mean") \
  X(LATENCY_P50, "latency_p50", "latency_p50_ns", UNIT_NS, "the same, median")                        \
  X(LATENCY_P99, "latency_p99", "latency_p99_ns", UNIT_NS, "the same, 99th percentile")            \
  X(LATENCY_P999, "latency_p999", "latency_p999_ns", UNIT_NS, "the same, 99.9th percentile")       \
  X(ROUND_TRIPS, "round_trips", "round_trips", UNIT_COUNT, "requests that were answered")          \
  X(DURABLE_WRITES, "durable_writes", "durable_writes", UNIT_COUNT, "appends and commits that must survive a crash") \
  X(DEDUP_BYTES_PEAK, "dedup_bytes_peak", "dedup_bytes_peak", UNIT_BYTES, "most bytes held by dedup stores at once") \
  X(DRAIN, "drain", "drain_ns", UNIT_NS, "from the last arrival or heal to the end")               \
  X(FAULTS_EFFECTIVE, "faults_effective", "faults_effective", UNIT_COUNT, "declared faults that perturbed something") \
  X(EVENTS, "events", "events", UNIT_COUNT, "events popped from the queue")                        \
  X(DATABASE_READS, "database_reads", "database_reads", UNIT_COUNT, "SELECTs that services' databases executed") \
  X(DATABASE_WRITES, "database_writes", "database_writes", UNIT_COUNT, "INSERTs, UPDATEs and DELETEs that they executed") \
  X(OUTBOX_ROWS_PEAK, "outbox_rows_peak", "outbox_rows_peak", UNIT_COUNT, "most rows that outbox tables held at once") \
  X(OUTBOX_ROWS_END, "outbox_rows_end", "outbox_rows_end", UNIT_COUNT, "rows that they held at the end") \
  X(OUTBOX_BYTES_PEAK, "outbox_bytes_peak", "outbox_bytes_peak", UNIT_BYTES, "most bytes that they held at once") \
  X(SLOT_BYTES_PEAK, "slot_bytes_peak", "slot_bytes_peak", UNIT_BYTES, "most bytes of its log that a database kept at once for who reads it") \
  X(DEDUP_BYTES_END, "dedup_bytes_end", "dedup_bytes_end", UNIT_BYTES, "bytes that dedup stores held at the end")

enum metric {
#define X(id, name, column, unit, about) METRIC_##id,
  METRICS(X)
#undef X
      METRIC__COUNT
};

struct metric_row {
  const char *name, *column;
  enum metric_unit unit;
  const char *about;
};
extern const struct metric_row metric_rows[METRIC__COUNT];

/* Whether it is counted for each sink group apart: prices are not, and faults. */
bool metric_of_group(enum metric metric);

/* Whether a run of these numbers has one of this metric: where nothing had an effect there is no latency, and 0
 * stands in its place. */
bool metric_is_known(enum metric metric, const int64_t metrics[METRIC__COUNT]);

/* Index by name, or -1. */
int metric_find(const char *name);

#endif
