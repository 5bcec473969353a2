/* The consumer's life, and the tables of what it hears when. */
#include "models/kafka/consumer.h"

#include "models/kafka/broker.h"

/* --- Failures --- */

void consumer_retry_later(struct world *world, struct node *node, uint32_t slot) {
  uint64_t n = consumer_of(node)->client.next_correlation;
  struct span wait = client_backoff(world, 0, world_address(node, hash_name("retry"), n));
  world_after(world, node, 0, TIMER_RETRY, slot, wait);
}

static bool is_fetch(const struct world *world, uint32_t slot) {
  return slot >= SLOT_FETCH && slot < slot_output(world, 0);
}

static void failed(struct world *world, struct node *node, uint32_t slot) {
  if (slot == SLOT_HEARTBEAT) return; /* the next one will do */
  if (slot == SLOT_COMMIT) return commit_failed(world, node);
  if (is_fetch(world, slot)) poll_may_fetch(consumer_of(node), slot - SLOT_FETCH);
  consumer_retry_later(world, node, slot);
}

static void on_retry(struct world *world, struct node *node, uint64_t slot) {
  struct consumer *consumer = consumer_of(node);
  if (client_waits(&consumer->client, (uint32_t)slot)) return;
  if (slot == SLOT_COORDINATOR) return membership_retry(world, node);
  bool commit = slot == SLOT_COMMIT || slot >= slot_output(world, 0);
  if (commit && consumer->step != COMMIT_IDLE) return commit_send(world, node);
  consumer_pump(world, node);
}

/* A fetch that waits for data is asked again after the request timeout, on the same connection: it
 * stands for the empty answers that fetch.max.wait.ms gives. Any other request has failed. */
static void on_request_timeout(struct world *world, struct node *node, uint64_t argument) {
  uint32_t slot = (uint32_t)(argument >> 32);
  if (is_fetch(world, slot)) {
    client_slot(&consumer_of(node)->client, slot)->correlation = 0;
    poll_may_fetch(consumer_of(node), slot - SLOT_FETCH);
    client_refresh(world, node, &consumer_of(node)->client);
    return consumer_pump(world, node);
  }
  client_timed_out(world, node, &consumer_of(node)->client, argument);
}

static void on_disconnected(struct world *world, struct node *node, uint16_t peer) {
  client_disconnected(world, node, &consumer_of(node)->client, peer);
}

/* A member's session at the coordinator is a lease, and its parked fetches are requests, as long as there is something
 * that it waits for. */
static uint32_t busy(const struct world *world, const struct node *node) {
  const struct consumer *consumer = node->state[0];
  const uint32_t work = consumer->flight_count + consumer->buffer_count + consumer->processed_count;
  const bool member = consumer->known && !consumer->lost;
  return world_more_to_come(world) ? work + member + client_waiting(&consumer->client) : work;
}

static size_t slots(const struct plan *plan) {
  return SLOT_FETCH + plan->counts[ROLE_BROKER] + plan->partitions;
}

/* One fetch of each broker, and what is handed off. */
static size_t buffer_capacity(const struct plan *plan) {
  return ((size_t)plan->counts[ROLE_BROKER] + 2) *
         (size_t)plan->system_settings.values[KEY_MAX_POLL_RECORDS].i;
}

static size_t arena_bytes(const struct plan *plan) {
  return 4096 + client_bytes(plan, slots(plan)) + outputs_bytes(plan) +
         plan->partitions * (6 * sizeof(uint32_t) + sizeof(struct leader_part) + sizeof(struct consumer_part)) +
         buffer_capacity(plan) * sizeof(struct record) + plan->counts[ROLE_BROKER] * sizeof(struct leader) +
         plan->threads * sizeof(struct flight) + PUBLISHED_NEAR * sizeof(struct output) +
         (PROCESSED_NEAR + 2 * PROCESSED_MAX) * sizeof(struct record);
}

/* What every message needs stands close together. */
static void lay_out_near(struct world *world, struct node *node, struct consumer *consumer) {
  const struct plan *plan = world->plan;
  const uint32_t brokers = plan->counts[ROLE_BROKER];
  struct arena *arena = &node->arena;
  consumer->unasked = ARENA_NEW(arena, uint64_t, bits_words(brokers));
  consumer->leads = ARENA_NEW(arena, struct leader, brokers);
  client_init(world, node, &consumer->client, (uint32_t)slots(plan), SLOT_FETCH + brokers, TIMER_REQUEST, failed);
  consumer->by_leader_room = BY_LEADER_NEAR;
  consumer->by_leader = ARENA_NEW(arena, struct leader_part, BY_LEADER_NEAR);
  arena_line(arena);
  consumer->flight_room = consumer_hands_off(world) ? plan->threads : 1;
  consumer->flights = ARENA_BY_SIZE(arena, struct flight, consumer->flight_room);
  arena_line(arena);
  consumer->parts = ARENA_BY_SIZE(arena, struct consumer_part, plan->partitions);
  consumer->buffer_capacity = (uint32_t)buffer_capacity(plan);
  consumer->buffer = ARENA_BY_SIZE(arena, struct record, consumer->buffer_capacity);
  consumer->processed_room = PROCESSED_NEAR;
  consumer->processed = arena_alloc_raw(arena, PROCESSED_NEAR * sizeof(struct record));
  consumer->published_room = PUBLISHED_NEAR;
  consumer->published = arena_alloc_raw(arena, PUBLISHED_NEAR * sizeof(struct output));
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  const struct plan *plan = world->plan;
  struct arena *arena = &node->arena;
  arena_line(arena);
  struct consumer *consumer = node->state[0] = ARENA_NEW(arena, struct consumer, 1);
  lay_out_near(world, node, consumer);
  consumer->epochs = ARENA_FAR(arena, uint32_t, plan->partitions);
  consumer->assigned = ARENA_FAR(arena, uint32_t, plan->partitions);
  consumer->least_epochs = ARENA_FAR(arena, uint32_t, plan->partitions);
  consumer->handed_epochs = ARENA_FAR(arena, uint32_t, plan->partitions);
  consumer->next = arena_far_raw(arena, plan->partitions * sizeof *consumer->next);
  consumer->had = arena_far_raw(arena, plan->partitions * sizeof *consumer->had);
  outputs_start(world, node);
  consumer->leaders_stale = true;
  consumer->logs_shrink = books_may_shrink(world);
  consumer->commit_timer = TIMER_NONE;
  bool automatic = commit_mode(world) == COMMIT_AUTO;
  int64_t interval =
      kafka_setting(world, automatic ? KEY_AUTO_COMMIT_INTERVAL : KEY_COMMIT_INTERVAL);
  consumer->commit_lane = world_lane(world, span_of(interval));
  if (automatic) commit_arm(world, node);
  membership_start(world, node);
}

