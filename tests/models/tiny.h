/* A tiny world for tests of models: a plan built by hand, all chances off, all latencies 1 ms; what
 * happened is kept as a list of facts. */
#ifndef TESTS_MODELS_TINY_H
#define TESTS_MODELS_TINY_H

#include "sim/base/assert.h"
#include "sim/world/world.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TINY_FAULTS_MAX 8
#define TINY_FACTS_MAX (1 << 16)
#define TINY_LATENCY_NS NS_PER_MS

struct tiny {
  struct plan plan;
  struct fault_plan faults[TINY_FAULTS_MAX];
  struct quantile_table latency_table, service_table;
  struct distribution latency, service;
  struct world *world;
  struct trace_record facts[TINY_FACTS_MAX];
  size_t fact_count;
  uint64_t digest;
};

static void tiny_sink(void *context, const struct trace_record *records, size_t count,
                      uint64_t first) {
  struct tiny *tiny = context;
  (void)first;
  for (size_t i = 0; i < count; i++)
    if (records[i].kind >= TRACE_FACT && tiny->fact_count < TINY_FACTS_MAX)
      tiny->facts[tiny->fact_count++] = records[i];
}

/* Distributions are left to the test. */
static inline void tiny_defaults(struct settings *settings, const struct key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (keys[i].type == VALUE_DISTRIBUTION) continue;
    struct err err = {0};
    bool good = schema_parse(&keys[i], keys[i].value_default, &settings->values[i], &err);
    ck_assert_msg(good, "%s: %s", keys[i].name, err.message);
  }
}

/* One producer, broker, database, one consumer with one thread; no operations. */
static inline struct tiny *tiny_new(const struct system *system, const struct handler *handler,
                                    const struct store *database) {
  struct tiny *tiny = calloc(1, sizeof *tiny);
  ck_assert(tiny != NULL);
  tiny->latency_table = (struct quantile_table){
      .constant = true, .median = TINY_LATENCY_NS, .mean = TINY_LATENCY_NS};
  tiny->service_table = (struct quantile_table){.constant = true};
  tiny->latency = (struct distribution){"1ms", &tiny->latency_table};
  tiny->service = (struct distribution){"0s", &tiny->service_table};
  struct plan *plan = &tiny->plan;
  plan->label = "tiny";
  plan->system = system;
  plan->handler = handler;
  plan->database.store = database;
  tiny_defaults(&plan->system_settings, system->keys, system->key_count);
  tiny_defaults(&plan->handler_settings, handler->keys, handler->key_count);
  if (database) tiny_defaults(&plan->database.settings, database->keys, database->key_count);
  tiny_defaults(&plan->costs, cost_keys, COST__COUNT);
  plan->counts[ROLE_PRODUCER] = plan->counts[ROLE_BROKER] = plan->counts[ROLE_CONSUMER] = 1;
  plan->counts[ROLE_DATABASE] = database != NULL;
  plan->partitions = plan->threads = plan->cores = 1;
  for (int i = 0; i < LINK__COUNT; i++)
    plan->links[i] = (struct link_plan){.kind = plan_link_rule(plan, (enum link)i).kind, .latency = &tiny->latency};
  plan->workload = (struct workload_plan){.rate = 10 * SCHEMA_RATE_SCALE, .steady = true, .keys = 4,
                                          .size = 100, .service_time = &tiny->service};
  plan->faults = tiny->faults;
  plan->luck_none = true;
  tiny->world = world_new(0, 0);
  trace_add_sink(&tiny->world->trace, tiny_sink, tiny);
  return tiny;
}

static inline void tiny_free(struct tiny *tiny) {
  world_free(tiny->world);
  free(tiny);
}

static inline void tiny_run(struct tiny *tiny) {
  tiny->fact_count = 0;
  world_reset(tiny->world, &tiny->plan, 1);
  world_run(tiny->world);
  tiny->digest = trace_digest(&tiny->world->trace);
}

/* A fault to be filled in further. */
static inline struct fault_plan *tiny_fault(struct tiny *tiny, enum verb verb) {
  ASSERT_LT(tiny->plan.fault_count, TINY_FAULTS_MAX);
  static const char *const names[TINY_FAULTS_MAX] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
  struct fault_plan *fault = &tiny->faults[tiny->plan.fault_count];
  *fault = (struct fault_plan){.name = names[tiny->plan.fault_count], .verb = verb,
                               .chance = SCHEMA_SHARE_SCALE, .lasts = span_of(NS_PER_S)};
  fault->key = hash_name(fault->name);
  tiny->plan.fault_count++;
  return fault;
}

static inline struct selector tiny_one(enum role role, uint32_t index) {
  return (struct selector){.items = {{WHICH_INDEX, role, index}}, .count = 1};
}

/* At a time, one node. */
static inline struct fault_plan *tiny_strike(struct tiny *tiny, enum verb verb, int64_t at_ns,
                                             enum role role, uint32_t index) {
  struct fault_plan *fault = tiny_fault(tiny, verb);
  fault->timing = TIMING_AT;
  fault->has_at = true;
  fault->at = instant_of(at_ns);
  fault->times = 1;
  fault->target = tiny_one(role, index);
  return fault;
}

/* At a point: what happens there, or the node where it happens. */
static inline struct fault_plan *tiny_trigger(struct tiny *tiny, enum verb verb, enum point point,
                                              uint64_t intent) {
  struct fault_plan *fault = tiny_fault(tiny, verb);
  fault->timing = TIMING_WHEN;
  fault->point = point;
  fault->intent = intent;
  fault->target = (struct selector){.items = {{.which = WHICH_THIS}}, .count = 1};
  return fault;
}

/* How often a fact was stated of an intent; 0 = of any. */
static inline size_t tiny_count(const struct tiny *tiny, enum fact fact, uint64_t intent) {
  size_t count = 0;
  for (size_t i = 0; i < tiny->fact_count; i++)
    count += tiny->facts[i].kind == fact && (intent == 0 || tiny->facts[i].intent == intent);
  return count;
}

/* The n-th of them (from 0), or NULL. */
static inline const struct trace_record *tiny_nth(const struct tiny *tiny, enum fact fact,
                                                  uint64_t intent, size_t n) {
  for (size_t i = 0; i < tiny->fact_count; i++)
    if (tiny->facts[i].kind == fact && (intent == 0 || tiny->facts[i].intent == intent) && n-- == 0)
      return &tiny->facts[i];
  return NULL;
}

static inline int64_t tiny_at(const struct tiny *tiny, enum fact fact, uint64_t intent, size_t n) {
  const struct trace_record *record = tiny_nth(tiny, fact, intent, n);
  ck_assert_msg(record != NULL, "no fact %s of %llu", trace_kind_name(fact),
                (unsigned long long)intent);
  return record->at;
}

/* Final balance of a key. */
static inline int64_t tiny_balance(const struct tiny *tiny, uint32_t key) {
  for (size_t i = 0; i < tiny->fact_count; i++)
    if (tiny->facts[i].kind == FACT_STATE && tiny->facts[i].detail == key)
      return (int64_t)tiny->facts[i].value;
  return -1;
}

static inline void tiny_service_time(struct tiny *tiny, int64_t ns) {
  tiny->service_table.median = tiny->service_table.mean = ns;
}

#endif
