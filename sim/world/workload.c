#include "sim/world/workload.h"

#include "sim/base/assert.h"
#include "sim/base/likely.h"
#include "sim/world/mutants.h"
#include "sim/world/world.h"


/* What is drawn for an operation: each its own key. Any fixed, different numbers would do. */
enum purpose { PURPOSE_ARRIVAL = 0x61, PURPOSE_KEY, PURPOSE_PRODUCER, PURPOSE_SERVICE_TIME, PURPOSE_OTHER_KEY };

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
  if (UNLIKELY(plan->intents != NULL)) return plan->intents[issued].at.ns;
  if (UNLIKELY(plan->steady)) /* the n-th at exactly n / rate: no drift */
    return (int64_t)((__int128)(issued + 1) * NS_PER_S * SCHEMA_RATE_SCALE / plan->rate);
  return now + luck_time(&world->luck, address(PURPOSE_ARRIVAL, issued + 1), plan->gap->table);
}

/* All places of a saturating workload, as far as there are operations for them. */
static void fill_places(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  uint64_t left = plan->messages - world->intents;
  for (uint64_t i = 0; i < plan->outstanding && i < left; i++) schedule_next(world, world->now.ns);
}

static void remember(struct world *world, uint64_t intent) {
  struct operation_memory *memory = &world->operations[intent & (OPERATION_WINDOW - 1)];
  __builtin_prefetch(&world->operations[(intent + 2) & (OPERATION_WINDOW - 1)], 1);
  *memory = (struct operation_memory){.intent = intent, .run = world->run};
  __builtin_prefetch(&world->operations[(intent + 1) & (OPERATION_WINDOW - 1)], 1); /* long not touched */
}

/* Written where it is to stand: who moves sixteen bytes of what has just been written piece by piece waits for them. */
static inline void draw(const struct world *world, uint64_t id, struct intent_plan *out) {
  const struct workload_plan *plan = &world->plan->workload;
  *out = (struct intent_plan){
      .id = id,
      .key = 1 + (uint32_t)luck_choice(&world->luck, address(PURPOSE_KEY, id), plan->keys),
      .size = plan->size,
      .operation = plan->operation};
}

/* The next operation: of the list, or drawn. What the list leaves open is drawn by the same address. */
static inline void next_intent(const struct world *world, struct intent_plan *out) {
  const struct workload_plan *plan = &world->plan->workload;
  if (UNLIKELY(plan->intents != NULL))
    *out = plan->intents[world->intents];
  else
    draw(world, world->intents + 1, out);
}

uint32_t workload_other_key(const struct world *world, uint64_t intent, uint32_t key) {
  const uint32_t keys = world->plan->workload.keys;
  uint32_t other = 1 + (uint32_t)luck_choice(&world->luck, address(PURPOSE_OTHER_KEY, intent), keys - 1);
  return other < key ? other : other + 1;
}

static uint32_t producer_of(const struct world *world, const struct intent_plan *intent) {
  uint32_t count = world->count[ROLE_PRODUCER];
  if (UNLIKELY(intent->producer != 0)) return intent->producer - 1;
  if (count == 1) return 0;
  return (uint32_t)luck_choice(&world->luck, address(PURPOSE_PRODUCER, intent->id), count);
}

/* Hands an operation to a producer; attempt: of a client that counts them, else 0. */
static void submit(struct world *world, const struct intent_plan *operation, struct node *producer,
                   uint32_t attempt) {
  const uint64_t intent = operation->id;
  if (UNLIKELY(attempt > 0)) client_submits(world, intent, attempt);
  if (UNLIKELY(!producer->alive)) {
    world_fact(world, FACT_ABANDONED, producer->id, intent, 0, 0);
    faults_hit(world, producer->down_by, producer->id, intent);
    if (attempt > 0) client_returned(world, intent, attempt, false, CLIENT_REFUSED);
    return;
  }
  struct operation_request request = {
      .intent = intent, .call = call_open(world, producer, intent), .key = operation->key,
      .size = (uint32_t)operation->size, .attempt = attempt};
  world->calls.items[request.call].attempt = (uint16_t)attempt;
  producer->depart = producer->paused_until; /* 0 = it is not paused */
  const struct component *application = producer->components[1];
  (UNLIKELY(application != NULL) ? application : producer->components[0])->submit(world, producer, &request);
  producer->depart = 0;
}

