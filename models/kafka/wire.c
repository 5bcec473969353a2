#include "models/kafka/wire.h"

const struct message_kind wire_kinds[WIRE__COUNT] = {
    [WIRE_PRODUCE] = {"produce", POINT_PUBLISH_SENT, POINT_PUBLISH_RECEIVED, true, false},
    [WIRE_PRODUCED] = {"produced", POINT_PUBLISH_ACK_SENT, POINT_PUBLISH_ACKED, true, true},
    [WIRE_FETCH] = {"fetch", POINT_FETCH_SENT, POINT_FETCH_RECEIVED, false, false},
    [WIRE_FETCHED] = {"fetched", POINT_DELIVERY_SENT, POINT_DELIVERY_RECEIVED, true, true},
    [WIRE_COMMIT] = {"commit", POINT_ACK_SENT, POINT_ACK_RECEIVED, false, false},
    [WIRE_COMMITTED] = {"committed", POINT_ACK_ANSWER_SENT, POINT_ACK_ANSWERED, false, true},
    [WIRE_JOIN] = {"join", POINT_JOIN_SENT, POINT_JOIN_RECEIVED, false, false},
    [WIRE_JOINED] = {"joined", POINT_JOIN_ANSWERED, POINT_JOIN_ANSWER_RECEIVED, false, true},
    [WIRE_SYNC] = {"sync", POINT_SYNC_SENT, POINT_SYNC_RECEIVED, false, false},
    [WIRE_SYNCED] = {"synced", POINT_SYNC_ANSWERED, POINT_SYNC_ANSWER_RECEIVED, false, true},
    [WIRE_HEARTBEAT] = {"heartbeat", POINT_HEARTBEAT_SENT, POINT_HEARTBEAT_RECEIVED, false, false},
    [WIRE_HEARTBEAT_ANSWER] = {"heartbeat-answer", POINT_HEARTBEAT_ANSWERED,
                               POINT_HEARTBEAT_ANSWER_RECEIVED, false, true},
    [WIRE_LEAVE] = {"leave", POINT_LEAVE_SENT, POINT_LEAVE_RECEIVED, false, false},
    [WIRE_LEFT] = {"left", POINT_LEAVE_ANSWERED, POINT_LEAVE_ANSWER_RECEIVED, false, true},
    [WIRE_OFFSETS] = {"offsets", POINT_OFFSETS_SENT, POINT_OFFSETS_RECEIVED, false, false},
    [WIRE_OFFSETS_ANSWER] = {"offsets-answer", POINT_OFFSETS_ANSWERED,
                             POINT_OFFSETS_ANSWER_RECEIVED, false, true},
    [WIRE_LIST_OFFSETS] = {"list-offsets", POINT_LIST_OFFSETS_SENT, POINT_LIST_OFFSETS_RECEIVED,
                           false, false},
    [WIRE_LISTED] = {"listed", POINT_LIST_OFFSETS_ANSWERED, POINT_LIST_OFFSETS_ANSWER_RECEIVED,
                     false, true},
    [WIRE_INIT_PRODUCER] = {"init-producer", POINT_INIT_PRODUCER_SENT,
                            POINT_INIT_PRODUCER_RECEIVED, false, false},
    [WIRE_INIT_PRODUCER_ANSWER] = {"init-producer-answer", POINT_INIT_PRODUCER_ANSWERED,
                                   POINT_INIT_PRODUCER_ANSWER_RECEIVED, false, true},
    [WIRE_ADD_PARTITIONS] = {"add-partitions", POINT_ADD_PARTITIONS_SENT,
                             POINT_ADD_PARTITIONS_RECEIVED, false, false},
    [WIRE_PARTITIONS_ADDED] = {"partitions-added", POINT_ADD_PARTITIONS_ANSWERED,
                               POINT_ADD_PARTITIONS_ANSWER_RECEIVED, false, true},
    [WIRE_OUTPUT] = {"output", POINT_OUTPUT_SENT, POINT_OUTPUT_RECEIVED, false, false},
    [WIRE_OUTPUT_ANSWER] = {"output-answer", POINT_OUTPUT_ANSWERED, POINT_OUTPUT_ANSWER_RECEIVED,
                            false, true},
    [WIRE_TXN_OFFSETS] = {"transaction-offsets", POINT_TXN_OFFSETS_SENT,
                          POINT_TXN_OFFSETS_RECEIVED, false, false},
    [WIRE_TXN_OFFSETS_ANSWER] = {"transaction-offsets-answer", POINT_TXN_OFFSETS_ANSWERED,
                                 POINT_TXN_OFFSETS_ANSWER_RECEIVED, false, true},
    [WIRE_END_TXN] = {"end-transaction", POINT_ACK_SENT, POINT_ACK_RECEIVED, false, false},
    [WIRE_END_TXN_ANSWER] = {"end-transaction-answer", POINT_ACK_ANSWER_SENT, POINT_ACK_ANSWERED,
                             false, true},
    [WIRE_MARKER] = {"marker", POINT_MARKER_SENT, POINT_MARKER_RECEIVED, false, false},
    [WIRE_VERIFY] = {"verify", POINT_VERIFY_SENT, POINT_VERIFY_RECEIVED, false, false},
    [WIRE_VERIFIED] = {"verified", POINT_VERIFY_ANSWERED, POINT_VERIFY_ANSWER_RECEIVED, false, true},
    [WIRE_MARKED] = {"marked", POINT_MARKER_ANSWERED, POINT_MARKER_ANSWER_RECEIVED, false, true},
#define EXCHANGE(id, request, answer, request_name, answer_name)                                   \
  [WIRE_##request] = {request_name, POINT_##id##_SENT, POINT_##id##_RECEIVED, false, false},       \
  [WIRE_##answer] = {answer_name, POINT_##id##_ANSWERED, POINT_##id##_ANSWER_RECEIVED, false, true}
    EXCHANGE(METADATA, METADATA, METADATA_ANSWER, "metadata", "metadata-answer"),
    EXCHANGE(REPLICA_FETCH, REPLICA_FETCH, REPLICA_FETCHED, "replica-fetch", "replica-fetched"),
    EXCHANGE(REGISTER, REGISTER, REGISTERED, "register", "registered"),
    EXCHANGE(BROKER_HEARTBEAT, BROKER_HEARTBEAT, BROKER_HEARTBEAT_ANSWER, "broker-heartbeat",
             "broker-heartbeat-answer"),
    EXCHANGE(METADATA_FETCH, METADATA_FETCH, METADATA_FETCHED, "metadata-fetch", "metadata-fetched"),
    EXCHANGE(ALTER_PARTITION, ALTER_PARTITION, PARTITION_ALTERED, "alter-partition",
             "partition-altered"),
    EXCHANGE(ELECT_LEADERS, ELECT_LEADERS, LEADERS_ELECTED, "elect-leaders", "leaders-elected"),
    EXCHANGE(API_VERSIONS, API_VERSIONS, API_VERSIONS_ANSWER, "api-versions", "api-versions-answer"),
#undef EXCHANGE
};

const struct point_row kafka_points[POINT_KAFKA__END - POINT_GENERIC__COUNT] = {
    {"fetch-sent", ROLE_CONSUMER, "a fetch leaves"},
    {"fetch-received", ROLE_BROKER, "it reached the leader; nothing is read yet"},
#define X(id, name, from, about)                                                                   \
  {name "-sent", from, about " leaves"},                                                           \
  {name "-received", ROLE_BROKER, "it reached the broker; nothing is done yet"},                   \
  {name "-answered", ROLE_BROKER, "its answer leaves"},                                            \
  {name "-answer-received", from, "its answer arrives"},
    KAFKA_EXCHANGES(X)
#undef X
#define X(id, name, from, to, about)                                                               \
  {name "-sent", from, about " leaves"},                                                           \
  {name "-received", to, "it has arrived; nothing is done yet"},                                   \
  {name "-answered", to, "its answer leaves"},                                                     \
  {name "-answer-received", from, "its answer arrives"},
    KAFKA_REPLICATION_EXCHANGES(X)
#undef X
};
