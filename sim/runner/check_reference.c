#include "sim/runner/check_reference.h"

#include "sim/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The world --- */

/* A tenth of a second apart, unless the scenario lists them or says how often they come. */
static void list_operations(const struct plan *plan, struct check_world *world) {
  const struct workload_plan *workload = &plan->workload;
  const int64_t gap = workload->duration.ns / (int64_t)(workload->messages ? workload->messages : 1);
  for (uint64_t i = 0; i < workload->messages; i++)
    world->intents[i] = workload->intents ? workload->intents[i]
                                          : (struct intent_plan){.id = i + 1, .at = instant_of((int64_t)i * gap),
                                                                 .key = 1 + (uint32_t)(i % workload->keys),
                                                                 .size = workload->size,
                                                                 .operation = workload->operation};
}

static uint64_t keep(struct intent_plan *intents, uint64_t count, const uint64_t *only, unsigned only_count) {
  uint64_t kept = 0;
  for (uint64_t i = 0; i < count; i++)
    for (unsigned j = 0; j < only_count; j++)
      if (intents[i].id == only[j]) {
        intents[kept++] = intents[i];
        break;
      }
  return kept;
}

struct check_world *check_world_new(const struct scenario *scenario, const struct check_options *options,
                                    const uint64_t *only, unsigned only_count) {
  struct check_world *world = calloc(1, sizeof *world);
  ASSERT(world);
  world->scenario = scenario;
  world->options = options;
  world->rules = &scenario->check;
  world->plan = scenario->plans[0];
  ASSERT_LE(world->plan.workload.messages, CHECK_OPERATIONS_MAX);
  list_operations(&scenario->plans[0], world);
  struct workload_plan *workload = &world->plan.workload;
  if (only) workload->messages = keep(world->intents, workload->messages, only, only_count);
  workload->intents = world->intents;
  workload->rate = 0;
  world->plan.luck_none = true;
  world->plan.fault_count = 0;
  world->plan.redelivery_horizon = scenario->check.redelivery_horizon;
  check_set_variant(&world->plan, VARIANT_NONE);
  return world;
}

void check_world_free(struct check_world *world) {
  effect_lines_deinit(&world->clean);
  effect_lines_deinit(&world->expected_other);
  for (int i = 0; i < VARIANT__COUNT; i++) effect_lines_deinit(&world->expected[i]);
  free(world);
}

/* --- Clean runs --- */

static void fail(struct check_failure *failure, enum program_failure program, const char *text) {
  *failure = (struct check_failure){.what = {.class = CHECK_CLEAN},
                                    .outcome = {.verdict = CHECK_PROGRAM, .failure = program}};
  snprintf(failure->outcome.evidence, sizeof failure->outcome.evidence, "%s", text);
}

/* What two clean runs have to have in common. */
static bool compare_runs(struct check_world *world, struct check_answer answers[2], struct check_failure *failure) {
  for (int i = 0; i < 2; i++) {
    if (answers[i].outcome.verdict == CHECK_PROGRAM) {
      *failure = (struct check_failure){.what = {.class = CHECK_CLEAN}, .outcome = answers[i].outcome};
      return false;
    }
    if (answers[i].exits == 0) continue;
    fail(failure, PROGRAM_DIED, answers[i].exit_text);
    return false;
  }
  if (answers[0].outcome.digest != answers[1].outcome.digest || answers[0].calls != answers[1].calls) {
    fail(failure, PROGRAM_CANNOT_JUDGE,
         "two clean runs differ in what the program calls, and when: what it does must depend on its messages and "
         "answers alone");
    return false;
  }
  if (answers[0].effects == 0 && answers[0].lines.count == 0) {
    fail(failure, PROGRAM_CANNOT_JUDGE,
         "a clean run leaves nothing behind that can be seen: no effect in the tool's stores, and no probe that finds "
         "any");
    return false;
  }
  effect_lines_sort(&answers[1].lines);
  check_mask(&answers[0].lines, &answers[1].lines, world->masked, sizeof world->masked);
  if (answers[0].effects > 0 || answers[0].lines.count > 0) return true;
  fail(failure, PROGRAM_CANNOT_JUDGE, "all that a clean run leaves behind differs from run to run");
  return false;
}

static void take_lines(struct effect_lines *out, const struct effect_lines *from) {
  effect_lines_clear(out);
  for (size_t i = 0; i < from->count; i++)
    effect_lines_add(out, from->items[i].operation, from->items[i].kind, from->items[i].amount);
}

