/* What was counted in a run, as facts at its end. */
#include "sim/world/plan.h"
#include "sim/world/world.h"

/* What a run has no use for is not stated: its trace is as it was before there was such a counter. */
static bool is_stated(const struct world *world, enum counter counter) {
  if (counter <= COUNTER_EVENTS) return true;
  if (counter == COUNTER_DEDUP_BYTES_FORGOTTEN) return world->counters[counter] > 0;
  return plan_commits(world->plan);
}

void world_state_counters(struct world *world) {
  world->counters[COUNTER_DEDUP_BYTES_FORGOTTEN] = world->counters[COUNTER_DEDUP_BYTES_PEAK] - world->dedup_bytes;
  for (uint32_t i = COUNTER_EVENTS + 1; i < COUNTER__COUNT; i++)
    if (is_stated(world, (enum counter)i)) world_fact(world, FACT_COUNTER, 0, 0, world->counters[i], i);
  for (uint32_t i = 0; i <= COUNTER_EVENTS; i++)
    world_fact(world, FACT_COUNTER, 0, 0, world->counters[i], i);
}
