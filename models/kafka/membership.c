/* The consumer as a member of its group: AbstractCoordinator and ConsumerCoordinator of Kafka 4.0. */
#include "models/kafka/consumer.h"
#include "models/mutants.h"
#include "sim/base/assert.h"

/* --- Requests --- */

/* A process, and each time that it comes as a stranger, has another id; consumer.1 before consumer.2. */
static uint64_t member_id(const struct node *node, uint32_t attempt) {
  return (uint64_t)node->id << 48 | (uint64_t)node->incarnation << 16 | (attempt & 0xffff);
}

/* The coordinator does not know its id, or is not to: it comes as a new member next time. */
static void become_stranger(const struct node *node, struct consumer *consumer) {
  consumer->known = false;
  consumer->member = member_id(node, consumer->attempts++);
}

static struct message *request(struct world *world, struct node *node, enum wire kind) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), kind);
  message->a = (int64_t)consumer->member;
  message->b = (int64_t)consumer->generation;
  message->d = consumer->instance;
  return message;
}

/* What a JOIN says that the member has; sticky and eager: had, before it gave everything up. */
static uint32_t owned(const struct world *world, const struct consumer *consumer,
                      struct record *out) {
  bool sticky = kafka_setting(world, KEY_ASSIGNMENT_STRATEGY) == STRATEGY_STICKY;
  const uint32_t *list = sticky ? consumer->had : consumer->assigned;
  uint32_t length = sticky ? consumer->had_count : consumer->assigned_count, count = 0;
  for (uint32_t i = 0; i < length; i++) {
    if (!sticky && !consumer->parts[list[i]].mine) continue;
    if (out) out[count] = (struct record){.key = list[i]};
    count++;
  }
  return count;
}

static void send_join(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = request(world, node, WIRE_JOIN);
  message->c = consumer->known;
  uint32_t count = owned(world, consumer, NULL);
  if (count > 0) owned(world, consumer, message_records(&world->messages, message, count));
  /* It is parked until everybody has joined: Kafka gives it more than the request timeout too. */
  int64_t wait = kafka_setting(world, KEY_REQUEST_TIMEOUT);
  if (wait < kafka_setting(world, KEY_SESSION_TIMEOUT))
    wait = kafka_setting(world, KEY_SESSION_TIMEOUT);
  client_send_within(world, node, &consumer->client, SLOT_COORDINATOR, message,
                     world_lane(world, span_of(wait)));
}

static void send_init(struct world *world, struct node *node) {
  struct message *message =
      client_request(world, node, kafka_coordinator(world), WIRE_INIT_PRODUCER);
  message->a = node->index;
  if (kafka_setting(world, KEY_TRANSACTIONAL_ID) == TRANSACTIONAL_ID_PER_PROCESS)
    message->a |= (int64_t)node->incarnation << 32;
  client_send(world, node, &consumer_of(node)->client, SLOT_COORDINATOR, message);
}

static void send_sync(struct world *world, struct node *node) {
  client_send(world, node, &consumer_of(node)->client, SLOT_COORDINATOR,
              request(world, node, WIRE_SYNC));
}

static void send_leave(struct world *world, struct node *node, uint32_t slot) {
  struct consumer *consumer = consumer_of(node);
  client_forget(world, &consumer->client, slot);
  client_send(world, node, &consumer->client, slot, request(world, node, WIRE_LEAVE));
}

/* Partitions that are assigned and have no position; of one leader only, unless `leader` is 0. */
static uint32_t unpositioned(const struct world *world, const struct consumer *consumer,
                             uint16_t leader, struct record *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < consumer->assigned_count; i++) {
    uint32_t partition = consumer->assigned[i];
    if (consumer->parts[partition].positioned) continue;
    if (leader && client_leader(world, &consumer->client, partition) != leader) continue;
    if (out) out[count] = (struct record){.key = partition};
    count++;
  }
  return count;
}

