/* Mechanisms of publishers that can be switched off: see models/mutants.h. */
#ifndef MODELS_OUTBOX_MUTANTS_H
#define MODELS_OUTBOX_MUTANTS_H

#define OUTBOX_MUTANTS(X)                                                                          \
  X(OUTBOX_OWN_TRANSACTION, "outbox-own-transaction", "C21-holds",                           \
    "the event's row is inserted by a statement of its own, behind the COMMIT")                    \
  X(RELAY_MARKS_FIRST, "relay-marks-first", "C22-holds", "a relay marks rows before it publishes them") \
  X(RELAY_READS_BY_ID, "relay-reads-by-id", "C22-holds",                                   \
    "a relay goes by the last id that it has read, whatever its cursor says")                      \
  X(CLEANUP_BY_AGE, "cleanup-by-age", "C25-holds", "old rows are removed, published or not")       \
  X(CLEANUP_NEVER, "cleanup-never", "C25-holds", "old rows stay")

#endif
