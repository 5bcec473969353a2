/* Triggers: faults that wait for a point, found by the point. */
#include "sim/base/grow.h"
#include "sim/world/fault_parts.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/mutants.h"
#include "sim/world/select.h"

#include <stdlib.h>
#include <string.h>

/* The operation's n-th time at the fault's point. */
static uint64_t attempt_of(struct world *world, uint32_t fault, uint64_t intent) {
  uint64_t key = hash_pair(fault_plan_of(world, fault)->key ^ hash_name("attempt"), intent);
  return ++*map_put(&world->late_operations, key | UINT64_C(1) << 63, NULL);
}

/* Whether it strikes now, at an occurrence of its site and its operation. */
static bool matches(struct world *world, uint32_t fault, const struct node *node, uint64_t intent) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  struct fault_state *state = fault_state_of(world, fault);
  if (plan->call && plan->call != world->handler_call) return false;
  if (plan->when_node.count && !selector_names(world, &plan->when_node, node)) return false;
  state->occurrences++;
  if (plan->attempt && attempt_of(world, fault, intent) != plan->attempt) return false;
  if (plan->nth && state->occurrences != plan->nth) return false;
  return state->begun < (plan->times ? plan->times : 1);
}

static bool strikes_this(const struct fault_plan *plan) {
  return plan->target.count == 1 && plan->target.items[0].which == WHICH_THIS;
}

/* A verb that strikes the message at the point. False: nothing came of it. */
static bool strike_message(const struct world *world, const struct fault_plan *plan,
                           struct message *message) {
  if (!message) return false;
  if (plan->verb == VERB_DROP) {
    message->dropped = true;
  } else if (message->transmission != 0) {
    return false; /* it has left already */
  } else if (plan->verb == VERB_DELAY) {
    message->delay += MUTANT(WORLD_DELAY_OF_NOTHING) ? 0 : plan->lasts.ns;
  } else {
    if (link_kind_between(world, message->from, message->to) == LINK_KIND_CONNECTION) return false;
    message->duplicated = true;
  }
  return true;
}

/* A verb that strikes the call that the handler is making. */
static bool strike_call(struct world *world, const struct fault_plan *plan, uint32_t point) {
  if (!world->call_may_fail || point != POINT_HANDLER_STEP) return false;
  world->call_failed = (uint8_t)(1 + plan->error);
  return true;
}

/* Where a fault strikes, and what. */
struct occurrence {
  struct node *node;
  uint32_t point;
  bool before;
  uint64_t intent;
  struct message *message; /* may be NULL */
};

/* A verb that strikes what happens there, or nothing. */
static void strike_there(struct world *world, uint32_t fault, const struct occurrence *at) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  if (!(plan->verb == VERB_FAIL ? strike_call(world, plan, at->point)
                                : strike_message(world, plan, at->message)))
    return;
  fault_open(world, fault);
  if (plan->verb == VERB_DELAY) /* under way until the message is due */
    fault_push_step(world, world->now.ns + plan->lasts.ns, FAULT_ARRIVAL, fault, 0);
  else
    fault_close(world, fault);
  world_quiet(world);
  faults_hit(world, fault, at->node->id, at->intent);
}

static void trigger(struct world *world, uint32_t fault, const struct occurrence *at) {
  if (!matches(world, fault, at->node, at->intent)) return;
  const struct fault_plan *plan = fault_plan_of(world, fault);
  if (!fault_happens(world, fault, fault_state_of(world, fault)->begun++)) return;
  if (!fault_strikes[plan->verb]) return strike_there(world, fault, at);
  bool kills = plan->verb <= VERB_DISK_GONE;
  if (kills && strikes_this(plan)) {
    at->node->doomed = !MUTANT(WORLD_KILLED_GOES_ON);
    faults_hit(world, fault, at->node->id, at->intent);
    /* What has just been sent has left, although a server's answer waits for its service. */
    struct message *message = at->message;
    if (!at->before && message && message->depart > world->now.ns) message->depart = world->now.ns;
  }
  fault_defer(world, (struct deferred){.fault = fault, .node = at->node->id, .intent = at->intent});
}

/* The first trigger of some in order whose intent is not below. */
static uint32_t first_of(const struct faults *faults, uint32_t from, uint32_t end, uint64_t intent) {
  while (from < end) {
    uint32_t middle = from + (end - from) / 2;
    if (faults->triggers[middle].intent < intent)
      from = middle + 1;
    else
      end = middle;
  }
  return from;
}

/* Those that wait for any operation and those that wait for this one, in the order of the plan. */
bool faults_point(struct world *world, struct node *node, uint32_t point, bool before, uint64_t intent,
                  struct message *message) {
  if (world->observer && world->observer->point)
    world->observer->point(world->observer->context, world, node, point, before, intent, message);
  const struct faults *faults = &world->faults;
  const struct occurrence at = {node, point, before, intent, message};
  const uint32_t site = trigger_site(point, before), end = faults->site_first[site + 1];
  uint32_t any = faults->site_first[site], any_end = first_of(faults, any, end, 1);
  uint32_t own = intent ? first_of(faults, any_end, end, intent) : end;
  while (any < any_end || (own < end && faults->triggers[own].intent == intent)) {
    const bool its = own < end && faults->triggers[own].intent == intent;
    const bool one = !its || (any < any_end && faults->triggers[any].fault < faults->triggers[own].fault);
    trigger(world, faults->triggers[one ? any++ : own++].fault, &at);
  }
  return !node->doomed;
}

/* --- Setting up --- */

static int in_order(const void *a, const void *b) {
  const struct trigger *left = a, *right = b;
  if (left->site != right->site) return left->site < right->site ? -1 : 1;
  if (left->intent != right->intent) return left->intent < right->intent ? -1 : 1;
  return left->fault < right->fault ? -1 : 1;
}

void fault_triggers_reset(struct world *world) {
  struct faults *faults = &world->faults;
  const bool all = world->observer && world->observer->point;
  memset(world->armed, all ? 0xff : 0, sizeof world->armed);
  faults->trigger_count = 0;
  world->some_armed = all;
  for (uint32_t i = 0; i < faults->count; i++) {
    const struct fault_plan *plan = fault_plan_of(world, i);
    if (plan->timing != TIMING_WHEN || !fault_state_of(world, i)->applies) continue;
    GROW(faults->triggers, faults->trigger_capacity, faults->trigger_count + 1);
    faults->triggers[faults->trigger_count++] =
        (struct trigger){plan->intent, i, trigger_site(plan->point, plan->before)};
    world->armed[plan->point / 64] |= UINT64_C(1) << (plan->point % 64);
    world->some_armed = true;
  }
  if (faults->trigger_count > 1)
    qsort(faults->triggers, faults->trigger_count, sizeof *faults->triggers, in_order);
  uint32_t at = 0;
  for (uint32_t site = 0; site <= TRIGGER_SITES; site++) {
    while (at < faults->trigger_count && faults->triggers[at].site < site) at++;
    faults->site_first[site] = at;
  }
}
