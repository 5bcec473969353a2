#include "models/kafka/retention.h"

#include "models/kafka/consumer.h"
#include "models/kafka/coordinator.h"
#include "models/kafka/replica.h"

static void lower(uint64_t *least, uint64_t offset) {
  if (offset < *least) *least = offset;
}

/* By who goes on at an offset, or where this log has other records than he has read. */
static void lower_to(uint64_t *least, const struct partition_log *log, uint32_t epoch, uint64_t offset) {
  lower(least, log_shared(log, epoch, offset));
}

/* Where the next reader of a group begins: at what is committed, or where auto.offset.reset says. LIMIT: with the
 * default offsets.retention.minutes of a week no committed offset expires within a run; with less, all is kept. */
static void lower_to_group(const struct world *world, const struct group *group, uint32_t partition,
                           const struct partition_log *log, uint64_t *least) {
  const bool latest = kafka_setting(world, KEY_AUTO_OFFSET_RESET) == RESET_LATEST;
  const uint64_t committed = group->committed[partition];
  if (committed != OFFSET_NONE)
    lower_to(least, log, group->committed_epoch[partition], committed);
  else if (!latest)
    lower(least, 0);
  for (size_t i = 0; i < group->pending_count; i++)
    if (group->pending[i].partition == partition)
      lower_to(least, log, group->pending[i].epoch, group->pending[i].offset);
}

static uint64_t least_of_groups(const struct world *world, uint32_t partition, const struct partition_log *log) {
  const struct node *coordinator = &world->nodes[kafka_coordinator(world)];
  uint64_t least = log->end;
  if (kafka_setting(world, KEY_OFFSETS_RETENTION) < OFFSETS_RETENTION_DEFAULT) return 0;
  for (uint32_t i = 0; i < broker_disk(coordinator)->group_count; i++)
    lower_to_group(world, group_at(coordinator, i), partition, log, &least);
  return least;
}

/* What a reader knows to be committed, as it may still commit whatever is above that: also one that is a member no
 * longer and does not know. 0 while one is being told where to begin. */
static void lower_to_readers(const struct world *world, uint32_t partition, const struct partition_log *log,
                             uint64_t *least) {
  struct node *node = &world->nodes[world->first[ROLE_CONSUMER]];
  struct node *const last = node + world->count[ROLE_CONSUMER];
  for (; node < last; node++) {
    if (!node->alive) continue;
    const struct consumer_part *part = &consumer_of(node)->parts[partition];
    if (part->positioned) {
      const uint32_t epoch = consumer_of(node)->epochs[partition];
      lower_to(least, log, epoch, part->fetched);
      lower_to(least, log, epoch, part->committed);
    } else if (part->mine) {
      *least = 0;
    }
  }
}

/* Requests under way, of whoever, and those that brokers have parked. */
static void lower_to_messages(const struct world *world, uint32_t partition, const struct partition_log *log,
                              uint64_t *least) {
  uint32_t id = 0;
  for (const struct message *message; (message = message_next(&world->messages, &id));) {
    if (message->is_reply || world->nodes[message->to].role != ROLE_BROKER) continue;
    const bool fetches = message->kind == WIRE_FETCH;
    const bool commits = message->kind == WIRE_COMMIT || message->kind == WIRE_TXN_OFFSETS;
    for (uint32_t i = 0; (fetches || commits) && i < message->record_count; i++) {
      const struct record *record = &message->records[i];
      if ((fetches ? record->key : record->extra) == partition) lower_to(least, log, record->number, record->handle);
    }
  }
}

void retention_passed(struct world *world, struct partition_log *log, uint64_t below) {
  if (world_expects(world, VERB_DISK_GONE)) return;
  if (world_expects(world, VERB_POWER_LOSS))
    log_trim(log, below);
  else
    log_trim_unflushed(log, below);
}

/* Not inline: it is for one append of so many. */
__attribute__((noinline)) void retention_forget(struct world *world, struct node *node, uint32_t partition) {
  struct partition_log *log = &broker_disk(node)->input[partition];
  uint64_t least = least_of_groups(world, partition, log);
  if (least <= log->start) return;
  lower_to_readers(world, partition, log, &least);
  if (least <= log->start) return;
  lower_to_messages(world, partition, log, &least);
  if (log->replicated)
    replica_trim(world, node, partition, least);
  else
    retention_passed(world, log, least);
}
