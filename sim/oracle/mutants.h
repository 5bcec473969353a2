/* Faults of the judge that can be switched on: see sim/base/mutant.h. */
#ifndef SIM_ORACLE_MUTANTS_H
#define SIM_ORACLE_MUTANTS_H

#include "sim/base/mutant.h"

#define ORACLE_MUTANTS(X)                                                                          \
  X(ORACLE_LOSS_NOT_COUNTED, "oracle-loss-not-counted", "C02-breaks-power-loss",                              \
    "what was confirmed and is absent counts as something that the client does not know")          \
  X(ORACLE_UNKNOWN_IS_LOST, "oracle-unknown-is-lost", "oracle/test_ledger",                        \
    "what is absent and the client does not know of counts as lost")                               \
  X(ORACLE_DUPLICATE_TWICE, "oracle-duplicate-twice", "oracle/test_ledger",                        \
    "an operation with two effects counts as two duplicates")                                      \
  X(ORACLE_LATE_DUPLICATE_MISSED, "oracle-late-duplicate-missed", "oracle/test_ledger",            \
    "an effect of an id that has retired is not noticed")                                          \
  X(ORACLE_RETIRES_UNCONFIRMED, "oracle-retires-unconfirmed", "oracle/test_ledger_twin",                \
    "an id retires as soon as it has an effect, as if it had been confirmed")                      \
  X(ORACLE_WEAKER_OUTCOME, "oracle-weaker-outcome", "oracle/test_ledger",                          \
    "the last outcome of an operation stands, and not the strongest")                              \
  X(ORACLE_FIRST_OUTCOME, "oracle-first-outcome", "oracle/test_ledger",                            \
    "the first outcome of an operation stands: a confirmation after a timeout is not heard")       \
  X(ORACLE_ABANDONED_IS_REJECTED, "oracle-abandoned-is-rejected", "oracle/test_ledger",            \
    "what a dead producer had under way is taken for refused: the wrong fact")                     \
  X(ORACLE_PHANTOM_MISSED, "oracle-phantom-missed", "oracle/test_ledger",                          \
    "an effect of an operation that nobody wanted is not noticed")                                 \
  X(ORACLE_REFUSED_EFFECT_LEGAL, "oracle-refused-effect-legal", "oracle/test_ledger",              \
    "an operation that was refused may have an effect")                                            \
  X(ORACLE_UNDONE_STANDS, "oracle-undone-stands", "oracle/test_ledger", "an effect that was undone still counts") \
  X(ORACLE_STATE_BELIEVED, "oracle-state-believed", "oracle/test_ledger", "a final state is not compared with the effects") \
  X(ORACLE_STATE_OFF_BY_ONE, "oracle-state-off-by-one", "oracle/test_ledger",                      \
    "a sum may be one more than any order of the operations leaves")                               \
  X(ORACLE_ORDER_IGNORED, "oracle-order-ignored", "oracle/test_ledger",                            \
    "an operation that comes after a later one of its key is in order")                            \
  X(ORACLE_OVERWRITE_IGNORED, "oracle-overwrite-ignored", "oracle/test_ledger_operations",         \
    "an older value may overwrite a newer one")                                                    \
  X(ORACLE_STALE_ROW_LEGAL, "oracle-stale-row-legal", "oracle/test_ledger_operations",             \
    "a row may hold what a firm operation behind it has replaced")                                 \
  X(ORACLE_TRANSFER_ONE_SIDED, "oracle-transfer-one-sided", "oracle/test_ledger_operations",       \
    "of a transfer only the key that it takes from is judged")                                     \
  X(ORACLE_SUPPRESSION_BELIEVED, "oracle-suppression-believed", "oracle/test_ledger",              \
    "who drops a fresh operation as a duplicate is right")                                         \
  X(ORACLE_DEAD_LETTER_IS_LOSS, "oracle-dead-letter-is-loss", "oracle/test_ledger",                \
    "what stands in a dead-letter queue counts as lost")                                           \
  X(ORACLE_DEAD_LETTER_FOR_EVER, "oracle-dead-letter-for-ever", "oracle/test_ledger",              \
    "what has left the dead-letter queue counts as if it stood there")                             \
  X(ORACLE_STUCK_IS_LOSS, "oracle-stuck-is-loss", "oracle/test_ledger",                            \
    "what a run that had to stop has not done counts as lost")                                     \
  X(ORACLE_DISPOSAL_IS_STUCK, "oracle-disposal-is-stuck", "oracle/test_ledger",                    \
    "what a broker has disposed of counts as under way")                                           \
  X(ORACLE_REDELIVERY_MISSED, "oracle-redelivery-missed", "oracle/test_ledger",                    \
    "a delivery after the effect is no second delivery")                                           \
  X(ORACLE_COMMIT_IGNORED, "oracle-commit-ignored", "C21-breaks-lost",                          \
    "what its service's database holds need not have arrived")                                     \
  X(ORACLE_ROLLBACK_IGNORED, "oracle-rollback-ignored", "C21-breaks-consumer-phantom",                      \
    "an effect of an operation that was rolled back is no phantom")                                \
  X(ORACLE_GROUPS_NOT_ADDED, "oracle-groups-not-added", "oracle/test_ledger_groups",               \
    "the first group's numbers are the run's")                                                     \
  X(ORACLE_LATENCY_OF_FACT, "oracle-latency-of-fact", "oracle/test_ledger",                        \
    "a latency counts from the time of the fact, and not from when the effect is visible")         \
  X(ORACLE_ONE_IS_NONE, "oracle-one-is-none", "oracle/test_verdict", "an anomaly that happened once is forgiven") \
  X(ORACLE_ALLOWS_REST, "oracle-allows-rest", "oracle/test_verdict",                               \
    "who is allowed anything is allowed everything")                                               \
  X(ORACLE_INTERVAL_ONE_SIDED, "oracle-interval-one-sided", "oracle/test_statistics",              \
    "both ends of an interval have all of what is left of certainty")

enum oracle_mutant {
  MUTANT_ORACLE_BEFORE_ = MUTANT_ORACLE_FIRST - 1,
#define X(id, name, noticed_by, about) MUTANT_##id,
  ORACLE_MUTANTS(X)
#undef X
      MUTANT_ORACLE_END
};

#endif