static void send_offsets(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_OFFSETS);
  uint32_t count = unpositioned(world, consumer, 0, NULL);
  unpositioned(world, consumer, 0, message_records(&world->messages, message, count));
  client_send(world, node, &consumer->client, SLOT_COORDINATOR, message);
}

/* Asks one leader after the other. */
static void send_list(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  uint32_t i = 0;
  while (consumer->parts[consumer->assigned[i]].positioned) i++;
  uint16_t leader = client_leader(world, &consumer->client, consumer->assigned[i]);
  struct message *message = client_request(world, node, leader, WIRE_LIST_OFFSETS);
  message->a = kafka_setting(world, KEY_AUTO_OFFSET_RESET) == RESET_LATEST;
  uint32_t count = unpositioned(world, consumer, leader, NULL);
  unpositioned(world, consumer, leader, message_records(&world->messages, message, count));
  client_send(world, node, &consumer->client, SLOT_COORDINATOR, message);
}

static void join_anew(struct world *world, struct node *node) {
  node->stage = STAGE_JOINING;
  send_join(world, node);
}

void membership_retry(struct world *world, struct node *node) {
  static void (*const again[CONSUMER_STAGE__COUNT])(struct world *, struct node *) = {
      [STAGE_INIT] = send_init,         [STAGE_JOINING] = send_join,
      [STAGE_SYNCING] = join_anew,      [STAGE_ASSIGNING] = consumer_pump,
      [STAGE_OFFSETS] = send_offsets,   [STAGE_LISTING] = send_list,
      [STAGE_RUNNING] = consumer_pump,  [STAGE_REVOKING] = consumer_pump,
      [STAGE_STOPPING] = consumer_pump,
  };
  again[node->stage](world, node);
}

/* --- Losing membership --- */

static void unassign_all(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  poll_drop(world, node, consumer_hands_off(world) ? consumer->batch : 0);
  if (consumer->assigned_count > 0) consumer->had_count = consumer->assigned_count;
  for (uint32_t i = 0; i < consumer->assigned_count; i++) {
    uint32_t partition = consumer->had[i] = consumer->assigned[i];
    consumer->parts[partition].mine = consumer->parts[partition].positioned = false;
  }
  consumer->assigned_count = consumer->next_count = 0;
  consumer->leaders_stale = true;
}

/* Everything of this generation is forgotten; a handler still at work in the loop is not listened to any
 * more. */
static void forget_generation(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  unassign_all(world, node);
  if (!consumer_hands_off(world)) poll_abandon(world, node);
  consumer->lost = consumer->rejoin = false;
  commit_forget(world, node);
  client_forget(world, &consumer->client, SLOT_COORDINATOR);
}

void consumer_rejoin(struct world *world, struct node *node) {
  if (node->doomed) return;
  if (node->stage == STAGE_STOPPING) return node_exit(world, node);
  forget_generation(world, node);
  join_anew(world, node);
}

void consumer_restart(struct world *world, struct node *node) {
  if (node->doomed) return;
  if (node->stage == STAGE_STOPPING) return node_exit(world, node);
  forget_generation(world, node);
  node->stage = STAGE_INIT;
  send_init(world, node);
}

/* FencedInstanceIdException and NoOffsetForPartitionException end the application. */
static void die(struct world *world, struct node *node, int64_t error) {
  world_fact(world, FACT_FENCED, node->id, 0, (uint64_t)error, 0);
  node_exit(world, node);
}

void consumer_fenced(struct world *world, struct node *node, int64_t error) {
  if (error == KAFKA_FENCED_INSTANCE) return die(world, node, error);
  if (error == KAFKA_UNKNOWN_MEMBER) become_stranger(node, consumer_of(node));
  consumer_rejoin(world, node);
}

void consumer_put_out(struct world *world, struct node *node, int64_t error) {
  if (error == KAFKA_FENCED_INSTANCE) return die(world, node, error);
  if (error == KAFKA_UNKNOWN_MEMBER) become_stranger(node, consumer_of(node));
  consumer_of(node)->lost = true;
  commit_send(world, node);
}

