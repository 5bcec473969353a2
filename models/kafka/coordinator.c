#include "models/kafka/coordinator.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

#include <stdlib.h>

static struct internal_topics *topics_of(const struct node *node) {
  return broker_disk(node)->internal;
}

uint16_t kafka_coordinator(const struct world *world) {
  const struct node *first = &world->nodes[world->first[ROLE_BROKER]];
  if (!first->disk[0]) return first->id;
  return (uint16_t)(first->id + topics_of(first)->leader);
}

bool coordinator_active(const struct world *world, const struct node *node) {
  return node->id == kafka_coordinator(world) && !topics_of(node)->loading;
}

uint32_t coordinator_epoch(const struct node *node) { return topics_of(node)->epoch; }

/* --- Requests --- */

struct request_row {
  message_fn *does;
  enum wire answer; /* WIRE__COUNT: it is an answer itself, and is let fall */
};
static const struct request_row requests[WIRE__COUNT] = {
    [WIRE_COMMIT] = {group_on_commit, WIRE_COMMITTED},
    [WIRE_JOIN] = {group_on_join, WIRE_JOINED},
    [WIRE_SYNC] = {group_on_sync, WIRE_SYNCED},
    [WIRE_HEARTBEAT] = {group_on_heartbeat, WIRE_HEARTBEAT_ANSWER},
    [WIRE_LEAVE] = {group_on_leave, WIRE_LEFT},
    [WIRE_OFFSETS] = {group_on_offsets, WIRE_OFFSETS_ANSWER},
    [WIRE_INIT_PRODUCER] = {transactions_on_init, WIRE_INIT_PRODUCER_ANSWER},
    [WIRE_ADD_PARTITIONS] = {transactions_on_add, WIRE_PARTITIONS_ADDED},
    [WIRE_TXN_OFFSETS] = {transactions_on_offsets, WIRE_TXN_OFFSETS_ANSWER},
    [WIRE_END_TXN] = {transactions_on_end, WIRE_END_TXN_ANSWER},
    [WIRE_VERIFY] = {transactions_on_verify, WIRE_VERIFIED},
    [WIRE_MARKED] = {transactions_on_marked, WIRE__COUNT},
};

static void refuse(struct world *world, struct node *node, const struct message *request,
                   enum wire kind) {
  enum kafka_error error =
      node->id == kafka_coordinator(world) ? KAFKA_COORDINATOR_LOADING : KAFKA_NOT_COORDINATOR;
  struct message *answer = world_answer(world, node, request, kind);
  answer->a = error;
  if (kind == WIRE_VERIFIED) {
    answer->a = request->a;
    answer->b = request->b;
    answer->c = error;
    answer->d = request->d;
  }
  world_send(world, node, answer);
}

void coordinator_on_request(struct world *world, struct node *node, struct message *request) {
  const struct request_row *row = &requests[request->kind];
  if (coordinator_active(world, node)) return row->does(world, node, request);
  if (row->answer != WIRE__COUNT) refuse(world, node, request, row->answer);
}

/* --- Time --- */

/* [C2] Sessions, waits and markers were cancelled; the others find that they are void. */
void coordinator_on_session(struct world *world, struct node *node, uint64_t id) {
  ASSERT(coordinator_active(world, node));
  group_on_session(world, node, id);
}

void coordinator_on_rebalance(struct world *world, struct node *node, uint64_t number) {
  ASSERT(coordinator_active(world, node));
  group_on_rebalance(world, node, number);
}

void coordinator_on_markers(struct world *world, struct node *node, uint64_t index) {
  ASSERT(coordinator_active(world, node));
  transactions_on_markers(world, node, index);
}

/* One that was set before it went and came back is early at worst, and sees that. */
void coordinator_on_retention(struct world *world, struct node *node, uint64_t number) {
  if (coordinator_active(world, node)) group_on_retention(world, node, number);
}

void coordinator_on_sweep(struct world *world, struct node *node, uint64_t epoch) {
  if (coordinator_active(world, node) && epoch == coordinator_epoch(node))
    transactions_on_sweep(world, node, epoch);
}

/* --- Moving --- */

/* The next broker that is up, or this one. */
static struct node *successor(struct world *world, const struct node *node) {
  uint32_t count = world->count[ROLE_BROKER], at = node->id - world->first[ROLE_BROKER];
  uint32_t step = 1;
  while (step < count) {
    const struct node *next = &world->nodes[world->first[ROLE_BROKER] + (at + step) % count];
    if (next->alive && !next->doomed && !next->stopping) break;
    step++;
  }
  return &world->nodes[world->first[ROLE_BROKER] + (at + step) % count];
}

void coordinator_on_loaded(struct world *world, struct node *node, uint64_t epoch) {
  struct internal_topics *topics = topics_of(node);
  if (node->id != kafka_coordinator(world) || epoch != topics->epoch || !topics->loading) return;
  topics->loading = false;
  if (MUTANT(KAFKA_PENDING_OFFSETS_NOT_LOADED))
    for (uint32_t i = 0; i < topics->group_count; i++) topics->groups[i].pending_count = 0;
  group_start(world, node);
  transactions_start(world, node);
}

uint32_t coordinator_struck(struct world *world, struct node *node) {
  struct internal_topics *topics = topics_of(node);
  struct node *next = successor(world, node);
  if (node->id != kafka_coordinator(world) || next == node || node->paused_until > world->now.ns)
    return 0;
  bool served = node->alive && coordinator_active(world, node);
  topics->leader = (uint32_t)(next->id - world->first[ROLE_BROKER]);
  topics->epoch++;
  topics->loading = true;
  world_after(world, next, 0, TIMER_LOADED, topics->epoch, span_of(COORDINATOR_LOAD_NS));
  uint32_t perturbed = transactions_under_way(node);
  if (!served) return perturbed + 1;
  transactions_resign(world, node);
  return perturbed + group_resign(world, node);
}

/* --- Living and dying --- */

void coordinator_make(struct world *world, struct node *node) {
  struct broker_disk *disk = broker_disk(node);
  if (node->id != world->first[ROLE_BROKER]) {
    disk->internal = topics_of(&world->nodes[world->first[ROLE_BROKER]]);
    return;
  }
  struct internal_topics *topics = disk->internal = calloc(1, sizeof *topics);
  ASSERT(topics);
  disk->makes_internal = true;
  topics->group_count = plan_group_count(world->plan);
  topics->groups = calloc(topics->group_count, sizeof *topics->groups);
  ASSERT(topics->groups);
}

void coordinator_reset(struct broker_disk *disk) {
  if (!disk->makes_internal) return;
  struct internal_topics *topics = disk->internal;
  topics->leader = topics->epoch = 0;
  topics->loading = false;
  for (uint32_t i = 0; i < topics->group_count; i++)
    group_reset(&topics->groups[i], disk->partition_count);
  transactions_reset(&topics->transactions);
}

void coordinator_free(struct broker_disk *disk) {
  if (!disk->makes_internal) return;
  struct internal_topics *topics = disk->internal;
  for (uint32_t i = 0; i < topics->group_count; i++) group_free(&topics->groups[i]);
  free(topics->groups);
  transactions_free(&topics->transactions);
  free(topics);
}
