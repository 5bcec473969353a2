/* What a swarm's worlds had in them, and what came of them: a swarm where nothing happens proves nothing. */
#ifndef TESTS_SYSTEM_SWARM_COVERAGE_H
#define TESTS_SYSTEM_SWARM_COVERAGE_H

#include "sim/runner/result.h"
#include "sim/runner/scenario.h"
#include "sim/world/fault_verbs.h"
#include "sim/world/point.h"

#include <stdio.h>

#define COVERAGE_MODELS_MAX 48

enum coverage_slot { SLOT_SYSTEM, SLOT_HANDLER, SLOT_STORE, SLOT_CLIENT, SLOT_PUBLISHER, SLOT__COUNT };

/* How many worlds had it; plain numbers, so that workers' are summed up. */
struct coverage {
  uint64_t worlds, without_faults, effective, grouped, listed, saturated, stuck, violated, events;
  uint64_t models[SLOT__COUNT][COVERAGE_MODELS_MAX];
  uint64_t keys[SLOT__COUNT][COVERAGE_MODELS_MAX][SCHEMA_KEYS_MAX]; /* with another value than the default */
  uint64_t operations[OPERATION__COUNT];
  uint64_t links[LINK__COUNT][LINK_KIND__COUNT];
  uint64_t verbs[VERB__COUNT], hits[VERB__COUNT], timings[4]; /* faults, not worlds; hits: that hit something */
  uint64_t points[POINT__MAX], own_points[COVERAGE_MODELS_MAX][POINT__MAX];
  uint64_t metrics[METRIC__COUNT];   /* above 0 */
  uint64_t broken[ANOMALY__COUNT];   /* against the contract */
};

void coverage_add(struct coverage *coverage, const struct registry *registry, const struct plan *plan,
                  const struct run_result *result);
void coverage_sum(struct coverage *into, const struct coverage *from);
void coverage_print(const struct coverage *coverage, const struct registry *registry, FILE *out);

#endif