/* Somebody else has the partitions, or will. The loop goes on with what it has until its next poll, but
 * a transaction that is under way must not run on into the next generation: what it has written will be
 * written again. InitProducerId aborts it. */
static void lose_membership(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  bool transactional = commit_mode(world) == COMMIT_IN_TRANSACTION;
  bool in_it = transactional && consumer->step != COMMIT_IDLE;
  /* Without the group's metadata nothing tells the producer: its transaction runs on. */
  bool runs_on = in_it && !kafka_setting(world, KEY_GROUP_METADATA);
  if (in_it && !runs_on) return consumer_restart(world, node);
  if (transactional && !runs_on) return consumer_rejoin(world, node);
  consumer->lost = true;
  consumer_pump(world, node);
}

/* --- Heartbeats, and the time between polls --- */

void membership_on_heartbeat_answer(struct world *world, struct node *node,
                                    struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_HEARTBEAT, answer)) return;
  if (!consumer_stable(node)) return;
  if (answer->a == KAFKA_FENCED_INSTANCE) return die(world, node, answer->a);
  if (answer->a == KAFKA_REBALANCE_IN_PROGRESS) {
    consumer->rejoin = true;
    return consumer_pump(world, node);
  }
  if (answer->a == KAFKA_OK || kafka_coordinator_moved(answer->a)) return; /* the next one will do */
  if (answer->a == KAFKA_UNKNOWN_MEMBER) become_stranger(node, consumer);
  lose_membership(world, node);
}

void membership_on_heartbeat(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct consumer *consumer = consumer_of(node);
  world_timer(world, node, 0, consumer->heartbeat_lane, TIMER_HEARTBEAT, 0);
  if (!consumer_stable(node) || client_waits(&consumer->client, SLOT_HEARTBEAT)) return;
  client_send(world, node, &consumer->client, SLOT_HEARTBEAT, request(world, node, WIRE_HEARTBEAT));
}

/* The heartbeat thread sees that the loop has not polled for too long. A dynamic member leaves and comes
 * back as another; a static one falls silent, so that its session will be over.
 * LIMIT: a member that polls again too late is found at once, not within retry.backoff.ms.
 * LIMIT: a static member keeps its id; Kafka 4.0 has it take another, with which
 * it can fence itself (KAFKA-20985). */
static void polls_too_late(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (!consumer_stable(node) || MUTANT(KAFKA_NO_POLL_INTERVAL)) return;
  world_fact(world, FACT_EXPIRED, node->id, 0, consumer->member, 0);
  if (!consumer->instance) {
    send_leave(world, node, SLOT_HEARTBEAT);
    become_stranger(node, consumer);
  }
  lose_membership(world, node);
}

void membership_on_poll_timer(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  const struct consumer *consumer = consumer_of(node);
  int64_t most = kafka_setting(world, KEY_MAX_POLL_INTERVAL);
  int64_t since = poll_is_in(world, consumer) ? 0 : world->now.ns - consumer->last_poll;
  world_after(world, node, 0, TIMER_POLL, 0, span_of(since < most ? most - since : most));
  if (since >= most) polls_too_late(world, node);
}

/* --- Joining --- */

void membership_on_init(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->a != KAFKA_OK) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  consumer->producer = (struct batch){
      .producer = (uint32_t)answer->b, .epoch = (uint16_t)answer->c, .transactional = true};
  consumer->begun = false;
  outputs_new_epoch(world, consumer);
  join_anew(world, node);
}

void membership_on_joined(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (kafka_coordinator_moved(answer->a)) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  if (answer->a != KAFKA_OK) return consumer_fenced(world, node, answer->a);
  consumer->generation = (uint64_t)answer->b;
  consumer->known = true;
  node->stage = STAGE_SYNCING;
  send_sync(world, node);
}

