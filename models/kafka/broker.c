#include "models/kafka/broker.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

/* CPU of a request: a fixed part, and so much for each KiB that it brings. */
static int64_t cost(const struct world *world, const struct message *message) {
  const struct settings *costs = &world->plan->costs;
  return costs->values[COST_BROKER_REQUEST].i +
         costs->values[COST_BROKER_PER_KIB].i * (int64_t)message->size / 1024;
}

void broker_account(struct world *world, uint32_t partition) {
  const struct partition_log *log =
      &broker_disk(&world->nodes[kafka_leader(world, partition)])->input[partition];
  struct group *group = &broker_disk(&world->nodes[kafka_coordinator(world)])->group;
  uint64_t settled = group->settled[partition];
  uint64_t open = log->end > settled ? log->end - settled : 0;
  for (; group->accounted[partition] < open; group->accounted[partition]++) world_hold(world, NULL);
  for (; group->accounted[partition] > open; group->accounted[partition]--)
    world_unhold(world, NULL);
}

/* --- Fetching --- */

/* Fills an answer with what there is for a fetch; 0 = nothing yet. */
static uint32_t gather(struct world *world, const struct node *node, const struct message *fetch,
                       struct record *out, uint32_t most) {
  (void)world;
  uint32_t count = 0;
  for (uint32_t i = 0; i < fetch->record_count && count < most; i++) {
    uint32_t partition = fetch->records[i].key;
    const struct partition_log *log = &broker_disk(node)->input[partition];
    for (uint64_t at = fetch->records[i].handle; at < log->end && count < most; at++) {
      const struct log_entry *entry = log_at(log, at);
      out[count++] = (struct record){.intent = entry->intent, .handle = at, .key = entry->key,
                                     .size = entry->size, .extra = partition};
    }
  }
  return count;
}

static uint32_t available(const struct node *node, const struct message *fetch, uint32_t most) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < fetch->record_count && count < most; i++) {
    const struct partition_log *log = &broker_disk(node)->input[fetch->records[i].key];
    if (log->end > fetch->records[i].handle) count += log->end - fetch->records[i].handle;
  }
  return count < most ? (uint32_t)count : most;
}

static bool answer_fetch(struct world *world, struct node *node, const struct message *fetch) {
  uint32_t most = (uint32_t)fetch->a, count = available(node, fetch, most);
  if (count == 0) return false;
  struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
  struct record *records = message_records(&world->messages, answer, count);
  ASSERT_EQ(gather(world, node, fetch, records, count), count);
  for (uint32_t i = 0; i < count; i++) answer->size += records[i].size;
  world_send(world, node, answer);
  return true;
}

/* A position that the log does not have any more, or not yet again: the consumer is told the nearest. */
static bool answer_out_of_range(struct world *world, struct node *node, const struct message *fetch) {
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    const struct partition_log *log = &broker_disk(node)->input[fetch->records[i].key];
    uint64_t position = fetch->records[i].handle;
    if (position >= log->start && position <= log->end) continue;
    struct message *answer = world_answer(world, node, fetch, WIRE_FETCHED);
    answer->a = (int64_t)fetch->records[i].key + 1;
    answer->b = (int64_t)(position < log->start ? log->start : log->end);
    world_send(world, node, answer);
    return true;
  }
  return false;
}

static void unpark(struct world *world, struct broker *broker, uint32_t consumer) {
  if (!broker->parked[consumer].fetch) return;
  world_release(world, broker->parked[consumer].fetch);
  broker->parked[consumer].fetch = NULL;
  broker->parked[consumer].serial++;
}

static void wait_for(struct world *world, struct broker *broker, uint32_t partition,
                     uint16_t consumer) {
  struct waiting *row = &broker->waiting[(size_t)partition * world->count[ROLE_CONSUMER]];
  uint32_t serial = broker->parked[consumer].serial, i = 0;
  while (i < broker->waiting_count[partition] && row[i].consumer != consumer) i++;
  if (i == broker->waiting_count[partition]) broker->waiting_count[partition]++;
  row[i] = (struct waiting){consumer, serial};
}

static void on_fetch(struct world *world, struct node *node, struct message *fetch) {
  struct broker *broker = broker_of(node);
  uint16_t consumer = (uint16_t)(fetch->from - world->first[ROLE_CONSUMER]);
  unpark(world, broker, consumer); /* a consumer has one fetch at a broker: this one */
  for (uint32_t i = 0; i < fetch->record_count; i++)
    log_trim(&broker_disk(node)->input[fetch->records[i].key],
             fetch->records[i].handle - fetch->records[i].extra);
  if (answer_out_of_range(world, node, fetch) || answer_fetch(world, node, fetch)) return;
  world_take(fetch);
  broker->parked[consumer].fetch = fetch;
  for (uint32_t i = 0; i < fetch->record_count; i++)
    wait_for(world, broker, fetch->records[i].key, consumer);
}

