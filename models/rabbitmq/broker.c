#include "models/rabbitmq/broker.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

#define NO_SESSION UINT32_MAX
#define CONSUMERS_LOOKED_AT_NS NS_PER_MIN /* channel_tick_interval: 60 s */

/* CPU of a request: a fixed part, and so much for each KiB that it brings. */
static int64_t cost(const struct world *world, const struct message *message) {
  const struct settings *costs = &world->plan->costs;
  return costs->values[COST_BROKER_REQUEST].i +
         costs->values[COST_BROKER_PER_KIB].i * (int64_t)message->size / 1024;
}

/* --- Sessions --- */

struct session *broker_session(const struct broker *broker, uint64_t name) {
  uint32_t latest = broker->latest[name >> 48];
  if (latest != NO_SESSION && broker->sessions[latest].name == name) return &broker->sessions[latest];
  for (size_t i = 0; i < broker->session_count; i++)
    if (broker->sessions[i].name == name) return &broker->sessions[i];
  return NULL;
}

/* What is pushed to a client answers its OPEN: it reaches that connection and incarnation only. */
static struct message *push(struct world *world, const struct node *node,
                            const struct session *session, enum rabbit_message kind) {
  const struct message open = {.from = session->node, .from_incarnation = session->incarnation,
                               .correlation = session->correlation, .channel = session->channel,
                               .epoch = session->epoch, .reply_port = session->reply_port};
  struct message *message = world_answer(world, node, &open, (uint16_t)kind);
  message->a = (int64_t)session->name;
  message->size = RABBIT_FRAME_BYTES;
  return message;
}

uint32_t broker_hint(const struct world *world, const struct node *node) {
  if (!rabbit_quorum(world)) return 1;
  return broker_of(node)->raft.leader;
}

static bool serves(const struct world *world, const struct node *node) {
  if (!rabbit_quorum(world)) return node->index == 1;
  return node->index <= rabbit_replicas(world) && raft_leads(&broker_of(node)->raft);
}

static void refuse(struct world *world, struct node *node, const struct message *request) {
  struct message *answer = world_answer(world, node, request, RABBIT_CLOSED);
  answer->a = request->a;
  answer->b = broker_hint(world, node);
  answer->size = RABBIT_FRAME_BYTES;
  world_send(world, node, answer);
}

/* Forgets a session; its messages come back. */
static void end_session(struct world *world, struct node *node, struct session *session, bool failed) {
  uint64_t name = session->name;
  bool consumes = session->consumes;
  session->name = 0;
  if (consumes && !MUTANT(RABBIT_NO_REQUEUE)) broker_type(world)->detach(world, node, name, failed);
}

/* A client that asks again, on the same connection, has no use for the session that it asked for before. */
static void end_earlier(struct world *world, struct node *node, const struct message *request) {
  struct broker *broker = broker_of(node);
  for (size_t i = 0; i < broker->session_count; i++) {
    struct session *session = &broker->sessions[i];
    if (session->name && session->node == request->from && session->epoch == request->epoch &&
        session->incarnation == request->from_incarnation)
      end_session(world, node, session, false);
  }
}

static void on_open(struct world *world, struct node *node, struct message *request) {
  struct broker *broker = broker_of(node);
  if (link_channel(world, request->from, node->id)->epoch != request->epoch) return; /* nobody's any more */
  if (!serves(world, node)) return refuse(world, node, request);
  end_earlier(world, node, request);
  size_t place = 0;
  while (place < broker->session_count && broker->sessions[place].name) place++;
  if (place == broker->session_count) {
    broker->session_count++;
    GROW(broker->sessions, broker->session_capacity, broker->session_count);
  }
  struct session *session = &broker->sessions[place];
  *session = (struct session){.name = (uint64_t)request->a, .heard_ns = world->now.ns,
                              .correlation = request->correlation,
                              .incarnation = request->from_incarnation, .channel = request->channel,
                              .epoch = request->epoch, .node = request->from, .reply_port = request->reply_port,
                              .consumes = request->b};
  broker->latest[request->from] = (uint32_t)place;
  world_send(world, node, push(world, node, session, RABBIT_OPENED));
  if (session->consumes && !node->doomed) broker_type(world)->attach(world, node, session);
}