/* Its draws depend on nothing but its id. */
static void look_ahead(struct world *world) {
  if (UNLIKELY(world->intents == world->plan->workload.messages)) return;
  next_intent(world, &world->upcoming);
  world->upcoming_producer = world_node(world, ROLE_PRODUCER, producer_of(world, &world->upcoming));
  node_fetch(world->upcoming_producer, 0);
}

static void issue(struct world *world) {
  const struct intent_plan next = world->upcoming;
  struct node *producer = world->upcoming_producer;
  world->intents++;
  world->issued_ns = world->now.ns;
  world->issued_events = world->counters[COUNTER_EVENTS];
  remember(world, next.id);
  uint32_t other = UNLIKELY(next.operation == OPERATION_TRANSFER) ? workload_other_key(world, next.id, next.key) : 0;
  world_fact(world, FACT_INTENDED, producer->id, next.id,
             fact_intended(next.key, next.operation, other), producer->index - 1);
  look_ahead(world);
  submit(world, &next, producer, world->plan->client ? 1 : 0);
}

void workload_start(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  world_hold(world, NULL); /* until the last operation has arrived */
  look_ahead(world);
  if (plan->messages == 0) {
    world->arrivals_done = true;
    world_unhold(world, NULL);
  } else if (plan->outstanding == 0) {
    schedule_next(world, next_arrival(world, 0, 0));
  } else {
    fill_places(world);
  }
}

static struct intent_plan operation_of(const struct world *world, uint64_t intent) {
  const struct workload_plan *plan = &world->plan->workload;
  if (plan->intents) return *workload_find(plan, intent);
  struct intent_plan operation;
  draw(world, intent, &operation);
  return operation;
}

struct node *workload_producer(struct world *world, uint64_t intent, uint32_t attempt) {
  const struct intent_plan operation = operation_of(world, intent);
  uint32_t index = (producer_of(world, &operation) + attempt - 1) % world->count[ROLE_PRODUCER];
  return world_node(world, ROLE_PRODUCER, index);
}

void workload_submit_again(struct world *world, uint64_t intent, uint32_t attempt) {
  const struct intent_plan operation = operation_of(world, intent);
  struct node *producer = workload_producer(world, intent, attempt);
  world_fact(world, FACT_RESUBMITTED, producer->id, intent, attempt, 0);
  submit(world, &operation, producer, attempt);
}

void workload_arrive(struct world *world) {
  const struct workload_plan *plan = &world->plan->workload;
  world->arrivals_pending--;
  if (UNLIKELY(world->intents == plan->messages)) return;
  issue(world);
  if (UNLIKELY(world->intents + MUTANT(WORLD_LAST_ARRIVAL_FORGOTTEN) == plan->messages)) {
    world->arrivals_done = true;
    world_unhold(world, NULL);
  } else if (LIKELY(plan->outstanding == 0)) {
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

enum operation workload_operation(const struct world *world, uint64_t intent) {
  const struct workload_plan *plan = &world->plan->workload;
  if (!plan->intents) return plan->operation;
  const struct intent_plan *given = workload_find(plan, intent);
  return given ? given->operation : plan->operation;
}

int64_t workload_service_time(struct world *world, uint64_t intent, uint32_t group, uint32_t execution) {
  const struct workload_plan *plan = &world->plan->workload;
  const struct group_plan *groups = world->plan->groups;
  const struct distribution *service_time = UNLIKELY(groups != NULL) ? groups[group].service_time : plan->service_time;
  if (UNLIKELY(plan->intents != NULL)) {
    const struct intent_plan *given = workload_find(plan, intent);
    if (given && given->service_time) service_time = given->service_time;
  }
  if (service_time->table->constant) return service_time->table->median; /* nothing is drawn: no address */
  uint64_t key = address(PURPOSE_SERVICE_TIME, intent);
  if (UNLIKELY(group > 0)) key = hash_pair(key, group);
  return luck_time(&world->luck, hash_pair(key, execution), service_time->table);
}
