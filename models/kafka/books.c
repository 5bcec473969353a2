/* Book-keeping for the judge, and for when a run has drained: what is held, what a reader of the output topic
 * has seen. No broker decides anything by it, so it may look at every node.
 *
 * With one copy it reads the leader's log. With replicas that log changes hands: of each topic partition the
 * books keeps the newest leader epoch whose leader has spoken, the end of that leader's log, and, of the
 * output topic, what readers were shown, offset by offset with its leader epoch. A new leader's log that
 * differs there (after an unclean election, or a loss of power of all who were in sync) undoes the effects
 * that are not in it.
 */
#include "models/kafka/consumer.h"
#include "models/kafka/replica.h"
#include "models/kafka/retention.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

#include <stdlib.h>

struct shown {
  uint64_t intent;
  uint32_t epoch;
  bool effect;
};
struct books_part { /* a topic partition */
  uint32_t epoch;
  const struct partition_log *log; /* input: that leader's, NULL before there was one */
  uint64_t end;
  uint64_t held;        /* output: records that no reader has passed */
  uint64_t doubted;     /* output: 1 = held, see books_doubt */
  uint64_t start, view; /* output: what was shown, and may still be undone */
  struct shown *shown;  /* ring by offset */
  size_t capacity;
};
struct books {
  struct books_part *parts;
  uint32_t count;
};

static struct books_part *part_of(const struct world *world, uint32_t topic_partition) {
  return &broker_disk(&world->nodes[world->first[ROLE_BROKER]])->books->parts[topic_partition];
}

static const struct node *coordinator(const struct world *world) {
  return &world->nodes[kafka_coordinator(world)];
}

/* --- Holds --- */

/* What a group has settled beyond the end of a log, as one loses its tail or a leader comes that has less, will be
 * other records. */
static void account_group(struct world *world, struct group *group, uint32_t partition,
                          uint64_t end) {
  struct settled *settled = &group->settled[partition];
  if (UNLIKELY(settled->offset > end)) settled->offset = end;
  world_hold_count(world, &settled->held, end - settled->offset);
}

/* What the coordinators know is one for all brokers: any of them has it. */
static void account_end(struct world *world, const struct node *broker, uint32_t partition, uint64_t end) {
  const struct internal_topics *internal = broker_disk(broker)->internal;
  struct group *const last = internal->groups + internal->group_count;
  for (struct group *group = internal->groups; group < last; group++)
    account_group(world, group, partition, end);
}

void broker_account(struct world *world, uint32_t partition) {
  account_end(world, &world->nodes[world->first[ROLE_BROKER]], partition,
              kafka_replicated(world)
                  ? part_of(world, partition)->end
                  : broker_disk(&world->nodes[kafka_leader(world, partition)])->input[partition].end);
}

void books_hold_open(struct world *world, const struct partition_log *log, size_t before) {
  if (log->replicated || kafka_setting(world, KEY_ISOLATION) != READ_COMMITTED) return;
  for (size_t i = before; i < log->open_count; i++) world_hold(world, NULL);
  for (size_t i = log->open_count; i < before; i++) world_unhold(world, NULL);
}

static void account_output(struct world *world, struct books_part *part) {
  world_hold_count(world, &part->held, part->end > part->view ? part->end - part->view : 0);
}

uint64_t books_shared(const struct world *world, uint32_t partition, uint32_t epoch, uint64_t offset) {
  const struct partition_log *log = kafka_replicated(world)
                                        ? part_of(world, partition)->log
                                        : &broker_disk(&world->nodes[kafka_leader(world, partition)])->input[partition];
  return log ? log_shared(log, epoch, offset) : offset;
}

/* A leader that has not all that groups have gone past: what it has instead is still to be read. */
static void unsettle_lost(struct world *world, const struct partition_log *log, uint32_t partition) {
  const struct internal_topics *internal = broker_disk(coordinator(world))->internal;
  for (uint32_t i = 0; i < internal->group_count; i++) {
    struct settled *settled = &internal->groups[i].settled[partition];
    settled->offset = log_shared(log, settled->epoch, settled->offset);
  }
}

/* A commit that was long under way may be of records that are gone: what has taken their offsets is still to be read,
 * as the position of its reader tells, who was sent back, or the log. */
