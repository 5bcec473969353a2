#include "models/kafka/consumer.h"

#include "sim/base/assert.h"

/* --- Membership --- */

static void send_join(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_JOIN);
  message->a = (int64_t)consumer->member;
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

static void send_offsets(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_OFFSETS);
  struct record *records =
      message_records(&world->messages, message, consumer->assigned_count);
  for (uint32_t i = 0; i < consumer->assigned_count; i++)
    records[i] = (struct record){.key = consumer->assigned[i]};
  client_send(world, node, &consumer->client, SLOT_COORDINATOR, message);
}

static void send_leave(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_LEAVE);
  message->a = (int64_t)consumer->member;
  client_send(world, node, &consumer->client, SLOT_COORDINATOR, message);
}

/* Drops what was fetched and not handled; `from` = how many of the oldest stay. */
static void drop_buffer(struct world *world, struct node *node, uint32_t from) {
  struct consumer *consumer = consumer_of(node);
  for (; consumer->buffer_count > from; consumer->buffer_count--) {
    uint32_t last = consumer_place(consumer, consumer->buffer_count - 1);
    consumer->buffered[consumer->buffer[last].flags]--;
    world_unhold(world, node);
  }
  for (uint32_t b = 0; b < world->count[ROLE_BROKER]; b++)
    client_forget(world, &consumer->client, SLOT_FETCH + b);
}

/* Everything of this generation is forgotten; a handler still at work is not listened to any more. */
static void forget_generation(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  drop_buffer(world, node, 0);
  consumer->safe = 0;
  if (consumer->working) world_unhold(world, node);
  consumer->working = false;
  consumer->tag++;
  consumer->assigned_count = 0;
  commit_forget(world, node);
  client_forget(world, &consumer->client, SLOT_COORDINATOR);
}

void consumer_rejoin(struct world *world, struct node *node) {
  if (node->doomed) return;
  if (node->stage == STAGE_STOPPING) return node_exit(world, node);
  forget_generation(world, node);
  node->stage = STAGE_JOINING;
  send_join(world, node);
}

void consumer_restart(struct world *world, struct node *node) {
  if (node->doomed) return;
  if (node->stage == STAGE_STOPPING) return node_exit(world, node);
  forget_generation(world, node);
  node->stage = STAGE_INIT;
  send_init(world, node);
}

static void on_init(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->a != KAFKA_OK) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  consumer->producer = (struct batch){.producer = (uint32_t)answer->b,
                                      .epoch = (uint16_t)answer->c, .transactional = true};
  consumer->begun = false;
  for (uint32_t p = 0; p < world->plan->partitions; p++) consumer->sequence[p] = 0;
  node->stage = STAGE_JOINING;
  send_join(world, node);
}

static void on_joined(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  consumer->generation = (uint64_t)answer->b;
  consumer->assigned_count = answer->record_count;
  for (uint32_t i = 0; i < answer->record_count; i++)
    consumer->assigned[i] = answer->records[i].key;
  node->stage = consumer->assigned_count > 0 ? STAGE_OFFSETS : STAGE_RUNNING;
  if (consumer->assigned_count > 0) send_offsets(world, node);
}

static void on_offsets(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_COORDINATOR, answer)) return;
  if (answer->a != KAFKA_OK) return consumer_retry_later(world, node, SLOT_COORDINATOR);
  for (uint32_t i = 0; i < answer->record_count; i++) {
    uint32_t partition = answer->records[i].key;
    uint64_t offset = answer->records[i].handle;
    consumer->position[partition] = consumer->fetched[partition] = offset;
    consumer->committed[partition] = offset;
  }
  node->stage = STAGE_RUNNING;
  consumer_pump(world, node);
}

/* What must still be handled before membership may end: what is committed, or is just being. */
static uint32_t owed(const struct world *world, const struct consumer *consumer) {
  if (commit_mode(world) != COMMIT_BEFORE_PROCESSING) return 0;
  return consumer->safe + (consumer->step != COMMIT_IDLE ? consumer->committing : 0);
}

