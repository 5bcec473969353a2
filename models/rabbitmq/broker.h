/* The broker: sessions of its clients, and the queue, of one type or the other.
 *
 *   OPEN --> [session] --LEAVE, broken connection, silence of `heartbeat`, consumer_timeout--> over
 *
 * What is unacknowledged when a session is over is requeued. A connection that breaks is noticed at once
 * where the other side's machine says so; a silent one (partition, power loss of the peer) when nothing was
 * heard for `heartbeat`, looked at twice in that time.
 *
 * [I1] An acknowledgement counts only on the session of its delivery. One of a session that is over is no
 *      acknowledgement; one whose tag names nothing closes the session.
 * [I2] A publish that was sent on a connection which has broken since may still be executed; its confirm
 *      goes nowhere. One on a session that the broker does not know (it was restarted, or has closed it) is
 *      not executed: the client is told that its session is over.
 * [I3] Each publish of a session that wants a confirm gets at most one, ack or nack, in whatever order; an
 *      ack with `multiple` is sent only when it is true of all up to it.
 * [I4] A message that no binding matches is confirmed at once; it is returned first if it is mandatory.
 * [I5] A client that closes is answered (connection.close-ok) after all that it had sent before is executed.
 *
 * Volatile: sessions, and who is to be confirmed.
 */
#ifndef MODELS_RABBITMQ_BROKER_H
#define MODELS_RABBITMQ_BROKER_H

#include "models/rabbitmq/backlog.h"
#include "models/rabbitmq/raft.h"
#include "models/rabbitmq/wire.h"

enum broker_timer {
  BROKER_TIMER_HEARTBEAT,
  BROKER_TIMER_CONSUMERS,
  BROKER_TIMER_EXPIRE,
  BROKER_TIMER_SYNC,
  BROKER_TIMER_WRITTEN,
  BROKER_TIMER_TICK,
  BROKER_TIMER_FLUSHED,
  BROKER_TIMER_ELECTION,
  BROKER_TIMER__COUNT
};

struct session {
  uint64_t name; /* 0 = free */
  int64_t heard_ns;
  uint64_t newest;      /* highest sequence number published */
  uint32_t unconfirmed; /* publishes */
  uint32_t correlation, incarnation, channel, epoch;
  uint16_t node;
  uint8_t reply_port;
  bool consumes;
};

/* A publish that waits to be confirmed: until message `number` is written, or entry `number` applied. */
struct unconfirmed {
  uint64_t number, session, sequence, intent;
};

struct broker {
  struct backlog queue; /* durable, see classic.c and quorum.c */
  struct raft raft;   /* durable for the most part */
  /* From here on volatile; the memory is kept. */
  struct session *sessions;
  size_t session_capacity, session_count;
  struct unconfirmed *unconfirmed; /* ring, by number */
  size_t unconfirmed_capacity;
  uint64_t unconfirmed_head, unconfirmed_tail;
  uint32_t *latest; /* by client node: place of its latest session */
  bool expiring;    /* a BROKER_TIMER_EXPIRE is under way, or an entry that expires */
  uint16_t heartbeat_lane, consumers_lane;
  /* classic.c */
  uint64_t written_to; /* items below are written */
  uint64_t *acks;      /* numbers acknowledged, their removal not yet written */
  size_t ack_capacity, ack_count, acks_writing;
  uint64_t writing_to;
  bool sync_timer, writing;
  uint16_t sync_lane;
  /* quorum.c */
  uint64_t held; /* durable holds: of what is stored here, applied or not */
  uint64_t waiting_adds; /* entries in the log, not applied, that add a message */
};

/* What a type of queue does. */
struct queue_type {
  /* A publish that is to be stored. False: it was refused, or is not for this broker. */
  void (*publish)(struct world *, struct node *, struct session *, struct message *);
  void (*attach)(struct world *, struct node *, struct session *);
  void (*cancel)(struct world *, struct node *, struct session *);
  /* A consumer is gone: what it had comes back. `failed`: it counts for the delivery limit. */
  void (*detach)(struct world *, struct node *, uint64_t session, bool failed);
  void (*acknowledge)(struct world *, struct node *, struct message *);
  void (*negative)(struct world *, struct node *, struct message *);
};
extern const struct queue_type queue_classic, queue_quorum;

static inline struct broker *broker_of(const struct node *node) { return node->disk[0]; }
static inline const struct queue_type *broker_type(const struct world *world) {
  return rabbit_quorum(world) ? &queue_quorum : &queue_classic;
}

/* --- broker.c --- */

struct session *broker_session(const struct broker *broker, uint64_t name); /* NULL = it is over */
/* Tells a client and forgets it; its messages come back. */
void broker_close(struct world *world, struct node *node, struct session *session, bool failed);
/* Not the leader any more: every session ends. */
void broker_close_all(struct world *world, struct node *node);
/* Which broker a client should go to, from 1; 0 = not known. */
uint32_t broker_hint(const struct world *world, const struct node *node);

/* Sends a delivery, if the session is still there. */
void broker_deliver(struct world *world, struct node *node, const struct backlog_delivery *delivery);

/* Remembers that a publish is to be confirmed, and confirms all up to a number. */
void broker_await(struct broker *broker, uint64_t number, const struct message *publish);
void broker_confirm_up_to(struct world *world, struct node *node, uint64_t number);
/* Answers one publish, without waiting. `stored` false: a nack. */
void broker_confirm_one(struct world *world, struct node *node, struct session *session,
                    const struct message *publish, bool stored);

/* A message leaves the queue for good without having been acknowledged: dead-lettered or lost. */
void broker_dispose(struct world *world, struct node *node, const struct backlog_item *item,
                    enum rabbit_cause cause);

/* --- classic.c --- */
void classic_start(struct world *world, struct node *node, enum start_reason reason);
void classic_crash(struct world *world, struct node *node, bool power);
void classic_close_properly(struct world *world, struct node *node);
void classic_expire(struct world *world, struct node *node);
timer_fn classic_on_sync, classic_on_written;

/* --- quorum.c --- */
void quorum_start(struct world *world, struct node *node);
void quorum_expire(struct world *world, struct node *node);
/* Called by raft.c. */
uint32_t quorum_bytes(const struct record *entry); /* on the wire */
void quorum_appended(struct world *world, struct node *node, const struct record *entry, int by);
bool quorum_apply(struct world *world, struct node *node, uint64_t index, const struct record *entry);
void quorum_deposed(struct world *world, struct node *node);
void quorum_unmake(struct world *world, struct node *node); /* applied is 0 again */
/* When messages of the head expire: sees to it that somebody looks. */
void broker_arm_expiry(struct world *world, struct node *node);

#endif
