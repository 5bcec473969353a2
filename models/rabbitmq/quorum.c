/* A quorum queue: the queue that each replica makes of the commands in the replicated log.
 *
 *   leader: PUBLISH -> ADD -- flushed by a majority --> applied --> CONFIRM, DELIVER
 *           ACK -> SETTLE, NACK -> RETURN, REJECT, DISCARD; OPEN -> ATTACH; a lost consumer -> DETACH
 *
 * Who has which message is part of what is replicated, so that nothing has to be asked after a change of
 * leader. The clients of the old leader are not the new one's: when its first entry is committed the new
 * leader detaches all consumers that it finds, and what they had comes back.
 *
 * Durable: everything, whatever the delivery mode, in the log of each replica (raft.h).
 *
 * [Q1] A publish is confirmed when it was flushed by a majority of the replicas, not before.
 * [Q2] What comes back goes into a line of its own, which is served before the other messages. In a queue
 *      without a delivery limit what is returned goes to the queue's end instead (quorum queues guide, repeated
 *      requeues; rabbit_fifo, handle_aux of #return{}: make_requeue): by basic.nack, and up to 4.2 by
 *      basic.reject, which is #modify{} since (rabbitmq-server, pull request 15387) and no return. What a
 *      consumer had that is gone never does.
 * [Q3] basic.reject with requeue and the loss of the consumer's connection count as a failed delivery;
 *      basic.nack, consumer_timeout, a cancelled consumer and a change of leader do not (RabbitMQ 4.3). With
 *      `delivery_count: every-return` all of them do (4.0 to 4.2; rabbit_fifo, return_one: acquired_count).
 *      A message with more failures than delivery-limit is dead-lettered, or dropped.
 * [Q4] Every replica does the same with the same command; only the leader speaks to clients and states
 *      what becomes of messages.
 * [Q5] Each replica holds, durably, what it has stored and not yet seen acknowledged.
 * LIMIT: what the leader states of a message (dead-lettered, disposed of) is stated again by its successor
 *        if it dies before it has told anybody that the command is committed.
 * LIMIT: with `ack: automatic` a message is settled in the same command that gives it to a consumer.
 * LIMIT: dead-lettering is an instant and loses nothing; dead-letter-strategy is not modelled.
 */
#include "models/rabbitmq/broker.h"
#include "models/mutants.h"
#include "sim/base/assert.h"

enum command {
  COMMAND_NOTHING,
  COMMAND_ADD,    /* intent, key, size; handle = when, ns */
  COMMAND_ATTACH, /* the session in key and size, here and below */
  COMMAND_CANCEL,
  COMMAND_DETACH, /* count = it counts as failed */
  COMMAND_SETTLE, /* handle = tag; count = multiple */
  COMMAND_RETURN, /* handle = tag */
  COMMAND_REJECT,
  COMMAND_DISCARD,
  COMMAND_EXPIRE, /* handle = until when, ns */
  COMMAND__COUNT
};

static uint64_t session_in(const struct record *entry) { return (uint64_t)entry->key << 32 | entry->size; }

static struct record about(uint64_t session, enum command command) {
  return (struct record){.key = (uint32_t)(session >> 32), .size = (uint32_t)session,
                         .flags = (uint16_t)command};
}

static bool leads(const struct node *node) { return raft_leads(&broker_of(node)->raft); }

/* [Q5] */
static void account(struct world *world, struct broker *broker) {
  uint64_t there = broker->waiting_adds + broker->queue.ready + broker->queue.unacked;
  for (; broker->held < there; broker->held++) world_hold(world, NULL);
  for (; broker->held > there; broker->held--) world_unhold(world, NULL);
}

uint32_t quorum_bytes(const struct record *entry) {
  return RABBIT_FRAME_BYTES + (entry->flags == COMMAND_ADD ? entry->size : 0);
}

void quorum_appended(struct world *world, struct node *node, const struct record *entry, int by) {
  if (entry->flags != COMMAND_ADD) return;
  broker_of(node)->waiting_adds += (uint64_t)by;
  account(world, broker_of(node));
}

