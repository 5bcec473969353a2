/* Kafka's messages, as far as they are modelled, and the keys of its systems.
 *
 *   producer           broker (leader)        coordinator (broker.1)        consumer
 *      | PRODUCE ---------->|                        |                          |
 *      |<--------- PRODUCED |                        |<------------------- JOIN |
 *      |                    |                        | JOINED ----------------->|
 *      |                    |<---------------------------------------- FETCH    |
 *      |                    | FETCHED (parked until there is data) ------------>|
 *      |                    |                        |<-- COMMIT, TXN_OFFSETS --|
 *
 * LIMIT: no record is too large: max.request.size and message.max.bytes (1 MiB each) are not modelled.
 *
 * Broker.1 is coordinator of groups and transactions, until that moves (coordinator.h).
 *
 * With replication.factor above 1 there is a controller, and a partition has a leader and followers, of
 * which the controller knows (replica.h, controller.h). Clients know partitions and leaders from the
 * start, and ask any broker (METADATA) when a leader does not answer or says that it is none.
 */
#ifndef MODELS_KAFKA_WIRE_H
#define MODELS_KAFKA_WIRE_H

#include "models/kafka/log.h"
#include "sim/world/world.h"

enum wire {
  WIRE_PRODUCE,  /* a = partition, b = packed producer, c = sequence, d = acks; records */
  WIRE_PRODUCED, /* a = error, c = partition */
  WIRE_FETCH,    /* records: key = partition, handle = position, extra = how many before it are
                    not known to be committed, number = leader epoch of the record before it;
                    a = most records,
                    b = this fetch replaces the one parked before */
  WIRE_FETCHED,  /* records: extra = partition, handle = offset, number = leader epoch, if d; a = partition that
                    was out of range plus 1, b = the nearest that there is, d = leader epoch before it; c = error */
  WIRE_COMMIT,   /* a = member, b = generation, d = instance; records: committed: intent, extra = partition,
                    handle = offset: the next to read is handle + 1, number = its leader epoch */
  WIRE_COMMITTED, /* a = error */
  WIRE_JOIN,      /* a = member, b = generation, c = it was in the group before, d = its
                     group.instance.id, 0 = none; records: key = a partition that it has */
  WIRE_JOINED,    /* a = error, b = generation, c = it is the leader */
  WIRE_SYNC,      /* a = member, b = generation, d = instance */
  WIRE_SYNCED,    /* a = error, b = generation; records: key = partition */
  WIRE_HEARTBEAT, /* a = member, b = generation, d = instance */
  WIRE_HEARTBEAT_ANSWER, /* a = error */
  WIRE_LEAVE,            /* a = member */
  WIRE_LEFT,             /* a = error */
  WIRE_OFFSETS,        /* records: key = partition */
  WIRE_OFFSETS_ANSWER, /* a = error; records: key = partition, handle = position, OFFSET_NONE, number = leader
                          epoch of the record before it */
  WIRE_LIST_OFFSETS,   /* a = 1: the end, 0: the beginning; records: key = partition */
  WIRE_LISTED,         /* b = error; records: key = partition, handle = offset, number = leader epoch there */
  WIRE_INIT_PRODUCER,  /* a = transactional id, 0 = idempotent only */
  WIRE_INIT_PRODUCER_ANSWER, /* a = error, b = producer id, c = epoch */
  WIRE_ADD_PARTITIONS,       /* b = packed producer; records: key = output partition */
  WIRE_PARTITIONS_ADDED,     /* a = error */
  WIRE_OUTPUT,               /* as PRODUCE, to a partition of the output topic */
  WIRE_OUTPUT_ANSWER,        /* as PRODUCED */
  WIRE_TXN_OFFSETS,          /* as COMMIT, c = packed producer; a = 0: without group metadata */
  WIRE_TXN_OFFSETS_ANSWER,   /* a = error */
  WIRE_END_TXN,              /* a = commit, b = packed producer; records: the operations it ends */
  WIRE_END_TXN_ANSWER,       /* a = error, b = producer id and c = epoch of the next transaction */
  WIRE_MARKER,               /* a = output partition, b = packed producer, c = commit, and from bit 1 on the
                                coordinator epoch, d = serial of the transaction */
  WIRE_MARKED,               /* a = output partition, b = packed producer, d as asked */
  WIRE_VERIFY,               /* a = output partition, b = packed producer, d = who asks the leader */
  WIRE_VERIFIED,             /* a, b, d as asked, c = error */
  /* replicated only; a topic partition is an input partition, or partitions + an output partition */
  WIRE_METADATA,
  WIRE_METADATA_ANSWER, /* records: key = topic partition, handle = leader epoch, extra = leader */
  WIRE_REPLICA_FETCH,   /* records: replica.h */
  WIRE_REPLICA_FETCHED, /* records: replica.h */
  WIRE_REGISTER,        /* a = broker epoch: of this incarnation */
  WIRE_REGISTERED,      /* a = error */
  WIRE_BROKER_HEARTBEAT, /* a = broker epoch, b = wants to shut down */
  WIRE_BROKER_HEARTBEAT_ANSWER, /* a = error, b = it may shut down */
  WIRE_METADATA_FETCH,          /* a = version that it has */
  WIRE_METADATA_FETCHED,        /* a = version; records: controller.h */
  WIRE_ALTER_PARTITION,         /* a = broker epoch; records: controller.h */
  WIRE_PARTITION_ALTERED,       /* a = error; records: the partitions as they are now */
  WIRE_ELECT_LEADERS,           /* a = unclean: an administrator's */
  WIRE_LEADERS_ELECTED,
  WIRE_API_VERSIONS, /* the first request on a new connection */
  WIRE_API_VERSIONS_ANSWER,
  WIRE__COUNT
};

