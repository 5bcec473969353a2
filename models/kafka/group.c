/* The group coordinator.
 *
 *   STABLE --join, leave, session over--> PREPARING --all members have joined, or max.poll.interval--> STABLE
 *
 * Members learn of PREPARING from their heartbeats, finish what they do, commit and join again; then the
 * generation goes up by one and partitions are dealt out in ranges, in the order of members. Eager:
 * everybody gives up everything. A commit of an older generation is refused. Sources:
 * GroupCoordinatorConfig, ConsumerCoordinator, AbstractCoordinator of Kafka 4.0.
 *
 * LIMIT: JoinGroup and SyncGroup are one exchange; membership is dynamic; group metadata survives a
 * restart of the coordinator. A group that never committed starts at offset 0.
 *
 * Several groups (plan->groups): each is as above, by itself, for the clients of its own consumers.
 */
#include "models/kafka/broker.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

struct group *group_at(const struct node *coordinator, uint32_t group) {
  return &broker_disk(coordinator)->groups[group];
}

struct group *group_of(const struct world *world, const struct node *coordinator, uint64_t member) {
  return group_at(coordinator, world->nodes[member >> 32].group);
}

static struct group *group_of_sender(const struct world *world, const struct node *node,
                                     const struct message *request) {
  return group_at(node, world->nodes[request->from].group);
}

static struct member *find(const struct group *group, uint64_t id) {
  for (size_t i = 0; i < group->member_count; i++)
    if (group->members[i].id == id) return &group->members[i];
  return NULL;
}

static void start_session(struct world *world, struct node *node, struct member *member) {
  uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_SESSION_TIMEOUT)));
  if (member->session != TIMER_NONE) world_cancel(world, member->session);
  member->session = world_timer(world, node, 0, lane, TIMER_SESSION, member->id);
}

static void stop_session(struct world *world, struct member *member) {
  if (member->session != TIMER_NONE) world_cancel(world, member->session);
  member->session = TIMER_NONE;
}

/* --- Rebalancing --- */

void group_unsettle(struct world *world, struct group *group, uint32_t partition) {
  group->settled[partition] = group->committed[partition];
  broker_account(world, partition);
}

static void assign(struct world *world, struct node *node, struct group *group,
                   struct member *member, size_t rank) {
  size_t partitions = world->plan->partitions, members = group->member_count;
  size_t each = partitions / members, more = partitions % members;
  size_t first = rank * each + (rank < more ? rank : more), count = each + (rank < more);
  struct message *answer = world_answer(world, node, member->joining, WIRE_JOINED);
  answer->a = (int64_t)member->id;
  answer->b = group->generation;
  if (count > 0) {
    struct record *records = message_records(&world->messages, answer, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
      group->owner[first + i] = member->id;
      records[i] = (struct record){.key = (uint32_t)(first + i)};
    }
  }
  world_send(world, node, answer);
  world_release(world, member->joining);
  member->joining = NULL;
  start_session(world, node, member);
}

static void complete(struct world *world, struct node *node, struct group *group) {
  group->state = GROUP_STABLE;
  group->gathering = false;
  group->generation++;
  if (group->rebalance != TIMER_NONE) world_cancel(world, group->rebalance);
  group->rebalance = TIMER_NONE;
  world_fact(world, FACT_REBALANCED, node->id, 0, group->generation, (uint32_t)group->member_count);
  for (size_t i = 0; i < group->member_count; i++) assign(world, node, group, &group->members[i], i);
}

static void complete_if_all_joined(struct world *world, struct node *node, struct group *group) {
  if (group->member_count == 0) return;
  for (size_t i = 0; i < group->member_count; i++)
    if (!group->members[i].joining) return;
  complete(world, node, group);
}

