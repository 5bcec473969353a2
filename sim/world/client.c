#include "sim/world/client.h"

#include "sim/base/assert.h"
#include "sim/world/mutants.h"
#include "sim/world/world.h"

/* What is remembered of an operation that is not over: its latest attempt, and whether that has ended and
 * the next one is waiting for its time. */
#define WAITING (UINT64_C(1) << 32)

static const struct settings *settings_of(const struct world *world) {
  return &world->plan->client_settings;
}

static void push(struct world *world, uint64_t intent, uint32_t attempt, bool again, struct span wait) {
  queue_push(&world->queue, &(struct event){.at = world->now.ns + wait.ns, .kind = EVENT_CLIENT,
                                            .detail = again, .a = intent, .b = attempt});
}

void client_submits(struct world *world, uint64_t intent, uint32_t attempt) {
  *map_put(&world->clients, intent, NULL) = attempt;
  struct span timeout = world->plan->client->timeout(settings_of(world));
  if (timeout.ns > 0) push(world, intent, attempt, false, timeout);
}

/* The latest attempt has ended without a confirmation. */
static void ended(struct world *world, uint64_t intent, uint32_t attempt, enum client_end end) {
  uint64_t address = hash_pair(hash_pair(hash_name("client-backoff"), intent), attempt);
  uint64_t draw = world->luck.mode == LUCK_NONE ? UINT64_C(1) << 63 : luck_draw(&world->luck, address);
  struct span wait;
  if (!world->plan->client->again(settings_of(world), end, attempt, draw, &wait)) {
    map_remove(&world->clients, intent);
    return;
  }
  *map_get(&world->clients, intent) = attempt | WAITING;
  world_hold(world, NULL);
  push(world, intent, attempt, true, wait);
}

void client_returned(struct world *world, uint64_t intent, uint32_t attempt, bool stored,
                     enum client_end end) {
  const uint64_t *latest = map_get(&world->clients, intent);
  if (!latest) return; /* it is over */
  if (stored && !MUTANT(WORLD_RESUBMITS_CONFIRMED))
    map_remove(&world->clients, intent);
  else if (*latest == attempt)
    ended(world, intent, attempt, end);
}

void client_event(struct world *world, uint64_t intent, uint32_t attempt, bool again) {
  const uint64_t *latest = map_get(&world->clients, intent);
  if (again) {
    if (latest) {
      ASSERT_EQ(*latest, attempt | WAITING); /* [I1] */
      workload_submit_again(world, intent, attempt + 1);
    }
    world_unhold(world, NULL);
  } else if (latest && *latest == attempt) {
    world_fact(world, FACT_UNKNOWN, workload_producer(world, intent, attempt)->id, intent, 0, 0);
    ended(world, intent, attempt, CLIENT_UNKNOWN);
  }
}
