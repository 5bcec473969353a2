/* RabbitMQ: its messages, as far as they are modelled, and the keys of its systems.
 *
 *   producer               broker (the queue, or its leader)              consumer
 *      | OPEN ------------------->|<------------------------------- OPEN     |
 *      |<----- OPENED, or CLOSED: go there      OPENED, or CLOSED ---------->|
 *      | PUBLISH 1, 2, 3 -------->|  stored                                  |
 *      |                          | DELIVER 1, 2 … (at most prefetch) ------>|
 *      |<------------- CONFIRM 2, |<------------------------------- ACK 1    |  handler
 *      |       multiple           |<------------------------------- NACK 2   |  failed
 *      | HEARTBEAT -------------->|<------------------------------- HEARTBEAT|
 *
 *   leader                 followers (quorum queue; raft.h)
 *      | APPEND ----------------->|  into the log, flushed
 *      |<--------------- APPENDED |
 *      | VOTE (a candidate) ----->|
 *      |<------------------ VOTED |
 *
 * A session is a connection with one channel. Sequence numbers of publishes and delivery tags are the
 * session's own and mean nothing on another one. What the broker sends to a client goes on the connection
 * that the session was opened on, or nowhere.
 *
 * Claims: rabbitmq-confirms and rabbitmq-quorum, at least once: nothing that was confirmed is lost, and
 * duplicates are the consumer's affair, as the broker has no deduplication. They are broken by an automatic
 * acknowledgement, by a transient message and a restart, by a key that no binding matches, by a limit
 * (delivery-limit, max-length, message-ttl) without a dead-letter target, and, for a classic queue, by a
 * power loss: a message counts as written when the operating system has it (classic.c). Each has its file:
 * scenarios/claims/C07-breaks-*.yaml.
 * rabbitmq-auto-ack, at most once: a message is done when it is written to the socket. A broker that dies
 * before the removal is written delivers a persistent message again (scenarios/claims/C01-breaks-auto-ack).
 *
 * LIMIT: one queue. A classic queue is on broker.1. Clients connect to the broker that has the queue, or
 *        leads it; in a real cluster each node takes connections and passes commands on, which hides a
 *        change of leader from clients and sends unconfirmed messages again by itself, deduplicated.
 * LIMIT: one channel a connection: what closes a channel closes its connection here.
 * LIMIT: no message is too large: max_message_size (16 MiB since 4.0, 128 MiB before) is not modelled.
 * LIMIT: no alarms, flow control, priorities, single active consumer, streams, nor AMQP transactions.
 */
#ifndef MODELS_RABBITMQ_WIRE_H
#define MODELS_RABBITMQ_WIRE_H

#include "sim/world/world.h"

enum rabbit_message {
  RABBIT_OPEN,    /* a = session, b = it consumes */
  RABBIT_OPENED,  /* a = session */
  RABBIT_CLOSED,  /* a = session, b = broker to go to, from 1, 0 = not known, c = for its consumer_timeout */
  RABBIT_PUBLISH, /* one record; a = session, b = sequence number, 0 = no confirm wanted, c = mandatory */
  RABBIT_CONFIRM, /* a = session, b = sequence number, c = multiple, d = it is a nack; records: those meant */
  RABBIT_RETURN,  /* one record: handle = sequence number; a = session */
  RABBIT_DELIVER, /* one record: handle = delivery tag, count = deliveries; a = session */
  RABBIT_ACK,     /* records: those meant; a = session, b = delivery tag, c = multiple */
  RABBIT_NACK,    /* one record; a = session, b = delivery tag, c = enum rabbit_negative */
  RABBIT_LEAVE,   /* a = session, b = false: cancels, no more deliveries; true: closes, is answered CLOSED */
  RABBIT_HEARTBEAT,        /* a = session */
  RABBIT_HEARTBEAT_ANSWER, /* a = session */
  RABBIT_APPEND,   /* a = term, b = index before the first, c = its term, d = commit; records: entries */
  RABBIT_APPENDED, /* a = term, b = index that is there, c = whether it was appended */
  RABBIT_VOTE,     /* a = term, b = index of the last entry, c = its term, d = it only asks (pre-vote) */
  RABBIT_VOTED,    /* a = term, b = granted, d as asked */
  RABBIT_MESSAGE__COUNT
};

