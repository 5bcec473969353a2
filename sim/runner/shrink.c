#include "sim/runner/shrink.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/map.h"
#include "sim/runner/shrink_own.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ARRIVAL_NS (100 * NS_PER_MS)
#define NEXT_ARRIVAL_NS (100 * NS_PER_MS)
#define INNER_MAX 30000 /* runs of a level that is gone on from, in one small world */

/* --- Who suffered --- */

struct operation_seen {
  uint64_t id;
  uint32_t key, effects; /* key 0: nobody intended it */
  enum operation operation;
  bool firm; /* the client was told that it is done, or nothing can be told */
};
struct suspects {
  enum metric metric;
  struct map places;                 /* of an id among them, from 1: an id can be any number */
  struct operation_seen *operations; /* as they came */
  size_t count, capacity;
  uint64_t doubled; /* the first operation with a second effect */
};

static struct operation_seen *seen(struct suspects *suspects, uint64_t id) {
  bool is_new;
  uint64_t *place = map_put(&suspects->places, id, &is_new);
  if (is_new) {
    GROW(suspects->operations, suspects->capacity, suspects->count + 1);
    suspects->operations[suspects->count] = (struct operation_seen){.id = id};
    *place = ++suspects->count;
  }
  return &suspects->operations[*place - 1];
}

/* NULL: nobody intended it. */
static const struct operation_seen *intended(const struct suspects *suspects, uint64_t id) {
  const uint64_t *place = map_get(&suspects->places, id);
  return place && suspects->operations[*place - 1].key ? &suspects->operations[*place - 1] : NULL;
}

static void see(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct suspects *suspects = context;
  (void)first;
  for (size_t i = 0; i < count; i++) {
    const struct trace_record *fact = &records[i];
    if (fact->kind < TRACE_FACT || fact->intent == 0) continue;
    struct operation_seen *operation = seen(suspects, fact->intent);
    if (fact->kind == FACT_INTENDED) {
      operation->key = fact_intended_key(fact->value);
      operation->operation = (enum operation)fact_intended_operation(fact->value);
    }
    if (fact->kind == FACT_OK || fact->kind == FACT_NONE) operation->firm = true;
    if (fact->kind == FACT_EFFECT && ++operation->effects == 2 && !suspects->doubled)
      suspects->doubled = fact->intent;
    if (fact->kind == FACT_EFFECT_UNDONE && operation->effects) operation->effects--;
  }
}

static uint64_t suspect(const struct suspects *suspects) {
  bool absent = suspects->metric == METRIC_LOST_ACKED || suspects->metric == METRIC_LOST_UNACKED ||
                suspects->metric == METRIC_LOST || suspects->metric == METRIC_STUCK;
  uint64_t first = 0, missing = 0;
  for (size_t i = 0; i < suspects->count; i++) {
    const struct operation_seen *operation = &suspects->operations[i];
    if (operation->key == 0) continue;
    if (first == 0 || operation->id < first) first = operation->id;
    const bool without = operation->firm && operation->effects == 0;
    if (without && (missing == 0 || operation->id < missing)) missing = operation->id;
  }
  if (absent && missing) return missing;
  return suspects->doubled ? suspects->doubled : first;
}

/* --- What is needed --- */

struct shrinking {
  const struct shrink_case *violation;
  const struct explore_options *options;
  struct goal goal;
  struct run *run;
  struct plan plan; /* the violation's, with less and less */
  struct fault_plan *faults;
  struct shrunk *out;
};

static bool still_shows(struct shrinking *shrinking) {
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  shrinking->out->executed++;
  uint32_t violations = run_judge(shrinking->run, &shrinking->plan, shrinking->violation->seed,
                                  shrinking->options->command, metrics, &digest);
  return goal_reached(&shrinking->goal, shrinking->run, metrics, violations) == shrinking->violation->metric;
}

