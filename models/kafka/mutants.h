/* Mechanisms of Kafka that can be switched off: see models/mutants.h. */
#ifndef MODELS_KAFKA_MUTANTS_H
#define MODELS_KAFKA_MUTANTS_H

#define KAFKA_MUTANTS(X)                                                                           \
  X(KAFKA_NO_DEDUPLICATION, "kafka-no-deduplication", "C04-holds",                                 \
    "a broker appends a batch that it has already")                                                \
  X(KAFKA_NO_SEQUENCE_CHECK, "kafka-no-sequence-check", "C09-holds",                               \
    "a broker appends a batch whose sequence does not follow")                                     \
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
    "acks=all is served whatever min.insync.replicas says")                                        \
  X(KAFKA_GROUPS_SHARE_OFFSETS, "kafka-groups-share-offsets", "C08-holds",                         \
    "a group's committed offset is every group's")                                                 \
  X(KAFKA_NO_GENERATION_CHECK, "kafka-no-generation-check", "C01-holds-zombie",                    \
    "a commit of an older generation is accepted")                                                 \
  X(KAFKA_NO_SESSION_TIMEOUT, "kafka-no-session-timeout", "C02-holds-session",                     \
    "a member that is silent stays in the group")                                                  \
  X(KAFKA_NO_POLL_INTERVAL, "kafka-no-poll-interval", "C02-holds-poll-interval",                   \
    "a member that does not poll stays in the group")                                              \
  X(KAFKA_REFUSED_COMMIT_LEAVES, "kafka-refused-commit-leaves", "models/test_kafka_put_out",       \
    "an asynchronous commit that is refused ends the work on what was polled")                     \
  X(KAFKA_COMMITS_FETCHED, "kafka-commits-fetched", "C02-holds-consumer-crash",                    \
    "a commit covers what was fetched, handled or not")                                            \
  X(KAFKA_AUTO_COMMITS_CURRENT_POLL, "kafka-auto-commits-current-poll", "C29-holds-in-loop",       \
    "an auto-commit covers what the current poll has just returned")                               \
  X(KAFKA_NO_COMMIT_ON_REVOKE, "kafka-no-commit-on-revoke", "C06-holds-deploy",                    \
    "partitions are given up without a commit")                                                    \
  X(KAFKA_KEEPS_REVOKED, "kafka-keeps-revoked", "C29-holds-cooperative",                           \
    "a cooperative member keeps a partition that was given to another")                            \
  X(KAFKA_NO_INSTANCE_FENCING, "kafka-no-instance-fencing", "C29-holds-one-instance-id",           \
    "two processes share one group.instance.id")                                                   \
  X(KAFKA_NO_EPOCH_FENCING, "kafka-no-epoch-fencing", "C10-holds-fencing",                         \
    "a partition appends a batch of an older epoch")                                               \
  X(KAFKA_MARKER_WITHOUT_EPOCH, "kafka-marker-without-epoch", "C10-holds-fencing",                 \
    "a marker does not take a partition to its epoch")                                             \
  X(KAFKA_STABLE_OFFSET_IGNORED, "kafka-stable-offset-ignored", "C10-holds",                       \
    "a read-committed reader reads on past open transactions")                                     \
  X(KAFKA_ABORTED_DATA_SHOWN, "kafka-aborted-data-shown", "C10-holds",                             \
    "a read-committed reader is shown aborted records")                                            \
  X(KAFKA_NO_FENCING_AT_INIT, "kafka-no-fencing-at-init", "C10-holds-fencing",                     \
    "InitProducerId leaves the epoch and an open transaction as they are")                         \
  X(KAFKA_NO_VERIFICATION, "kafka-no-verification", "C10-holds",                                   \
    "a leader does not tell the coordinator of a batch")                                           \
  X(KAFKA_OFFSETS_OUTSIDE, "kafka-offsets-outside", "C10-holds",                                   \
    "offsets sent to a transaction are committed at once")                                         \
  X(KAFKA_PENDING_OFFSETS_IGNORED, "kafka-pending-offsets-ignored", "C10-holds-pending",           \
    "a new owner does not wait for pending offsets")                                               \
  X(KAFKA_MARKERS_NOT_RESENT, "kafka-markers-not-resent", "C10-holds-coordinator",                 \
    "a coordinator that comes back sends no markers")                                              \
  X(KAFKA_DECISION_NOT_DURABLE, "kafka-decision-not-durable", "C10-holds-coordinator",             \
    "a coordinator forgets in a crash what it had decided")                                        \
  X(KAFKA_PENDING_OFFSETS_NOT_LOADED, "kafka-pending-offsets-not-loaded", "C10-holds-coordinator-move", \
    "a new coordinator does not load the offsets of open transactions")                              \
  X(KAFKA_TRUNCATION_UNNOTICED, "kafka-truncation-unnoticed", "models/test_kafka_truncation",            \
    "a reader does not notice that a log has other records than he has read")                      \
  X(KAFKA_OLD_COORDINATOR_MARKS, "kafka-old-coordinator-marks", "C10-holds-coordinator-late-marker", \
    "a marker of an older coordinator epoch is written")                                           \
  X(KAFKA_SENDS_WITHOUT_CONNECTION, "kafka-sends-without-connection", "models/test_kafka_connections", \
    "a producer sends to a broker that it has no connection to")

#endif