/* The group is rebalancing: finish, commit, join again. What was only fetched is somebody's again. */
static void revoke(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (node->stage != STAGE_RUNNING && node->stage != STAGE_OFFSETS) return;
  if (node->stage == STAGE_OFFSETS) return consumer_rejoin(world, node);
  drop_buffer(world, node, owed(world, consumer));
  node->stage = STAGE_REVOKING;
  consumer_pump(world, node);
}

/* Somebody else has the partitions. A transaction that is under way must not run on into the next
 * generation: what it has written will be written again. InitProducerId aborts it. */
static void lose_membership(struct world *world, struct node *node) {
  bool transaction = commit_mode(world) == COMMIT_IN_TRANSACTION;
  bool in_it = transaction && consumer_of(node)->step != COMMIT_IDLE;
  /* Without the group's metadata nothing tells the producer: its transaction runs on. */
  if (in_it && !kafka_setting(world, KEY_GROUP_METADATA)) return;
  if (in_it) return consumer_restart(world, node);
  consumer_rejoin(world, node);
}

static void on_heartbeat_answer(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!client_answered(world, &consumer->client, SLOT_HEARTBEAT, answer)) return;
  if (answer->a == KAFKA_REBALANCE_IN_PROGRESS) return revoke(world, node);
  bool member = node->stage == STAGE_RUNNING || node->stage == STAGE_OFFSETS ||
                node->stage == STAGE_REVOKING || node->stage == STAGE_STOPPING;
  if (answer->a != KAFKA_OK && member) lose_membership(world, node);
}

static void on_heartbeat(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct consumer *consumer = consumer_of(node);
  world_timer(world, node, 0, consumer->heartbeat_lane, TIMER_HEARTBEAT, 0);
  if (node->stage < STAGE_OFFSETS || client_waits(&consumer->client, SLOT_HEARTBEAT)) return;
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_HEARTBEAT);
  message->a = (int64_t)consumer->member;
  message->b = (int64_t)consumer->generation;
  client_send(world, node, &consumer->client, SLOT_HEARTBEAT, message);
}

static void on_left(struct world *world, struct node *node, struct message *answer) {
  if (client_answered(world, &consumer_of(node)->client, SLOT_COORDINATOR, answer))
    node_exit(world, node);
}

/* --- The poll loop --- */

static uint32_t led_by(const struct world *world, const struct consumer *consumer, uint32_t broker) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < consumer->assigned_count; i++)
    count += client_broker(world, &consumer->client, consumer->assigned[i]) == broker;
  return count;
}

static void send_fetch(struct world *world, struct node *node, uint32_t broker, uint32_t count) {
  struct consumer *consumer = consumer_of(node);
  uint16_t leader = (uint16_t)(world->first[ROLE_BROKER] + broker);
  struct message *message = client_request(world, node, leader, WIRE_FETCH);
  struct record *records = message_records(&world->messages, message, count);
  uint32_t assigned = consumer->assigned_count, at = 0;
  if (++consumer->rotation >= assigned) consumer->rotation = 0;
  for (uint32_t i = 0; i < assigned; i++) {
    uint32_t turn = consumer->rotation + i;
    uint32_t partition = consumer->assigned[turn < assigned ? turn : turn - assigned];
    if (client_broker(world, &consumer->client, partition) != broker) continue;
    uint64_t from = consumer->fetched[partition], committed = consumer->committed[partition];
    records[at++] = (struct record){.key = partition, .handle = from,
                                    .extra = from > committed ? (uint32_t)(from - committed) : 0};
  }
  message->a = kafka_setting(world, KEY_MAX_POLL_RECORDS);
  client_send(world, node, &consumer->client, SLOT_FETCH + broker, message);
}

static void fetch(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  for (uint32_t b = 0; b < world->count[ROLE_BROKER] && !node->doomed; b++) {
    if (client_waits(&consumer->client, SLOT_FETCH + b) || consumer->buffered[b] > 0) continue;
    uint32_t count = led_by(world, consumer, b);
    if (count > 0) send_fetch(world, node, b, count);
  }
}