static void on_metadata(struct world *world, struct node *node, struct message *answer) {
  client_on_metadata(world, node, &consumer_of(node)->client, answer);
  consumer_of(node)->leaders_stale = true;
  if (node->stage == STAGE_RUNNING) consumer_pump(world, node);
}

static void on_init(struct world *world, struct node *node, struct message *answer) {
  if (commit_mode(world) == COMMIT_IN_TRANSACTION)
    membership_on_init(world, node, answer);
  else
    commit_on_id(world, node, answer);
}

/* What a stage listens to. Answers that come late are told by their correlation, so every stage after
 * the request's may see them. */
#define HEARS_ALL(stage)                                                                           \
  [(stage)*WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,                                     \
  [(stage)*WIRE__COUNT + WIRE_JOINED] = membership_on_joined,                                      \
  [(stage)*WIRE__COUNT + WIRE_SYNCED] = membership_on_synced,                                      \
  [(stage)*WIRE__COUNT + WIRE_OFFSETS_ANSWER] = membership_on_offsets,                             \
  [(stage)*WIRE__COUNT + WIRE_LISTED] = membership_on_listed,                                      \
  [(stage)*WIRE__COUNT + WIRE_HEARTBEAT_ANSWER] = membership_on_heartbeat_answer,                  \
  [(stage)*WIRE__COUNT + WIRE_LEFT] = membership_on_left,                                          \
  [(stage)*WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,                                      \
  [(stage)*WIRE__COUNT + WIRE_FETCHED] = poll_on_fetched,                                          \
  [(stage)*WIRE__COUNT + WIRE_COMMITTED] = commit_on_committed,                                    \
  [(stage)*WIRE__COUNT + WIRE_PARTITIONS_ADDED] = commit_on_added,                                 \
  [(stage)*WIRE__COUNT + WIRE_OUTPUT_ANSWER] = commit_on_output,                                   \
  [(stage)*WIRE__COUNT + WIRE_TXN_OFFSETS_ANSWER] = commit_on_offsets,                             \
  [(stage)*WIRE__COUNT + WIRE_END_TXN_ANSWER] = commit_on_ended

static message_fn *const on[CONSUMER_STAGE__COUNT * WIRE__COUNT] = {
    HEARS_ALL(STAGE_INIT),      HEARS_ALL(STAGE_JOINING), HEARS_ALL(STAGE_SYNCING),
    HEARS_ALL(STAGE_ASSIGNING), HEARS_ALL(STAGE_OFFSETS), HEARS_ALL(STAGE_LISTING),
    HEARS_ALL(STAGE_RUNNING),   HEARS_ALL(STAGE_REVOKING), HEARS_ALL(STAGE_STOPPING),
};
static const char *const stage_names[] = {"init",    "joining", "syncing",  "assigning", "offsets",
                                          "listing", "running", "revoking", "stopping"};
static timer_fn *const on_timer[CONSUMER_TIMER__COUNT] = {
    [TIMER_REQUEST] = on_request_timeout, [TIMER_HEARTBEAT] = membership_on_heartbeat,
    [TIMER_COMMIT] = commit_on_timer,     [TIMER_RETRY] = on_retry,
    [TIMER_RECORD] = poll_on_record,      [TIMER_POLL] = membership_on_poll_timer,
};
static const char *const timer_names[] = {"request-timeout", "heartbeat", "commit",
                                          "retry",           "record",    "poll-interval"};

const struct component kafka_consumer = {
    .name = "kafka consumer", .start = start, .on = on, .stage_names = stage_names,
    .stage_count = CONSUMER_STAGE__COUNT, .message_count = WIRE__COUNT, .messages = wire_kinds,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = CONSUMER_TIMER__COUNT,
    .arena_bytes = arena_bytes, .terminate = membership_terminate, .disconnected = on_disconnected,
    .busy = busy, .handled = poll_handled, .acknowledge = poll_acknowledge,
    .acknowledge_all = poll_acknowledge_all, .publish = commit_publish,
};
