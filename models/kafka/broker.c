#include "models/kafka/broker.h"

#include "models/kafka/coordinator.h"
#include "models/kafka/replica.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

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

/* --- Fetching --- */

/* How far consumers may read. */
static uint64_t readable(const struct partition_log *log) {
  return MUTANT(KAFKA_READ_ABOVE_HIGH_WATERMARK) ? log->end : log_committed(log);
}

/* What there is for a fetch, found in one pass: most of its partitions have nothing new. */
struct found {
  bool out_of_range; /* the log has not every position that it names */
  uint32_t first;    /* of its partitions with something new */
  uint32_t count;    /* of records, at most as many as it asks for */
};

static bool has_position(const struct partition_log *log, const struct record *from) {
  return from->handle >= log->start && log_shared(log, from->number, from->handle) == from->handle;
}

static __attribute__((noinline)) bool has_positions(const struct node *node, const struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++)
    if (!has_position(&broker_disk(node)->input[fetch->records[i].key], &fetch->records[i])) return false;
  return true;
}

static inline __attribute__((always_inline)) struct found look(const struct node *node, const struct message *fetch) {
  const struct partition_log *input = broker_disk(node)->input;
  const uint64_t most = (uint64_t)fetch->a;
  struct found found = {.first = fetch->record_count};
  uint64_t count = 0;
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    const struct record *from = &fetch->records[i];
    const struct partition_log *log = &input[from->key];
    const uint64_t end = readable(log);
    found.out_of_range |= from->handle < log->start || from->handle > log->end;
    if (end <= from->handle) continue;
    if (count == 0) found.first = i;
    count += end - from->handle;
  }
  found.count = (uint32_t)(count < most ? count : most);
  return found;
}

static __attribute__((noinline)) void name_epochs(const struct node *node, struct message *answer) {
  answer->d = true;
  for (uint32_t i = 0; i < answer->record_count; i++) {
    struct record *record = &answer->records[i];
    record->number = log_epoch_at(&broker_disk(node)->input[record->extra], record->handle);
  }
}

/* Fills the records of an answer, which there are, from a partition of the fetch on; returns their bytes. */
static uint32_t gather(const struct node *node, const struct message *fetch, uint32_t first, uint32_t count,
                       struct record *out) {
  const struct record *out_end = out + count;
  uint32_t bytes = 0;
  for (const struct record *from = fetch->records + first; out < out_end; from++) {
    const struct partition_log *log = &broker_disk(node)->input[from->key];
    const uint64_t end = readable(log);
    for (uint64_t at = from->handle; at < end && out < out_end; at++) {
      const struct log_entry *entry = log_at(log, at);
      *out++ = (struct record){.intent = entry->intent, .handle = at, .key = entry->key,
                               .size = entry->size, .extra = from->key, .attempt = entry->attempt};
      bytes += entry->size;
    }
  }
  return bytes;
}

/* With so many records, at least one, from a partition of the fetch on. */
static void answer_fetch(struct world *world, struct node *node, const struct message *fetch, uint32_t first,
                         uint32_t count) {
  struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
  answer->size = gather(node, fetch, first, count, message_records(&world->messages, answer, count));
  if (UNLIKELY(broker_of(node)->logs_shrink)) name_epochs(node, answer);
  world_send(world, node, answer);
}

/* A position that the log does not have any more, or not yet again, or where it has other records before by now: the
 * consumer is told the nearest. */
static void answer_out_of_range(struct world *world, struct node *node, const struct message *fetch) {
  const struct partition_log *input = broker_disk(node)->input;
  const struct record *from = fetch->records;
  while (has_position(&input[from->key], from)) from++;
  const struct partition_log *log = &input[from->key];
  const uint64_t shared = log_shared(log, from->number, from->handle);
  const uint64_t nearest = shared > log->start ? shared : log->start;
  struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
  answer->a = (int64_t)from->key + 1;
  answer->b = (int64_t)nearest;
  answer->d = nearest > 0 ? log_epoch_at(log, nearest - 1) : 0;
  world_send(world, node, answer);
}

/* A partition that this broker does not lead: the consumer has to find who does. */
static bool answer_not_leader(struct world *world, struct node *node, const struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    if (broker_leads(node, fetch->records[i].key)) continue;
    struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
    answer->c = KAFKA_NOT_LEADER;
    world_send(world, node, answer);
    return true;
  }
  return false;
}

static void unpark(struct world *world, struct parked *parked) { /* there is a fetch */
  world_release(world, parked->fetch);
  parked->fetch = NULL;
  parked->serial++;
}

/* The i-th that waits for a partition. */
static inline struct waiting *waiting_at(const struct world *world, const struct broker *broker, uint32_t partition,
                                         uint32_t i) {
  return &broker->waiting[(size_t)i * world->plan->partitions + partition];
}

