#include "models/kafka/broker.h"

#include "models/kafka/coordinator.h"
#include "models/kafka/replica.h"
#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

/* CPU of a request: a fixed part, and so much for each KiB that it brings. */
static int64_t cost(const struct world *world, const struct message *message) {
  const struct settings *costs = &world->plan->costs;
  return costs->values[COST_BROKER_REQUEST].i +
         costs->values[COST_BROKER_PER_KIB].i * (int64_t)message->size / 1024;
}

uint16_t broker_leader(const struct world *world, const struct node *node, uint32_t topic_partition) {
  if (!broker_of(node)->replication)
    return kafka_leader(world, topic_partition % world->plan->partitions);
  const struct replica *replica = replica_of(node, topic_partition);
  if (replica->state.leader == NO_BROKER) return NODE_NONE;
  return (uint16_t)(world->first[ROLE_BROKER] + replica->state.leader);
}

bool broker_leads(const struct node *node, uint32_t topic_partition) {
  return !broker_of(node)->replication || replica_of(node, topic_partition)->leads;
}

/* --- Clients look for leaders --- */

void broker_resign(struct world *world, struct node *node, uint32_t topic_partition) {
  append_resign(world, node, topic_partition);
  if (topic_partition >= world->plan->partitions)
    verification_resign(world, node, topic_partition - world->plan->partitions);
  fetch_resign(world, node);
}

static void on_metadata(struct world *world, struct node *node, struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_METADATA_ANSWER);
  uint32_t count = 0, all = kafka_topic_partitions(world);
  for (uint32_t p = 0; p < all; p++) count += broker_leader(world, node, p) != NODE_NONE;
  struct record *records = count ? message_records(&world->messages, answer, count) : NULL;
  for (uint32_t p = 0, at = 0; p < all && count > 0; p++) {
    const struct partition_state *state = &replica_of(node, p)->state;
    if (state->leader != NO_BROKER)
      records[at++] =
          (struct record){.key = p, .handle = state->leader_epoch, .extra = state->leader};
  }
  world_send(world, node, answer);
}

static void on_api_versions(struct world *world, struct node *node, struct message *request) {
  world_send(world, node, world_answer(world, node, request, WIRE_API_VERSIONS_ANSWER));
}

/* --- Living and dying --- */

static struct partition_log *new_logs(size_t count) {
  struct partition_log *logs = aligned_alloc(_Alignof(struct partition_log), count * sizeof *logs);
  if (logs) memset(logs, 0, count * sizeof *logs);
  return logs;
}

static void make_disk(struct world *world, struct node *node) {
  struct broker_disk *disk = calloc(1, sizeof *disk);
  ASSERT(disk);
  size_t partitions = world->plan->partitions;
  disk->partition_count = partitions;
  disk->input = new_logs(partitions);
  disk->output = new_logs(partitions);
  disk->awaitings = calloc(2 * partitions, sizeof *disk->awaitings);
  ASSERT(disk->awaitings);
  disk->group_count = plan_group_count(world->plan);
  ASSERT(disk->input && disk->output);
  node->disk[0] = disk;
  coordinator_make(world, node);
  for (uint32_t p = 0; p < 2 * partitions; p++)
    broker_log(node, p)->replicated = kafka_replicated(world);
  if (kafka_replicated(world) && node->id == world->first[ROLE_BROKER]) books_make(world, node);
}

/* What each log knows of its producers, as a broker finds it when it starts. A clean shutdown takes a
 * snapshot first. LIMIT: a controlled shutdown first hands its partitions to a follower, whose memory is
 * whole; where no leader moves, that is the default of producer_snapshot. */
static void restart_producers(struct world *world, struct node *node) {
  bool moves = kafka_replicated(world);
  bool alone = moves || kafka_setting(world, KEY_PRODUCER_SNAPSHOT) == SNAPSHOT_LAST_BATCH;
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) {
    struct partition_log *log = broker_log(node, p);
    if (alone && node->death == DEATH_EXIT) producer_states_snapshot(&log->producers, log->end);
    if (!alone) producer_states_snapshot(&log->producers, 0);
    producer_states_restart(&log->producers, world->now.ns);
  }
}

