/* A failing case with as few operations as show it: every choice of one, two and three of them, smallest first,
 * each with a reference of its own. */
#include "sim/base/assert.h"
#include "sim/runner/check_reference.h"

#include <stdlib.h>
#include <string.h>

/* Operations that a case cannot do without. */
struct needed {
  uint64_t items[2 * CHECK_FAULTS_MAX + 3];
  unsigned count;
};

static void need(struct needed *needed, uint64_t intent) {
  for (unsigned i = 0; i < needed->count; i++)
    if (needed->items[i] == intent) return;
  if (intent) needed->items[needed->count++] = intent;
}

/* Whether the case fails in the same way with these alone. */
static bool shows(const struct scenario *scenario, const struct check_options *options,
                  const struct check_failure *failure, const uint64_t *only, unsigned count,
                  struct check_small *out) {
  struct check_world *world = check_world_new(scenario, options, only, count);
  struct check_answer clean, of_variant = {0};
  struct check_failure clean_failure;
  struct check_outcome outcome = {0};
  struct err err = {0};
  bool unjudged, ready = check_reference(world, &clean, &clean_failure, &unjudged, &err);
  if (ready && failure->what.variant != VARIANT_NONE)
    ready = check_reference_variant(world, failure->what.variant, &of_variant, &err);
  if (ready && failure->what.count == 0 && failure->what.variant != VARIANT_NONE)
    outcome = of_variant.outcome;
  else if (ready)
    ready = check_one(world, &failure->what, &outcome, &err);
  const bool same = ready && outcome.verdict == failure->outcome.verdict &&
                    outcome.anomaly == failure->outcome.anomaly && outcome.failure == failure->outcome.failure;
  if (same) {
    out->plan = world->plan;
    memcpy(out->intents, world->intents, world->plan.workload.messages * sizeof *out->intents);
    out->plan.workload.intents = out->intents;
    check_set_variant(&out->plan, failure->what.variant);
    out->outcome = outcome;
    out->small = true;
  }
  check_answer_deinit(&clean);
  check_answer_deinit(&of_variant);
  check_world_free(world);
  return same;
}

/* Adds operations from `from` on until there are `size` of them. */
static bool choose(const struct scenario *scenario, const struct check_options *options,
                   const struct check_failure *failure, const struct check_world *whole, uint64_t *only,
                   unsigned count, unsigned size, uint64_t from, struct check_small *out) {
  if (count == size) return shows(scenario, options, failure, only, count, out);
  for (uint64_t i = from; i < whole->plan.workload.messages; i++) {
    bool there = false;
    for (unsigned j = 0; j < count; j++) there |= only[j] == whole->intents[i].id;
    if (there) continue;
    only[count] = whole->intents[i].id;
    if (choose(scenario, options, failure, whole, only, count + 1, size, i + 1, out)) return true;
  }
  return false;
}

void check_shrink(const struct scenario *scenario, const struct check_options *options,
                  const struct check_failure *failure, struct check_small *out) {
  struct check_world *whole = check_world_new(scenario, options, NULL, 0);
  struct needed needed = {0};
  *out = (struct check_small){.plan = scenario->plans[0], .what = failure->what, .outcome = failure->outcome};
  out->plan.luck_none = true;
  for (unsigned i = 0; i < failure->what.count; i++) need(&needed, failure->what.placements[i].intent);
  if (failure->what.variant != VARIANT_NONE) {
    struct plan varied = whole->plan;
    check_set_variant(&varied, failure->what.variant);
    need(&needed, varied.content.first);
    need(&needed, varied.content.second);
  }
  const unsigned least = needed.count > 0 ? needed.count : 1;
  for (unsigned size = least; size <= CHECK_FAULTS_MAX && !out->small; size++) {
    uint64_t only[CHECK_FAULTS_MAX];
    memcpy(only, needed.items, needed.count * sizeof *only);
    choose(scenario, options, failure, whole, only, needed.count, size, 0, out);
  }
  check_world_free(whole);
}