/* `first`: the group was empty, and waits a little for more members. */
static void prepare(struct world *world, struct node *node, struct group *group, bool first) {
  if (group->state == GROUP_STABLE) {
    group->state = GROUP_PREPARING;
    group->gathering = first;
    for (uint32_t p = 0; p < world->plan->partitions; p++) group_unsettle(world, group, p);
    enum kafka_key wait = first ? KEY_INITIAL_REBALANCE_DELAY : KEY_MAX_POLL_INTERVAL;
    uint16_t lane = world_lane(world, span_of(kafka_setting(world, wait)));
    uint64_t number = (uint64_t)(group - broker_disk(node)->groups);
    group->rebalance = world_timer(world, node, 0, lane, TIMER_REBALANCE, number);
  }
  if (!group->gathering) complete_if_all_joined(world, node, group);
}

/* Members stand in the order of their ids: consumer.1 before consumer.2, old incarnations first. */
static struct member *add(struct group *group, uint64_t id) {
  GROW(group->members, group->member_capacity, group->member_count + 1);
  size_t at = group->member_count++;
  for (; at > 0 && group->members[at - 1].id > id; at--)
    group->members[at] = group->members[at - 1];
  group->members[at] = (struct member){.id = id, .session = TIMER_NONE};
  return &group->members[at];
}

static void drop(struct world *world, struct node *node, struct group *group, struct member *member) {
  stop_session(world, member);
  if (member->joining) world_release(world, member->joining);
  world_fact(world, FACT_EXPIRED, node->id, 0, member->id, 0);
  for (struct member *end = group->members + --group->member_count; member < end; member++)
    *member = member[1];
}

void group_on_join(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of_sender(world, node, request);
  uint64_t id = (uint64_t)request->from << 32 | request->from_incarnation;
  struct member *member = find(group, id);
  bool first = group->member_count == 0;
  if (!member) member = add(group, id);
  stop_session(world, member); /* while it is joining the rebalance timeout watches over it */
  if (member->joining) world_release(world, member->joining);
  member->joining = request;
  world_take(request);
  prepare(world, node, group, first);
}

void group_on_heartbeat(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of_sender(world, node, request);
  struct member *member = find(group, (uint64_t)request->a);
  struct message *answer = world_answer(world, node, request, WIRE_HEARTBEAT_ANSWER);
  answer->a = group_check(group, (uint64_t)request->a, (uint64_t)request->b);
  if (answer->a == KAFKA_OK && group->state == GROUP_PREPARING)
    answer->a = KAFKA_REBALANCE_IN_PROGRESS;
  if (member && !member->joining) start_session(world, node, member);
  world_send(world, node, answer);
}

void group_on_leave(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of_sender(world, node, request);
  struct member *member = find(group, (uint64_t)request->a);
  world_send(world, node, world_answer(world, node, request, WIRE_LEFT));
  if (!member) return;
  drop(world, node, group, member);
  if (group->member_count > 0) prepare(world, node, group, false);
}

void group_on_session(struct world *world, struct node *node, uint64_t id) {
  struct group *group = group_of(world, node, id);
  struct member *member = find(group, id);
  ASSERT(member);
  member->session = TIMER_NONE;
  drop(world, node, group, member);
  if (group->member_count > 0) prepare(world, node, group, false);
}

void group_on_rebalance(struct world *world, struct node *node, uint64_t number) {
  struct group *group = group_at(node, (uint32_t)number);
  group->rebalance = TIMER_NONE;
  for (size_t i = group->member_count; i-- > 0;)
    if (!group->members[i].joining) drop(world, node, group, &group->members[i]);
  if (group->member_count > 0) complete(world, node, group);
}

/* --- Offsets --- */

enum kafka_error group_check(const struct group *group, uint64_t id, uint64_t generation) {
  if (!find(group, id)) return KAFKA_UNKNOWN_MEMBER;
  return generation == group->generation ? KAFKA_OK : KAFKA_ILLEGAL_GENERATION;
}

static void advance(struct world *world, struct group *group, uint32_t partition, uint64_t offset) {
  group->committed[partition] = offset;
  if (offset > group->settled[partition]) group->settled[partition] = offset;
  broker_account(world, partition);
}

