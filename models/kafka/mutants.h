/* Mechanisms of Kafka that can be switched off: see models/mutants.h. */
#ifndef MODELS_KAFKA_MUTANTS_H
#define MODELS_KAFKA_MUTANTS_H

#define KAFKA_MUTANTS(X)                                                                           \
  X(KAFKA_NO_DEDUPLICATION, "kafka-no-deduplication", "C04-holds",                                 \
    "a broker appends a batch that it has already")                                                \
  X(KAFKA_GROUPS_SHARE_OFFSETS, "kafka-groups-share-offsets", "C08-holds",                         \
    "a group's committed offset is every group's")

#endif