bool check_reference(struct check_world *world, struct check_answer *out_clean, struct check_failure *out_failure,
                     bool *out_unjudged, struct err *err) {
  struct check_answer answers[2] = {0};
  const struct check_request request = {.what = {.class = CHECK_CLEAN}, .wants_places = true, .wants_lines = true};
  const struct check_request requests[2] = {request, request};
  *out_unjudged = false;
  *out_clean = (struct check_answer){0};
  if (!check_do(world, 1, requests, 2, false, answers, NULL, err)) return false;
  bool fine = compare_runs(world, answers, out_failure);
  *out_unjudged = !fine;
  if (fine) {
    world->ready = true;
    world->ledger = answers[0].effects > 0;
    check_find_accounts(&world->plan, &answers[0].lines, world->accounts, sizeof world->accounts);
    check_name_accounts(&answers[0].lines, world->accounts);
    effect_lines_sort(&answers[0].lines);
    take_lines(&world->clean, &answers[0].lines);
    check_expect(&world->plan, &world->clean, NULL, false, &world->expected[VARIANT_NONE]);
    world->lines_of[VARIANT_NONE] = world->clean.count > 0;
  }
  *out_clean = answers[0];
  check_answer_deinit(&answers[1]);
  return fine;
}

/* What a clean run of a variant leaves behind without one of its two operations. */
static bool lines_without(struct check_world *world, enum variant variant, uint8_t without, struct effect_lines *out,
                          struct check_outcome *outcome, struct err *err) {
  const struct check_request request = {.what = {.variant = variant}, .wants_lines = true, .without = without};
  struct check_answer answer;
  if (!check_do(world, 1, &request, 1, false, &answer, NULL, err)) return false;
  if (answer.outcome.verdict == CHECK_PROGRAM) *outcome = answer.outcome;
  take_lines(out, &answer.lines);
  effect_lines_sort(out);
  check_answer_deinit(&answer);
  return true;
}

/* Of a variant whose second operation is not to be done: that it is not; and what is left where it comes first, and
 * is done instead. */
static bool refer_unwanted(struct check_world *world, const struct plan *varied, struct check_answer *clean,
                           struct err *err) {
  const enum variant variant = varied->content.variant;
  struct effect_lines first = {0}, second = {0}, other = {0};
  struct check_outcome *outcome = &clean->outcome;
  const bool done = lines_without(world, variant, 2, &first, outcome, err) &&
                    (variant != VARIANT_CHANGED_PAYLOAD || lines_without(world, variant, 1, &second, outcome, err));
  if (done && outcome->verdict == CHECK_RECOVERED) check_unwanted(varied, &first, &clean->lines, outcome);
  if (done && variant == VARIANT_CHANGED_PAYLOAD) {
    check_instead(&first, &second, &clean->lines, &other);
    check_expect(varied, &world->clean, &other, true, &world->expected_other);
  }
  effect_lines_deinit(&first);
  effect_lines_deinit(&second);
  effect_lines_deinit(&other);
  return done;
}

bool check_reference_variant(struct check_world *world, enum variant variant, struct check_answer *out_clean,
                             struct err *err) {
  const struct check_request request = {.what = {.variant = variant}, .wants_places = true, .wants_lines = true};
  struct plan varied = world->plan;
  *out_clean = (struct check_answer){0};
  check_set_variant(&varied, variant);
  world->lines_of[variant] = false; /* the ledger's say first: what cannot be derived is not known yet */
  if (!check_do(world, 1, &request, 1, false, out_clean, NULL, err)) return false;
  check_expect(&varied, &world->clean, &out_clean->lines, false, &world->expected[variant]);
  world->lines_of[variant] = world->clean.count > 0;
  effect_lines_sort(&out_clean->lines);
  if (out_clean->outcome.verdict == CHECK_RECOVERED && world->lines_of[variant])
    check_lines(&varied, &world->expected[variant], &out_clean->lines, &out_clean->outcome);
  const bool unwanted = variant == VARIANT_CHANGED_PAYLOAD || variant == VARIANT_POISON;
  return !unwanted || !world->lines_of[variant] || refer_unwanted(world, &varied, out_clean, err);
}

bool check_one(struct check_world *world, const struct check_case *what, struct check_outcome *out,
               struct err *err) {
  struct check_answer answer;
  const struct check_request request = {.what = *what};
  if (!check_do(world, 1, &request, 1, false, &answer, NULL, err)) return false;
  *out = answer.outcome;
  check_answer_deinit(&answer);
  return true;
}