static uint64_t come_by(const struct world *world, uint16_t reader, uint32_t partition, uint64_t offset) {
  struct node *node = &world->nodes[reader];
  if (!node->alive) return offset;
  const struct consumer_part *part = &consumer_of(node)->parts[partition];
  return part->positioned && part->fetched < offset ? part->fetched : offset;
}

void books_committed(const struct world *world, struct group *group, const struct pending_offset *committed) {
  const uint32_t partition = committed->partition;
  struct settled *settled = &group->settled[partition];
  uint64_t offset = committed->offset;
  if (books_may_shrink(world))
    offset = books_shared(world, partition, committed->epoch, come_by(world, committed->reader, partition, offset));
  if (offset <= settled->offset) return;
  settled->offset = offset;
  settled->epoch = committed->epoch;
}

static void passed(struct world *world, const struct node *node, struct group *group, const struct record *from) {
  const uint32_t partition = from->key;
  const uint64_t offset = from->handle - from->extra;
  const bool replicated = broker_of(node)->replication != NULL;
  if (replicated && replica_of(node, partition)->state.leader_epoch < part_of(world, partition)->epoch) return;
  if (offset <= group->settled[partition].offset) return;
  group->settled[partition].offset = offset;
  group->settled[partition].epoch = from->number;
  broker_account(world, partition);
}

/* Not one that was long under way: since then its reader may have begun anew, further back. Nor one of a reader whose
 * partitions others may have by now, who begin at what is committed. */
void books_passed(struct world *world, const struct node *node, const struct message *fetch) {
  struct node *reader = &world->nodes[fetch->from];
  struct group *group = group_at(coordinator(world), reader->group);
  if (!reader->alive || group->state != GROUP_STABLE || consumer_of(reader)->generation != group->generation) return;
  for (uint32_t i = 0; i < fetch->record_count; i++) {
    const struct record *from = &fetch->records[i];
    const struct consumer_part *part = &consumer_of(reader)->parts[from->key];
    if (part->positioned && part->fetched == from->handle)
      passed(world, node, group, from);
  }
}

/* --- Effects in the output topic --- */

static struct shown *shown_at(const struct books_part *part, uint64_t offset) {
  return &part->shown[offset & (part->capacity - 1)];
}

static void note_shown(struct books_part *part, const struct shown *shown) {
  if (part->view + 1 - part->start > part->capacity) {
    const struct books_part old = *part;
    part->capacity = 0;
    part->shown = grow(NULL, &part->capacity, old.view + 1 - old.start, sizeof *part->shown);
    for (uint64_t at = old.start; at < old.view; at++) *shown_at(part, at) = *shown_at(&old, at);
    free(old.shown);
  }
  *shown_at(part, part->view++) = *shown;
}

/* Who reads the output topic: what is committed only, and whether what it finds is a user's program's to judge. */
struct reader {
  bool committed, of_program;
};
static struct reader reader_of(const struct world *world) {
  return (struct reader){.committed = kafka_setting(world, KEY_ISOLATION) == READ_COMMITTED,
                         .of_program = plan_handler(world->plan, 0)->program != NULL};
}

/* Whether the entry has an effect on such a reader; false as well when the node died of it. */
static inline bool effect(struct world *world, struct node *node, const struct log_entry *entry, struct reader reader) {
  if (UNLIKELY(!(entry->flags & ENTRY_DATA)) || (reader.committed && (entry->flags & ENTRY_ABORTED))) return false;
  if (!world_point(world, node, POINT_EFFECT, true, entry->intent)) return false;
  if (LIKELY(!reader.of_program))
    world_effect(world, node, entry->intent, world->now.ns, 0);
  else if (world->observer && world->observer->published)
    world->observer->published(world->observer->context, world, entry->intent);
  world_point(world, node, POINT_EFFECT, false, entry->intent);
  return !reader.of_program;
}

void books_doubt(struct world *world, const struct node *dying) {
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    const uint32_t topic_partition = kafka_output(world, p);
    struct books_part *part = part_of(world, topic_partition);
    bool led = false, lacks = false;
    for (uint32_t n = 0; n < replica_count(world); n++) {
      const struct node *node = world_node(world, ROLE_BROKER, replica_broker(world, topic_partition, n));
      lacks |= broker_log(node, topic_partition)->end < part->view;
      if (node == dying || !node->alive) continue;
      const struct replica *replica = replica_of(node, topic_partition);
      led |= replica->leads && replica->state.leader_epoch == part->epoch;
    }
    world_hold_count(world, &part->doubted, !led && lacks);
  }
}