/* A crash may have come between a marker and what it lets readers see. */
static void show_again(struct world *world, struct node *node) {
  for (uint32_t p = 0; p < world->plan->partitions && !node->doomed; p++)
    if (kafka_leader(world, p) == node->id) broker_show(world, node, p);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  if (!node->disk[0]) make_disk(world, node);
  size_t consumers = world->count[ROLE_CONSUMER], partitions = world->plan->partitions;
  struct broker *broker = node->state[0] = ARENA_NEW(&node->arena, struct broker, 1);
  broker->logs_shrink = books_may_shrink(world);
  broker->parked = ARENA_NEW(&node->arena, struct parked, consumers);
  broker->waiting_count = ARENA_NEW(&node->arena, uint32_t, partitions);
  broker->waiting = arena_far_raw(&node->arena, consumers * partitions * sizeof(struct waiting));
  if (kafka_setting(world, KEY_COMMIT) == COMMIT_IN_TRANSACTION)
    verification_start(world, node);
  if (reason == START_AGAIN) restart_producers(world, node);
  bool coordinates = node->id == kafka_coordinator(world);
  if (coordinates) broker_disk(node)->internal->loading = false;
  if (coordinates) group_start(world, node);
  if (kafka_replicated(world)) registration_start(world, node, reason);
  if (coordinates) transactions_start(world, node);
  if (reason == START_AGAIN && !kafka_replicated(world)) show_again(world, node);
}

static size_t arena_bytes(const struct plan *plan) {
  size_t consumers = plan->counts[ROLE_CONSUMER], partitions = plan->partitions;
  return 4096 + consumers * sizeof(struct parked) + partitions * sizeof(uint32_t) +
         consumers * partitions * (sizeof(struct waiting) + sizeof(struct verified)) +
         partitions * sizeof(uint32_t) +
         replication_arena_bytes(plan);
}

/* A torn write keeps a part of what was under way: how much, luck says. */
static void lose_unsynced(struct world *world, struct node *node, struct partition_log *log,
                          bool output, uint32_t partition) {
  uint64_t unsynced = log->end - log->synced, kept = 0;
  if (unsynced == 0) return;
  if (node->down_by != NO_FAULT && faults_rules(world, node->down_by)->unsynced == UNSYNCED_TORN)
    kept = luck_choice(&world->luck,
                       world_address(node, hash_name("torn") + partition, node->incarnation),
                       unsynced + 1);
  uint64_t end = log->synced + kept;
  bool committed = kafka_setting(world, KEY_ISOLATION) == READ_COMMITTED;
  bool alone = !broker_of(node)->replication; /* else a leader's log says what is left (books.c) */
  for (uint64_t at = end; output && alone && at < log->view; at++) {
    const struct log_entry *entry = log_at(log, at);
    bool shown = (entry->flags & ENTRY_DATA) && !(committed && (entry->flags & ENTRY_ABORTED));
    if (shown) world_fact(world, FACT_EFFECT_UNDONE, node->id, entry->intent, 0, 0);
  }
  size_t open = log->open_count;
  log_lose_unsynced(log, kept);
  if (output) books_hold_open(world, log, open);
  faults_hit(world, node->down_by, node->id, 0);
  if (!output && alone) broker_account(world, partition);
}

static void drop_parked(struct world *world, struct node *node) {
  append_drop_awaiting(world, node);
  replica_drop_parked(world, node);
  fetch_drop_parked(world, node);
  if (node->id == kafka_coordinator(world)) group_crash(world, node);
}

static void crash(struct world *world, struct node *node, bool power) {
  drop_parked(world, node);
  verification_drop(world, node);
  struct broker_disk *disk = broker_disk(node);
  bool replicated = broker_of(node)->replication != NULL;
  for (uint32_t p = 0; replicated && !power && node->death == DEATH_EXIT && p < disk->partition_count;
       p++)
    log_flush(&disk->input[p]), log_flush(&disk->output[p]);
  for (uint32_t p = 0; power && p < disk->partition_count; p++) {
    if (!replicated && kafka_leader(world, p) != node->id) continue;
    lose_unsynced(world, node, &disk->input[p], false, p);
    lose_unsynced(world, node, &disk->output[p], true, p);
  }
  if (replicated) books_doubt(world, node);
}

/* The only copy of its partitions, or, where there are replicas, this one. What its coordinators know is on
 * others too: their topics have three copies (offsets.topic.replication.factor,
 * transaction.state.log.replication.factor). */
static void disk_lost(struct world *world, struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  for (uint32_t p = 0; kafka_replicated(world) && p < 2 * disk->partition_count; p++)
    log_restart_at(broker_log(node, p), 0);
  if (kafka_replicated(world)) books_doubt(world, node);
  for (uint32_t p = 0; !kafka_replicated(world) && p < disk->partition_count; p++) {
    if (kafka_leader(world, p) != node->id) continue;
    disk->input[p].synced = disk->input[p].start;
    disk->output[p].synced = disk->output[p].start;
    lose_unsynced(world, node, &disk->input[p], false, p);
    lose_unsynced(world, node, &disk->output[p], true, p);
    producer_states_reset(&disk->input[p].producers); /* what stands beside the log is gone with it */
    producer_states_reset(&disk->output[p].producers);
  }
}