/* There is something new in a partition: whoever waits for it gets it. */
static void wake(struct world *world, struct node *node, uint32_t partition) {
  struct broker *broker = broker_of(node);
  struct waiting *row = &broker->waiting[(size_t)partition * world->count[ROLE_CONSUMER]];
  uint32_t count = broker->waiting_count[partition];
  broker->waiting_count[partition] = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct parked *parked = &broker->parked[row[i].consumer];
    if (!parked->fetch || parked->serial != row[i].serial) continue;
    answer_fetch(world, node, parked->fetch);
    unpark(world, broker, row[i].consumer);
  }
}

/* --- Appending --- */

static void answer_produce(struct world *world, struct node *node, const struct message *request,
                           enum wire kind, enum kafka_error error, int64_t acks) {
  if (acks == ACKS_0) return;
  struct message *answer = world_answer(world, node, request, kind);
  answer->a = error;
  answer->intent = request->intent;
  if (acks == ACKS_ALL && error == KAFKA_OK)
    answer->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

static enum kafka_error check(struct world *world, struct partition_log *log,
                              const struct batch *batch, uint32_t count, bool *out_duplicate) {
  const struct producer_expiration expiration = {
      kafka_setting(world, KEY_PRODUCER_EXPIRATION), kafka_setting(world, KEY_PRODUCER_EXPIRATION_CHECK)};
  return producer_state_check(&log->producers, batch, count, log_has_open(log, batch->producer),
                              world->now.ns, expiration, out_duplicate);
}

static void append(struct world *world, struct node *node, struct partition_log *log,
                   const struct batch *batch, const struct message *request, uint32_t partition) {
  log_roll(log, request->size, (uint64_t)kafka_setting(world, KEY_LOG_SEGMENT_BYTES));
  uint64_t offset = log_append(log, batch, request->records, request->record_count, world->now.ns,
                               kafka_setting(world, KEY_LOG_FLUSH_INTERVAL));
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  for (uint32_t i = 0; i < request->record_count; i++)
    world_fact(world, FACT_APPENDED, node->id, request->records[i].intent, offset + i, partition);
}

static bool points(struct world *world, struct node *node, enum point point, bool before,
                   struct message *message) {
  if (!world_armed(world, point)) return !node->doomed;
  return world_point_slow(world, node, point, before, message->intent, message);
}

static void on_produce(struct world *world, struct node *node, struct message *request) {
  uint32_t partition = (uint32_t)request->a;
  struct partition_log *log = &broker_disk(node)->input[partition];
  struct batch batch = unpack_producer(request->b, request->c);
  bool duplicate;
  enum kafka_error error = check(world, log, &batch, request->record_count, &duplicate);
  if (error == KAFKA_OK && !duplicate) {
    if (!points(world, node, POINT_APPENDED, true, request)) return;
    append(world, node, log, &batch, request, partition);
    broker_account(world, partition);
    if (!points(world, node, POINT_APPENDED, false, request)) return;
    wake(world, node, partition);
  }
  answer_produce(world, node, request, WIRE_PRODUCED, error, request->d);
}

/* --- The output topic --- */

/* What a reader of the chosen isolation sees now: each record that it passes has its effect. */
static void show(struct world *world, struct node *node, struct partition_log *log) {
  bool committed = kafka_setting(world, KEY_ISOLATION) == READ_COMMITTED;
  uint64_t until = committed ? log_stable(log) : log->end;
  for (; log->view < until && !node->doomed; log->view++) {
    const struct log_entry *entry = log_at(log, log->view);
    if (!(entry->flags & ENTRY_DATA) || (committed && (entry->flags & ENTRY_ABORTED))) continue;
    if (!world_point(world, node, POINT_EFFECT, true, entry->intent)) return;
    world_effect(world, node, entry->intent, world->now.ns, 0);
    world_point(world, node, POINT_EFFECT, false, entry->intent);
  }
  log_trim(log, log->view);
}

void broker_answer_output(struct world *world, struct node *node, const struct message *request,
                          enum kafka_error error) {
  if (error != KAFKA_OK && error != KAFKA_CONCURRENT_TRANSACTIONS)
    world_fact(world, FACT_FENCED, node->id, request->intent, error, (uint32_t)request->a);
  answer_produce(world, node, request, WIRE_OUTPUT_ANSWER, error, request->d);
}

/* Who reads committed data waits for the end of what is open, whether its coordinator knows it or not. */
static void hold_open(struct world *world, const struct partition_log *log, size_t before) {
  if (kafka_setting(world, KEY_ISOLATION) != READ_COMMITTED) return;
  for (size_t i = before; i < log->open_count; i++) world_hold(world, NULL);
  for (size_t i = log->open_count; i < before; i++) world_unhold(world, NULL);
}

void broker_write_output(struct world *world, struct node *node, struct message *request) {
  uint32_t partition = (uint32_t)request->a;
  struct partition_log *log = &broker_disk(node)->output[partition];
  struct batch batch = unpack_producer(request->b, request->c);
  size_t open = log->open_count;
  bool duplicate;
  enum kafka_error error = check(world, log, &batch, request->record_count, &duplicate);
  if (error == KAFKA_OK && !duplicate) {
    append(world, node, log, &batch, request, partition);
    hold_open(world, log, open);
    show(world, node, log);
  }
  broker_answer_output(world, node, request, error);
}

enum kafka_error broker_marker(struct world *world, struct node *node, uint32_t partition,
                               const struct batch *producer, bool commit) {
  struct partition_log *log = &broker_disk(node)->output[partition];
  const struct log_marker marker = {
      .producer = producer->producer, .epoch = producer->epoch, .commit = commit,
      .strict = kafka_setting(world, KEY_TRANSACTION_VERSION) != TRANSACTION_VERSION_1};
  size_t open = log->open_count;
  enum kafka_error error = log_write_marker(log, &marker, world->now.ns);
  if (error != KAFKA_OK) return error;
  verification_marked(world, node, partition, producer->producer);
  hold_open(world, log, open);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  show(world, node, log);
  return KAFKA_OK;
}

/* A marker that is refused is an old one: for its coordinator it is written. */
static void on_marker(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  enum kafka_error error =
      broker_marker(world, node, (uint32_t)request->a, &producer, request->c);
  struct message *answer = world_answer(world, node, request, WIRE_MARKED);
  answer->a = request->a;
  answer->b = request->b;
  answer->c = error;
  answer->d = request->d;
  world_send(world, node, answer);
}

/* --- Living and dying --- */

static void make_disk(struct world *world, struct node *node) {
  struct broker_disk *disk = calloc(1, sizeof *disk);
  ASSERT(disk);
  size_t partitions = world->plan->partitions;
  disk->partition_count = partitions;
  disk->input = calloc(partitions, sizeof *disk->input);
  disk->output = calloc(partitions, sizeof *disk->output);
  ASSERT(disk->input && disk->output);
  node->disk[0] = disk;
}

/* What each log knows of its producers, as a broker finds it when it starts. A clean shutdown takes a
 * snapshot first. LIMIT: a controlled shutdown first hands its partitions to a follower, whose memory is
 * whole; as long as no leader moves, that is the default of producer_snapshot. */
static void restart_producers(struct world *world, struct node *node, struct partition_log *logs) {
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    struct producer_states *producers = &logs[p].producers;
    bool alone = kafka_setting(world, KEY_PRODUCER_SNAPSHOT) == SNAPSHOT_LAST_BATCH;
    if (alone && node->death == DEATH_EXIT) producer_states_snapshot(producers, logs[p].end);
    if (!alone) producer_states_snapshot(producers, 0);
    producer_states_restart(producers, world->now.ns);
  }
}

