/* What the parts of the faults share: fault.c (when), fault_triggers.c (at which point), fault_strike.c
 * (what), fault_swarm.c (which of them a seed has). For nobody else.
 */
#ifndef SIM_WORLD_FAULT_PARTS_H
#define SIM_WORLD_FAULT_PARTS_H

#include "sim/base/bits.h"
#include "sim/world/world.h"

static inline const struct fault_plan *fault_plan_of(const struct world *world, uint32_t fault) {
  return &world->plan->faults[fault];
}
static inline struct fault_state *fault_state_of(struct world *world, uint32_t fault) {
  return &world->faults.items[fault];
}

void fault_push_step(struct world *world, int64_t at, enum fault_step step, uint32_t fault,
                     uint64_t instance);

/* An instance is under way: its window is open, and the run has not drained. */
void fault_open(struct world *world, uint32_t fault);
void fault_close(struct world *world, uint32_t fault);

/* Whether its n-th instance, from 0, happens at all. */
bool fault_happens(struct world *world, uint32_t fault, uint64_t n);

/* To be dealt with when the step returns. */
void fault_defer(struct world *world, struct deferred deferred);

/* Arms the points that triggers of this run wait for; behind it each fault's state is set. */
void fault_triggers_reset(struct world *world);

/* The first fault from `from` on that is under way, or BITS_NONE. */
static inline uint32_t fault_under_way(const struct world *world, uint32_t from) {
  return bits_next(world->faults.under_way, from, (uint32_t)world->faults.count);
}

/* Strikes the targets that the fault's state has now. NULL: done where a message is sent. */
typedef void fault_strike_fn(struct world *world, uint32_t fault);
extern fault_strike_fn *const fault_strikes[VERB__COUNT];

/* Ends a process, if it runs; it is down for as long as the fault says. */
void fault_kill(struct world *world, uint32_t fault, struct node *node, enum death death);

/* What FAULT_END does, where the verb has one. */
void fault_end(struct world *world, uint32_t fault);

/* One of a deploy's instances is done with: the next of its targets. */
void fault_deploy_next(struct world *world, uint32_t fault);

/* This seed's part of the faults, and how dense they are. */
void fault_swarm(struct world *world);

#endif