static void disconnected(struct world *world, struct node *node, uint16_t peer) {
  registration_disconnected(world, node, peer);
  if (!node->doomed) verification_disconnected(world, node, peer);
}

static uint32_t struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  if (world->plan->faults[fault].verb == VERB_MOVE_COORDINATOR) return coordinator_struck(world, node);
  return registration_struck(world, node, fault, begins);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  uint32_t parked = 0;
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    parked += broker_of(node)->parked[i].fetch != NULL;
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++)
    parked += (uint32_t)broker_disk(node)->awaitings[p].count;
  return parked;
}

static void disk_reset(struct world *world, struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  if (!disk) return;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    log_reset(&disk->input[p]);
    log_reset(&disk->output[p]);
  }
  for (uint32_t p = 0; p < 2 * disk->partition_count; p++) disk->awaitings[p].count = 0;
  books_reset(disk);
  (void)world;
  coordinator_reset(disk);
}

static void disk_free(struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  if (!disk) return;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    log_free(&disk->input[p]);
    log_free(&disk->output[p]);
  }
  for (uint32_t p = 0; p < 2 * disk->partition_count; p++) free(disk->awaitings[p].items);
  free(disk->awaitings);
  books_free(disk);
  free(disk->input);
  free(disk->output);
  coordinator_free(disk);
  free(disk);
  node->disk[0] = NULL;
}

static message_fn *const on[WIRE__COUNT] = {
    [WIRE_PRODUCE] = append_on_produce,
    [WIRE_FETCH] = fetch_on_request,
    [WIRE_COMMIT] = coordinator_on_request,
    [WIRE_JOIN] = coordinator_on_request,
    [WIRE_SYNC] = coordinator_on_request,
    [WIRE_HEARTBEAT] = coordinator_on_request,
    [WIRE_LEAVE] = coordinator_on_request,
    [WIRE_OFFSETS] = coordinator_on_request,
    [WIRE_LIST_OFFSETS] = fetch_on_list_offsets,
    [WIRE_INIT_PRODUCER] = coordinator_on_request,
    [WIRE_ADD_PARTITIONS] = coordinator_on_request,
    [WIRE_OUTPUT] = verification_output,
    [WIRE_VERIFY] = coordinator_on_request,
    [WIRE_VERIFIED] = verification_on_verified,
    [WIRE_TXN_OFFSETS] = coordinator_on_request,
    [WIRE_END_TXN] = coordinator_on_request,
    [WIRE_MARKER] = append_on_marker,
    [WIRE_MARKED] = coordinator_on_request,
    [WIRE_METADATA] = on_metadata,
    [WIRE_REPLICA_FETCH] = replica_on_fetch,
    [WIRE_REPLICA_FETCHED] = follower_on_fetched,
    [WIRE_REGISTERED] = registration_on_registered,
    [WIRE_BROKER_HEARTBEAT_ANSWER] = registration_on_heartbeat,
    [WIRE_METADATA_FETCHED] = registration_on_metadata,
    [WIRE_PARTITION_ALTERED] = registration_on_altered,
    [WIRE_LEADERS_ELECTED] = registration_on_elected,
    [WIRE_API_VERSIONS] = on_api_versions,
};
static const char *const stage_names[] = {"up"};
static timer_fn *const on_timer[BROKER_TIMER__COUNT] = {
    [TIMER_SESSION] = coordinator_on_session,
    [TIMER_REBALANCE] = coordinator_on_rebalance,
    [TIMER_RETENTION] = coordinator_on_retention,
    [TIMER_SWEEP] = coordinator_on_sweep,
    [TIMER_MARKERS] = coordinator_on_markers,
    [TIMER_CONTROL_REQUEST] = registration_on_request_timeout,
    [TIMER_CONTROL_RETRY] = registration_on_retry,
    [TIMER_HEARTBEAT_DUE] = registration_on_heartbeat_timer,
    [TIMER_LAG] = replica_on_lag,
    [TIMER_FETCH_WAIT] = replica_on_wait_over,
    [TIMER_LOADED] = coordinator_on_loaded,
};
static const char *const timer_names[] = {
    "session",         "rebalance",     "retention",     "transaction-sweep", "markers",
    "control-request", "control-retry", "heartbeat-due", "replica-lag", "fetch-wait",
    "coordinator-loaded"};

const struct component kafka_broker = {
    .name = "kafka broker", .start = start, .on = on, .stage_names = stage_names, .stage_count = 1,
    .message_count = WIRE__COUNT, .messages = wire_kinds, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = BROKER_TIMER__COUNT, .arena_bytes = arena_bytes,
    .cost = cost, .busy = busy, .terminate = registration_terminate,
    .disconnected = disconnected, .struck = struck, .crash = crash,
    .disk_lost = disk_lost, .disk_reset = disk_reset, .disk_free = disk_free,
};