/* A crash may have come between a marker and what it lets readers see. */
static void show_again(struct world *world, struct node *node) {
  for (uint32_t p = 0; p < world->plan->partitions && !node->doomed; p++)
    if (kafka_leader(world, p) == node->id) show(world, node, &broker_disk(node)->output[p]);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  if (!node->disk[0]) make_disk(world, node);
  size_t consumers = world->count[ROLE_CONSUMER], partitions = world->plan->partitions;
  struct broker *broker = node->state[0] = ARENA_NEW(&node->arena, struct broker, 1);
  broker->parked = ARENA_NEW(&node->arena, struct parked, consumers);
  broker->waiting_count = ARENA_NEW(&node->arena, uint32_t, partitions);
  broker->waiting = arena_alloc_raw(&node->arena, consumers * partitions * sizeof(struct waiting));
  if (kafka_setting(world, KEY_COMMIT) == COMMIT_IN_TRANSACTION)
    broker->verifying = ARENA_NEW(&node->arena, struct verified, consumers * partitions);
  if (node->id == kafka_coordinator(world)) {
    group_start(world, node);
    transactions_start(world, node);
  }
  if (reason != START_AGAIN) return;
  restart_producers(world, node, broker_disk(node)->input);
  restart_producers(world, node, broker_disk(node)->output);
  show_again(world, node);
}

