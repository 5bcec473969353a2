/* A system without a broker: a script says when which consumer's host gets which record. For tests of
 * the handler host and the database. */
#ifndef TESTS_MODELS_SCRIPT_H
#define TESTS_MODELS_SCRIPT_H

#include "models/handlers/host.h"
#include "models/store/cache.h"
#include "models/store/database.h"
#include "sim/handler/dgsim.h"
#include "tests/models/tiny.h"

#define SCRIPT_STEPS_MAX 64

struct script_step {
  int64_t at_ns;
  uint32_t consumer; /* from 1 */
  uint64_t intent;
  uint32_t key;
  struct origin origin;
  uint16_t attempt;
  /* filled in */
  int runs;          /* handled so often */
  int status;        /* of the last */
  int64_t handled_at;
};
struct script {
  struct script_step steps[SCRIPT_STEPS_MAX];
  size_t count;
  bool resubmit; /* what was not handled is submitted again when its consumer is back */
  bool in_submit;
  struct world *world;
};
static struct script script; /* components have no context of their own */

static void script_step(struct world *world, struct node *node, uint64_t argument) {
  struct script_step *step = &script.steps[argument];
  struct record record = {.intent = step->intent, .key = step->key, .size = 100,
                          .count = (uint16_t)(step->runs + 1), .attempt = step->attempt};
  script.in_submit = true;
  host_submit(world, node, &record, &step->origin, (uint32_t)argument);
  script.in_submit = false;
}

static void script_start(struct world *world, struct node *node, enum start_reason reason) {
  script.world = world;
  for (size_t i = 0; i < script.count; i++) {
    struct script_step *step = &script.steps[i];
    if (step->consumer != node->index) continue;
    if (reason == START_FIRST)
      step->runs = 0, step->status = -1, step->handled_at = -1, world_hold(world, NULL);
    else if (!script.resubmit || step->runs > 0)
      continue;
    int64_t delay = step->at_ns > world->now.ns ? step->at_ns - world->now.ns : 0;
    world_after(world, node, 0, 0, i, span_of(delay));
  }
}

/* Each call of a store has a connection of its own: none is known to a consumer only, of a machine that was gone. */
static inline void script_without_pool(struct tiny *tiny) {
  tiny->plan.links[LINK_CONSUMER_TO_DATABASE].kind = LINK_KIND_PER_REQUEST;
  tiny->plan.links[LINK_CONSUMER_TO_CACHE].kind = LINK_KIND_PER_REQUEST;
}

/* A script ends when its time is over, whatever has become of the steps. */
static void script_handled(struct world *world, struct node *node, uint32_t tag, int status) {
  (void)node;
  ck_assert_msg(!script.in_submit, "handled was called within host_submit");
  struct script_step *step = &script.steps[tag];
  if (step->runs++ == 0) world_unhold(world, NULL);
  step->status = status;
  step->handled_at = world->now.ns;
}

static struct span script_timeout(const struct plan *plan) {
  (void)plan;
  return span_of(0);
}

static timer_fn *const script_timers[] = {script_step};
static const char *const script_timer_names[] = {"step"};
static const struct component script_consumer = {
    .name = "script", .start = script_start, .on_timer = script_timers,
    .timer_names = script_timer_names, .timer_count = 1, .handled = script_handled};

static const struct system script_system = {
    .name = "script",
    .components = {[ROLE_CONSUMER] = &script_consumer},
    .host = &handler_host,
    .longest_timeout = script_timeout,
};

static inline struct tiny *script_new(const struct handler *handler, uint32_t consumers,
                                      uint32_t threads) {
  script = (struct script){0};
  struct tiny *tiny = tiny_new(&script_system, handler, &store_transactional);
  tiny->plan.counts[ROLE_CONSUMER] = consumers;
  tiny->plan.threads = threads;
  return tiny;
}

/* With a cache besides the database. */
static inline struct tiny *script_with_cache(const struct handler *handler, uint32_t consumers,
                                             uint32_t threads) {
  struct tiny *tiny = script_new(handler, consumers, threads);
  tiny->plan.cache.store = &store_redis;
  tiny_defaults(&tiny->plan.cache.settings, store_redis.keys, store_redis.key_count);
  tiny->plan.counts[ROLE_CACHE] = 1;
  return tiny;
}

static inline struct script_step *script_add(int64_t at_ns, uint32_t consumer, uint64_t intent) {
  ASSERT_LT(script.count, SCRIPT_STEPS_MAX);
  struct script_step *step = &script.steps[script.count++];
  *step = (struct script_step){.at_ns = at_ns, .consumer = consumer, .intent = intent, .key = 1};
  return step;
}

#endif
