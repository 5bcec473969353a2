/* What the verbs do. */
#include "sim/world/fault_parts.h"

#include "sim/base/assert.h"
#include "sim/world/select.h"

static bool chosen(const uint8_t *set, size_t node) { return (set[node / 8] >> (node % 8)) & 1; }

void fault_kill(struct world *world, uint32_t fault, struct node *node, enum death death) {
  if (!node->alive) return;
  fault_open(world, fault);
  node->down_for = faults_rules(world, fault)->lasts;
  node_kill(world, node, death, fault);
}

static void strike_down(struct world *world, uint32_t fault) {
  static const enum death deaths[VERB__COUNT] = {
      [VERB_KILL] = DEATH_KILL, [VERB_POWER_LOSS] = DEATH_POWER, [VERB_DISK_GONE] = DEATH_DISK};
  enum death death = deaths[fault_plan_of(world, fault)->verb];
  for (size_t i = 0; i < world->node_count; i++)
    if (chosen(fault_state_of(world, fault)->targets, i))
      fault_kill(world, fault, &world->nodes[i], death);
}

static void terminate_one(struct world *world, uint32_t fault, struct node *node) {
  const struct fault_plan *plan = faults_rules(world, fault);
  fault_open(world, fault);
  node->down_for = plan->lasts;
  if (plan->verb == VERB_DEPLOY && plan->mode == DEPLOY_KILL)
    return node_kill(world, node, DEATH_KILL, fault);
  fault_push_step(world, world->now.ns + plan->grace.ns, FAULT_GRACE, fault,
                  (uint64_t)node->incarnation << 16 | node->id);
  node_terminate(world, node, fault);
}

static void strike_terminate(struct world *world, uint32_t fault) {
  for (size_t i = 0; i < world->node_count; i++) {
    struct node *node = &world->nodes[i];
    if (chosen(fault_state_of(world, fault)->targets, i) && node->alive && !node->stopping)
      terminate_one(world, fault, node);
  }
}

/* A rolling deploy: the next nodes in order, as many as may be unavailable at once. One instance is
 * open for the deploy as a whole, so that it is one window and the run waits for its end. */
void fault_deploy_next(struct world *world, uint32_t fault) {
  struct fault_state *state = fault_state_of(world, fault);
  const struct fault_plan *plan = faults_rules(world, fault);
  while (state->deploy_down < plan->max_unavailable && state->deploy_next < world->node_count) {
    struct node *node = &world->nodes[state->deploy_next++];
    if (!chosen(state->targets, node->id) || !node->alive || node->stopping) continue;
    state->deploy_down++;
    terminate_one(world, fault, node);
  }
  if (state->deploy_down == 0 && state->deploy_next == world->node_count) fault_close(world, fault);
}

static void strike_deploy(struct world *world, uint32_t fault) {
  struct fault_state *state = fault_state_of(world, fault);
  state->deploy_next = state->deploy_down = 0;
  fault_open(world, fault);
  fault_deploy_next(world, fault);
}

/* [I3] of node.h. Nodes go on when the last pause that holds them is over. LIMIT: an operation that
 * arrives at a paused producer is taken in at once; what it sends for it leaves when it goes on. */
static void strike_pause(struct world *world, uint32_t fault) {
  int64_t until = world->now.ns + faults_rules(world, fault)->lasts.ns;
  for (size_t i = 0; i < world->node_count; i++) {
    struct node *node = &world->nodes[i];
    if (!chosen(fault_state_of(world, fault)->targets, i) || !node->alive) continue;
    fault_open(world, fault);
    node_pause(world, node, until, fault);
    fault_push_step(world, until, FAULT_RESUME, fault, node->id);
  }
}

/* What a slow fault that has just begun, or ended, leaves of each node's speed. */
static void slow_down(struct world *world, uint32_t fault, enum node_part part) {
  const struct fault_plan *plan = faults_rules(world, fault);
  if (plan->slow_what != SLOW_BOTH && (int)plan->slow_what != (int)part) return;
  for (size_t i = 0; i < world->node_count; i++) {
    struct node *node = &world->nodes[i];
    if (!chosen(fault_state_of(world, fault)->targets, i)) continue;
    uint64_t factor = (uint64_t)node->slow[part] * plan->factor;
    node->slow[part] = factor < NODE_SLOW_MAX ? (uint32_t)factor : NODE_SLOW_MAX;
    node->slow_by[part] = fault;
    node->slowed = true;
  }
}

static void reckon_speeds(struct world *world, uint32_t begun_or_ended) {
  (void)begun_or_ended;
  for (size_t i = 0; i < world->node_count; i++) world->nodes[i].slowed = false;
  for (int part = 0; part < NODE_PART__COUNT; part++) {
    for (size_t i = 0; i < world->node_count; i++) world->nodes[i].slow[part] = 1;
    for (uint32_t i = fault_under_way(world, 0); i != BITS_NONE; i = fault_under_way(world, i + 1))
      if (fault_plan_of(world, i)->verb == VERB_SLOW) slow_down(world, i, (enum node_part)part);
  }
}

