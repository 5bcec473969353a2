#include "sim/world/fault.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/fault_parts.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/mutants.h"
#include "sim/world/select.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Its n-th beginning, from 0. */
static const struct fault_plan *occurrence_of(const struct world *world, uint32_t fault,
                                              uint64_t n) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  return plan->timing == TIMING_RECORDED ? &plan->occurrences[n] : plan;
}

const struct fault_plan *faults_rules(const struct world *world, uint32_t fault) {
  return world->faults.items[fault].rules;
}

void fault_push_step(struct world *world, int64_t at, enum fault_step step, uint32_t fault,
                     uint64_t instance) {
  queue_push(
      &world->queue,
      &(struct event){.at = at, .kind = EVENT_FAULT, .detail = step, .a = fault, .b = instance});
}

void faults_hit(struct world *world, uint32_t fault, uint16_t node, uint64_t intent) {
  if (fault == NO_FAULT || MUTANT(WORLD_HIT_NOT_COUNTED)) return;
  fault_state_of(world, fault)->hits++;
  world_fact(world, FACT_FAULT_HIT, node, intent, 0, fault);
}

static void tell(const struct world *world, uint32_t fault, bool begins) {
  if (world->observer && world->observer->fault)
    world->observer->fault(world->observer->context, world, fault, begins);
}

/* --- Instances under way: windows, and what keeps the run from having drained --- */

void fault_open(struct world *world, uint32_t fault) {
  struct faults *faults = &world->faults;
  struct fault_state *state = fault_state_of(world, fault);
  faults->active++;
  if (MUTANT(WORLD_HIT_OF_NOTHING)) state->hits++;
  world_hold(world, NULL);
  if (state->active++ > 0) return;
  bits_put(faults->under_way, fault);
  GROW(faults->windows, faults->window_capacity, faults->window_count + 1);
  state->window = (uint32_t)faults->window_count++;
  faults->windows[state->window] = (struct fault_window_seen){fault, world->now.ns, -1};
  world_fact(world, FACT_FAULT_BEGAN, 0, 0, 0, fault);
  tell(world, fault, true);
}

void fault_close(struct world *world, uint32_t fault) {
  struct fault_state *state = fault_state_of(world, fault);
  ASSERT(state->active > 0);
  world->faults.active--;
  world_unhold(world, NULL);
  if (--state->active > 0) return;
  bits_take(world->faults.under_way, fault);
  world->faults.windows[state->window].end = world->now.ns;
  world_fact(world, FACT_FAULT_ENDED, 0, 0, 0, fault);
  tell(world, fault, false);
}

bool fault_happens(struct world *world, uint32_t fault, uint64_t n) {
  const struct fault_plan *plan = occurrence_of(world, fault, n);
  uint64_t threshold = luck_threshold(plan->chance, SCHEMA_SHARE_SCALE);
  if (threshold == UINT64_MAX) return true;
  return luck_chance(&world->luck, hash_pair(plan->key, n) + hash_name("chance"), threshold);
}

/* Chooses the targets of the n-th instance and strikes. `this` is the node at the point, or NULL. A
 * deploy that comes while its last one is under way is not begun: that one has the targets; false. */
static bool begin(struct world *world, uint32_t fault, const struct node *this, uint64_t n) {
  const struct fault_plan *plan = occurrence_of(world, fault, n);
  struct fault_state *state = fault_state_of(world, fault);
  uint64_t address = hash_pair(plan->key, n);
  if (plan->verb == VERB_DEPLOY && state->active > 0) return false;
  state->rules = plan;
  state->address = address;
  selector_draw(world, &plan->target, address + hash_name("target"), this, state->targets);
  selector_draw(world, &plan->from, address + hash_name("from"), this, state->others);
  if (plan->from.count == 0) selector_complement(world, state->targets, state->others);
  fault_strikes[plan->verb](world, fault);
  return true;
}

/* --- Timing --- */

static void schedule(struct world *world, uint32_t fault, int64_t at) {
  world->faults.pending++;
  world_hold(world, NULL);
  fault_push_step(world, at, FAULT_BEGIN, fault, 0);
}

static int64_t gap(struct world *world, uint32_t fault, uint64_t n) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  int64_t drawn =
      luck_time(&world->luck, hash_pair(plan->key ^ hash_name("gap"), n), plan->every->table);
  __extension__ __int128 scaled = (__int128)drawn * world->faults.items[fault].gap_quarters / 4;
  return scaled > SCHEMA_TIME_MAX_NS ? SCHEMA_TIME_MAX_NS : (int64_t)scaled;
}

/* The least time from a heal to the next beginning. */
static int64_t dwell(const struct world *world, const struct fault_plan *plan) {
  if (world->plan->swarm && plan->stability.ns < SWARM_DWELL_NS) return SWARM_DWELL_NS;
  return plan->stability.ns;
}

/* Of a record, the next beginning in it; of a renewal process, the next beginning is one gap, and at least
 * the dwell, after what has begun now has healed. LIMIT: of a terminate or deploy the heal is reckoned
 * without the time to finish. */