void quorum_unmake(struct world *world, struct node *node) {
  backlog_clear(&broker_of(node)->queue, true);
  account(world, broker_of(node));
}

/* --- What the leader proposes --- */

static void propose(struct world *world, struct node *node, uint64_t session, enum command command,
                    uint16_t count) {
  if (!leads(node)) return;
  struct record entry = about(session, command);
  entry.count = count;
  raft_propose(world, node, entry);
}

static void publish(struct world *world, struct node *node, struct session *session,
                    struct message *request) {
  struct broker *broker = broker_of(node);
  int64_t most = rabbit_setting(world, KEY_RABBIT_MAX_LENGTH);
  bool rejects = rabbit_setting(world, KEY_RABBIT_OVERFLOW) == RABBIT_REJECT_PUBLISH;
  if (rejects && most > 0 && broker->queue.ready + broker->waiting_adds >= (uint64_t)most)
    return broker_confirm_one(world, node, session, request, false);
  struct record entry = request->records[0];
  entry.handle = (uint64_t)world->now.ns;
  entry.flags = COMMAND_ADD;
  entry.count = 0;
  uint64_t index = raft_propose(world, node, entry);
  broker_await(broker, index, request);
}

static void attach(struct world *world, struct node *node, struct session *session) {
  propose(world, node, session->name, COMMAND_ATTACH, 0);
}

static void cancel(struct world *world, struct node *node, struct session *session) {
  propose(world, node, session->name, COMMAND_CANCEL, 0);
}

static void detach(struct world *world, struct node *node, uint64_t session, bool failed) {
  propose(world, node, session, COMMAND_DETACH, failed);
}

static void acknowledge(struct world *world, struct node *node, struct message *request) {
  struct record entry = about((uint64_t)request->a, COMMAND_SETTLE);
  entry.intent = request->intent;
  entry.handle = (uint64_t)request->b;
  entry.count = (uint16_t)request->c;
  raft_propose(world, node, entry);
}

static void negative(struct world *world, struct node *node, struct message *request) {
  static const enum command asked[] = {[RABBIT_NACK_REQUEUE] = COMMAND_RETURN,
                                       [RABBIT_REJECT_REQUEUE] = COMMAND_REJECT,
                                       [RABBIT_REJECT_DISCARD] = COMMAND_DISCARD};
  struct record entry = about((uint64_t)request->a, asked[request->c]);
  entry.intent = request->intent;
  entry.handle = (uint64_t)request->b;
  raft_propose(world, node, entry);
}

const struct queue_type queue_quorum = {publish, attach, cancel, detach, acknowledge, negative};

void quorum_expire(struct world *world, struct node *node) {
  if (leads(node))
    raft_propose(world, node, (struct record){.handle = (uint64_t)world->now.ns,
                                              .flags = COMMAND_EXPIRE});
  else
    broker_of(node)->expiring = false;
}

/* --- What each replica does --- */

static void dispose(struct world *world, struct node *node, uint64_t item, enum rabbit_cause cause) {
  struct backlog *queue = &broker_of(node)->queue;
  if (leads(node)) broker_dispose(world, node, backlog_at(queue, item), cause);
  backlog_remove(queue, item);
}

static void drop_head(struct world *world, struct node *node, uint64_t head,
                      enum rabbit_cause cause) {
  backlog_pull(&broker_of(node)->queue, head);
  dispose(world, node, head, cause);
}

static bool limited(const struct world *world) {
  return rabbit_setting(world, KEY_RABBIT_DELIVERY_LIMIT) != RABBIT_DELIVERY_LIMIT_NONE;
}

static bool counts_every_return(const struct world *world) {
  return rabbit_setting(world, KEY_RABBIT_DELIVERY_COUNT) == RABBIT_COUNT_EVERY_RETURN;
}