/* LIMIT: what has begun takes as long as it would have; a slow CPU does not slow the protocol's own
 * work on producers and consumers, which costs nothing here. */
static void strike_slow(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  reckon_speeds(world, fault);
  fault_push_step(world, world->now.ns + faults_rules(world, fault)->lasts.ns, FAULT_END, fault, 0);
}

/* What each node's clock is off by: the sum of what those say that are under way. */
static void reckon_clocks(struct world *world, uint32_t begun_or_ended) {
  (void)begun_or_ended;
  for (size_t i = 0; i < world->node_count; i++) world->nodes[i].clock_skew = 0;
  for (uint32_t f = fault_under_way(world, 0); f != BITS_NONE; f = fault_under_way(world, f + 1)) {
    const struct fault_plan *plan = faults_rules(world, f);
    if (plan->verb != VERB_SKEW_CLOCK) continue;
    const int64_t by = plan->skew_direction == SKEW_BACK ? -plan->skew.ns : plan->skew.ns;
    for (size_t i = 0; i < world->node_count; i++) {
      struct node *node = &world->nodes[i];
      if (!chosen(fault_state_of(world, f)->targets, i)) continue;
      const int64_t sum = node->clock_skew + by;
      node->clock_skew = sum > SCHEMA_TIME_MAX_NS    ? SCHEMA_TIME_MAX_NS
                         : sum < -SCHEMA_TIME_MAX_NS ? -SCHEMA_TIME_MAX_NS
                                                     : sum;
      node->clock_skew_by = f;
    }
  }
  for (size_t i = 0; i < world->node_count; i++) world->nodes[i].skewed = world->nodes[i].clock_skew != 0;
}

/* It is the machine's: a process that dies meanwhile comes back to it. */
static void strike_skew_clock(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  reckon_clocks(world, fault);
  fault_push_step(world, world->now.ns + faults_rules(world, fault)->lasts.ns, FAULT_END, fault, 0);
}

/* One window for all its nodes, also for those that are down: a disk lies whoever runs on it. */
static void strike_fsync_lies(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  for (size_t i = 0; i < world->node_count; i++) {
    if (!chosen(fault_state_of(world, fault)->targets, i)) continue;
    world->nodes[i].fsync_lies++;
    world->nodes[i].fsync_lies_by = fault;
  }
  fault_push_step(world, world->now.ns + faults_rules(world, fault)->lasts.ns, FAULT_END, fault, 0);
}

static void end_fsync_lies(struct world *world, uint32_t fault) {
  for (size_t i = 0; i < world->node_count; i++) {
    if (!chosen(fault_state_of(world, fault)->targets, i)) continue;
    ASSERT(world->nodes[i].fsync_lies > 0);
    world->nodes[i].fsync_lies--;
  }
}

/* It waits for a flush: nothing is under way until there is one. */
static void strike_fsync_fails(struct world *world, uint32_t fault) {
  for (size_t i = 0; i < world->node_count; i++)
    if (chosen(fault_state_of(world, fault)->targets, i)) world->nodes[i].fsync_fails_by = fault;
}

static uint32_t strike_component(struct world *world, struct node *node, uint32_t fault) {
  const struct component *component = node->components[0];
  if (node->doomed || !component || !component->struck) return 0;
  /* `this` may be anybody. */
  if (!plan_understands(world->plan, node->role, faults_rules(world, fault)->verb)) return 0;
  return component->struck(world, node, fault, true);
}

static void strike_of_system(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  for (size_t i = 0; i < world->node_count; i++) {
    if (!chosen(fault_state_of(world, fault)->targets, i)) continue;
    uint32_t perturbed = strike_component(world, &world->nodes[i], fault);
    if (perturbed == 0) continue;
    fault_state_of(world, fault)->hits += perturbed - 1;
    faults_hit(world, fault, (uint16_t)i, 0);
  }
  fault_close(world, fault);
}

/* The broker is told, and hits when it hands the copy out; under way until then. */
static void strike_redeliver(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  for (uint32_t i = 0; i < world->count[ROLE_BROKER]; i++)
    strike_component(world, world_node(world, ROLE_BROKER, i), fault);
  fault_push_step(world, world->now.ns + faults_rules(world, fault)->lasts.ns, FAULT_ARRIVAL, fault, 0);
}

/* The two sides of a partition whose shape splits its targets; a bridge is on neither. */
static void split(struct world *world, uint32_t fault) {
  struct fault_state *state = fault_state_of(world, fault);
  uint8_t *a = state->sides[0], *b = state->sides[1];
  uint32_t count = selector_count(world, state->targets);
  uint64_t address = hash_pair(state->address, hash_name("shape"));
  if (state->rules->shape == SHAPE_MAJORITY) {
    selector_split(world, state->targets, count ? count / 2 + 1 : 0, address, a, b);
  } else if (state->rules->shape == SHAPE_HALVES) {
    selector_split(world, state->targets, count / 2, address, a, b);
  } else { /* a bridge: one, and the halves of the rest; `others` has no use here */
    const uint32_t bridge = count > 0;
    selector_split(world, state->targets, bridge, address, a, state->others);
    selector_split(world, state->others, (count - bridge) / 2, hash_pair(address, 1), a, b);
  }
}