static size_t arena_bytes(const struct plan *plan) {
  size_t consumers = plan->counts[ROLE_CONSUMER], partitions = plan->partitions;
  return 4096 + consumers * sizeof(struct parked) + partitions * sizeof(uint32_t) +
         consumers * partitions * (sizeof(struct waiting) + sizeof(struct verified));
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
  for (uint64_t at = end; output && at < log->view; at++) {
    const struct log_entry *entry = log_at(log, at);
    bool shown = (entry->flags & ENTRY_DATA) && !(committed && (entry->flags & ENTRY_ABORTED));
    if (shown) world_fact(world, FACT_EFFECT_UNDONE, node->id, entry->intent, 0, 0);
  }
  size_t open = log->open_count;
  log_lose_unsynced(log, kept);
  if (output) hold_open(world, log, open);
  faults_hit(world, node->down_by, node->id, 0);
  struct group *group = &broker_disk(&world->nodes[kafka_coordinator(world)])->group;
  if (!output) group_unsettle(world, group, partition);
}

static void drop_parked(struct world *world, struct node *node) {
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++) unpark(world, broker_of(node), i);
  struct group *group = &broker_disk(node)->group;
  for (size_t i = 0; i < group->member_count; i++) {
    if (group->members[i].joining) world_release(world, group->members[i].joining);
    group->members[i].joining = NULL;
  }
}

static void crash(struct world *world, struct node *node, bool power) {
  drop_parked(world, node);
  verification_drop(world, node);
  struct broker_disk *disk = broker_disk(node);
  for (uint32_t p = 0; power && p < disk->partition_count; p++) {
    if (kafka_leader(world, p) != node->id) continue;
    lose_unsynced(world, node, &disk->input[p], false, p);
    lose_unsynced(world, node, &disk->output[p], true, p);
  }
}

static uint32_t busy(const struct world *world, const struct node *node) {
  uint32_t parked = 0;
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++)
    parked += broker_of(node)->parked[i].fetch != NULL;
  return parked;
}

static void disk_reset(struct world *world, struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  if (!disk) return;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    log_reset(&disk->input[p]);
    log_reset(&disk->output[p]);
  }
  struct group *group = &disk->group;
  (void)world;
  group->member_count = group->pending_count = 0;
  group->generation = 0;
  group->state = GROUP_STABLE;
  group->gathering = false;
  for (uint32_t p = 0; p < disk->partition_count && group->committed; p++)
    group->committed[p] = group->settled[p] = group->accounted[p] = group->owner[p] = 0;
  transactions_reset(&disk->transactions);
}

static void disk_free(struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  if (!disk) return;
  for (uint32_t p = 0; p < disk->partition_count; p++) {
    log_free(&disk->input[p]);
    log_free(&disk->output[p]);
  }
  free(disk->input);
  free(disk->output);
  free(disk->group.members);
  free(disk->group.owner);
  free(disk->group.committed);
  free(disk->group.settled);
  free(disk->group.accounted);
  free(disk->group.pending);
  transactions_free(&disk->transactions);
  free(disk);
  node->disk[0] = NULL;
}

static message_fn *const on[WIRE__COUNT] = {
    [WIRE_PRODUCE] = on_produce,
    [WIRE_FETCH] = on_fetch,
    [WIRE_COMMIT] = group_on_commit,
    [WIRE_JOIN] = group_on_join,
    [WIRE_HEARTBEAT] = group_on_heartbeat,
    [WIRE_LEAVE] = group_on_leave,
    [WIRE_OFFSETS] = group_on_offsets,
    [WIRE_INIT_PRODUCER] = transactions_on_init,
    [WIRE_ADD_PARTITIONS] = transactions_on_add,
    [WIRE_OUTPUT] = verification_output,
    [WIRE_VERIFY] = transactions_on_verify,
    [WIRE_VERIFIED] = verification_on_verified,
    [WIRE_TXN_OFFSETS] = transactions_on_offsets,
    [WIRE_END_TXN] = transactions_on_end,
    [WIRE_MARKER] = on_marker,
    [WIRE_MARKED] = transactions_on_marked,
};
static const char *const stage_names[] = {"up"};
static timer_fn *const on_timer[BROKER_TIMER__COUNT] = {
    [TIMER_SESSION] = group_on_session,
    [TIMER_REBALANCE] = group_on_rebalance,
    [TIMER_SWEEP] = transactions_on_sweep,
    [TIMER_MARKERS] = transactions_on_markers,
};
static const char *const timer_names[] = {"session", "rebalance", "transaction-sweep", "markers"};

const struct component kafka_broker = {
    .name = "kafka broker", .start = start, .on = on, .stage_names = stage_names, .stage_count = 1,
    .message_count = WIRE__COUNT, .messages = wire_kinds, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = BROKER_TIMER__COUNT, .arena_bytes = arena_bytes,
    .disconnected = verification_disconnected, .cost = cost, .busy = busy, .crash = crash,
    .disk_reset = disk_reset, .disk_free = disk_free,
};