static void drop_faults(struct shrinking *shrinking) {
  struct plan *plan = &shrinking->plan;
  for (size_t i = plan->fault_count; i-- > 0;) {
    struct fault_plan kept = shrinking->faults[i];
    size_t behind = plan->fault_count - i - 1;
    memmove(&shrinking->faults[i], &shrinking->faults[i + 1], behind * sizeof kept);
    plan->fault_count--;
    if (still_shows(shrinking)) continue;
    memmove(&shrinking->faults[i + 1], &shrinking->faults[i], behind * sizeof kept);
    shrinking->faults[i] = kept;
    plan->fault_count++;
  }
}

static void drop_losses(struct shrinking *shrinking) {
  for (int i = 0; i < LINK__COUNT; i++) {
    struct link_plan *link = &shrinking->plan.links[i], kept = *link;
    if (!link->request_loss && !link->reply_loss && !link->duplication && !link->reordering) continue;
    link->request_loss = link->reply_loss = link->duplication = link->reordering = 0;
    if (!still_shows(shrinking)) *link = kept;
  }
}

/* --- Sorts of faults --- */

static void allow(struct placement_limits *limits, const struct selector *selector, uint16_t kinds) {
  for (uint32_t i = 0; i < selector->count; i++)
    for (int role = 0; role < ROLE__COUNT; role++)
      if (selector->items[i].which == WHICH_THIS || (int)selector->items[i].role == role)
        limits->kinds[role] |= kinds;
}

static void allow_everywhere(struct placement_limits *limits, uint16_t kinds) {
  for (int role = 0; role < ROLE__COUNT; role++) limits->kinds[role] |= kinds;
}

#define KIND(name) PLACEMENT_KIND(PLACED_##name)
static const uint16_t kinds_of[VERB__COUNT] = {
    [VERB_KILL] = KIND(KILL) | KIND(KILL_LATE),  [VERB_TERMINATE] = KIND(KILL) | KIND(KILL_LATE),
    [VERB_DEPLOY] = KIND(KILL) | KIND(KILL_LATE), [VERB_POWER_LOSS] = KIND(POWER_LOSS),
    [VERB_PAUSE] = KIND(PAUSE),                   [VERB_PARTITION] = KIND(DROP) | KIND(DELAY),
    [VERB_CLOG] = KIND(DELAY),                    [VERB_DEGRADE] = KIND(DROP) | KIND(DELAY),
    [VERB_DISK_GONE] = KIND(POWER_LOSS),          [VERB_FSYNC_FAILS] = KIND(KILL),
    [VERB_SLOW] = KIND(PAUSE),
    [VERB_RESET] = KIND(DROP),                    [VERB_DROP] = KIND(DROP),
    [VERB_DELAY] = KIND(DELAY),                   [VERB_DUPLICATE] = KIND(DUPLICATE),
};

/* A placed fault strikes where its point is; `this` alone does not say of which role. */
static void allow_fault(struct placement_limits *limits, const struct fault_plan *fault) {
  uint16_t kinds = kinds_of[fault->verb];
  if (fault->verb == VERB_POWER_LOSS || fault->verb == VERB_DISK_GONE) limits->beyond = true;
  if (fault->verb == VERB_PARTITION || fault_verbs[fault->verb].target == FAULT_TARGET_LINK)
    allow_everywhere(limits, kinds);
  else if (fault->timing == TIMING_WHEN && fault->when_node.count > 0)
    allow(limits, &fault->when_node, kinds);
  else if (fault->target.count > 0)
    allow(limits, &fault->target, kinds);
  else
    allow_everywhere(limits, kinds);
}