static void cut(struct world *world, uint32_t fault, bool on) {
  struct fault_state *state = fault_state_of(world, fault);
  const struct fault_plan *plan = state->rules;
  if (plan->shape == SHAPE_RING)
    link_cut_ring(world, state->targets, on, fault);
  else if (plan->shape == SHAPE_SIDES)
    link_cut(world, state->targets, state->others, plan->direction, on, fault);
  else
    link_cut(world, state->sides[0], state->sides[1], plan->direction, on, fault);
}

static void strike_partition(struct world *world, uint32_t fault) {
  const struct fault_plan *plan = faults_rules(world, fault);
  fault_open(world, fault);
  if (plan->shape != SHAPE_SIDES && plan->shape != SHAPE_RING) split(world, fault);
  cut(world, fault, true);
  fault_push_step(world, world->now.ns + plan->lasts.ns, FAULT_END, fault, 0);
}

static void heal_partition(struct world *world, uint32_t fault) { cut(world, fault, false); }

static void strike_reset(struct world *world, uint32_t fault) {
  fault_open(world, fault);
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->link == faults_rules(world, fault)->target_link &&
        chosen(fault_state_of(world, fault)->targets, channel->ends[0]))
      link_reset(world, channel, fault);
  }
  fault_close(world, fault);
}

static void strike_clog(struct world *world, uint32_t fault) {
  const struct fault_plan *plan = faults_rules(world, fault);
  int64_t until = world->now.ns + plan->lasts.ns;
  fault_open(world, fault);
  link_clog(world, plan->target_link, fault_state_of(world, fault)->targets, until, fault);
  fault_push_step(world, until, FAULT_END, fault, 0);
}

/* What has waited moves by itself. */
static void end_clog(struct world *world, uint32_t fault) {
  (void)world;
  (void)fault;
}

/* LIMIT: of two that degrade one link, that which stands later in the plan counts. */
static void reckon_rules(struct world *world, uint32_t begun_or_ended) {
  struct fault_state *state = fault_state_of(world, begun_or_ended);
  link_set_rules(world, state->rules->target_link, state->targets, NULL, NO_FAULT, 0);
  for (uint32_t i = fault_under_way(world, 0); i != BITS_NONE; i = fault_under_way(world, i + 1)) {
    if (fault_plan_of(world, i)->verb != VERB_DEGRADE) continue;
    state = fault_state_of(world, i);
    link_set_rules(world, state->rules->target_link, state->targets, &state->degraded, i,
                   state->degraded_until);
  }
}

static void strike_degrade(struct world *world, uint32_t fault) {
  const struct fault_plan *plan = faults_rules(world, fault);
  fault_state_of(world, fault)->degraded = link_degraded(world, plan);
  fault_state_of(world, fault)->degraded_until = world->now.ns + plan->lasts.ns;
  fault_open(world, fault);
  reckon_rules(world, fault);
  fault_push_step(world, world->now.ns + plan->lasts.ns, FAULT_END, fault, 0);
}

fault_strike_fn *const fault_strikes[VERB__COUNT] = {
    [VERB_KILL] = strike_down,
    [VERB_POWER_LOSS] = strike_down,
    [VERB_DISK_GONE] = strike_down,
    [VERB_TERMINATE] = strike_terminate,
    [VERB_DEPLOY] = strike_deploy,
    [VERB_SLOW] = strike_slow,
    [VERB_SKEW_CLOCK] = strike_skew_clock,
    [VERB_FSYNC_LIES] = strike_fsync_lies,
    [VERB_FSYNC_FAILS] = strike_fsync_fails,
    [VERB_FAILOVER] = strike_of_system,
    [VERB_MOVE_COORDINATOR] = strike_of_system,
    [VERB_LOSE_SLOT] = strike_of_system,
    [VERB_REDELIVER] = strike_redeliver,
    [VERB_PARTITION] = strike_partition,
    [VERB_RESET] = strike_reset,
    [VERB_CLOG] = strike_clog,
    [VERB_DEGRADE] = strike_degrade,
    [VERB_PAUSE] = strike_pause,
    /* done where the message is sent */
    [VERB_DROP] = NULL,
    [VERB_DELAY] = NULL,
    [VERB_DUPLICATE] = NULL,
    [VERB_FAIL] = NULL, /* done where the handler calls */
};

static fault_strike_fn *const ends[VERB__COUNT] = {
    [VERB_SLOW] = reckon_speeds,
    [VERB_SKEW_CLOCK] = reckon_clocks,
    [VERB_FSYNC_LIES] = end_fsync_lies,
    [VERB_PARTITION] = heal_partition,
    [VERB_CLOG] = end_clog,
    [VERB_DEGRADE] = reckon_rules,
};

void fault_end(struct world *world, uint32_t fault) {
  fault_close(world, fault);
  ends[fault_plan_of(world, fault)->verb](world, fault);
}
