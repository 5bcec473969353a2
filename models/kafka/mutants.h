/* Mechanisms of Kafka that can be switched off: see models/mutants.h. */
#ifndef MODELS_KAFKA_MUTANTS_H
#define MODELS_KAFKA_MUTANTS_H

#define KAFKA_MUTANTS(X)                                                                           \
  X(KAFKA_NO_DEDUPLICATION, "kafka-no-deduplication", "C04-holds",                                 \
    "a broker appends a batch that it has already")                                                \
  X(KAFKA_NO_EPOCH_FENCING, "kafka-no-epoch-fencing", "C10-holds",                                 \
    "a partition appends a batch of an older epoch")                                               \
  X(KAFKA_MARKER_WITHOUT_EPOCH, "kafka-marker-without-epoch", "C10-holds",                         \
    "a marker does not take a partition to its epoch")                                             \
  X(KAFKA_STABLE_OFFSET_IGNORED, "kafka-stable-offset-ignored", "C10-holds",                       \
    "a read-committed reader reads on past open transactions")                                     \
  X(KAFKA_ABORTED_DATA_SHOWN, "kafka-aborted-data-shown", "C10-holds",                             \
    "a read-committed reader is shown aborted records")

#endif
