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
  if (plan->intents) return plan->intents[issued].at.ns;
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

/* The next operation: of the list, or drawn. What the list leaves open is drawn by the same address. */
static struct intent_plan next_intent(const struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  if (plan->intents) return plan->intents[world->intents];
  uint64_t id = world->intents + 1;
  return (struct intent_plan){
      .id = id,
      .key = 1 + (uint32_t)luck_choice(&world->luck, address(PURPOSE_KEY, id), plan->keys),
      .size = plan->size};
}

static uint32_t producer_of(const struct world *world, const struct intent_plan *intent) {
  uint32_t count = world->count[ROLE_PRODUCER];
  if (intent->producer) return intent->producer - 1;
  if (count == 1) return 0;
  return (uint32_t)luck_choice(&world->luck, address(PURPOSE_PRODUCER, intent->id), count);
}

static void issue(struct world *world) {
  const struct intent_plan next = next_intent(world);
  const uint64_t intent = next.id;
  world->intents++;
  remember(world, intent);
  uint32_t index = producer_of(world, &next);
  struct node *producer = world_node(world, ROLE_PRODUCER, index);
  world_fact(world, FACT_INTENDED, producer->id, intent, next.key, index);
  if (!producer->alive) {
    world_fact(world, FACT_ABANDONED, producer->id, intent, 0, 0);
    faults_hit(world, producer->down_by, producer->id, intent);
    return;
  }
  struct operation_request request = {
      .intent = intent, .call = call_open(world, producer, intent), .key = next.key,
      .size = (uint32_t)next.size};
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

void workload_effect(struct world *world, int64_t visible_ns) {
  if (world->intents < world->plan->workload.messages) schedule_next(world, visible_ns);
}

void workload_idle(struct world *world) {
  if (!world->arrivals_done && world->arrivals_pending == 0) fill_places(world);
}

const struct intent_plan *workload_find(const struct workload_plan *plan, uint64_t id) {
  size_t low = 0, high = plan->messages;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (plan->intents[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < plan->messages && plan->intents[low].id == id ? &plan->intents[low] : NULL;
}

int64_t workload_service_time(struct world *world, uint64_t intent, uint32_t group, uint32_t execution) {
  const struct workload_plan *plan = &world->plan->workload;
  const struct group_plan *groups = world->plan->groups;
  const struct distribution *service_time = groups ? groups[group].service_time : plan->service_time;
  uint64_t key = address(PURPOSE_SERVICE_TIME, intent);
  if (group > 0) key = hash_pair(key, group);
  if (plan->intents) {
    const struct intent_plan *given = workload_find(plan, intent);
    if (given && given->service_time) service_time = given->service_time;
  }
  return luck_time(&world->luck, hash_pair(key, execution), service_time->table);
}
