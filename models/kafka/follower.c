#include "models/kafka/replica.h"

#include "sim/base/assert.h"

/* Whether this broker follows a partition at that leader, and may ask for it now. */
static bool follows(const struct world *world, const struct node *node, uint32_t tp,
                    uint32_t leader) {
  const struct replica *replica = replica_of(node, tp);
  uint32_t own = broker_index(world, node);
  return replica->state.leader == leader && leader != own &&
         replica_place(world, tp, own) < replica_count(world);
}

static struct record ask(const struct node *node, uint32_t tp) {
  const struct partition_log *log = broker_log(node, tp);
  uint32_t epoch = replica_of(node, tp)->state.leader_epoch;
  return (struct record){.key = tp,
                         .handle = log->end,
                         .extra = log_last_epoch(log),
                         .size = (uint32_t)(log->end - log->synced),
                         .count = (uint16_t)(epoch >> 16),
                         .flags = (uint16_t)epoch};
}

void follower_fetch(struct world *world, struct node *node, uint32_t leader) {
  struct replication *replication = replication_of(node);
  uint32_t count = 0, all = kafka_topic_partitions(world);
  if (node->doomed || client_waits(&replication->client, leader)) return;
  for (uint32_t p = 0; p < all; p++)
    count += follows(world, node, p, leader) && replica_of(node, p)->delayed_until <= world->now.ns;
  if (count == 0) return;
  uint16_t to = (uint16_t)(world->first[ROLE_BROKER] + leader);
  struct message *message = client_request(world, node, to, WIRE_REPLICA_FETCH);
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t p = 0, at = 0; p < all; p++)
    if (follows(world, node, p, leader) && replica_of(node, p)->delayed_until <= world->now.ns)
      records[at++] = ask(node, p);
  client_send(world, node, &replication->client, leader, message);
}

/* An error: this partition is not asked for again for a while. */
static void delay(struct world *world, struct node *node, uint32_t tp, uint32_t leader) {
  struct span wait = span_of(kafka_setting(world, KEY_REPLICA_FETCH_BACKOFF));
  replica_of(node, tp)->delayed_until = world->now.ns + wait.ns;
  world_after(world, node, 0, TIMER_CONTROL_RETRY, leader, wait);
}

/* Cuts off what the leader does not have: to where both logs end the same epoch
 * (AbstractFetcherThread.getOffsetTruncationState). */
static void truncate(struct world *world, struct node *node, uint32_t tp,
                     const struct record *header) {
  struct partition_log *log = broker_log(node, tp);
  uint64_t own_end, end = header->handle;
  (void)world;
  log_end_of_epoch(log, header->size, &own_end);
  log_truncate(log, own_end < end ? own_end : end);
}

/* Bytes of the batch that begins here. */
static uint64_t batch_bytes(const struct record *records, uint32_t count) {
  uint64_t bytes = records[0].size;
  for (uint32_t i = 1; i < count && !(records[i].flags & ENTRY_FIRST); i++) bytes += records[i].size;
  return bytes;
}

static void append(struct world *world, struct partition_log *log, const struct record *records,
                   uint32_t count) {
  uint64_t segment = (uint64_t)kafka_setting(world, KEY_LOG_SEGMENT_BYTES);
  int64_t flush = kafka_setting(world, KEY_LOG_FLUSH_INTERVAL);
  for (uint32_t i = 0; i < count; i++) {
    const struct record *record = &records[i];
    if ((record->flags & ENTRY_FIRST) && !(record->flags & ENTRY_MARKER))
      log_roll(log, batch_bytes(record, count - i), segment);
    const struct log_entry entry = {.intent = record->intent,
                                    .key = record->key,
                                    .size = record->size,
                                    .producer = record->extra,
                                    .attempt = record->attempt,
                                    .epoch = record->count,
                                    .flags = record->flags,
                                    .sequence = (int32_t)(uint32_t)record->handle};
    log_replicate(log, &entry, (uint32_t)(record->handle >> 32), world->now.ns, flush);
  }
}

static void take_records(struct world *world, struct node *node, uint32_t tp,
                         const struct record *header) {
  struct partition_log *log = broker_log(node, tp);
  if (header->extra > 0 && !broker_flush(world, node, log)) return;
  append(world, log, header + 1, header->extra);
  uint64_t high_watermark = header->handle < log->end ? header->handle : log->end;
  if (high_watermark > log->high_watermark) log_set_high_watermark(log, high_watermark);
  log_trim(log, header->handle - header->size);
}

/* One partition's part of an answer. */
static void take(struct world *world, struct node *node, uint32_t leader,
                 const struct record *header) {
  uint32_t tp = header->key;
  bool current = follows(world, node, tp, leader) &&
                 (uint16_t)replica_of(node, tp)->state.leader_epoch == header->count;
  if (!current) return; /* the controller has decided otherwise meanwhile */
  if (header->flags == FETCHED_RECORDS) take_records(world, node, tp, header);
  if (header->flags == FETCHED_NOT_LEADER) delay(world, node, tp, leader);
  if (header->flags == FETCHED_DIVERGED) truncate(world, node, tp, header);
  if (header->flags == FETCHED_TRUNCATED) log_restart_at(broker_log(node, tp), header->handle);
}

void follower_on_fetched(struct world *world, struct node *node, struct message *answer) {
  uint32_t leader = answer->from - world->first[ROLE_BROKER];
  if (!client_answered(world, &replication_of(node)->client, leader, answer)) return;
  for (uint32_t i = 0; i < answer->record_count;) {
    const struct record *header = &answer->records[i];
    i += 1 + header->extra;
    ASSERT_LE(i, answer->record_count);
    take(world, node, leader, header);
  }
  follower_fetch(world, node, leader);
}