static void tell_closed(struct world *world, struct node *node, const struct session *session, bool timed_out) {
  struct message *message = push(world, node, session, RABBIT_CLOSED);
  message->b = broker_hint(world, node);
  message->c = timed_out;
  world_send(world, node, message);
}

static void close_session(struct world *world, struct node *node, struct session *session, bool failed,
                          bool timed_out) {
  tell_closed(world, node, session, timed_out);
  if (node->doomed) return;
  const struct channel *channel = link_channel(world, session->node, node->id);
  if (channel->epoch == session->epoch) link_close(world, node, session->node);
  end_session(world, node, session, failed);
}

void broker_close(struct world *world, struct node *node, struct session *session, bool failed) {
  close_session(world, node, session, failed, false);
}

void broker_close_all(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  for (size_t i = 0; i < broker->session_count && !node->doomed; i++)
    if (broker->sessions[i].name) broker_close(world, node, &broker->sessions[i], false);
}

/* The session of a request, which is a sign of life; NULL: it is over. Who does not know is told, unless
 * the request came on a connection that has broken since. */
static struct session *session_of(struct world *world, struct node *node,
                                  const struct message *request) {
  struct session *session = broker_session(broker_of(node), (uint64_t)request->a);
  if (session) {
    session->heard_ns = world->now.ns;
    return session;
  }
  if (link_channel(world, request->from, node->id)->epoch == request->epoch)
    refuse(world, node, request);
  return NULL;
}

static void on_heartbeat(struct world *world, struct node *node, struct message *request) {
  const struct session *session = session_of(world, node, request);
  if (session) world_send(world, node, push(world, node, session, RABBIT_HEARTBEAT_ANSWER));
}

static void on_leave(struct world *world, struct node *node, struct message *request) {
  struct session *session = session_of(world, node, request);
  if (!session) return;
  if (!request->b) return broker_type(world)->cancel(world, node, session);
  const struct session over = *session;
  end_session(world, node, session, false);
  bool late = link_channel(world, over.node, node->id)->epoch != request->epoch;
  if (!node->doomed && !late) tell_closed(world, node, &over, false); /* [I5] */
}

static void on_silence(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct broker *broker = broker_of(node);
  int64_t heartbeat = rabbit_setting(world, KEY_RABBIT_HEARTBEAT);
  for (size_t i = 0; i < broker->session_count && !node->doomed; i++) {
    struct session *session = &broker->sessions[i];
    if (session->name && world->now.ns - session->heard_ns >= heartbeat)
      broker_close(world, node, session, true);
  }
  if (!node->doomed)
    world_timer(world, node, 0, broker->heartbeat_lane, BROKER_TIMER_HEARTBEAT, 0);
}

/* consumer_timeout: since 4.3 for quorum queues only. */
static void on_consumers(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct broker *broker = broker_of(node);
  int64_t longest = rabbit_setting(world, KEY_RABBIT_CONSUMER_TIMEOUT);
  for (size_t i = 0; i < broker->session_count && !node->doomed; i++) {
    struct session *session = &broker->sessions[i];
    const struct backlog_consumer *consumer =
        session->name ? backlog_consumer(&broker->queue, session->name) : NULL;
    uint64_t tag = consumer ? backlog_first_tag(consumer) : 0;
    if (!tag) continue;
    int64_t since = consumer->tags[tag & (consumer->tag_capacity - 1)].at_ns;
    if (world->now.ns - since >= longest) close_session(world, node, session, false, true);
  }
  if (!node->doomed)
    world_timer(world, node, 0, broker->consumers_lane, BROKER_TIMER_CONSUMERS, 0);
}

static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct broker *broker = broker_of(node);
  if (world->nodes[peer].role == ROLE_BROKER) {
    if (rabbit_quorum(world)) raft_disconnected(world, node, peer);
    return;
  }
  uint32_t epoch = link_channel(world, peer, node->id)->epoch;
  for (size_t i = 0; i < broker->session_count && !node->doomed; i++) {
    struct session *session = &broker->sessions[i];
    if (session->name && session->node == peer && session->epoch != epoch)
      end_session(world, node, session, true);
  }
}

