/* Mechanisms of Kafka that can be switched off: see models/mutants.h. */
#ifndef MODELS_KAFKA_MUTANTS_H
#define MODELS_KAFKA_MUTANTS_H

#define KAFKA_MUTANTS(X)                                                                           \
  X(KAFKA_NO_DEDUPLICATION, "kafka-no-deduplication", "C04-holds",                                 \
    "a broker appends a batch that it has already")                                               \
  X(KAFKA_ACK_BEFORE_HIGH_WATERMARK, "kafka-ack-before-high-watermark", "C06-holds",               \
    "acks=all is answered when the leader has it")                                                 \
  X(KAFKA_READ_ABOVE_HIGH_WATERMARK, "kafka-read-above-high-watermark", "C06-holds-readers",       \
    "consumers read what is not replicated yet")                                                   \
  X(KAFKA_IN_SYNC_FOR_EVER, "kafka-in-sync-for-ever", "C06-holds-shrink",                          \
    "a follower that has fallen behind stays in the in-sync set")                                  \
  X(KAFKA_JOINS_WITHOUT_CATCHING_UP, "kafka-joins-without-catching-up", "C06-holds-rejoin",        \
    "a replica that comes back is in sync at once")                                                \
  X(KAFKA_NO_TRUNCATION, "kafka-no-truncation", "C06-holds",                                       \
    "a follower keeps what its leader does not have")                                              \
  X(KAFKA_FOLLOWERS_FORGET_PRODUCERS, "kafka-followers-forget-producers", "C06-holds-deduplication", \
    "a new leader knows nothing of producers")                                                     \
  X(KAFKA_UNCLEAN_ANYWAY, "kafka-unclean-anyway", "C06-holds-unclean",                             \
    "a replica out of sync is elected although that is disabled")                                  \
  X(KAFKA_MIN_ISR_IGNORED, "kafka-min-isr-ignored", "C06-holds-last-replica",                      \
    "acks=all is served whatever min.insync.replicas says") \
  X(KAFKA_GROUPS_SHARE_OFFSETS, "kafka-groups-share-offsets", "C08-holds",                         \
    "a group's committed offset is every group's")

#endif