static void commit_offset(struct world *world, const struct node *node, struct group *group,
                          const struct record *record) {
  uint32_t all = MUTANT(KAFKA_GROUPS_SHARE_OFFSETS) ? broker_disk(node)->group_count : 0;
  for (uint32_t i = 0; i < all; i++)
    advance(world, group_at(node, i), record->extra, record->handle + 1);
  advance(world, group, record->extra, record->handle + 1);
}

void group_on_commit(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of_sender(world, node, request);
  struct message *answer = world_answer(world, node, request, WIRE_COMMITTED);
  answer->a = group_check(group, (uint64_t)request->a, (uint64_t)request->b);
  if (answer->a == KAFKA_OK) {
    bool armed = world_armed(world, POINT_ACK_APPLIED);
    if (armed && !world_point_slow(world, node, POINT_ACK_APPLIED, true, 0, request))
      return world_release(world, answer);
    for (uint32_t i = 0; i < request->record_count; i++)
      commit_offset(world, node, group, &request->records[i]);
    world_count(world, COUNTER_DURABLE_WRITES, 1);
    if (armed) world_point_slow(world, node, POINT_ACK_APPLIED, false, 0, request);
  } else {
    world_fact(world, FACT_FENCED, node->id, 0, (uint64_t)answer->a, 0);
  }
  answer->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

static bool unstable(const struct group *group, uint32_t partition) {
  if (MUTANT(KAFKA_PENDING_OFFSETS_IGNORED)) return false;
  for (size_t i = 0; i < group->pending_count; i++)
    if (group->pending[i].partition == partition) return true;
  return false;
}

void group_on_offsets(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of_sender(world, node, request);
  struct message *answer = world_answer(world, node, request, WIRE_OFFSETS_ANSWER);
  struct record *records = message_records(&world->messages, answer, request->record_count);
  for (uint32_t i = 0; i < request->record_count; i++) {
    uint32_t partition = request->records[i].key;
    if (unstable(group, partition)) answer->a = KAFKA_UNSTABLE_OFFSET;
    records[i] = (struct record){.key = partition, .handle = group->committed[partition]};
  }
  world_send(world, node, answer);
}

void group_pend(struct group *group, uint32_t producer, const struct record *records,
                uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    size_t at = 0;
    while (at < group->pending_count && (group->pending[at].producer != producer ||
                                         group->pending[at].partition != records[i].extra))
      at++;
    if (at == group->pending_count) {
      GROW(group->pending, group->pending_capacity, at + 1);
      group->pending[group->pending_count++] =
          (struct pending_offset){.producer = producer, .partition = records[i].extra};
    }
    group->pending[at].offset = records[i].handle + 1;
  }
}

void group_end_pending(struct world *world, struct group *group, uint32_t producer, bool commit) {
  size_t left = 0;
  for (size_t i = 0; i < group->pending_count; i++) {
    const struct pending_offset pending = group->pending[i];
    if (pending.producer != producer)
      group->pending[left++] = pending;
    else if (commit)
      advance(world, group, pending.partition, pending.offset);
  }
  group->pending_count = left;
}

static void start_group(struct world *world, struct node *node, struct group *group) {
  GROW(group->owner, group->partition_capacity[0], world->plan->partitions);
  GROW(group->committed, group->partition_capacity[1], world->plan->partitions);
  GROW(group->settled, group->partition_capacity[2], world->plan->partitions);
  GROW(group->accounted, group->partition_capacity[3], world->plan->partitions);
  group->rebalance = TIMER_NONE;
  for (size_t i = 0; i < group->member_count; i++) {
    group->members[i].session = TIMER_NONE;
    start_session(world, node, &group->members[i]);
  }
  if (group->state == GROUP_STABLE || group->member_count == 0) return;
  group->gathering = false;
  group->state = GROUP_STABLE; /* a rebalance that the crash interrupted begins again */
  prepare(world, node, group, false);
}

void group_start(struct world *world, struct node *node) {
  for (uint32_t i = 0; i < broker_disk(node)->group_count; i++)
    start_group(world, node, group_at(node, i));
}