static void show_replica(struct world *world, struct node *node, uint32_t partition) {
  const struct replica *replica = replica_of(node, kafka_output(world, partition));
  struct books_part *part = part_of(world, kafka_output(world, partition));
  if (!replica->leads || replica->state.leader_epoch != part->epoch) return; /* [I3] of replica.h */
  struct partition_log *log = &broker_disk(node)->output[partition];
  const struct reader reader = reader_of(world);
  uint64_t until = reader.committed ? log_stable(log) : log_committed(log);
  while (part->view < until && !node->doomed) {
    const struct log_entry entry = *log_at(log, part->view);
    struct shown shown = {.intent = entry.intent, .epoch = log_epoch_at(log, part->view)};
    shown.effect = effect(world, node, &entry, reader);
    if (!shown.effect && node->doomed) break;
    note_shown(part, &shown);
  }
  account_output(world, part);
  if (!world_expects(world, VERB_DISK_GONE))
    replica_trim(world, node, kafka_output(world, partition), part->view);
  if (part->start < log->start) part->start = log->start;
}

void broker_show(struct world *world, struct node *node, uint32_t partition) {
  if (UNLIKELY(broker_of(node)->replication != NULL)) return show_replica(world, node, partition);
  struct partition_log *log = &broker_disk(node)->output[partition];
  const struct reader reader = reader_of(world);
  uint64_t until = reader.committed ? log_stable(log) : log->end;
  for (; log->view < until && !node->doomed; log->view++) {
    const struct log_entry *entry = log_at(log, log->view);
    if (UNLIKELY(!effect(world, node, entry, reader)) && node->doomed) return;
  }
  retention_passed(world, log, log->view);
}

/* What was shown and is not in this log, from the first difference on, has not happened. */
static void undo(struct world *world, const struct node *node, struct books_part *part,
                 const struct partition_log *log) {
  uint64_t same = part->start > log->start ? part->start : log->start;
  if (same > part->view) same = part->view;
  while (same < part->view && same < log->end &&
         log_epoch_at(log, same) == shown_at(part, same)->epoch)
    same++;
  for (uint64_t at = same; at < part->view; at++)
    if (shown_at(part, at)->effect)
      world_fact(world, FACT_EFFECT_UNDONE, node->id, shown_at(part, at)->intent, 0, 0);
  part->view = same;
}

/* Not inline: without replicas every append would save the registers that only this needs. */
static __attribute__((noinline)) void note_replica(struct world *world, struct node *node,
                                                   uint32_t topic_partition, const struct partition_log *log) {
  const bool input = topic_partition < world->plan->partitions;
  struct books_part *part = part_of(world, topic_partition);
  uint32_t epoch = replica_of(node, topic_partition)->state.leader_epoch;
  if (epoch < part->epoch) return; /* a leader that does not know yet that it is none */
  if (epoch > part->epoch && !input) undo(world, node, part, log);
  if (epoch > part->epoch && input) unsettle_lost(world, log, topic_partition);
  part->epoch = epoch;
  part->end = log->end;
  part->log = log;
  if (input) return broker_account(world, topic_partition);
  account_output(world, part);
  world_hold_count(world, &part->doubted, 0);
}

void books_note(struct world *world, struct node *node, uint32_t topic_partition) {
  const struct partition_log *log = broker_log(node, topic_partition);
  if (UNLIKELY(log->replicated))
    note_replica(world, node, topic_partition, log);
  else if (topic_partition < world->plan->partitions)
    account_end(world, node, topic_partition, log->end);
}

/* --- Its memory --- */

void books_make(struct world *world, struct node *node) {
  struct books *books = broker_disk(node)->books = calloc(1, sizeof *books);
  ASSERT(books);
  books->count = kafka_topic_partitions(world);
  books->parts = calloc(books->count, sizeof *books->parts);
  ASSERT(books->parts);
}

void books_reset(struct broker_disk *disk) {
  for (uint32_t i = 0; disk->books && i < disk->books->count; i++) {
    struct books_part *part = &disk->books->parts[i];
    *part = (struct books_part){.shown = part->shown, .capacity = part->capacity};
  }
}

void books_free(struct broker_disk *disk) {
  if (!disk->books) return;
  for (uint32_t i = 0; i < disk->books->count; i++) free(disk->books->parts[i].shown);
  free(disk->books->parts);
  free(disk->books);
}