enum rabbit_negative { RABBIT_NACK_REQUEUE, RABBIT_REJECT_REQUEUE, RABBIT_REJECT_DISCARD };

extern const struct message_kind rabbit_messages[RABBIT_MESSAGE__COUNT];

/* Points of its own, beside the generic ones: where a message leaves and where it arrives. */
#define RABBIT_POINTS(X)                                                                           \
  X(OPEN_SENT, "open-sent", ROLE_CONSUMER, "a client asks for a session")                          \
  X(OPEN_RECEIVED, "open-received", ROLE_BROKER, "it reached the broker; there is no session yet") \
  X(OPENED_SENT, "opened-sent", ROLE_BROKER, "the session is there: the answer leaves")            \
  X(OPENED_RECEIVED, "opened-received", ROLE_CONSUMER, "the client learns of it")                  \
  X(CLOSED_SENT, "closed-sent", ROLE_BROKER, "the broker ends a session, refuses one, or answers a close") \
  X(CLOSED_RECEIVED, "closed-received", ROLE_CONSUMER, "the client learns that its session is over") \
  X(RETURN_SENT, "return-sent", ROLE_BROKER, "basic.return leaves: no binding matched")            \
  X(RETURN_RECEIVED, "return-received", ROLE_PRODUCER, "basic.return reached the producer")        \
  X(NACK_SENT, "nack-sent", ROLE_CONSUMER, "a negative acknowledgement leaves")                    \
  X(NACK_RECEIVED, "nack-received", ROLE_BROKER, "it reached the broker; nothing is requeued yet") \
  X(LEAVE_SENT, "leave-sent", ROLE_CONSUMER, "a consumer cancels or closes")                       \
  X(LEAVE_RECEIVED, "leave-received", ROLE_BROKER, "that reached the broker")                      \
  X(HEARTBEAT_SENT, "heartbeat-sent", ROLE_CONSUMER, "a heartbeat leaves")                         \
  X(HEARTBEAT_RECEIVED, "heartbeat-received", ROLE_BROKER, "it reached the broker")                \
  X(HEARTBEAT_ANSWERED, "heartbeat-answered", ROLE_BROKER, "the broker's own leaves")              \
  X(HEARTBEAT_ANSWER_RECEIVED, "heartbeat-answer-received", ROLE_CONSUMER, "it reached the client") \
  X(APPEND_SENT, "append-sent", ROLE_BROKER, "entries of the leader's log leave for a follower")   \
  X(APPEND_RECEIVED, "append-received", ROLE_BROKER, "they reached it; nothing is appended yet")   \
  X(APPEND_ANSWERED, "append-answered", ROLE_BROKER, "the follower has flushed them: its answer leaves") \
  X(APPEND_ANSWER_RECEIVED, "append-answer-received", ROLE_BROKER, "the leader learns of it")      \
  X(VOTE_SENT, "vote-sent", ROLE_BROKER, "a candidate asks for a vote")                            \
  X(VOTE_RECEIVED, "vote-received", ROLE_BROKER, "the question reached a replica")                 \
  X(VOTE_ANSWERED, "vote-answered", ROLE_BROKER, "the vote leaves")                                \
  X(VOTE_ANSWER_RECEIVED, "vote-answer-received", ROLE_BROKER, "the vote reached the candidate")

enum rabbit_point {
  POINT_RABBIT__BEFORE = POINT_GENERIC__COUNT - 1,
#define X(id, name, role, about) POINT_RABBIT_##id,
  RABBIT_POINTS(X)
#undef X
      POINT_RABBIT__END
};
_Static_assert((int)POINT_RABBIT__END <= (int)POINT__MAX, "points fit");
extern const struct point_row rabbit_points[POINT_RABBIT__END - POINT_GENERIC__COUNT];