extern const struct message_kind wire_kinds[WIRE__COUNT];

/* Points of its own, beside the generic ones: each exchange has four. Name, where it begins, what. */
#define KAFKA_EXCHANGES(X)                                                                         \
  X(JOIN, "join", ROLE_CONSUMER, "a request to join the group") \
  X(SYNC, "sync", ROLE_CONSUMER, "a request for the assignment") \
  X(HEARTBEAT, "heartbeat", ROLE_CONSUMER, "a heartbeat") \
  X(LEAVE, "leave", ROLE_CONSUMER, "a request to leave the group") \
  X(OFFSETS, "offsets", ROLE_CONSUMER, "a request for committed offsets") \
  X(LIST_OFFSETS, "list-offsets", ROLE_CONSUMER, "a request for the offsets that a log begins or ends with") \
  X(INIT_PRODUCER, "init-producer", ROLE_CONSUMER, "a request for a producer id and epoch") \
  X(ADD_PARTITIONS, "add-partitions", ROLE_CONSUMER, "AddPartitionsToTxn") \
  X(OUTPUT, "output", ROLE_CONSUMER, "a batch for the output topic") \
  X(TXN_OFFSETS, "transaction-offsets", ROLE_CONSUMER, "TxnOffsetCommit") \
  X(MARKER, "marker", ROLE_BROKER, "the marker that ends a transaction in a partition")            \
  X(VERIFY, "verify", ROLE_BROKER, "a leader's question whether a batch is in a transaction")
/* With the role that answers: of replication, and of a new connection. */
#define KAFKA_REPLICATION_EXCHANGES(X)                                                             \
  X(METADATA, "metadata", ROLE_CONSUMER, ROLE_BROKER, "a client's request for leaders") \
  X(REPLICA_FETCH, "replica-fetch", ROLE_BROKER, ROLE_BROKER, "a follower's fetch") \
  X(REGISTER, "register", ROLE_BROKER, ROLE_CONTROLLER, "the registration of a broker") \
  X(BROKER_HEARTBEAT, "broker-heartbeat", ROLE_BROKER, ROLE_CONTROLLER, "a broker's heartbeat") \
  X(METADATA_FETCH, "metadata-fetch", ROLE_BROKER, ROLE_CONTROLLER, "a broker's fetch of metadata") \
  X(ALTER_PARTITION, "alter-partition", ROLE_BROKER, ROLE_CONTROLLER, \
    "a leader's wish to change its in-sync set") \
  X(ELECT_LEADERS, "elect-leaders", ROLE_BROKER, ROLE_CONTROLLER, \
    "an administrator's wish that others lead") \
  X(API_VERSIONS, "api-versions", ROLE_PRODUCER, ROLE_BROKER, "a producer's first request on a new connection")

