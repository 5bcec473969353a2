/* Mechanisms of Kafka that can be switched off: see models/mutants.h. */
#ifndef MODELS_KAFKA_MUTANTS_H
#define MODELS_KAFKA_MUTANTS_H

#define KAFKA_MUTANTS(X)                                                                           \
  X(KAFKA_NO_DEDUPLICATION, "kafka-no-deduplication", "C04-holds",                                 \
    "a broker appends a batch that it has already")                                                \
  X(KAFKA_NO_SEQUENCE_CHECK, "kafka-no-sequence-check", "C09-holds",                               \
    "a broker appends a batch whose sequence does not follow")                                     \
  X(KAFKA_NO_EPOCH_FENCING, "kafka-no-epoch-fencing", "C10-holds-fencing",                                 \
    "a partition appends a batch of an older epoch")                                               \
  X(KAFKA_MARKER_WITHOUT_EPOCH, "kafka-marker-without-epoch", "C10-holds-fencing",                         \
    "a marker does not take a partition to its epoch")                                             \
  X(KAFKA_STABLE_OFFSET_IGNORED, "kafka-stable-offset-ignored", "C10-holds",                       \
    "a read-committed reader reads on past open transactions")                                     \
  X(KAFKA_ABORTED_DATA_SHOWN, "kafka-aborted-data-shown", "C10-holds",                             \
    "a read-committed reader is shown aborted records")                                            \
  X(KAFKA_NO_FENCING_AT_INIT, "kafka-no-fencing-at-init", "C10-holds-fencing",                             \
    "InitProducerId leaves the epoch and an open transaction as they are")                         \
  X(KAFKA_NO_VERIFICATION, "kafka-no-verification", "C10-holds",                                   \
    "a leader does not tell the coordinator of a batch")                                           \
  X(KAFKA_OFFSETS_OUTSIDE, "kafka-offsets-outside", "C10-holds",                                   \
    "offsets sent to a transaction are committed at once")                                         \
  X(KAFKA_PENDING_OFFSETS_IGNORED, "kafka-pending-offsets-ignored", "C10-holds-pending",                   \
    "a new owner does not wait for pending offsets")                                               \
  X(KAFKA_MARKERS_NOT_RESENT, "kafka-markers-not-resent", "C10-holds-coordinator",             \
    "a coordinator that comes back sends no markers")                                              \
  X(KAFKA_DECISION_NOT_DURABLE, "kafka-decision-not-durable", "C10-holds-coordinator",         \
    "a coordinator forgets in a crash what it had decided")

#endif