static void schedule_next(struct world *world, uint32_t fault) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  uint64_t begun = fault_state_of(world, fault)->begun;
  if (plan->timing == TIMING_RECORDED && begun < plan->occurrence_count)
    return schedule(world, fault, plan->occurrences[begun].at.ns);
  if (plan->timing != TIMING_EVERY || (plan->times && begun >= plan->times)) return;
  int64_t quiet = gap(world, fault, begun);
  if (quiet < dwell(world, plan)) quiet = dwell(world, plan);
  int64_t next = world->now.ns + plan->lasts.ns + quiet;
  if (next <= plan->until.ns) schedule(world, fault, next);
}

static void on_begin(struct world *world, uint32_t fault) {
  world->faults.pending--;
  uint64_t n = fault_state_of(world, fault)->begun++;
  const bool happened = fault_happens(world, fault, n);
  const bool drawn = happened && begin(world, fault, NULL, n);
  if (world->faults.observer)
    world->faults.observer(world->faults.observer_context, world, fault,
                           occurrence_of(world, fault, n), happened, drawn);
  schedule_next(world, fault);
  world_unhold(world, NULL);
}

static void on_restart(struct world *world, uint32_t fault, struct node *node) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  if (!node->alive) node_start(world, node, START_AGAIN);
  fault_close(world, fault);
  if (plan->verb == VERB_DEPLOY) {
    fault_state_of(world, fault)->deploy_down--;
    fault_deploy_next(world, fault);
  }
}

static void on_resume(struct world *world, uint32_t fault, struct node *node) {
  fault_close(world, fault);
  if (node->alive) node_resume(world, node);
}

void faults_event(struct world *world, enum fault_step step, uint32_t fault, uint64_t instance) {
  *trace_next(&world->trace) = (struct trace_record){
      .at = world->now.ns, .value = fault, .kind = TRACE_WORLD, .detail = EVENT_FAULT};
  struct node *node = &world->nodes[instance & 0xffff];
  if (step == FAULT_BEGIN) on_begin(world, fault);
  if (step == FAULT_END) fault_end(world, fault);
  if (step == FAULT_RESTART) on_restart(world, fault, node);
  if (step == FAULT_ARRIVAL) fault_close(world, fault);
  if (step == FAULT_RESUME) on_resume(world, fault, node);
  if (step == FAULT_GRACE && node->alive && node->stopping && node->incarnation == instance >> 16)
    node_kill(world, node, DEATH_KILL, fault);
  world_quiet(world);
}

void faults_node_down(struct world *world, struct node *node) {
  uint32_t stopper = node->stopped_by, killer = node->down_by;
  node->stopped_by = NO_FAULT;
  if (stopper != NO_FAULT && stopper != killer) { /* somebody else was faster */
    fault_close(world, stopper);
    if (fault_plan_of(world, stopper)->verb == VERB_DEPLOY) {
      fault_state_of(world, stopper)->deploy_down--;
      fault_deploy_next(world, stopper);
    }
  }
  if (killer != NO_FAULT)
    fault_push_step(world, world->now.ns + node->down_for.ns, FAULT_RESTART, killer, node->id);
}

/* --- What waits for the end of a step --- */

void fault_defer(struct world *world, struct deferred deferred) {
  struct faults *faults = &world->faults;
  GROW(faults->deferred, faults->deferred_capacity, faults->deferred_count + 1);
  faults->deferred[faults->deferred_count++] = deferred;
}

void faults_defer_exit(struct world *world, struct node *node) {
  fault_defer(world, (struct deferred){.fault = NO_FAULT, .node = node->id});
}

void faults_defer_death(struct world *world, struct node *node, uint32_t fault) {
  node->doomed = true;
  fault_defer(world, (struct deferred){.fault = fault, .node = node->id, .dies = true});
}

/* The number of an instance that waits: those of its fault have the last numbers, in order. */
static uint64_t deferred_number(struct world *world, size_t place) {
  const struct faults *faults = &world->faults;
  uint32_t fault = faults->deferred[place].fault;
  uint64_t waiting = 0;
  for (size_t i = place; i < faults->deferred_count; i++)
    waiting += faults->deferred[i].fault == fault && !faults->deferred[i].dies;
  return fault_state_of(world, fault)->begun - waiting;
}

void faults_deferred(struct world *world) {
  struct faults *faults = &world->faults;
  for (size_t i = 0; i < faults->deferred_count; i++) {
    struct deferred deferred = faults->deferred[i];
    struct node *node = &world->nodes[deferred.node];
    if (deferred.fault == NO_FAULT) {
      node_kill(world, node, DEATH_EXIT, node->stopped_by);
    } else if (deferred.dies) {
      fault_kill(world, deferred.fault, node, DEATH_KILL);
    } else {
      fault_state_of(world, deferred.fault)->intent = deferred.intent;
      begin(world, deferred.fault, node, deferred_number(world, i));
    }
  }
  if (faults->deferred_count) world_quiet(world);
  faults->deferred_count = 0;
}