enum kafka_point {
  POINT_FETCH_SENT = POINT_GENERIC__COUNT,
  POINT_FETCH_RECEIVED,
#define X(id, name, from, about)                                                                   \
  POINT_##id##_SENT, POINT_##id##_RECEIVED, POINT_##id##_ANSWERED, POINT_##id##_ANSWER_RECEIVED,
  KAFKA_EXCHANGES(X)
#undef X
#define X(id, name, from, to, about)                                                               \
  POINT_##id##_SENT, POINT_##id##_RECEIVED, POINT_##id##_ANSWERED, POINT_##id##_ANSWER_RECEIVED,
  KAFKA_REPLICATION_EXCHANGES(X)
#undef X
      POINT_KAFKA__END
};
_Static_assert((int)POINT_KAFKA__END <= (int)POINT__MAX, "points fit");
extern const struct point_row kafka_points[POINT_KAFKA__END - POINT_GENERIC__COUNT];

/* A producer's id and epoch, and whether its batch is transactional, in one field; the sequence of a
 * batch travels in another. */
static inline int64_t pack_producer(const struct batch *batch) {
  return (int64_t)batch->producer << 32 | (int64_t)batch->epoch << 1 | batch->transactional;
}
static inline struct batch unpack_producer(int64_t packed, int64_t sequence) {
  return (struct batch){.producer = (uint32_t)(packed >> 32),
                        .epoch = (uint16_t)(packed >> 1),
                        .sequence = (int32_t)sequence,
                        .transactional = packed & 1};
}

/* Keys: the same for every system of this folder, with other defaults (systems.c). */
enum kafka_key {
  KEY_ACKS,
  KEY_IDEMPOTENCE,
  KEY_RETRIES,
  KEY_RETRY_BACKOFF,
  KEY_RETRY_BACKOFF_MAX,
  KEY_RECONNECT_BACKOFF,
  KEY_RECONNECT_BACKOFF_MAX,
  KEY_CONNECTION_SETUP_TIMEOUT,
  KEY_REQUEST_TIMEOUT,
  KEY_DELIVERY_TIMEOUT,
  KEY_IN_FLIGHT,
  KEY_BATCH_SIZE,
  KEY_LINGER,
  KEY_BUFFER_MEMORY,
  KEY_MAX_POLL_RECORDS,
  KEY_COMMIT,
  KEY_COMMIT_INTERVAL,
  KEY_ISOLATION,
  KEY_INITIAL_REBALANCE_DELAY,
  KEY_SESSION_TIMEOUT,
  KEY_HEARTBEAT_INTERVAL,
  KEY_MAX_POLL_INTERVAL,
  KEY_ASSIGNMENT_STRATEGY,
  KEY_GROUP_INSTANCE_ID,
  KEY_AUTO_COMMIT_INTERVAL,
  KEY_COMMIT_CALL,
  KEY_API_TIMEOUT,
  KEY_COMMIT_ON_REVOKE,
  KEY_PROCESSING,
  KEY_AUTO_OFFSET_RESET,
  KEY_OFFSETS_RETENTION,
  KEY_TRANSACTION_TIMEOUT,
  KEY_TRANSACTION_VERSION,
  KEY_TRANSACTION_VERIFICATION,
  KEY_TRANSACTION_TIMEOUT_CHECK,
  KEY_TRANSACTION_MAX_TIMEOUT,
  KEY_TRANSACTIONAL_ID,
  KEY_TRANSACTIONAL_ID_EXPIRATION,
  KEY_TRANSACTIONAL_ID_CLEANUP,
  KEY_OFFSETS,
  KEY_GROUP_METADATA,
  KEY_LOG_FLUSH_INTERVAL,
  KEY_LOG_SEGMENT_BYTES,
  KEY_PRODUCER_EXPIRATION,
  KEY_PRODUCER_EXPIRATION_CHECK,
  KEY_PRODUCER_SNAPSHOT,
  KEY_REPLICATION_FACTOR,
  KEY_MIN_INSYNC_REPLICAS,
  KEY_UNCLEAN_ELECTION,
  KEY_REPLICA_LAG_TIME_MAX,
  KEY_REPLICA_FETCH_WAIT_MAX,
  KEY_REPLICA_FETCH_BACKOFF,
  KEY_BROKER_HEARTBEAT_INTERVAL,
  KEY_BROKER_SESSION_TIMEOUT,
  KEY_STRICT_MIN_ISR,
  KEY_ELIGIBLE_LEADER_REPLICAS,
  KEY__COUNT
};
enum { ACKS_0, ACKS_1, ACKS_ALL };
enum { COMMIT_BEFORE_PROCESSING, COMMIT_AFTER_PROCESSING, COMMIT_IN_TRANSACTION, COMMIT_AUTO };
enum { INSTANCE_NONE, INSTANCE_BY_INDEX, INSTANCE_SHARED };
enum { CALL_ASYNC_RETRIED, CALL_ASYNC, CALL_SYNC };
enum { PROCESSING_IN_POLL_LOOP, PROCESSING_HANDED_OFF };
enum { RESET_EARLIEST, RESET_LATEST, RESET_NONE };
#define OFFSETS_RETENTION_DEFAULT 10080 /* minutes */
enum { READ_UNCOMMITTED, READ_COMMITTED };
enum { SNAPSHOT_HANDED_OVER, SNAPSHOT_LAST_BATCH };
enum { TRANSACTION_VERSION_1, TRANSACTION_VERSION_2 };
enum { TRANSACTIONAL_ID_STABLE, TRANSACTIONAL_ID_PER_PROCESS };
enum { OFFSETS_IN_TRANSACTION, OFFSETS_AFTER_TRANSACTION, OFFSETS_BEFORE_TRANSACTION };

