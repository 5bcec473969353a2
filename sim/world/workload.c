#include "sim/world/workload.h"

#include "sim/base/assert.h"
#include "sim/world/world.h"


/* What is drawn for an operation: each its own key. Any fixed, different numbers would do. */
enum purpose { PURPOSE_ARRIVAL = 0x61, PURPOSE_KEY, PURPOSE_PRODUCER, PURPOSE_SERVICE_TIME };

static uint64_t address(enum purpose purpose, uint64_t intent) {
  return hash_pair((uint64_t)purpose << 56, intent);
}

static void schedule_next(struct world *world, int64_t at) {
  queue_push(&world->queue, &(struct event){.at = at, .kind = EVENT_ARRIVAL});
  world->arrivals_pending++;
}

/* Time of the next arrival, after intent `issued` was issued at `now`. */
static int64_t next_arrival(struct world *world, uint64_t issued, int64_t now) {
  const struct workload_plan *plan = &world->plan->workload;
  if (plan->steady) /* the n-th at exactly n / rate: no drift */
    return (int64_t)((__int128)(issued + 1) * NS_PER_S * SCHEMA_RATE_SCALE / plan->rate);
  return now + luck_time(&world->luck, address(PURPOSE_ARRIVAL, issued + 1), plan->gap->table);
}

/* All places of a saturating workload, as far as there are operations for them. */
static void fill_places(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  uint64_t left = plan->messages - world->intents;
  for (uint64_t i = 0; i < plan->outstanding && i < left; i++) schedule_next(world, world->now.ns);
}

void workload_start(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  world_hold(world, NULL); /* until the last operation has arrived */
  if (plan->messages == 0) {
    world->arrivals_done = true;
    world_unhold(world, NULL);
  } else if (plan->outstanding == 0) {
    schedule_next(world, next_arrival(world, 0, 0));
  } else {
    fill_places(world);
  }
}

static struct operation_memory *remember(struct world *world, uint64_t intent) {
  struct operation_memory *memory = &world->operations[intent & (OPERATION_WINDOW - 1)];
  *memory = (struct operation_memory){.intent = intent, .run = world->run};
  return memory;
}

static void issue(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  uint64_t intent = ++world->intents;
  remember(world, intent);
  uint32_t key = 1 + (uint32_t)luck_choice(&world->luck, address(PURPOSE_KEY, intent), plan->keys);
  uint32_t count = world->count[ROLE_PRODUCER];
  uint32_t index =
      count == 1 ? 0 : (uint32_t)luck_choice(&world->luck, address(PURPOSE_PRODUCER, intent), count);
  struct node *producer = world_node(world, ROLE_PRODUCER, index);
  world_fact(world, FACT_INTENDED, producer->id, intent, key, index);
  if (!producer->alive) {
    world_fact(world, FACT_ABANDONED, producer->id, intent, 0, 0);
    faults_hit(world, producer->down_by, producer->id, intent);
    return;
  }
  struct operation_request request = {
      .intent = intent, .call = call_open(world, producer, intent), .key = key,
      .size = (uint32_t)plan->size};
  producer->depart = producer->paused_until; /* 0 = it is not paused */
  producer->components[0]->submit(world, producer, &request);
  producer->depart = 0;
}

void workload_arrive(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  world->arrivals_pending--;
  if (world->intents == plan->messages) return;
  issue(world);
  if (world->intents == plan->messages) {
    world->arrivals_done = true;
    world_unhold(world, NULL);
  } else if (plan->outstanding == 0) {
    schedule_next(world, next_arrival(world, world->intents, world->now.ns));
  }
}

void workload_effect(struct world *world, uint64_t intent, int64_t visible_ns) {
  struct operation_memory *memory = &world->operations[intent & (OPERATION_WINDOW - 1)];
  if (memory->intent != intent || memory->run != world->run || memory->effected) return;
  memory->effected = true;
  if (world->intents < world->plan->workload.messages) schedule_next(world, visible_ns);
}

void workload_idle(struct world *world) {
  if (!world->arrivals_done && world->arrivals_pending == 0) fill_places(world);
}

int64_t workload_service_time(struct world *world, uint64_t intent, uint32_t execution) {
  uint64_t key = hash_pair(address(PURPOSE_SERVICE_TIME, intent), execution);
  return luck_time(&world->luck, key, world->plan->workload.service_time->table);
}