/* --- Publishing --- */

/* Whether a binding matches: of some keys it was forgotten, always of the same. */
static bool routable(const struct world *world, uint32_t key) {
  int64_t bound = rabbit_setting(world, KEY_RABBIT_BOUND_KEYS);
  if (bound == SCHEMA_SHARE_SCALE) return true;
  uint64_t place = hash_mix(hash_name("binding") + key) >> 32;
  return (int64_t)(place * SCHEMA_SHARE_SCALE >> 32) < bound;
}

static void return_message(struct world *world, struct node *node, const struct session *session,
                           const struct message *publish) {
  struct message *message = push(world, node, session, RABBIT_RETURN);
  struct record *record = message_records(&world->messages, message, 1);
  *record = publish->records[0];
  record->handle = (uint64_t)publish->b;
  message->size += record->size;
  world_send(world, node, message);
}

static void on_publish(struct world *world, struct node *node, struct message *request) {
  struct session *session = session_of(world, node, request);
  bool late = link_channel(world, request->from, node->id)->epoch != request->epoch;
  if (!session && (!late || !serves(world, node))) return; /* [I2] */
  const struct record *record = &request->records[0];
  if (session && request->b) {
    session->newest = (uint64_t)request->b;
    session->unconfirmed++;
  }
  if (routable(world, record->key)) return broker_type(world)->publish(world, node, session, request);
  if (request->c && session) return_message(world, node, session, request);
  if (!request->c)
    world_fact(world, FACT_DISPOSED, node->id, record->intent, RABBIT_UNROUTABLE, 0);
  if (!node->doomed) broker_confirm_one(world, node, session, request, true);
}

static struct message *confirmation(struct world *world, struct node *node, struct session *session,
                                    uint64_t sequence, uint32_t count) {
  struct message *message = push(world, node, session, RABBIT_CONFIRM);
  message_records(&world->messages, message, count);
  ASSERT_LE(count, session->unconfirmed); /* [I3] */
  session->unconfirmed -= count;
  message->b = (int64_t)sequence;
  message->c = session->unconfirmed == 0 && sequence == session->newest;
  return message;
}

void broker_confirm_one(struct world *world, struct node *node, struct session *session,
                    const struct message *publish, bool stored) {
  if (!session || !publish->b) return;
  struct message *message = confirmation(world, node, session, (uint64_t)publish->b, 1);
  message->records[0] = (struct record){.intent = publish->records[0].intent,
                                        .handle = (uint64_t)publish->b};
  message->d = !stored;
  if (!stored) message->c = false;
  world_send(world, node, message);
}

void broker_await(struct broker *broker, uint64_t number, const struct message *publish) {
  if (!publish->b) return;
  uint64_t count = broker->unconfirmed_tail - broker->unconfirmed_head;
  if (count == broker->unconfirmed_capacity) {
    size_t old = broker->unconfirmed_capacity;
    GROW(broker->unconfirmed, broker->unconfirmed_capacity, old + 1);
    for (uint64_t at = broker->unconfirmed_head; old && at < broker->unconfirmed_tail; at++)
      if ((at & (broker->unconfirmed_capacity - 1)) != (at & (old - 1)))
        broker->unconfirmed[at & (broker->unconfirmed_capacity - 1)] =
            broker->unconfirmed[at & (old - 1)];
  }
  broker->unconfirmed[broker->unconfirmed_tail++ & (broker->unconfirmed_capacity - 1)] =
      (struct unconfirmed){number, (uint64_t)publish->a, (uint64_t)publish->b,
                           publish->records[0].intent};
}

static struct unconfirmed *unconfirmed_at(const struct broker *broker, uint64_t at) {
  return &broker->unconfirmed[at & (broker->unconfirmed_capacity - 1)];
}