/* Parks a fetch: it waits for each of its partitions. */
static void park(struct world *world, struct broker *broker, struct message *fetch, uint16_t consumer) {
  const struct waiting one = {consumer, broker->parked[consumer].serial};
  world_take(fetch);
  broker->parked[consumer].fetch = fetch;
  for (uint32_t n = 0; n < fetch->record_count; n++) {
    const uint32_t partition = fetch->records[n].key, count = broker->waiting_count[partition];
    uint32_t i = 0;
    while (i < count && waiting_at(world, broker, partition, i)->consumer != consumer) i++;
    if (i == count) broker->waiting_count[partition] = count + 1;
    *waiting_at(world, broker, partition, i) = one;
  }
}

/* Whether a new leader may say where its log ends: not before its high watermark has come to where its epoch began,
 * as its predecessor's may have been there, and what is told has to rise (KIP-207). */
static bool end_is_known(const struct partition_log *log) {
  return !log->replicated || log->epoch_count == 0 || log->high_watermark >= log->epochs[log->epoch_count - 1].offset;
}

static enum kafka_error list_error(const struct node *node, uint32_t partition, bool latest) {
  if (!broker_leads(node, partition)) return KAFKA_NOT_LEADER;
  return latest && !end_is_known(&broker_disk(node)->input[partition]) ? KAFKA_OFFSET_NOT_AVAILABLE : KAFKA_OK;
}

/* Where a log begins or ends, for a reader whose group has nothing committed. */
static void on_list_offsets(struct world *world, struct node *node, struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_LISTED);
  struct record *records = message_records(&world->messages, answer, request->record_count);
  struct group *group = group_of(world, &world->nodes[kafka_coordinator(world)], request->from);
  for (uint32_t i = 0; i < request->record_count; i++) {
    const uint32_t partition = request->records[i].key;
    const struct partition_log *log = &broker_disk(node)->input[partition];
    const enum kafka_error error = list_error(node, partition, request->a);
    if (error != KAFKA_OK && answer->b != KAFKA_NOT_LEADER) answer->b = error;
    records[i] = (struct record){.key = partition,
                                 .handle = request->a ? log_committed(log) : log->start,
                                 .number = log_epoch_at(log, request->a ? log->end : log->start)};
  }
  for (uint32_t i = 0; request->a && answer->b == KAFKA_OK && i < request->record_count; i++)
    group_skip(world, group, &records[i]);
  world_send(world, node, answer);
}

static void on_fetch(struct world *world, struct node *node, struct message *fetch) {
  struct broker *broker = broker_of(node);
  uint16_t consumer = (uint16_t)(fetch->from - world->first[ROLE_CONSUMER]);
  /* A consumer has one fetch at a broker: this one. */
  if (UNLIKELY(broker->parked[consumer].fetch != NULL)) unpark(world, &broker->parked[consumer]);
  if (UNLIKELY(broker->replication != NULL) && answer_not_leader(world, node, fetch)) return;
  const struct found found = look(node, fetch);
  if (UNLIKELY(found.out_of_range || (broker->logs_shrink && !has_positions(node, fetch))))
    return answer_out_of_range(world, node, fetch);
  if (UNLIKELY(broker->logs_shrink)) books_passed(world, node, fetch);
  if (found.count > 0)
    answer_fetch(world, node, fetch, found.first, found.count);
  else
    park(world, broker, fetch, consumer);
}

void broker_wake(struct world *world, struct node *node, uint32_t partition) {
  struct broker *broker = broker_of(node);
  uint32_t count = broker->waiting_count[partition], left = 0;
  broker->waiting_count[partition] = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct waiting one = *waiting_at(world, broker, partition, i);
    struct parked *parked = &broker->parked[one.consumer];
    if (!parked->fetch || parked->serial != one.serial) continue;
    const struct found found = look(node, parked->fetch);
    if (UNLIKELY(found.count == 0)) { /* it has read on at the leader before: the watermark has not come to there yet */
      *waiting_at(world, broker, partition, left++) = one;
      continue;
    }
    answer_fetch(world, node, parked->fetch, found.first, found.count);
    unpark(world, parked);
  }
  broker->waiting_count[partition] = left;
}

/* --- Clients look for leaders --- */

void broker_resign(struct world *world, struct node *node, uint32_t topic_partition) {
  append_resign(world, node, topic_partition);
  if (topic_partition >= world->plan->partitions)
    verification_resign(world, node, topic_partition - world->plan->partitions);
  struct broker *broker = broker_of(node);
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    if (broker->parked[i].fetch && answer_not_leader(world, node, broker->parked[i].fetch))
      unpark(world, &broker->parked[i]);
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
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    if (broker_of(node)->parked[i].fetch) unpark(world, &broker_of(node)->parked[i]);
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
    [WIRE_FETCH] = on_fetch,
    [WIRE_COMMIT] = coordinator_on_request,
    [WIRE_JOIN] = coordinator_on_request,
    [WIRE_SYNC] = coordinator_on_request,
    [WIRE_HEARTBEAT] = coordinator_on_request,
    [WIRE_LEAVE] = coordinator_on_request,
    [WIRE_OFFSETS] = coordinator_on_request,
    [WIRE_LIST_OFFSETS] = on_list_offsets,
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
