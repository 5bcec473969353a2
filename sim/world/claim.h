/* Names of anomalies, and the set of them that a guarantee allows. A system declares its set, a
 * handler may take some out of it again; the oracle interprets. */
#ifndef SIM_WORLD_CLAIM_H
#define SIM_WORLD_CLAIM_H

#include <stdint.h>

/* Each is also a metric of the same name: its count. */
#define ANOMALIES(X)                                                                               \
  X(LOST_ACKED, "lost_acked", "absent though the client was told OK")                              \
  X(LOST_UNACKED, "lost_unacked", "absent, and the client was never told anything")                \
  X(DUPLICATE_DELIVERIES, "duplicate_deliveries", "handed to a handler more than once")            \
  X(REEXECUTIONS, "reexecutions", "committed executions beyond the first")                         \
  X(DUPLICATE_EFFECTS, "duplicate_effects", "a re-execution left a different state")               \
  X(STATE_ERRORS, "state_errors", "final state is no legal serial order of the operations")        \
  X(FALSE_SUPPRESSIONS, "false_suppressions", "a dedup store dropped a fresh operation")           \
  X(PHANTOMS, "phantoms", "an effect of no operation, or of a rejected one")                       \
  X(MISAPPLIED, "misapplied", "right operation, wrong payload or key")                             \
  X(REORDERED, "reordered", "applied after a later operation on the same key")                     \
  X(STALE_OVERWRITES, "stale_overwrites", "an older value overwrote a newer one")                  \
  X(DEAD_LETTERED, "dead_lettered", "set aside in a dead-letter queue")                            \
  X(STUCK, "stuck", "not drained within the bound after all faults healed")                        \
  X(STORE_DISAGREEMENTS, "store_disagreements", "committed in its service's database and never arrived, or the reverse")

enum anomaly {
#define X(id, name, about) ANOMALY_##id,
  ANOMALIES(X)
#undef X
      ANOMALY__COUNT
};

#define CLAIM_BIT(id) (UINT32_C(1) << ANOMALY_##id)
#define CLAIM_NOTHING UINT32_C(0)

/* What a contract allows: the system's set less what the handler forbids. A state that lacks an operation
 * is wrong, whatever the handler: where losing is allowed, so is that. And where operations may come out of
 * order or again, an older one may overwrite a newer one for a while. */
uint32_t claim_allowed(uint32_t allows, uint32_t forbids);

extern const char *const anomaly_names[ANOMALY__COUNT], *const anomaly_abouts[ANOMALY__COUNT];

#endif