void broker_confirm_up_to(struct world *world, struct node *node, uint64_t number) {
  struct broker *broker = broker_of(node);
  while (broker->unconfirmed_head < broker->unconfirmed_tail && !node->doomed) {
    const struct unconfirmed first = *unconfirmed_at(broker, broker->unconfirmed_head);
    if (first.number > number) return;
    uint64_t end = broker->unconfirmed_head;
    while (end < broker->unconfirmed_tail && end - broker->unconfirmed_head < MESSAGE_RECORDS_MAX &&
           unconfirmed_at(broker, end)->number <= number &&
           unconfirmed_at(broker, end)->session == first.session)
      end++;
    uint32_t count = (uint32_t)(end - broker->unconfirmed_head);
    struct session *session = broker_session(broker, first.session);
    if (session) {
      struct message *message = confirmation(world, node, session,
                                             unconfirmed_at(broker, end - 1)->sequence, count);
      for (uint32_t i = 0; i < count; i++) {
        const struct unconfirmed *at = unconfirmed_at(broker, broker->unconfirmed_head + i);
        message->records[i] = (struct record){.intent = at->intent, .handle = at->sequence};
      }
      world_send(world, node, message);
    }
    broker->unconfirmed_head = end;
  }
}

/* --- Delivering --- */

void broker_deliver(struct world *world, struct node *node, const struct backlog_delivery *delivery) {
  struct broker *broker = broker_of(node);
  const struct session *session = broker_session(broker, delivery->session);
  struct backlog_item *item = backlog_at(&broker->queue, delivery->item);
  bool again = item->delivered;
  item->delivered = true;
  if (!session) return;
  struct message *message = push(world, node, session, RABBIT_DELIVER);
  struct record *record = message_records(&world->messages, message, 1);
  /* A classic queue says only that it is not the first time. */
  uint32_t count = rabbit_quorum(world) ? 1u + item->returns : again ? 2u : 1u;
  *record = (struct record){.intent = item->intent, .handle = delivery->tag, .key = item->key,
                            .size = item->size, .count = (uint16_t)count, .attempt = item->attempt,
                             .number = item->first_number + 1};
  message->size += item->size;
  world_send(world, node, message);
}

static void on_ack(struct world *world, struct node *node, struct message *request) {
  if (session_of(world, node, request)) broker_type(world)->acknowledge(world, node, request); /* [I1] */
}

static void on_nack(struct world *world, struct node *node, struct message *request) {
  if (session_of(world, node, request)) broker_type(world)->negative(world, node, request);
}

void broker_dispose(struct world *world, struct node *node, const struct backlog_item *item,
                    enum rabbit_cause cause) {
  if (rabbit_setting(world, KEY_RABBIT_DEAD_LETTER_TARGET) == RABBIT_TARGET_QUEUE)
    world_fact(world, FACT_DEAD_LETTERED, node->id, item->intent, 0, 0);
  else
    world_fact(world, FACT_DISPOSED, node->id, item->intent, cause, 0);
}

/* --- Expiry --- */

void broker_arm_expiry(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  int64_t ttl = rabbit_setting(world, KEY_RABBIT_MESSAGE_TTL);
  if (ttl == 0 || broker->expiring || node->doomed) return;
  uint64_t head = backlog_head(&broker->queue);
  if (head == BACKLOG_NONE) return;
  int64_t delay = backlog_at(&broker->queue, head)->added_ns + ttl - world->now.ns;
  broker->expiring = true;
  world_after(world, node, 0, BROKER_TIMER_EXPIRE, 0, span_of(delay > 0 ? delay : 0));
}

static void on_expire(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  if (rabbit_quorum(world))
    quorum_expire(world, node);
  else
    classic_expire(world, node);
}

/* --- Life --- */

