/* Committed offsets: what a group's members have said, and where the next reader begins. */
#include "models/kafka/broker.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

void group_initial_offsets(struct world *world, struct group *group) {
  if (kafka_setting(world, KEY_AUTO_OFFSET_RESET) != RESET_NONE) return;
  for (uint32_t p = 0; p < world->plan->partitions; p++)
    if (group->committed[p] == OFFSET_NONE) group->committed[p] = 0;
}

void group_unsettle(struct world *world, struct group *group, uint32_t partition) {
  uint64_t next = group->committed[partition];
  if (next == OFFSET_NONE && kafka_setting(world, KEY_AUTO_OFFSET_RESET) == RESET_LATEST) return;
  struct settled *settled = &group->settled[partition];
  settled->epoch = group->committed_epoch[partition];
  settled->offset = next == OFFSET_NONE ? 0 : books_shared(world, partition, settled->epoch, next);
  broker_account(world, partition);
}

void group_skip(struct world *world, struct group *group, const struct record *listed) {
  struct settled *settled = &group->settled[listed->key];
  if (group->committed[listed->key] != OFFSET_NONE || listed->handle <= settled->offset) return;
  settled->offset = listed->handle;
  settled->epoch = listed->number;
  broker_account(world, listed->key);
}

void group_expire_offsets(struct world *world, struct node *node, struct group *group) {
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    if (group->committed[p] == OFFSET_NONE) continue;
    world_fact(world, FACT_EXPIRED, node->id, 0, group->committed[p], p);
    group->committed[p] = OFFSET_NONE;
    group->committed_epoch[p] = 0;
    group_unsettle(world, group, p);
  }
}

static void commit_offset(const struct world *world, struct group *group, const struct pending_offset *next) {
  group->committed[next->partition] = next->offset;
  group->committed_epoch[next->partition] = next->epoch;
  books_committed(world, group, next);
}

/* Most records of a commit are of the same partition as the one before: holds follow when another comes. */
static void commit_offsets(struct world *world, const struct node *node, struct group *group,
                           const struct message *request) {
  const struct record *records = request->records;
  for (uint32_t i = 0; i < request->record_count; i++) {
    const struct pending_offset next = {.partition = records[i].extra, .offset = records[i].handle + 1,
                                        .epoch = records[i].number, .reader = request->from};
    uint32_t all = MUTANT(KAFKA_GROUPS_SHARE_OFFSETS) ? broker_disk(node)->group_count : 0;
    while (all-- > 0) commit_offset(world, group_at(node, all), &next);
    commit_offset(world, group, &next);
    const bool last = i + 1 == request->record_count || records[i + 1].extra != records[i].extra;
    if (last) broker_account(world, records[i].extra);
  }
}

static void answer_commit(struct world *world, struct node *node, const struct message *request,
                          enum kafka_error error) {
  struct message *answer = world_answer(world, node, request, WIRE_COMMITTED);
  answer->a = error;
  answer->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

void group_refuse_commit(struct world *world, struct node *node, struct message *request,
                         enum kafka_error error) {
  world_fact(world, FACT_FENCED, node->id, 0, (uint64_t)error, 0);
  answer_commit(world, node, request, error);
}

void group_apply_commit(struct world *world, struct node *node, struct group *group,
                        struct message *request) {
  bool armed = world_armed(world, POINT_ACK_APPLIED);
  if (armed && !world_point_slow(world, node, POINT_ACK_APPLIED, true, 0, request)) return;
  commit_offsets(world, node, group, request);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  if (armed) world_point_slow(world, node, POINT_ACK_APPLIED, false, 0, request);
  answer_commit(world, node, request, KAFKA_OK);
}

static bool unstable(const struct group *group, uint32_t partition) {
  if (MUTANT(KAFKA_PENDING_OFFSETS_IGNORED)) return false;
  for (size_t i = 0; i < group->pending_count; i++)
    if (group->pending[i].partition == partition) return true;
  return false;
}

void group_on_offsets(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of(world, node, request->from);
  struct message *answer = world_answer(world, node, request, WIRE_OFFSETS_ANSWER);
  struct record *records = message_records(&world->messages, answer, request->record_count);
  for (uint32_t i = 0; i < request->record_count; i++) {
    uint32_t partition = request->records[i].key;
    if (unstable(group, partition)) answer->a = KAFKA_UNSTABLE_OFFSET;
    records[i] = (struct record){.key = partition, .handle = group->committed[partition],
                                 .number = group->committed_epoch[partition]};
  }
  world_send(world, node, answer);
}

void group_pend(struct group *group, uint32_t producer, const struct message *request) {
  const struct record *records = request->records;
  for (uint32_t i = 0; i < request->record_count; i++) {
    size_t at = 0;
    while (at < group->pending_count && (group->pending[at].producer != producer ||
                                         group->pending[at].partition != records[i].extra))
      at++;
    if (at == group->pending_count) {
      GROW(group->pending, group->pending_capacity, at + 1);
      group->pending[group->pending_count++] =
          (struct pending_offset){.producer = producer, .partition = records[i].extra};
    }
    group->pending[at].reader = request->from;
    group->pending[at].offset = records[i].handle + 1;
    group->pending[at].epoch = records[i].number;
  }
}

void group_end_pending(struct world *world, struct group *group, uint32_t producer, bool commit) {
  size_t left = 0;
  for (size_t i = 0; i < group->pending_count; i++) {
    const struct pending_offset pending = group->pending[i];
    if (pending.producer != producer)
      group->pending[left++] = pending;
    else if (commit) {
      commit_offset(world, group, &pending);
      broker_account(world, pending.partition);
    }
  }
  group->pending_count = left;
}