static inline int64_t kafka_setting(const struct world *world, enum kafka_key key) {
  return world->plan->system_settings.values[key].i;
}

static inline int64_t kafka_retention(const struct world *world) {
  return kafka_setting(world, KEY_OFFSETS_RETENTION) * NS_PER_MIN;
}

/* Whether partitions have more than one replica. */
static inline bool kafka_replicated(const struct world *world) {
  return world->count[ROLE_CONTROLLER] > 0;
}
static inline uint16_t kafka_controller(const struct world *world) {
  return (uint16_t)world->first[ROLE_CONTROLLER];
}
/* A topic partition of the output topic; of the input topic it is the partition itself. */
static inline uint32_t kafka_output(const struct world *world, uint32_t partition) {
  return world->plan->partitions + partition;
}
static inline uint32_t kafka_topic_partitions(const struct world *world) {
  return 2 * world->plan->partitions;
}
/* An error after which the same request may succeed, here or at another leader. */
static inline bool kafka_retriable(int64_t error) {
  return error == KAFKA_NOT_LEADER || error == KAFKA_NOT_ENOUGH_REPLICAS ||
         error == KAFKA_NOT_ENOUGH_REPLICAS_AFTER_APPEND;
}

/* The coordinator is another, or is not ready yet: the request may succeed later, there. */
static inline bool kafka_coordinator_moved(int64_t error) {
  return error == KAFKA_NOT_COORDINATOR || error == KAFKA_COORDINATOR_LOADING;
}

/* Who leads a partition, of the input and of the output topic alike, as long as leaders do not move:
 * index among brokers, and node. Later it is the first of its replicas: the preferred leader. */
static inline uint32_t kafka_broker_of(const struct world *world, uint32_t partition) {
  uint32_t brokers = world->count[ROLE_BROKER];
  if (LIKELY(brokers == 1)) return 0;
  return partition < brokers ? partition : partition % brokers;
}
static inline uint16_t kafka_leader(const struct world *world, uint32_t partition) {
  return (uint16_t)(world->first[ROLE_BROKER] + kafka_broker_of(world, partition));
}
/* Who coordinates now; a client finds that at once. */
uint16_t kafka_coordinator(const struct world *world);
/* The default partitioner: by hash of the key. */
static inline uint32_t kafka_partition(const struct world *world, uint32_t key) {
  return (uint32_t)((hash_mix(key) >> 32) * world->plan->partitions >> 32);
}

extern const struct component kafka_producer, kafka_broker, kafka_consumer, kafka_controller_node;

#endif