static void start(struct world *world, struct node *node, enum start_reason reason) {
  if (!node->disk[0]) {
    node->disk[0] = calloc(1, sizeof(struct broker));
    ASSERT(node->disk[0]);
    backlog_clear(&broker_of(node)->queue, rabbit_quorum(world));
  }
  struct broker *broker = broker_of(node);
  broker->session_count = 0;
  broker->unconfirmed_head = broker->unconfirmed_tail = 0;
  broker->expiring = false;
  broker->latest = ARENA_NEW(&node->arena, uint32_t, world->node_count);
  for (size_t i = 0; i < world->node_count; i++) broker->latest[i] = NO_SESSION;
  int64_t heartbeat = rabbit_setting(world, KEY_RABBIT_HEARTBEAT);
  if (heartbeat > 0) {
    broker->heartbeat_lane = world_lane(world, span_of((heartbeat + 1) / 2));
    world_timer(world, node, 0, broker->heartbeat_lane, BROKER_TIMER_HEARTBEAT, 0);
  }
  if (!rabbit_quorum(world)) {
    if (node->index == 1) classic_start(world, node, reason);
    return;
  }
  broker->consumers_lane = world_lane(world, span_of(CONSUMERS_LOOKED_AT_NS));
  world_timer(world, node, 0, broker->consumers_lane, BROKER_TIMER_CONSUMERS, 0);
  if (node->index > rabbit_replicas(world)) return;
  quorum_start(world, node);
  raft_start(world, node, reason);
}

static size_t arena_bytes(const struct plan *plan) {
  size_t nodes = plan_services(plan);
  for (int role = 0; role < ROLE__COUNT; role++) nodes += plan->counts[role];
  return 4096 + nodes * sizeof(uint32_t);
}

static void crash(struct world *world, struct node *node, bool power) {
  if (rabbit_quorum(world))
    raft_crash(world, node, power);
  else if (node->index == 1)
    classic_crash(world, node, power);
}

/* A node that is stopped writes and flushes what it has. */
static void terminate(struct world *world, struct node *node) {
  if (!rabbit_quorum(world) && node->index == 1) classic_close_properly(world, node);
  node_exit(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  const struct broker *broker = broker_of(node);
  return (uint32_t)(broker->queue.unacked + broker->unconfirmed_tail - broker->unconfirmed_head);
}

static void disk_reset(struct world *world, struct node *node) {
  struct broker *broker = broker_of(node);
  if (!broker) return;
  backlog_clear(&broker->queue, rabbit_quorum(world));
  raft_reset(&broker->raft);
  broker->ack_count = broker->acks_writing = 0;
  broker->held = broker->waiting_adds = 0;
}

static void disk_free(struct node *node) {
  struct broker *broker = broker_of(node);
  if (!broker) return;
  backlog_free(&broker->queue);
  raft_free(&broker->raft);
  free(broker->sessions);
  free(broker->unconfirmed);
  free(broker->acks);
  free(broker);
  node->disk[0] = NULL;
}

static message_fn *const on[RABBIT_MESSAGE__COUNT] = {
    [RABBIT_OPEN] = on_open,          [RABBIT_PUBLISH] = on_publish,
    [RABBIT_ACK] = on_ack,            [RABBIT_NACK] = on_nack,
    [RABBIT_LEAVE] = on_leave,        [RABBIT_HEARTBEAT] = on_heartbeat,
    [RABBIT_APPEND] = raft_on_append, [RABBIT_APPENDED] = raft_on_appended,
    [RABBIT_VOTE] = raft_on_vote,     [RABBIT_VOTED] = raft_on_voted,
};
static const char *const stages[] = {"serving"};
static timer_fn *const on_timer[BROKER_TIMER__COUNT] = {
    [BROKER_TIMER_HEARTBEAT] = on_silence,      [BROKER_TIMER_CONSUMERS] = on_consumers,
    [BROKER_TIMER_EXPIRE] = on_expire,          [BROKER_TIMER_SYNC] = classic_on_sync,
    [BROKER_TIMER_WRITTEN] = classic_on_written, [BROKER_TIMER_TICK] = raft_on_tick,
    [BROKER_TIMER_FLUSHED] = raft_on_flushed,   [BROKER_TIMER_ELECTION] = raft_on_election,
};
static const char *const timer_names[BROKER_TIMER__COUNT] = {
    "heartbeat", "consumer-timeout", "expire", "sync", "written", "tick", "flushed", "election"};

const struct component rabbit_broker = {
    .name = "rabbitmq-broker", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = RABBIT_MESSAGE__COUNT, .messages = rabbit_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = BROKER_TIMER__COUNT, .arena_bytes = arena_bytes,
    .cost = cost, .terminate = terminate, .disconnected = disconnected, .busy = busy, .crash = crash,
    .disk_reset = disk_reset, .disk_free = disk_free,
};
