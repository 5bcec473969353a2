#include "models/kafka/group_state.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

struct group *group_at(const struct node *coordinator, uint32_t number) {
  return &broker_disk(coordinator)->internal->groups[number];
}

struct group *group_of(const struct world *world, const struct node *coordinator, uint16_t member) {
  return group_at(coordinator, world->nodes[member].group);
}

struct member *group_find(const struct group *group, uint64_t id) {
  size_t low = 0, high = group->member_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (group->members[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < group->member_count && group->members[low].id == id ? &group->members[low] : NULL;
}

static struct member *find_instance(const struct group *group, uint32_t instance) {
  for (size_t i = 0; i < group->member_count; i++)
    if (group->members[i].instance == instance) return &group->members[i];
  return NULL;
}

enum kafka_error group_validate(const struct group *group, uint64_t id, int64_t generation,
                                uint32_t instance) {
  const struct member *member = instance ? group_find(group, id) : NULL;
  const bool own = member && member->instance == instance; /* then nobody else has it [G4] */
  const struct member *holder = instance && !own ? find_instance(group, instance) : NULL;
  if (holder && holder->id != id && !MUTANT(KAFKA_NO_INSTANCE_FENCING))
    return KAFKA_FENCED_INSTANCE;
  return group_check(group, id, (uint64_t)generation);
}

enum kafka_error group_check(const struct group *group, uint64_t id, uint64_t generation) {
  if (!group_find(group, id)) return KAFKA_UNKNOWN_MEMBER;
  return generation == group->generation ? KAFKA_OK : KAFKA_ILLEGAL_GENERATION;
}

/* --- The cells: JoinGroup --- */

typedef void cell_fn(struct world *world, struct node *node, struct group *group,
                     struct member *member, struct message *request);

static void join(struct world *world, struct node *node, struct group *group, struct member *member,
                 struct message *request) {
  group_prepare(world, node, group);
  group_take_claims(group, member, request);
  member->subscription = group_subscription_of(request);
  group_stop_session(world, member); /* while it is joining the rebalance timeout watches over it */
  group_park(world, &member->joining, request);
  group_complete_if_all_joined(world, node, group);
}

static void join_new(struct world *world, struct node *node, struct group *group,
                     struct member *member, struct message *request) {
  (void)member;
  if (group->state == GROUP_DEAD) group->generation = 0; /* another group of the same name */
  if (group->state == GROUP_PREPARING && group->gathering) group->more_arrived = true;
  member = group_add(group, (uint64_t)request->a, (uint32_t)request->d);
  join(world, node, group, member, request);
}

/* A new process with the group.instance.id of a member takes its place; the old one is fenced. */
static struct member *replace(struct world *world, struct node *node, struct group *group,
                              struct member *member, const struct message *request) {
  uint64_t old = member->id;
  enum kafka_error fate =
      MUTANT(KAFKA_NO_INSTANCE_FENCING) ? KAFKA_UNKNOWN_MEMBER : KAFKA_FENCED_INSTANCE;
  if (member->joining) group_answer(world, node, member->joining, WIRE_JOINED, fate);
  if (member->syncing) group_answer(world, node, member->syncing, WIRE_SYNCED, fate);
  group_release(world, &member->joining);
  group_release(world, &member->syncing);
  group_stop_session(world, member);
  struct member moved = *member;
  for (const struct member *end = group->members + --group->member_count; member < end; member++)
    *member = member[1];
  member = group_add(group, (uint64_t)request->a, moved.instance);
  member->joined = moved.joined;
  if (group->leader == old) group->leader = member->id;
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    if (group->owner[p] != old) continue;
    group->owner[p] = member->id;
    group_unsettle(world, group, p);
  }
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  return member;
}

static void replace_and_join(struct world *world, struct node *node, struct group *group,
                             struct member *member, struct message *request) {
  member = replace(world, node, group, member, request);
  join(world, node, group, member, request);
}

static void answer_generation(struct world *world, struct node *node, struct group *group,
                              struct member *member, struct message *request) {
  member->joined = true;
  group_answer_join(world, node, group, member, request);
  group_start_session(world, node, member);
}

static bool in_transfer(const struct world *world, const struct group *group) {
  for (uint32_t p = 0; p < world->plan->partitions; p++)
    if (group->owner[p] == 0) return true;
  return false;
}

/* The assignment stands: no rebalance.
 * LIMIT: when a cooperative assignment has left a partition to nobody until its last owner joins again, and that
 * is the static member that was replaced, there is a rebalance; Kafka's rule would leave the partition so. */
static void replace_in_place(struct world *world, struct node *node, struct group *group,
                             struct member *member, struct message *request) {
  member = replace(world, node, group, member, request);
  if (in_transfer(world, group)) return join(world, node, group, member, request);
  member->subscription = group_subscription_of(request);
  answer_generation(world, node, group, member, request);
}

/* A member that says nothing new has missed an answer: it hears it again. */
static void join_again(struct world *world, struct node *node, struct group *group,
                       struct member *member, struct message *request) {
  bool same = member->subscription == group_subscription_of(request);
  bool leads = group->state == GROUP_STABLE && member->id == group->leader;
  if (!same || leads) return join(world, node, group, member, request);
  answer_generation(world, node, group, member, request);
}

/* --- The cells: everything else --- */

static void sync_later(struct world *world, struct node *node, struct group *group,
                       struct member *member, struct message *request) {
  (void)group, (void)member;
  group_answer(world, node, request, WIRE_SYNCED, KAFKA_REBALANCE_IN_PROGRESS);
}

static void sync_now(struct world *world, struct node *node, struct group *group,
                     struct member *member, struct message *request) {
  group_answer_sync(world, node, group, member, request);
}

static void sync_park(struct world *world, struct node *node, struct group *group,
                      struct member *member, struct message *request) {
  group_stop_session(world, member);
  group_park(world, &member->syncing, request);
  if (member->id != group->leader) return;
  group->state = GROUP_STABLE;
  group_assign(world, group);
  for (size_t i = 0; i < group->member_count; i++) {
    struct member *waiting = &group->members[i];
    if (!waiting->syncing) continue;
    group_answer_sync(world, node, group, waiting, waiting->syncing);
    group_release(world, &waiting->syncing);
  }
}

static void beat(struct world *world, struct node *node, struct group *group, struct member *member,
                 struct message *request) {
  bool preparing = group->state == GROUP_PREPARING;
  if (!member->joining && !member->syncing) group_start_session(world, node, member);
  group_answer(world, node, request, WIRE_HEARTBEAT_ANSWER,
               preparing ? KAFKA_REBALANCE_IN_PROGRESS : KAFKA_OK);
}

/* A member is gone: the others share what it had. */
static void gone(struct world *world, struct node *node, struct group *group, struct member *member,
                 struct message *request) {
  (void)request;
  group_drop(world, node, group, member);
  group_prepare(world, node, group);
  group_complete_if_all_joined(world, node, group);
}

static void commit_now(struct world *world, struct node *node, struct group *group,
                       struct member *member, struct message *request) {
  (void)member;
  group_apply_commit(world, node, group, request);
}

static void commit_later(struct world *world, struct node *node, struct group *group,
                         struct member *member, struct message *request) {
  (void)group, (void)member;
  group_refuse_commit(world, node, request, KAFKA_REBALANCE_IN_PROGRESS);
}

/* An empty group waits on while members arrive, at most as long as a rebalance may take. */
static void joins_over(struct world *world, struct node *node, struct group *group,
                       struct member *member, struct message *request) {
  (void)member, (void)request;
  if (group->gathering && group->more_arrived && group->gather_left > 0) {
    int64_t wait = kafka_setting(world, KEY_INITIAL_REBALANCE_DELAY);
    if (wait > group->gather_left) wait = group->gather_left;
    group->gather_left -= wait;
    group->more_arrived = false;
    return group_start_wait(world, node, group, wait);
  }
  size_t joined = 0;
  for (size_t i = group->member_count; i-- > 0;) {
    if (group->members[i].joining)
      joined++;
    else if (!group->members[i].instance)
      group_drop(world, node, group, &group->members[i]);
  }
  if (joined == 0 && group->member_count > 0) /* static members only, and none has come back */
    return group_start_wait(world, node, group, kafka_setting(world, KEY_MAX_POLL_INTERVAL));
  group_complete(world, node, group);
}

/* Who has not synced is out, as if its session were over. */
static void syncs_over(struct world *world, struct node *node, struct group *group,
                       struct member *member, struct message *request) {
  (void)member, (void)request;
  size_t before = group->member_count;
  for (size_t i = group->member_count; i-- > 0;)
    if (group->members[i].joined && !group->members[i].synced && !group->members[i].syncing)
      group_drop(world, node, group, &group->members[i]);
  if (group->member_count == before) return;
  group_prepare(world, node, group);
  group_complete_if_all_joined(world, node, group);
}

static void retire(struct world *world, struct node *node, struct group *group,
                   struct member *member, struct message *request) {
  (void)member, (void)request;
  if (world->now.ns < group->empty_since + kafka_retention(world)) return;
  group_expire_offsets(world, node, group);
  group->state = GROUP_DEAD;
}

static void too_late(struct world *world, struct node *node, struct group *group,
                     struct member *member, struct message *request) {
  (void)world, (void)node, (void)group, (void)member, (void)request;
}

enum group_request {
  REQUEST_JOIN,    /* of a new member */
  REQUEST_REPLACE, /* JOIN of a new process with a static member's id */
  REQUEST_REJOIN,  /* JOIN of a member */
  REQUEST_SYNC,
  REQUEST_HEARTBEAT,
  REQUEST_COMMIT,
  REQUEST_LEAVE,     /* or its session is over */
  REQUEST_WAIT_OVER, /* for joins, or for syncs */
  REQUEST_RETENTION, /* of the offsets of an empty group is over, perhaps */
  GROUP_REQUEST__COUNT
};

/* NULL: cannot happen, since EMPTY and DEAD have no members and their waits are cancelled. */
static cell_fn *const cells[GROUP_STATE__COUNT][GROUP_REQUEST__COUNT] = {
    [GROUP_EMPTY] = {[REQUEST_JOIN] = join_new, [REQUEST_RETENTION] = retire},
    [GROUP_DEAD] = {[REQUEST_JOIN] = join_new, [REQUEST_RETENTION] = too_late},
    [GROUP_PREPARING] = {join_new, replace_and_join, join, sync_later, beat, commit_now, gone,
                         joins_over, too_late},
    [GROUP_COMPLETING] = {join_new, replace_and_join, join_again, sync_park, beat, commit_later,
                          gone, syncs_over, too_late},
    [GROUP_STABLE] = {join_new, replace_in_place, join_again, sync_now, beat, commit_now, gone,
                      syncs_over, too_late},
};
static const char *const state_names[GROUP_STATE__COUNT] = {
    "Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"};
static const char *const request_names[GROUP_REQUEST__COUNT] = {"JoinGroup of a new member",
                                                                "JoinGroup of a replaced member",
                                                                "JoinGroup",
                                                                "SyncGroup",
                                                                "Heartbeat",
                                                                "OffsetCommit",
                                                                "LeaveGroup",
                                                                "the end of its wait",
                                                                "the end of retention"};

static void dispatch(struct world *world, struct node *node, struct group *group,
                     enum group_request kind, struct member *member, struct message *request) {
  cell_fn *cell = cells[group->state][kind];
  ASSERT_MSG(cell, "protocol breach: a group in %s does not expect %s", state_names[group->state],
             request_names[kind]);
  cell(world, node, group, member, request);
}

/* --- Requests --- */

void group_on_join(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of(world, node, request->from);
  uint64_t id = (uint64_t)request->a;
  uint32_t instance = (uint32_t)request->d;
  bool known = request->c; /* the member has been in the group */
  struct member *member = instance ? find_instance(group, instance) : group_find(group, id);
  if (!member && known)
    return group_answer(world, node, request, WIRE_JOINED, KAFKA_UNKNOWN_MEMBER);
  if (!member) return dispatch(world, node, group, REQUEST_JOIN, NULL, request);
  if (member->id == id) return dispatch(world, node, group, REQUEST_REJOIN, member, request);
  if (known && !MUTANT(KAFKA_NO_INSTANCE_FENCING))
    return group_answer(world, node, request, WIRE_JOINED, KAFKA_FENCED_INSTANCE);
  dispatch(world, node, group, REQUEST_REPLACE, member, request);
}

/* A request of a member: its cell, or what is wrong with it. */
static enum kafka_error of_member(struct world *world, struct node *node, enum group_request kind,
                                  struct message *request) {
  struct group *group = group_of(world, node, request->from);
  enum kafka_error error =
      group_validate(group, (uint64_t)request->a, request->b, (uint32_t)request->d);
  if (error != KAFKA_OK) return error;
  dispatch(world, node, group, kind, group_find(group, (uint64_t)request->a), request);
  return KAFKA_OK;
}

void group_on_sync(struct world *world, struct node *node, struct message *request) {
  enum kafka_error error = of_member(world, node, REQUEST_SYNC, request);
  if (error != KAFKA_OK) group_answer(world, node, request, WIRE_SYNCED, error);
}

void group_on_heartbeat(struct world *world, struct node *node, struct message *request) {
  enum kafka_error error = of_member(world, node, REQUEST_HEARTBEAT, request);
  if (error != KAFKA_OK) group_answer(world, node, request, WIRE_HEARTBEAT_ANSWER, error);
}

void group_on_commit(struct world *world, struct node *node, struct message *request) {
  if (MUTANT(KAFKA_NO_GENERATION_CHECK))
    return group_apply_commit(world, node, group_of(world, node, request->from), request);
  enum kafka_error error = of_member(world, node, REQUEST_COMMIT, request);
  if (error != KAFKA_OK) group_refuse_commit(world, node, request, error);
}

void group_on_leave(struct world *world, struct node *node, struct message *request) {
  struct group *group = group_of(world, node, request->from);
  struct member *member = group_find(group, (uint64_t)request->a);
  group_answer(world, node, request, WIRE_LEFT, member ? KAFKA_OK : KAFKA_UNKNOWN_MEMBER);
  if (member) dispatch(world, node, group, REQUEST_LEAVE, member, NULL);
}

void group_on_session(struct world *world, struct node *node, uint64_t id) {
  struct group *group = group_of(world, node, member_node(id));
  struct member *member = group_find(group, id);
  ASSERT(member);
  member->session = TIMER_NONE;
  dispatch(world, node, group, REQUEST_LEAVE, member, NULL);
}

void group_on_rebalance(struct world *world, struct node *node, uint64_t number) {
  struct group *group = group_at(node, (uint32_t)number);
  group->rebalance = TIMER_NONE;
  dispatch(world, node, group, REQUEST_WAIT_OVER, NULL, NULL);
}

void group_on_retention(struct world *world, struct node *node, uint64_t number) {
  dispatch(world, node, group_at(node, (uint32_t)number), REQUEST_RETENTION, NULL, NULL);
}

/* --- Living and dying --- */

static void make_room(struct group *group, size_t partitions) {
  bool first = group->partition_capacity[0] == 0;
  GROW(group->owner, group->partition_capacity[0], partitions);
  GROW(group->committed, group->partition_capacity[1], partitions);
  GROW(group->settled, group->partition_capacity[2], partitions);
  GROW(group->claim, group->partition_capacity[3], partitions);
  GROW(group->claimed_at, group->partition_capacity[4], partitions);
  GROW(group->owner_before, group->partition_capacity[5], partitions);
  GROW(group->committed_epoch, group->partition_capacity[6], partitions);
  if (first) group_reset(group, partitions);
}

/* What the log of group metadata keeps is the last whole generation: a rebalance that a crash of the
 * coordinator interrupted begins again. */
static void start_one(struct world *world, struct node *node, struct group *group) {
  make_room(group, world->plan->partitions);
  if (world->now.ns == 0) group_initial_offsets(world, group);
  group->rebalance = TIMER_NONE;
  bool unsynced = false;
  for (size_t i = 0; i < group->member_count; i++) {
    group->members[i].session = TIMER_NONE;
    unsynced |= group->members[i].joined && !group->members[i].synced;
    group_start_session(world, node, &group->members[i]);
  }
  if (group->state == GROUP_EMPTY && group->generation > 0)
    group_start_retention(world, node, group);
  if (group->state == GROUP_STABLE && unsynced)
    return group_start_wait(world, node, group, kafka_setting(world, KEY_MAX_POLL_INTERVAL));
  if (group->state != GROUP_PREPARING && group->state != GROUP_COMPLETING) return;
  group->state = GROUP_STABLE;
  group_prepare(world, node, group);
  group_complete_if_all_joined(world, node, group);
}

void group_start(struct world *world, struct node *node) {
  for (uint32_t i = 0; i < broker_disk(node)->group_count; i++)
    start_one(world, node, group_at(node, i));
}

void group_crash(struct world *world, struct node *node) {
  for (uint32_t number = 0; number < broker_disk(node)->group_count; number++) {
    struct group *group = group_at(node, number);
    for (size_t i = 0; i < group->member_count; i++) {
      group_release(world, &group->members[i].joining);
      group_release(world, &group->members[i].syncing);
    }
  }
}

static uint32_t resign_one(struct world *world, struct node *node, struct group *group) {
  uint32_t parked = 0;
  for (size_t i = 0; i < group->member_count; i++) {
    struct member *member = &group->members[i];
    parked += member->joining || member->syncing;
    if (member->joining) group_answer(world, node, member->joining, WIRE_JOINED, KAFKA_NOT_COORDINATOR);
    if (member->syncing) group_answer(world, node, member->syncing, WIRE_SYNCED, KAFKA_NOT_COORDINATOR);
    group_release(world, &member->joining);
    group_release(world, &member->syncing);
    group_stop_session(world, member);
  }
  group_stop_wait(world, group);
  return parked;
}

uint32_t group_resign(struct world *world, struct node *node) {
  uint32_t perturbed = 0;
  for (uint32_t i = 0; i < broker_disk(node)->group_count; i++) {
    struct group *group = group_at(node, i);
    perturbed += resign_one(world, node, group);
    if (group->member_count > 0) perturbed++; /* the sessions of its members begin anew */
  }
  return perturbed;
}

void group_reset(struct group *group, size_t partitions) {
  group->member_count = group->pending_count = 0;
  group->generation = 0;
  group->state = GROUP_EMPTY;
  group->gathering = group->more_arrived = false;
  group->leader = 0;
  group->empty_since = group->gather_left = 0;
  for (size_t p = 0; p < partitions && group->committed; p++) {
    group->committed[p] = OFFSET_NONE;
    group->committed_epoch[p] = 0;
    group->settled[p] = (struct settled){0};
    group->owner[p] = 0;
    group->claim[p] = group->claimed_at[p] = 0;
  }
}

void group_free(struct group *group) {
  free(group->members);
  free(group->owner);
  free(group->claim);
  free(group->claimed_at);
  free(group->committed);
  free(group->committed_epoch);
  free(group->settled);
  free(group->pending);
  free(group->ids);
  free(group->shares);
  free(group->owner_before);
}
