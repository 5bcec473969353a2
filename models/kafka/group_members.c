/* Members of a group, what they wait for, and the steps of a rebalance. */
#include "models/kafka/assignment.h"
#include "models/kafka/group_state.h"
#include "models/mutants.h"
#include "sim/base/grow.h"

static bool cooperative(const struct world *world) {
  return kafka_setting(world, KEY_ASSIGNMENT_STRATEGY) == STRATEGY_COOPERATIVE_STICKY;
}

void group_answer(struct world *world, struct node *node, const struct message *request,
                  enum wire kind, enum kafka_error error) {
  struct message *answer = world_answer(world, node, request, kind);
  answer->a = error;
  world_send(world, node, answer);
}

/* --- Timers --- */

void group_stop_session(struct world *world, struct member *member) {
  if (member->session != TIMER_NONE) world_cancel(world, member->session);
  member->session = TIMER_NONE;
}

void group_start_session(struct world *world, struct node *node, struct member *member) {
  group_stop_session(world, member);
  if (MUTANT(KAFKA_NO_SESSION_TIMEOUT)) return;
  uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_SESSION_TIMEOUT)));
  member->session = world_timer(world, node, 0, lane, TIMER_SESSION, member->id);
}

void group_stop_wait(struct world *world, struct group *group) {
  if (group->rebalance != TIMER_NONE) world_cancel(world, group->rebalance);
  group->rebalance = TIMER_NONE;
}

static uint64_t number_of(const struct node *node, const struct group *group) {
  return (uint64_t)(group - broker_disk(node)->internal->groups);
}

void group_start_wait(struct world *world, struct node *node, struct group *group, int64_t ns) {
  group_stop_wait(world, group);
  group->rebalance =
      world_timer(world, node, 0, world_lane(world, span_of(ns)), TIMER_REBALANCE, number_of(node, group));
}

void group_start_retention(struct world *world, struct node *node, const struct group *group) {
  int64_t left = group->empty_since + kafka_retention(world) - world->now.ns;
  world_after(world, node, 0, TIMER_RETENTION, number_of(node, group), span_of(left > 0 ? left : 0));
}

/* --- Parked requests --- */

void group_release(struct world *world, struct message **parked) {
  if (*parked) world_release(world, *parked);
  *parked = NULL;
}

void group_park(struct world *world, struct message **place, struct message *request) {
  group_release(world, place);
  *place = request;
  world_take(request);
}

void group_answer_join(struct world *world, struct node *node, const struct group *group,
                       const struct member *member, const struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_JOINED);
  answer->b = group->generation;
  answer->c = member->id == group->leader;
  world_send(world, node, answer);
}

void group_answer_sync(struct world *world, struct node *node, const struct group *group,
                       struct member *member, const struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_SYNCED);
  answer->b = group->generation;
  uint32_t count = 0, partitions = world->plan->partitions;
  for (uint32_t p = 0; p < partitions; p++) count += group->owner[p] == member->id;
  if (count > 0) {
    struct record *records = message_records(&world->messages, answer, count);
    for (uint32_t p = 0, at = 0; p < partitions; p++)
      if (group->owner[p] == member->id) records[at++] = (struct record){.key = p};
  }
  member->synced = true;
  world_send(world, node, answer);
  group_start_session(world, node, member);
}

/* --- Rebalancing --- */

static void go_empty(struct world *world, struct node *node, struct group *group) {
  group->state = GROUP_EMPTY;
  group->leader = 0;
  group->empty_since = world->now.ns;
  group_start_retention(world, node, group);
}

static void elect_leader(struct group *group) {
  struct member *leader = group_find(group, group->leader);
  if (leader && leader->joined) return;
  for (size_t i = group->member_count; i-- > 0;)
    if (group->members[i].joined) group->leader = group->members[i].id;
}

/* Whoever has joined is of the next generation. Static members that have not keep their place. */
void group_complete(struct world *world, struct node *node, struct group *group) {
  group_stop_wait(world, group);
  group->gathering = false;
  group->generation++;
  world_fact(world, FACT_REBALANCED, node->id, 0, group->generation, (uint32_t)group->member_count);
  if (group->member_count == 0) return go_empty(world, node, group);
  group->state = GROUP_COMPLETING;
  for (size_t i = 0; i < group->member_count; i++) {
    group->members[i].joined = group->members[i].joining != NULL;
    group->members[i].synced = false;
  }
  elect_leader(group);
  for (size_t i = 0; i < group->member_count; i++) {
    struct member *member = &group->members[i];
    if (!member->joining) continue;
    group_answer_join(world, node, group, member, member->joining);
    group_release(world, &member->joining);
    group_start_session(world, node, member);
  }
  group_start_wait(world, node, group, kafka_setting(world, KEY_MAX_POLL_INTERVAL));
}

