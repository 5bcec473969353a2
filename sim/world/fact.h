/* Facts: what the shared code and the models state about operations. The oracle reads nothing else.
 *
 * Facts that decide a verdict are stated at one place each: INTENDED by the workload; OK, NONE,
 * UNKNOWN, REJECTED, ABANDONED where the client's call returns (sim/world/call.h); DELIVERED by the
 * handler host; EFFECT and EFFECT_UNDONE where a store or sink applies it; DEAD_LETTERED and DISPOSED
 * where a broker takes a message out of its path, DEAD_LETTER_LEFT where it takes it out of the
 * dead-letter queue again; COMMITTED and COMMITTED_UNDONE by the database of a service, of an operation's
 * business row. The rest explains, or is counted, and never decides.
 *
 * A fact is a trace record: at, node, kind, intent; `value` and `detail` as the table says.
 */
#ifndef SIM_WORLD_FACT_H
#define SIM_WORLD_FACT_H

#include "sim/kernel/trace.h"

/* name, judged (the ledger asks for it: it decides, or is counted), value, detail */
#define FACTS(X)                                                                                   \
  X(INTENDED, "intended", 1, "key, operation, other key (fact_intended)", "producer index")                                            \
  X(OK, "ok", 1, "", "")                                                                           \
  X(NONE, "none", 1, "", "")                                                                       \
  X(UNKNOWN, "unknown", 1, "", "")                                                                 \
  X(REJECTED, "rejected", 1, "", "")                                                               \
  X(ABANDONED, "abandoned", 1, "", "")                                                             \
  X(DELIVERED, "delivered", 1, "", "group")                                                        \
  X(EFFECT, "effect", 1, "ns from which it is visible", "group")                                   \
  X(EFFECT_UNDONE, "effect-undone", 1, "", "group")                                                \
  X(DEAD_LETTERED, "dead-lettered", 1, "", "group")                                                \
  X(DISPOSED, "disposed", 1, "cause", "group")                                                     \
  X(STATE, "state", 1, "final value (FACT_STATE_ABSENT)", "group and key (fact_state)")                              \
  X(STUCK, "stuck", 1, "events in vain; 0 = the time was over", "")                                                                     \
  X(HEALED, "healed", 1, "", "")                                                                   \
  X(DRAINED, "drained", 1, "", "")                                                                 \
  X(COUNTER, "counter", 1, "value", "counter (sim/world/fact.h)")                                  \
  X(APPENDED, "appended", 0, "offset", "partition")                                                \
  X(SUPPRESSED, "suppressed", 1, "", "group")                                                      \
  X(EXPIRED, "expired", 0, "", "")                                                                 \
  X(FENCED, "fenced", 0, "", "")                                                                   \
  X(RETRIED, "retried", 0, "", "")                                                                 \
  X(REBALANCED, "rebalanced", 0, "generation", "members")                                          \
  X(TRANSACTION_COMMITTED, "transaction-committed", 0, "", "")                                     \
  X(TRANSACTION_ABORTED, "transaction-aborted", 0, "", "")                                         \
  X(FAULT_BEGAN, "fault-began", 0, "", "fault index")                                              \
  X(FAULT_ENDED, "fault-ended", 0, "", "fault index")                                              \
  X(FAULT_HIT, "fault-hit", 0, "", "fault index")                                                  \
  X(NODE_UP, "node-up", 0, "incarnation", "")                                                      \
  X(NODE_DOWN, "node-down", 0, "incarnation", "")                                                  \
  X(RESUBMITTED, "resubmitted", 0, "attempt of its client", "")                                    \
  X(DEAD_LETTER_LEFT, "dead-letter-left", 1, "", "group")                                          \
  X(DUPLICATE_REFUSED, "duplicate-refused", 0, "", "")                                             \
  X(REPLAYED, "replayed", 1, "charge", "group")                                                    \
  X(KEY_CONFLICT, "key-conflict", 1, "", "group")                                                  \
  X(KEY_MISMATCH, "key-mismatch", 1, "", "group")                                                  \
  X(SERIALIZATION_FAILED, "serialization-failed", 0, "", "group")                                  \
  X(CONDITION_FAILED, "condition-failed", 0, "", "group")                                          \
  X(COMMITTED, "committed", 1, "", "")                                                             \
  X(COMMITTED_UNDONE, "committed-undone", 1, "", "")