static struct placement_limits sorts_of(const struct plan *plan) {
  struct placement_limits limits = {.point = POINT_NONE};
  for (size_t i = 0; i < plan->fault_count; i++) allow_fault(&limits, &plan->faults[i]);
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_plan *link = &plan->links[i];
    uint16_t kinds = 0;
    if (!plan_link_rule(plan, (enum link)i).used) continue;
    if (link->request_loss || link->reply_loss) kinds |= KIND(DROP) | KIND(DELAY);
    if (link->duplication) kinds |= KIND(DUPLICATE);
    if (link->reordering) kinds |= KIND(DELAY);
    limits.kinds[link_rows[i].from] |= kinds;
    limits.kinds[link_rows[i].to] |= kinds;
  }
  return limits;
}

/* --- Small worlds --- */

/* Every group stays, each with so many consumers. */
static void shrink_groups(const struct plan *given, uint32_t consumers, struct shrunk *out) {
  for (uint32_t i = 0; i < given->group_count; i++) {
    out->groups[i] = given->groups[i];
    out->groups[i].first = i * consumers;
    out->groups[i].consumers = consumers;
  }
  out->plan.groups = out->groups;
  out->plan.counts[ROLE_CONSUMER] = given->group_count * consumers;
}

static void make_small(struct shrinking *shrinking, unsigned messages, unsigned consumers) {
  const struct plan *given = &shrinking->violation->scenario->plans[shrinking->violation->row];
  struct shrunk *out = shrinking->out;
  out->plan = *given;
  out->plan.luck_none = true;
  out->plan.swarm = false;
  out->plan.faults = NULL;
  out->plan.fault_count = 0;
  for (int i = 0; i < LINK__COUNT; i++) {
    struct link_plan *link = &out->plan.links[i];
    link->request_loss = link->reply_loss = link->duplication = link->reordering = 0;
  }
  if (consumers > 0) { /* else the topology as it was given */
    out->plan.counts[ROLE_PRODUCER] = out->plan.counts[ROLE_BROKER] = out->plan.counts[ROLE_RELAY] = 1;
    out->plan.counts[ROLE_CONSUMER] = consumers;
    if (given->groups) shrink_groups(given, consumers, out);
    out->plan.partitions = out->plan.threads = 1;
  }
  struct workload_plan *workload = &out->plan.workload;
  workload->intents = out->intents;
  workload->messages = messages;
  workload->outstanding = 0;
  workload->rate = 0;
  workload->duration = out->intents[messages - 1].at.ns > 0 ? span_of(out->intents[messages - 1].at.ns)
                                                            : span_of(1);
}

static bool search(struct shrinking *shrinking, unsigned faults,
                   const struct placement_limits *limits) {
  struct explore_options options = *shrinking->options;
  const struct goal goal = {.only = shrinking->violation->metric};
  struct explore_result result;
  options.faults = faults;
  options.limits = *limits;
  options.prune = true;
  options.inner_max = INNER_MAX;
  explore_plan(&shrinking->out->plan, &goal, 1, &options, NULL, &result);
  for (unsigned i = 0; i <= EXPLORE_FAULTS_MAX; i++)
    shrinking->out->executed += result.levels[i].executed;
  bool found = result.violated;
  shrinking->out->count = result.count;
  memcpy(shrinking->out->placements, result.placements, sizeof result.placements);
  explore_result_deinit(&result);
  return found;
}

/* Three replicas need three brokers. */
static bool is_possible(const struct plan *plan) {
  struct err err = {.code = ERR_NONE};
  return !plan->system->check || plan->system->check(plan, &err);
}

/* Smallest first: faults, then operations, then nodes. */
static bool search_all(struct shrinking *shrinking, const struct placement_limits *limits,
                       unsigned least, unsigned most, bool whole) {
  const struct plan *given = &shrinking->violation->scenario->plans[shrinking->violation->row];
  const unsigned worlds[] = {1, 2, 0};
  bool larger = given->counts[ROLE_CONSUMER] > 2 || given->counts[ROLE_PRODUCER] > 1 ||
                given->counts[ROLE_BROKER] > 1 || given->counts[ROLE_RELAY] > 1 ||
                given->partitions > 1 || given->threads > 1;
  for (unsigned faults = least; faults <= most; faults++)
    for (unsigned messages = 1; messages <= SHRINK_MESSAGES_MAX; messages++)
      for (size_t world = 0; world < sizeof worlds / sizeof *worlds; world++) {
        if (worlds[world] == 0 && (!larger || !whole)) continue;
        make_small(shrinking, messages, worlds[world]);
        if (!is_possible(&shrinking->out->plan)) continue;
        if (search(shrinking, faults, limits)) return true;
      }
  return false;
}