static void on_fetched(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  uint32_t broker = (uint32_t)(answer->from - world->first[ROLE_BROKER]);
  if (!client_answered(world, &consumer->client, SLOT_FETCH + broker, answer)) return;
  if (node->stage != STAGE_RUNNING) return;
  if (answer->c != KAFKA_OK) { /* the leader has moved */
    client_refresh(world, node, &consumer->client);
    return consumer_retry_later(world, node, SLOT_FETCH + broker);
  }
  if (answer->a > 0) { /* out of range: start where the log has something */
    uint32_t partition = (uint32_t)answer->a - 1;
    consumer->position[partition] = consumer->fetched[partition] = (uint64_t)answer->b;
    return consumer_pump(world, node);
  }
  for (uint32_t i = 0; i < answer->record_count; i++) {
    const struct record *record = &answer->records[i];
    ASSERT_LT(consumer->buffer_count, consumer->buffer_capacity);
    uint32_t last = consumer_place(consumer, consumer->buffer_count++);
    consumer->buffer[last] = *record;
    consumer->buffer[last].flags = (uint16_t)broker; /* whom it came from */
    consumer->fetched[record->extra] = record->handle + 1;
    consumer->buffered[broker]++;
    world_hold(world, node);
  }
  consumer_pump(world, node);
}

static void work_on_next(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  consumer->current = consumer->buffer[consumer->buffer_head];
  consumer->buffer_head = consumer_place(consumer, 1);
  consumer->buffer_count--;
  consumer->buffered[consumer->current.flags]--;
  if (commit_mode(world) == COMMIT_BEFORE_PROCESSING) consumer->safe--;
  consumer->working = true;
  host_submit(world, node, &consumer->current, ++consumer->tag);
}

static void handled(struct world *world, struct node *node, uint32_t tag, int status) {
  struct consumer *consumer = consumer_of(node);
  if (tag != consumer->tag || !consumer->working)
    return consumer_pump(world, node); /* of a generation that is gone */
  bool again = commit_mode(world) != COMMIT_BEFORE_PROCESSING; /* else what fails has had its chance */
  if (status != DG_OK && again) { /* not done: the same record again, after a while */
    struct span wait = span_of(kafka_setting(world, KEY_RETRY_BACKOFF));
    return world_after(world, node, 0, TIMER_RECORD, tag, wait);
  }
  consumer->working = false;
  world_unhold(world, node);
  consumer->position[consumer->current.extra] = consumer->current.handle + 1;
  if (commit_mode(world) != COMMIT_BEFORE_PROCESSING) commit_note(world, node, &consumer->current);
  consumer_pump(world, node);
}

static void on_record(struct world *world, struct node *node, uint64_t tag) {
  struct consumer *consumer = consumer_of(node);
  if (tag == consumer->tag && consumer->working && host_idle(world, node))
    host_submit(world, node, &consumer->current, consumer->tag);
}

/* Between generations, or before the end: nothing is at work any more. */
static void settle_down(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (!commit_clean(consumer)) return commit_start(world, node);
  if (client_waits(&consumer->client, SLOT_COORDINATOR)) return;
  if (node->stage == STAGE_REVOKING) return consumer_rejoin(world, node);
  send_leave(world, node);
}

void consumer_pump(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (node->doomed || node->stage < STAGE_RUNNING || consumer->working || !host_idle(world, node))
    return;
  bool before = commit_mode(world) == COMMIT_BEFORE_PROCESSING;
  if (commit_mode(world) == COMMIT_IN_TRANSACTION) {
    if (consumer->step != COMMIT_IDLE) return; /* nothing else in the middle of an end */
    if (consumer->commit_due && consumer->processed_count > 0) return commit_start(world, node);
  }
  uint32_t ready = before ? consumer->safe : consumer->buffer_count;
  if (ready > 0) return work_on_next(world, node);
  if (node->stage != STAGE_RUNNING) return settle_down(world, node);
  if (before && consumer->buffer_count > 0) return commit_start(world, node);
  if (consumer->assigned_count > 0) fetch(world, node);
}

/* --- Failures --- */

void consumer_retry_later(struct world *world, struct node *node, uint32_t slot) {
  uint64_t n = consumer_of(node)->client.next_correlation;
  struct span wait = client_backoff(world, 0, world_address(node, hash_name("retry"), n));
  world_after(world, node, 0, TIMER_RETRY, slot, wait);
}