/* [Q3] */
static void come_back(struct world *world, struct node *node, uint64_t item, bool failed) {
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_item *back = backlog_at(queue, item);
  if ((failed || counts_every_return(world)) && back->failures < UINT16_MAX) back->failures++;
  if (limited(world) && back->failures > rabbit_setting(world, KEY_RABBIT_DELIVERY_LIMIT))
    dispose(world, node, item, RABBIT_TOO_OFTEN);
  else
    backlog_requeue(queue, item);
}

/* [Q2] Whether rabbit_fifo has a #return{} of a negative acknowledgement, or a #modify{}. */
static bool is_return(const struct world *world, const struct record *entry) {
  return entry->flags == COMMAND_RETURN || counts_every_return(world);
}

/* At the leader, something that happens to an operation may be where a fault strikes. */
static bool at_point(struct world *world, struct node *node, enum point point, bool before,
                     uint64_t intent) {
  return !leads(node) || world_point(world, node, point, before, intent);
}

static void add(struct world *world, struct node *node, uint64_t index, const struct record *entry) {
  struct broker *broker = broker_of(node);
  int64_t most = rabbit_setting(world, KEY_RABBIT_MAX_LENGTH);
  broker->waiting_adds--;
  backlog_add(&broker->queue, entry, true, (int64_t)entry->handle);
  if (leads(node)) world_fact(world, FACT_APPENDED, node->id, entry->intent, index, 0);
  /* What a consumer takes at once does not count. */
  bool head_stays = most > 0 && broker->queue.ready > (uint64_t)most;
  if (head_stays && rabbit_setting(world, KEY_RABBIT_OVERFLOW) == RABBIT_DROP_HEAD)
    drop_head(world, node, backlog_head(&broker->queue), RABBIT_OVERFLOWED);
}

static void attach_consumer(struct world *world, struct node *node, uint64_t index,
                            const struct record *entry) {
  (void)world, (void)index;
  backlog_attach(&broker_of(node)->queue, session_in(entry));
}

static void cancel_consumer(struct world *world, struct node *node, uint64_t index,
                            const struct record *entry) {
  (void)world, (void)index;
  backlog_cancel(&broker_of(node)->queue, session_in(entry));
}

static void detach_consumer(struct world *world, struct node *node, uint64_t index,
                            const struct record *entry) {
  (void)index;
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, session_in(entry));
  if (!consumer) return;
  for (uint64_t tag = backlog_first_tag(consumer); tag; tag = backlog_first_tag(consumer))
    come_back(world, node, backlog_take_back(queue, consumer, tag), entry->count);
  backlog_detach(queue, session_in(entry));
}

/* The channel of a tag that names nothing is closed. */
static void unknown_tag(struct world *world, struct node *node, const struct record *entry) {
  struct session *session = broker_session(broker_of(node), session_in(entry));
  if (leads(node) && session && !node->doomed) broker_close(world, node, session, false);
}

static void settle(struct world *world, struct node *node, uint64_t index,
                   const struct record *entry) {
  (void)index;
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, session_in(entry));
  if (!consumer) return;
  bool multiple = entry->count;
  uint32_t count = 0;
  for (uint64_t tag = multiple ? backlog_first_tag(consumer) : entry->handle;
       tag && tag <= entry->handle; tag = multiple ? backlog_first_tag(consumer) : 0) {
    uint64_t item = backlog_take_back(queue, consumer, tag);
    if (item == BACKLOG_NONE) break;
    backlog_remove(queue, item);
    count++;
  }
  if (count == 0) unknown_tag(world, node, entry);
}

static void bring_back(struct world *world, struct node *node, uint64_t index,
                       const struct record *entry) {
  (void)index;
  struct backlog *queue = &broker_of(node)->queue;
  struct backlog_consumer *consumer = backlog_consumer(queue, session_in(entry));
  if (!consumer) return;
  uint64_t item = backlog_take_back(queue, consumer, entry->handle);
  if (item == BACKLOG_NONE)
    unknown_tag(world, node, entry);
  else if (entry->flags == COMMAND_DISCARD)
    dispose(world, node, item, RABBIT_REJECTED);
  else if (!limited(world) && is_return(world, entry))
    backlog_move_to_end(queue, item);
  else
    come_back(world, node, item, entry->flags == COMMAND_REJECT);
}