/* Keys: the same for every system of this folder, with other defaults (system.c). */
enum rabbit_key {
  KEY_RABBIT_QUEUE_TYPE,
  KEY_RABBIT_DURABLE,
  KEY_RABBIT_DELIVERY_MODE,
  KEY_RABBIT_CONFIRMS,
  KEY_RABBIT_MANDATORY,
  KEY_RABBIT_BOUND_KEYS,
  KEY_RABBIT_REPUBLISH,
  KEY_RABBIT_CONFIRM_TIMEOUT,
  KEY_RABBIT_OUTSTANDING,
  KEY_RABBIT_GIVE_UP,
  KEY_RABBIT_ACK,
  KEY_RABBIT_ACK_BATCH,
  KEY_RABBIT_PREFETCH,
  KEY_RABBIT_ON_FAILURE,
  KEY_RABBIT_FAILURE_DELAY,
  KEY_RABBIT_DELIVERY_LIMIT,
  KEY_RABBIT_DELIVERY_COUNT,
  KEY_RABBIT_MAX_LENGTH,
  KEY_RABBIT_OVERFLOW,
  KEY_RABBIT_MESSAGE_TTL,
  KEY_RABBIT_DEAD_LETTER_TARGET,
  KEY_RABBIT_HEARTBEAT,
  KEY_RABBIT_CONNECTION_TIMEOUT,
  KEY_RABBIT_RECOVERY_INTERVAL,
  KEY_RABBIT_CONSUMER_TIMEOUT,
  KEY_RABBIT_ON_CONSUMER_TIMEOUT,
  KEY_RABBIT_SYNC_INTERVAL,
  KEY_RABBIT_FSYNC,
  KEY_RABBIT_GROUP_SIZE,
  KEY_RABBIT_POLL_INTERVAL,
  KEY_RABBIT__COUNT
};
enum { RABBIT_CLASSIC, RABBIT_QUORUM };
enum { RABBIT_PERSISTENT, RABBIT_TRANSIENT };
enum { RABBIT_MANUAL, RABBIT_AUTOMATIC };
enum { RABBIT_COUNT_FAILURES, RABBIT_COUNT_EVERY_RETURN };
enum { RABBIT_DROP_HEAD, RABBIT_REJECT_PUBLISH };
enum { RABBIT_STOPS, RABBIT_RESUBSCRIBES };
enum { RABBIT_TARGET_NONE, RABBIT_TARGET_QUEUE };

/* Why a message was disposed of: the value of DISPOSED. */
enum rabbit_cause {
  RABBIT_UNROUTABLE = 1,
  RABBIT_EXPIRED,
  RABBIT_OVERFLOWED,
  RABBIT_TOO_OFTEN,
  RABBIT_REJECTED,
};

#define RABBIT_REPLICAS_MAX 9
#define RABBIT_DELIVERY_LIMIT_NONE 1000000 /* stands for -1: no limit */
/* Of a quorum queue the largest prefetch, and what 0 means there (rabbit_fifo_client: UNLIMITED_PREFETCH_COUNT). */
#define RABBIT_QUORUM_PREFETCH_MAX 2000
/* Frame headers and a method with its properties: counts on links with a bandwidth only. */
#define RABBIT_FRAME_BYTES 64

static inline int64_t rabbit_setting(const struct world *world, enum rabbit_key key) {
  return world->plan->system_settings.values[key].i;
}
static inline bool rabbit_quorum(const struct world *world) {
  return rabbit_setting(world, KEY_RABBIT_QUEUE_TYPE) == RABBIT_QUORUM;
}
/* Brokers that hold a replica: the first of them. */
static inline uint32_t rabbit_replicas(const struct world *world) {
  int64_t size = rabbit_setting(world, KEY_RABBIT_GROUP_SIZE);
  if (!rabbit_quorum(world)) return 1;
  return world->count[ROLE_BROKER] < size ? world->count[ROLE_BROKER] : (uint32_t)size;
}

/* Sessions are named by their client and are never named twice. */
static inline uint64_t rabbit_session_name(const struct node *node, uint32_t nth) {
  return (uint64_t)node->id << 48 | (uint64_t)(node->incarnation & 0xffffff) << 24 | (nth & 0xffffff);
}

extern const struct component rabbit_producer, rabbit_broker, rabbit_consumer;

#endif