void group_complete_if_all_joined(struct world *world, struct node *node, struct group *group) {
  if (group->gathering) return;
  for (size_t i = 0; i < group->member_count; i++)
    if (!group->members[i].joining) return;
  group_complete(world, node, group);
}

void group_prepare(struct world *world, struct node *node, struct group *group) {
  if (group->state == GROUP_PREPARING) return;
  bool first = group->state == GROUP_EMPTY || group->state == GROUP_DEAD;
  group->state = GROUP_PREPARING;
  group->gathering = first;
  group->more_arrived = false;
  for (size_t i = 0; i < group->member_count; i++) {
    struct member *member = &group->members[i];
    if (!member->syncing) continue;
    group_answer(world, node, member->syncing, WIRE_SYNCED, KAFKA_REBALANCE_IN_PROGRESS);
    group_release(world, &member->syncing);
    group_start_session(world, node, member);
  }
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    group->claim[p] = group->claimed_at[p] = 0;
    if (!cooperative(world)) group_unsettle(world, group, p);
  }
  int64_t wait = kafka_setting(world, KEY_MAX_POLL_INTERVAL);
  if (first) {
    int64_t delay = kafka_setting(world, KEY_INITIAL_REBALANCE_DELAY);
    group->gather_left = wait > delay ? wait - delay : 0;
    wait = delay;
  }
  group_start_wait(world, node, group, wait);
}

/* Members stand in the order of their ids: consumer.1 before consumer.2, old incarnations first. */
struct member *group_add(struct group *group, uint64_t id, uint32_t instance) {
  GROW(group->members, group->member_capacity, group->member_count + 1);
  size_t at = group->member_count++;
  for (; at > 0 && group->members[at - 1].id > id; at--)
    group->members[at] = group->members[at - 1];
  group->members[at] = (struct member){.id = id, .instance = instance, .session = TIMER_NONE};
  return &group->members[at];
}

void group_drop(struct world *world, struct node *node, struct group *group,
                struct member *member) {
  group_stop_session(world, member);
  group_release(world, &member->joining);
  group_release(world, &member->syncing);
  world_fact(world, FACT_EXPIRED, node->id, 0, member->id, 0);
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    if (group->owner[p] != member->id) continue;
    group->owner[p] = 0;
    group_unsettle(world, group, p);
  }
  for (const struct member *end = group->members + --group->member_count; member < end; member++)
    *member = member[1];
}

/* What a JOIN says of its member: which partitions it has, since which generation. */
uint64_t group_subscription_of(const struct message *request) {
  uint64_t hash = request->record_count;
  for (uint32_t i = 0; i < request->record_count; i++)
    hash = hash_pair(hash, request->records[i].key);
  return hash;
}

void group_take_claims(struct group *group, const struct member *member,
                       const struct message *request) {
  uint64_t since = (uint64_t)request->b + 1;
  for (uint32_t i = 0; i < request->record_count; i++) {
    uint32_t partition = request->records[i].key;
    if (group->claim[partition] && group->claimed_at[partition] > since) continue;
    group->claim[partition] = member->id;
    group->claimed_at[partition] = since;
  }
}

void group_assign(struct world *world, struct group *group) {
  uint32_t partitions = world->plan->partitions;
  GROW(group->ids, group->id_capacity, group->member_count);
  GROW(group->shares, group->share_capacity, group->member_count);
  for (size_t i = 0; i < group->member_count; i++) group->ids[i] = group->members[i].id;
  for (uint32_t p = 0; p < partitions; p++) group->owner_before[p] = group->owner[p];
  const struct assignment assignment = {.members = group->member_count,
                                        .partitions = partitions,
                                        .ids = group->ids,
                                        .claim = group->claim,
                                        .owner = group->owner,
                                        .shares = group->shares};
  assignment_make(&assignment, (int)kafka_setting(world, KEY_ASSIGNMENT_STRATEGY));
  for (uint32_t p = 0; p < partitions && cooperative(world); p++)
    if (group->owner[p] != group->owner_before[p]) group_unsettle(world, group, p);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
}