static void expire(struct world *world, struct node *node, uint64_t index,
                   const struct record *entry) {
  (void)index;
  struct broker *broker = broker_of(node);
  int64_t ttl = rabbit_setting(world, KEY_RABBIT_MESSAGE_TTL);
  for (uint64_t head = backlog_head(&broker->queue); head != BACKLOG_NONE;
       head = backlog_head(&broker->queue)) {
    if (backlog_at(&broker->queue, head)->added_ns + ttl > (int64_t)entry->handle) break;
    drop_head(world, node, head, RABBIT_EXPIRED);
  }
  broker->expiring = false;
}

/* The first entry of a leader's term: whoever is attached was the last leader's. */
static void nothing(struct world *world, struct node *node, uint64_t index,
                    const struct record *entry) {
  (void)index;
  struct broker *broker = broker_of(node);
  broker->expiring = false;
  if (!leads(node) || entry->extra != broker->raft.term) return;
  for (size_t i = 0; i < broker->queue.consumer_count; i++) {
    uint64_t session = broker->queue.consumers[i].session;
    if (session && !broker_session(broker, session))
      propose(world, node, session, COMMAND_DETACH, false);
  }
}

typedef void command_fn(struct world *, struct node *, uint64_t index, const struct record *entry);
static const struct {
  command_fn *apply;
  enum point point; /* stated at the leader around it */
} commands[COMMAND__COUNT] = {
    [COMMAND_NOTHING] = {nothing, POINT_NONE},        [COMMAND_ADD] = {add, POINT_APPENDED},
    [COMMAND_ATTACH] = {attach_consumer, POINT_NONE}, [COMMAND_CANCEL] = {cancel_consumer, POINT_NONE},
    [COMMAND_DETACH] = {detach_consumer, POINT_NONE}, [COMMAND_SETTLE] = {settle, POINT_ACK_APPLIED},
    [COMMAND_RETURN] = {bring_back, POINT_NONE},      [COMMAND_REJECT] = {bring_back, POINT_NONE},
    [COMMAND_DISCARD] = {bring_back, POINT_NONE},     [COMMAND_EXPIRE] = {expire, POINT_NONE},
};

/* Whoever may have one more message gets it: part of what every command does, on every replica. */
static void hand_out(struct world *world, struct node *node) {
  struct backlog *queue = &broker_of(node)->queue;
  bool automatic = rabbit_setting(world, KEY_RABBIT_ACK) == RABBIT_AUTOMATIC;
  uint32_t prefetch = (uint32_t)rabbit_setting(world, KEY_RABBIT_PREFETCH);
  if (prefetch == 0) prefetch = RABBIT_QUORUM_PREFETCH_MAX;
  struct backlog_delivery delivery;
  while (backlog_assign(queue, prefetch, automatic, world->now.ns, &delivery)) {
    if (leads(node)) broker_deliver(world, node, &delivery);
    if (automatic) backlog_remove(queue, delivery.item);
  }
}

bool quorum_apply(struct world *world, struct node *node, uint64_t index,
                  const struct record *entry) {
  enum point point = commands[entry->flags].point;
  if (point && !at_point(world, node, point, true, entry->intent)) return false;
  commands[entry->flags].apply(world, node, index, entry);
  hand_out(world, node);
  account(world, broker_of(node));
  if (point && !at_point(world, node, point, false, entry->intent)) return true;
  if (!leads(node)) return true;
  broker_confirm_up_to(world, node, index);
  broker_arm_expiry(world, node);
  return true;
}

void quorum_deposed(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  broker->unconfirmed_head = broker->unconfirmed_tail;
  broker_close_all(world, node);
}

void quorum_start(struct world *world, struct node *node) { account(world, broker_of(node)); }