static void failed(struct world *world, struct node *node, uint32_t slot) {
  if (slot == SLOT_HEARTBEAT) return; /* the next one will do */
  consumer_retry_later(world, node, slot);
}

static void retry_coordinator(struct world *world, struct node *node) {
  if (node->stage == STAGE_INIT) send_init(world, node);
  if (node->stage == STAGE_JOINING) send_join(world, node);
  if (node->stage == STAGE_OFFSETS) send_offsets(world, node);
  if (node->stage == STAGE_REVOKING || node->stage == STAGE_STOPPING) consumer_pump(world, node);
}

static void on_retry(struct world *world, struct node *node, uint64_t slot) {
  struct consumer *consumer = consumer_of(node);
  if (client_waits(&consumer->client, (uint32_t)slot)) return;
  if (slot == SLOT_COORDINATOR) return retry_coordinator(world, node);
  bool commit = slot == SLOT_COMMIT || slot >= slot_output(world, 0);
  if (commit && consumer->step != COMMIT_IDLE) return commit_send(world, node);
  consumer_pump(world, node);
}

/* A fetch that waits for data is asked again after the request timeout, on the same connection: it
 * stands for the empty answers that fetch.max.wait.ms gives. Any other request has failed. */
static void on_request_timeout(struct world *world, struct node *node, uint64_t argument) {
  uint32_t slot = (uint32_t)(argument >> 32);
  if (slot >= SLOT_FETCH && slot < slot_output(world, 0)) {
    consumer_of(node)->client.slots[slot].correlation = 0;
    client_refresh(world, node, &consumer_of(node)->client);
    return consumer_pump(world, node);
  }
  client_timed_out(world, node, &consumer_of(node)->client, argument);
}

static void on_disconnected(struct world *world, struct node *node, uint16_t peer) {
  client_disconnected(world, node, &consumer_of(node)->client, peer);
}