/* What an operation of the small worlds does: as it did, or, where there was none or it is judged by
 * another law than the one that suffered, as that one. */
static enum operation operation_for(const struct shrinking *shrinking, const struct suspects *suspects,
                                    uint64_t suspect, uint64_t id) {
  const struct operation_seen *suffered = intended(suspects, suspect), *own = intended(suspects, id);
  const enum operation fallback = suffered ? suffered->operation : shrinking->plan.workload.operation;
  return own && operation_law(own->operation) == operation_law(fallback) ? own->operation : fallback;
}

/* The operations of the small worlds: the one that suffered, then others about the same key. */
static void choose_intents(struct shrinking *shrinking) {
  struct suspects suspects = {.metric = shrinking->violation->metric};
  struct shrunk *out = shrinking->out;
  run_observe(shrinking->run, NULL, see, &suspects);
  still_shows(shrinking);
  run_observe(shrinking->run, NULL, NULL, NULL);
  out->suspect = suspect(&suspects);
  if (out->suspect == 0) out->suspect = 1;
  const struct operation_seen *suffered = intended(&suspects, out->suspect);
  for (unsigned i = 0; i < SHRINK_MESSAGES_MAX; i++)
    out->intents[i] = (struct intent_plan){.id = out->suspect + i,
                                           .at = instant_of(FIRST_ARRIVAL_NS + i * NEXT_ARRIVAL_NS),
                                           .key = suffered ? suffered->key : 1,
                                           .size = shrinking->plan.workload.size,
                                           .operation = operation_for(shrinking, &suspects,
                                                                      out->suspect, out->suspect + i)};
  free(suspects.operations);
  map_deinit(&suspects.places);
}

bool shrink(const struct shrink_case *violation, const struct explore_options *options,
            struct shrunk *out) {
  const struct plan *plan = &violation->scenario->plans[violation->row];
  size_t count = plan->fault_count + violation->count;
  *out = (struct shrunk){0};
  struct shrinking shrinking = {.violation = violation,
                                .options = options,
                                .goal = {violation->scenario, violation->row, METRIC__COUNT},
                                .run = run_new(0, 0),
                                .plan = *plan,
                                .faults = calloc(count + 1, sizeof *shrinking.faults),
                                .out = out};
  ASSERT(shrinking.faults);
  if (plan->fault_count)
    memcpy(shrinking.faults, plan->faults, plan->fault_count * sizeof *plan->faults);
  for (unsigned i = 0; i < violation->count; i++)
    shrinking.faults[plan->fault_count + i] =
        placement_fault(plan, &violation->placements[i], explore_fault_names[i]);
  shrinking.plan.faults = shrinking.faults;
  shrinking.plan.fault_count = count;
  choose_intents(&shrinking);
  drop_faults(&shrinking);
  drop_losses(&shrinking);
  struct placement_limits limits = sorts_of(&shrinking.plan);
  out->found = out->same_sorts =
      search_all(&shrinking, &limits, 1, 1, false) ||
      shrink_own(violation, &shrinking.plan, shrinking.run, options->command, out) ||
      (choose_intents(&shrinking), search_all(&shrinking, &limits, 1, SHRINK_FAULTS_MAX, true));
  if (!out->found) {
    limits = placement_limits_all();
    out->found = search_all(&shrinking, &limits, 1, SHRINK_FAULTS_MAX, true);
  }
  run_free(shrinking.run);
  free(shrinking.faults);
  return out->found;
}