/* --- Setting up --- */

static bool has_link(const struct plan *plan, enum link link) {
  if (!plan_link_rule(plan, link).used) return false;
  return world_nodes_of(plan, link_rows[link].from) > 0 && world_nodes_of(plan, link_rows[link].to) > 0;
}

/* A system that may have controllers hands over through them: without, it has nobody to hand over to. */
static bool understands(const struct plan *plan, const struct fault_plan *fault) {
  const struct system *system = plan->system;
  bool alone = fault->verb == VERB_FAILOVER && system->controllers && system->controllers(plan) == 0;
  for (uint32_t i = 0; i < fault->target.count; i++) {
    enum role role = fault->target.items[i].role;
    bool this = fault->target.items[i].which == WHICH_THIS;
    for (int one = this ? 0 : (int)role; one <= (this ? ROLE__COUNT - 1 : (int)role); one++) {
      bool system_s = !plan_store(plan, (enum role)one);
      if (!(system_s && alone) && plan_understands(plan, (enum role)one, fault->verb)) return true;
    }
  }
  return false;
}

/* Whether a row has any of these nodes. */
static bool names_any(const struct plan *plan, const struct selector *selector) {
  for (uint32_t i = 0; i < selector->count; i++) {
    const struct selector_item *item = &selector->items[i];
    if (item->which == WHICH_COORDINATOR && !plan->system->coordinator) continue;
    if (item->which == WHICH_THIS) return true;
    uint32_t nodes = world_nodes_of(plan, item->role);
    if (nodes > 0 && (!item->word || item->offset + item->count <= nodes)) return true;
  }
  return false;
}

static bool one_applies(const struct plan *plan, const struct fault_plan *fault) {
  const struct fault_verb *verb = &fault_verbs[fault->verb];
  if (fault->when_node.count > 0 && !names_any(plan, &fault->when_node)) return false;
  if (!fault_strikes[fault->verb]) return true;
  if (verb->target == FAULT_TARGET_LINK && !has_link(plan, fault->target_link)) return false;
  if (verb->of_system && !understands(plan, fault)) return false;
  return names_any(plan, &fault->target);
}

bool faults_apply(const struct plan *plan, const struct fault_plan *fault) {
  if (fault->occurrence_count == 0) return one_applies(plan, fault);
  for (size_t i = 0; i < fault->occurrence_count; i++)
    if (one_applies(plan, &fault->occurrences[i])) return true;
  return false;
}

static void reset_one(struct world *world, uint32_t fault, uint8_t *bitmaps, size_t bytes) {
  const struct fault_plan *plan = fault_plan_of(world, fault);
  struct fault_state *state = fault_state_of(world, fault);
  state->rules = plan;
  state->targets = bitmaps;
  state->others = bitmaps + bytes;
  state->sides[0] = bitmaps + 2 * bytes;
  state->sides[1] = bitmaps + 3 * bytes;
  state->window = UINT32_MAX;
  state->applies = !state->absent && faults_apply(world->plan, plan);
  if (!state->applies) return;
  if (plan->timing == TIMING_WHEN) return; /* fault_triggers_reset */
  if (plan->timing == TIMING_RECORDED) {
    if (plan->occurrence_count > 0) schedule(world, fault, plan->occurrences[0].at.ns);
  } else if (plan->has_at) {
    schedule(world, fault, plan->at.ns);
  } else {
    int64_t first = gap(world, fault, 0);
    if (first <= plan->until.ns) schedule(world, fault, first);
  }
}

void faults_reset(struct world *world) {
  struct faults *faults = &world->faults;
  size_t bytes = (world->node_count + 7) / 8, count = world->plan->fault_count;
  GROW(faults->items, faults->capacity, count);
  GROW(faults->bitmaps, faults->bitmap_capacity, 4 * bytes * count);
  GROW(faults->under_way, faults->under_way_capacity, bits_words(count));
  for (size_t i = 0; i < bits_words(count); i++) faults->under_way[i] = 0;
  faults->count = count;
  faults->window_count = faults->deferred_count = 0;
  faults->pending = faults->active = faults->planned = 0;
  static_assert(VERB__COUNT <= 32, "a bit for each verb");
  for (size_t i = 0; i < count; i++) faults->planned |= 1u << fault_plan_of(world, (uint32_t)i)->verb;
  for (uint32_t i = 0; i < count; i++) faults->items[i] = (struct fault_state){.gap_quarters = 4};
  fault_swarm(world);
  for (uint32_t i = 0; i < count; i++) reset_one(world, i, faults->bitmaps + 4 * bytes * i, bytes);
  fault_triggers_reset(world);
}

void faults_free(struct faults *faults) {
  free(faults->items);
  free(faults->windows);
  free(faults->deferred);
  free(faults->bitmaps);
  free(faults->under_way);
  free(faults->triggers);
}