enum fact {
  FACT_BASE_ = TRACE_FACT - 1,
#define X(id, name, judged, value, detail) FACT_##id,
  FACTS(X)
#undef X
      FACT__END
};

/* The facts that the ledger asks for, a bit each: whoever writes one into a trace marks it. */
#define FACT_BIT_JUDGED(id, name, judged, value, detail) | (uint64_t)(judged) << (FACT_##id - TRACE_FACT)
#define FACTS_JUDGED (0 FACTS(FACT_BIT_JUDGED))
_Static_assert(FACT__END - TRACE_FACT <= 64, "a bit each");
static inline bool fact_is_judged(unsigned kind) {
  return kind >= TRACE_FACT && kind < FACT__END && (FACTS_JUDGED >> (kind - TRACE_FACT) & 1);
}

/* Events of the simulation itself, as they stand in a trace (kind < TRACE_FACT). */
#define TRACE_EVENTS(X)                                                                            \
  X(ARRIVED, "arrived", "message kind << 16 | sender", "transmission")                             \
  X(LOST, "lost", "message kind << 16 | receiver", "why (sim/world/link.h)")                       \
  X(TIMER, "timer", "timer kind", "argument")                                                      \
  X(SERVED, "served", "message kind << 16 | sender", "")                                           \
  X(WOKE, "woke", "thread", "")                                                                    \
  X(WORLD, "world", "event kind", "")

enum trace_event {
#define X(id, name, detail, value) TRACE_##id,
  TRACE_EVENTS(X)
#undef X
      TRACE_EVENT__COUNT
};

/* The `detail` of a STATE: keys are at most 100000000, groups at most 16. */
#define FACT_STATE_KEY_BITS 27
static inline uint32_t fact_state(uint32_t group, uint32_t key) {
  return group << FACT_STATE_KEY_BITS | key;
}
static inline uint32_t fact_state_group(uint32_t detail) { return detail >> FACT_STATE_KEY_BITS; }
static inline uint32_t fact_state_key(uint32_t detail) {
  return detail & ((1u << FACT_STATE_KEY_BITS) - 1);
}

/* The `value` of a STATE that says: there is no such row. Else it is a number, or, of a row that an
 * operation has overwritten, the id of that operation. */
#define FACT_STATE_ABSENT (UINT64_C(1) << 63)

/* The `value` of an INTENDED: the key, the operation (enum operation, 5 bits) and, of a transfer, the key
 * that it adds to. Of an increment, which is operation 0, it is the key alone. */
#define FACT_KEY_MASK ((UINT32_C(1) << FACT_STATE_KEY_BITS) - 1)
#define FACT_OPERATIONS_MAX 32
static inline uint64_t fact_intended(uint32_t key, uint32_t operation, uint32_t other) {
  return (uint64_t)other << 32 | (uint64_t)operation << FACT_STATE_KEY_BITS | key;
}
static inline uint32_t fact_intended_key(uint64_t value) { return (uint32_t)value & FACT_KEY_MASK; }
static inline uint32_t fact_intended_operation(uint64_t value) {
  return (uint32_t)value >> FACT_STATE_KEY_BITS;
}
static inline uint32_t fact_intended_other(uint64_t value) { return (uint32_t)(value >> 32); }

const char *trace_kind_name(unsigned kind); /* of a fact or an event; NULL when unknown */

/* Prices, counted by the world and stated once at the end as COUNTER facts: those of a service's database
 * where there is one, then the others. COUNTER_EVENTS is the last record of every run, so a trace without
 * it is not whole. */
enum counter {
  COUNTER_ROUND_TRIPS,      /* requests that were answered */
  COUNTER_DURABLE_WRITES,   /* appends to a log that acknowledge a client, commits of a database */
  COUNTER_DEDUP_BYTES_PEAK, /* most bytes that dedup stores held at once */
  COUNTER_TRANSMISSIONS,
  COUNTER_EVENTS, /* popped from the queue */
  COUNTER_DATABASE_READS, /* from here on: of services' databases. SELECTs executed */
  COUNTER_DATABASE_WRITES, /* INSERTs, UPDATEs and DELETEs executed */
  COUNTER_OUTBOX_ROWS_PEAK,
  COUNTER_OUTBOX_ROWS_END,
  COUNTER_OUTBOX_BYTES_PEAK,
  COUNTER_SLOT_BYTES_PEAK,
  COUNTER_DEDUP_BYTES_FORGOTTEN, /* how much less than at their peak they hold at the end; where it is less */
  COUNTER__COUNT
};

#endif