void membership_on_synced(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->a == KAFKA_REBALANCE_IN_PROGRESS)
    return join_anew(world, node); /* with what it has */
  if (kafka_coordinator_moved(answer->a)) /* Kafka's joins again after that, too */
    return consumer_retry_later(world, node, SLOT_COORDINATOR);
  if (answer->a != KAFKA_OK) return consumer_fenced(world, node, answer->a);
  consumer->next_count = answer->record_count;
  for (uint32_t i = 0; i < answer->record_count; i++) consumer->next[i] = answer->records[i].key;
  node->stage = STAGE_ASSIGNING;
  consumer_pump(world, node);
}

/* --- Taking an assignment, in a poll --- */

static bool in_next(const struct consumer *consumer, uint32_t partition) {
  for (uint32_t i = 0; i < consumer->next_count; i++)
    if (consumer->next[i] == partition) return true;
  return false;
}

static bool loses_something(const struct consumer *consumer) {
  for (uint32_t i = 0; i < consumer->assigned_count; i++)
    if (!in_next(consumer, consumer->assigned[i])) return true;
  return false;
}

/* The assignment becomes what `next` says; what it does not say is forgotten. */
static void take_next(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < consumer->assigned_count; i++) {
    uint32_t partition = consumer->assigned[i];
    consumer->parts[partition].mine = false;
    if (in_next(consumer, partition)) continue;
    if (MUTANT(KAFKA_KEEPS_REVOKED))
      consumer->next[consumer->next_count + kept++] = partition;
    else
      consumer->parts[partition].positioned = false;
  }
  consumer->assigned_count = consumer->next_count + kept;
  consumer->leaders_stale = true;
  for (uint32_t i = 0; i < consumer->assigned_count; i++) {
    consumer->assigned[i] = consumer->next[i];
    consumer->parts[consumer->next[i]].mine = i < consumer->next_count;
  }
  poll_drop_unassigned(world, node);
  commit_drop_unassigned(consumer);
}

static void run(struct world *world, struct node *node) {
  node->stage = STAGE_RUNNING;
  consumer_pump(world, node);
}

static void begin_at_offsets(struct world *world, struct node *node) {
  if (unpositioned(world, consumer_of(node), 0, NULL) == 0) return run(world, node);
  node->stage = STAGE_OFFSETS;
  send_offsets(world, node);
}

static bool assign(struct world *world, struct node *node) {
  bool loses = loses_something(consumer_of(node));
  if (loses && !commit_settle(world, node)) return true;
  take_next(world, node);
  if (loses) consumer_of(node)->rejoin = true; /* what it gave up can be given to somebody now */
  begin_at_offsets(world, node);
  return true;
}

static void set_position(struct consumer *consumer, const struct record *at) {
  const uint32_t partition = at->key;
  if (!consumer->parts[partition].mine || consumer->parts[partition].positioned) return;
  consumer->parts[partition].fetched = consumer->parts[partition].committed = at->handle;
  consumer->epochs[partition] = at->number;
  consumer->parts[partition].positioned = true;
  consumer->leaders_stale = true;
}

void membership_on_offsets(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->a != KAFKA_OK) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  for (uint32_t i = 0; i < answer->record_count; i++)
    if (answer->records[i].handle != OFFSET_NONE) set_position(consumer, &answer->records[i]);
  if (unpositioned(world, consumer, 0, NULL) == 0) return run(world, node);
  if (kafka_setting(world, KEY_AUTO_OFFSET_RESET) == RESET_NONE) return die(world, node, KAFKA_OK);
  node->stage = STAGE_LISTING;
  send_list(world, node);
}

void membership_on_listed(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->b == KAFKA_NOT_LEADER) client_refresh(world, node, &consumer->client);
  if (answer->b != KAFKA_OK) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  for (uint32_t i = 0; i < answer->record_count; i++) set_position(consumer, &answer->records[i]);
  if (unpositioned(world, consumer, 0, NULL) == 0) return run(world, node);
  send_list(world, node);
}

