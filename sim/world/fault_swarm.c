#include "sim/world/fault_parts.h"

static uint64_t swarm_draw(const struct world *world, uint32_t fault) {
  return luck_draw(&world->luck, hash_pair(fault_plan_of(world, fault)->key, hash_name("swarm")));
}

/* The one that is there whatever the others drew, so that no seed is without faults. */
static uint32_t swarm_least(const struct world *world) {
  uint32_t least = 0;
  for (uint32_t i = 1; i < world->plan->fault_count; i++)
    if (swarm_draw(world, i) < swarm_draw(world, least)) least = i;
  return least;
}

static uint32_t swarm_quarters(const struct world *world, uint32_t fault) {
  static const uint32_t quarters[] = {1, 2, 4, 8, 16};
  uint64_t address = hash_pair(fault_plan_of(world, fault)->key, hash_name("swarm-gap"));
  return quarters[luck_choice(&world->luck, address, sizeof quarters / sizeof *quarters)];
}

void fault_swarm(struct world *world) {
  if (!world->plan->swarm || world->luck.mode == LUCK_NONE || world->plan->fault_count == 0) return;
  uint32_t least = swarm_least(world);
  for (uint32_t i = 0; i < world->plan->fault_count; i++) {
    struct fault_state *state = fault_state_of(world, i);
    state->absent = i != least && swarm_draw(world, i) >> 63;
    state->gap_quarters = swarm_quarters(world, i);
  }
}