static void terminate(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  bool running = node->stage == STAGE_RUNNING || node->stage == STAGE_REVOKING;
  if (!running) return node_exit(world, node);
  if (node->stage == STAGE_RUNNING)
    drop_buffer(world, node, owed(world, consumer));
  node->stage = STAGE_STOPPING;
  consumer_pump(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  const struct consumer *consumer = node->state[0];
  return consumer->working + consumer->buffer_count + consumer->processed_count;
}

static size_t slots(const struct plan *plan) {
  return SLOT_FETCH + plan->counts[ROLE_BROKER] + plan->partitions;
}

static size_t buffer_capacity(const struct plan *plan) {
  return (size_t)plan->counts[ROLE_BROKER] *
         (size_t)plan->system_settings.values[KEY_MAX_POLL_RECORDS].i;
}

static size_t arena_bytes(const struct plan *plan) {
  return 4096 + client_bytes(plan, slots(plan)) + plan->partitions * 64 +
         buffer_capacity(plan) * sizeof(struct record) + plan->counts[ROLE_BROKER] * 16 +
         2 * PROCESSED_MAX * (sizeof(struct record) + sizeof(struct output));
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  const struct plan *plan = world->plan;
  struct arena *arena = &node->arena;
  struct consumer *consumer = node->state[0] = ARENA_NEW(arena, struct consumer, 1);
  client_init(world, node, &consumer->client, (uint32_t)slots(plan), TIMER_REQUEST, failed);
  consumer->member = (uint64_t)node->id << 32 | node->incarnation;
  consumer->assigned = ARENA_NEW(arena, uint32_t, plan->partitions);
  consumer->position = ARENA_NEW(arena, uint64_t, plan->partitions);
  consumer->fetched = ARENA_NEW(arena, uint64_t, plan->partitions);
  consumer->committed = ARENA_NEW(arena, uint64_t, plan->partitions);
  consumer->sequence = ARENA_NEW(arena, int32_t, plan->partitions);
  consumer->buffer_capacity = (uint32_t)buffer_capacity(plan);
  consumer->buffer =
      arena_alloc_raw(arena, consumer->buffer_capacity * sizeof *consumer->buffer);
  consumer->buffered = ARENA_NEW(arena, uint32_t, plan->counts[ROLE_BROKER]);
  consumer->processed = arena_alloc_raw(arena, 2 * PROCESSED_MAX * sizeof(struct record));
  consumer->outputs = arena_alloc_raw(arena, 2 * PROCESSED_MAX * sizeof(struct output));
  consumer->commit_timer = TIMER_NONE;
  consumer->heartbeat_lane = world_lane(world, span_of(kafka_setting(world, KEY_HEARTBEAT_INTERVAL)));
  consumer->commit_lane = world_lane(world, span_of(kafka_setting(world, KEY_COMMIT_INTERVAL)));
  world_timer(world, node, 0, consumer->heartbeat_lane, TIMER_HEARTBEAT, 0);
  bool transactional = commit_mode(world) == COMMIT_IN_TRANSACTION;
  node->stage = transactional ? STAGE_INIT : STAGE_JOINING;
  if (transactional)
    send_init(world, node);
  else
    send_join(world, node);
}

static void on_metadata(struct world *world, struct node *node, struct message *answer) {
  client_on_metadata(world, node, &consumer_of(node)->client, answer);
  if (node->stage == STAGE_RUNNING) consumer_pump(world, node);
}

/* What a stage listens to. Answers that come late are told by their correlation, so every stage after
 * the request's may see them. */
#define FROM_JOINING(stage)                                                                        \
  [(stage)*WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,                                     \
  [(stage)*WIRE__COUNT + WIRE_JOINED] = on_joined,                                                 \
  [(stage)*WIRE__COUNT + WIRE_OFFSETS_ANSWER] = on_offsets,                                        \
  [(stage)*WIRE__COUNT + WIRE_HEARTBEAT_ANSWER] = on_heartbeat_answer,                             \
  [(stage)*WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,                                      \
  [(stage)*WIRE__COUNT + WIRE_FETCHED] = on_fetched,                                               \
  [(stage)*WIRE__COUNT + WIRE_COMMITTED] = commit_on_committed,                                    \
  [(stage)*WIRE__COUNT + WIRE_PARTITIONS_ADDED] = commit_on_added,                                 \
  [(stage)*WIRE__COUNT + WIRE_OUTPUT_ANSWER] = commit_on_output,                                   \
  [(stage)*WIRE__COUNT + WIRE_TXN_OFFSETS_ANSWER] = commit_on_offsets,                             \
  [(stage)*WIRE__COUNT + WIRE_END_TXN_ANSWER] = commit_on_ended

static message_fn *const on[CONSUMER_STAGE__COUNT * WIRE__COUNT] = {
    FROM_JOINING(STAGE_INIT),     FROM_JOINING(STAGE_JOINING),  FROM_JOINING(STAGE_OFFSETS),
    FROM_JOINING(STAGE_RUNNING),  FROM_JOINING(STAGE_REVOKING), FROM_JOINING(STAGE_STOPPING),
    [STAGE_STOPPING * WIRE__COUNT + WIRE_LEFT] = on_left,
};
static const char *const stage_names[] = {"init",    "joining",  "offsets",
                                          "running", "revoking", "stopping"};
static timer_fn *const on_timer[CONSUMER_TIMER__COUNT] = {
    [TIMER_REQUEST] = on_request_timeout, [TIMER_HEARTBEAT] = on_heartbeat,
    [TIMER_COMMIT] = commit_on_timer,     [TIMER_RETRY] = on_retry,
    [TIMER_RECORD] = on_record,
};
static const char *const timer_names[] = {"request-timeout", "heartbeat", "commit", "retry",
                                          "record"};

const struct component kafka_consumer = {
    .name = "kafka consumer", .start = start, .on = on, .stage_names = stage_names,
    .stage_count = CONSUMER_STAGE__COUNT, .message_count = WIRE__COUNT, .messages = wire_kinds,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = CONSUMER_TIMER__COUNT,
    .arena_bytes = arena_bytes, .terminate = terminate, .disconnected = on_disconnected,
    .busy = busy, .handled = handled, .publish = commit_publish,
};