/* --- Giving up --- */

/* Nothing is at work any more. Eager: every partition goes; cooperative: none before it must. */
static void join_again(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (!consumer_cooperates(world)) {
    unassign_all(world, node);
    commit_drop_unassigned(consumer);
  }
  consumer->rejoin = false;
  client_forget(world, &consumer->client, SLOT_COORDINATOR);
  join_anew(world, node);
}

/* True: the loop waits. A cooperative member that has joined goes on polling. */
static bool revoke(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  node->stage = STAGE_REVOKING;
  if (!consumer_cooperates(world))
    poll_drop(world, node, consumer_hands_off(world) ? consumer->batch : 0);
  if (!commit_settle(world, node)) return true;
  join_again(world, node);
  return !consumer_cooperates(world);
}

static bool revoke_if_asked(struct world *world, struct node *node) {
  return consumer_of(node)->rejoin && revoke(world, node);
}

static bool stop(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (consumer->flight_count > 0 || consumer->batch > 0) return true; /* threads have something */
  if (!commit_settle(world, node) || client_waits(&consumer->client, SLOT_COORDINATOR)) return true;
  if (consumer->instance)
    node_exit(world, node);
  else
    send_leave(world, node, SLOT_COORDINATOR);
  return true;
}

bool membership_poll(struct world *world, struct node *node) {
  static bool (*const asked[CONSUMER_STAGE__COUNT])(struct world *, struct node *) = {
      [STAGE_ASSIGNING] = assign,        [STAGE_OFFSETS] = revoke_if_asked,
      [STAGE_LISTING] = revoke_if_asked, [STAGE_RUNNING] = revoke_if_asked,
      [STAGE_REVOKING] = revoke,         [STAGE_STOPPING] = stop,
  };
  if (consumer_of(node)->lost) {
    if (commit_leave(world, node)) consumer_rejoin(world, node);
    return true;
  }
  return asked[node->stage] && asked[node->stage](world, node);
}

void membership_on_left(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  client_answered(world, &consumer->client, SLOT_HEARTBEAT, answer);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (node->stage == STAGE_STOPPING) node_exit(world, node);
}

/* The application finishes the record it is at, and closes the consumer. A poll's records that are
 * committed already, or whose commit close() will make, are finished all. */
void membership_terminate(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (node->stage == STAGE_INIT) return node_exit(world, node);
  bool whole = commit_mode(world) == COMMIT_BEFORE_PROCESSING || commit_mode(world) == COMMIT_AUTO;
  poll_drop(world, node, whole ? consumer->batch : 0);
  if (!whole) consumer->batch = 0;
  if (!consumer_stable(node)) { /* in a rebalance nothing can be committed */
    if (consumer->known && !consumer->instance) send_leave(world, node, SLOT_HEARTBEAT);
    consumer->lost = true;
  }
  client_forget(world, &consumer->client, SLOT_COORDINATOR);
  node->stage = STAGE_STOPPING;
  consumer_pump(world, node);
}

void membership_start(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  become_stranger(node, consumer);
  int64_t ids = kafka_setting(world, KEY_GROUP_INSTANCE_ID);
  consumer->instance = ids == INSTANCE_BY_INDEX ? node->index : ids == INSTANCE_SHARED;
  consumer->heartbeat_lane =
      world_lane(world, span_of(kafka_setting(world, KEY_HEARTBEAT_INTERVAL)));
  world_timer(world, node, 0, consumer->heartbeat_lane, TIMER_HEARTBEAT, 0);
  world_after(world, node, 0, TIMER_POLL, 0, span_of(kafka_setting(world, KEY_MAX_POLL_INTERVAL)));
  bool transactional = commit_mode(world) == COMMIT_IN_TRANSACTION;
  node->stage = transactional ? STAGE_INIT : STAGE_JOINING;
  if (transactional)
    send_init(world, node);
  else
    send_join(world, node);
}
