#include "sim/runner/check.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/check_reference.h"
#include "sim/runner/workers.h"
#include "sim/world/point.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct check_class_row check_class_rows[CHECK_CLASS__COUNT] = {
#define X(id, name, about, needs) [CHECK_##id] = {name, about, needs},
    CHECK_CLASSES(X)
#undef X
};

const char check_stopped[] = "stopped at the first failure";

/* A list of requests, and where each came from. */
struct requests {
  struct check_request *items;
  size_t count, capacity;
};

/* One check under way. */
struct check {
  const struct scenario *scenario;
  const struct check_options *options;
  struct check_world *world;
  struct check_result *out;
  struct err *err;
  size_t failure_capacity;
  struct requests singles; /* of the plan itself, as done, with the places of each behind its faults */
  struct check_answer *answers;
  size_t done;
};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct check_request *add(struct requests *requests, enum check_class class) {
  GROW(requests->items, requests->capacity, requests->count + 1);
  struct check_request *request = &requests->items[requests->count++];
  *request = (struct check_request){.what = {.class = class}};
  return request;
}

/* --- Counting --- */

static bool failed(const struct check_outcome *outcome) {
  return outcome->verdict == CHECK_FAILED || outcome->verdict == CHECK_PROGRAM;
}

/* False: nothing more is to be tried. */
static bool count(struct check *check, const struct check_case *what, const struct check_outcome *outcome) {
  struct check_result *out = check->out;
  if (outcome->verdict == CHECK_NOT_EFFECTIVE) return true;
  out->counts[what->class].tried++;
  out->tried++;
  if (!failed(outcome)) {
    out->counts[what->class].recovered++;
    out->recovered++;
    return true;
  }
  GROW(out->failures, check->failure_capacity, out->failure_count + 1);
  out->failures[out->failure_count++] = (struct check_failure){*what, *outcome};
  if (check->options->keep_going) return true;
  out->stopped = true;
  return false;
}

/* A machine that is too busy is no verdict: what hung is tried once more, alone. */
static bool again_if_hung(struct check *check, const struct check_request *request, struct check_answer *answer) {
  if (answer->outcome.verdict != CHECK_PROGRAM || answer->outcome.failure != PROGRAM_HUNG) return true;
  check_answer_deinit(answer);
  return check_do(check->world, 1, request, 1, false, answer, NULL, check->err);
}

/* Does them all and counts them; answers are the caller's. A case that hung, and does not when it is tried again,
 * is no failure: what is behind it is done, too. False: to be stopped, or *err. */
static bool do_all(struct check *check, const struct requests *requests, struct check_answer **out_answers,
                   size_t *out_done) {
  struct check_answer *answers = *out_answers = calloc(requests->count + 1, sizeof *answers);
  ASSERT(answers);
  *out_done = 0;
  while (*out_done < requests->count) {
    const size_t first = *out_done, left = requests->count - first;
    size_t done;
    if (!check_do(check->world, workers_count(check->options->workers, left), &requests->items[first], left,
                  !check->options->keep_going, &answers[first], &done, check->err))
      return false;
    *out_done += done;
    for (size_t i = first; i < *out_done; i++) {
      const struct check_request *request = &requests->items[i];
      if (!again_if_hung(check, request, &answers[i])) return false;
      if (!count(check, &request->what, &answers[i].outcome)) return false;
    }
  }
  return true;
}

static void free_answers(struct check_answer *answers, size_t done) {
  for (size_t i = 0; i < done; i++) check_answer_deinit(&answers[i]);
  free(answers);
}

/* For those that nobody goes on from. */
static bool do_and_forget(struct check *check, struct requests *requests) {
  struct check_answer *answers;
  size_t done;
  bool goes_on = do_all(check, requests, &answers, &done);
  free_answers(answers, done);
  free(requests->items);
  *requests = (struct requests){0};
  return goes_on;
}

/* --- What is tried --- */

static void add_place(struct requests *requests, const struct check_place *place) {
  struct check_request *request = add(requests, place->class);
  request->what.count = 1;
  request->what.placements[0] = place->placement;
}

/* Every single fault leaves as many places for a second one: too many to keep, of many operations. */
#define PLACES_KEPT (4 * 1024 * 1024)

/* Every single fault, class by class and in the order in which they strike. */
static bool try_singles(struct check *check, const struct check_answer *clean) {
  for (int class = 0; class < CHECK_CLASS__COUNT; class++)
    for (size_t i = 0; i < clean->place_count; i++)
      if (clean->places[i].class == (enum check_class)class) add_place(&check->singles, &clean->places[i]);
  for (size_t i = 0; i < check->singles.count; i++) {
    check->singles.items[i].wants_places = true;
    check->singles.items[i].places_max = (uint32_t)(PLACES_KEPT / check->singles.count + 1);
  }
  return do_all(check, &check->singles, &check->answers, &check->done);
}

/* A second fault that strikes after the first of a run. */
static void add_pair(struct requests *requests, const struct check_request *single, const struct check_place *place,
                     enum check_class class) {
  struct check_request *request = add(requests, class);
  request->what.count = 2;
  request->what.placements[0] = single->what.placements[0];
  request->what.placements[1] = place->placement;
}

/* One copy at the end of the horizon, and another one that long after it, would be outside of the contract. */
static bool past_the_horizon(const struct placement *first, const struct placement *second) {
  return first->kind == PLACED_REDELIVER && second->kind == PLACED_REDELIVER && first->intent == second->intent;
}

static bool comes_after(const struct check_request *single, const struct check_place *place) {
  const struct placement *first = &single->what.placements[0];
  return place->placement.site > first->site && !past_the_horizon(first, &place->placement);
}

/* While it recovers: in the middle of the places where the process that has the operation next can be killed. */
static void add_second_kills(struct requests *requests, const struct check_request *single,
                             const struct check_answer *answer) {
  const struct placement *first = &single->what.placements[0];
  const struct check_place *places[256];
  size_t found = 0;
  for (size_t i = 0; i < answer->place_count && found < 256; i++) {
    const struct check_place *place = &answer->places[i];
    if (place->class == CHECK_KILLED && comes_after(single, place) && place->placement.intent == first->intent)
      places[found++] = place;
  }
  if (found > 0) add_pair(requests, single, places[found / 2], CHECK_KILLED_TWICE);
}

static bool try_second_kills(struct check *check) {
  struct requests requests = {0};
  for (size_t i = 0; i < check->done; i++)
    if (check->singles.items[i].what.class == CHECK_KILLED && check->answers[i].outcome.verdict == CHECK_RECOVERED)
      add_second_kills(&requests, &check->singles.items[i], &check->answers[i]);
  return do_and_forget(check, &requests);
}

/* A window is measured by the clock that is wrong when the message comes again. Nothing to do for a program that never
 * asks what time it is. */
static bool try_clocks(struct check *check) {
  struct requests requests = {0};
  if (check->out->counts[CHECK_CLOCK].tried == 0) return true;
  for (size_t i = 0; i < check->done; i++) {
    const struct check_request *single = &check->singles.items[i];
    const struct placement *kill = &single->what.placements[0];
    if (single->what.class != CHECK_KILLED || kill->point != POINT_HANDLED) continue;
    for (size_t j = 0; j < check->answers[i].place_count; j++) {
      const struct check_place *place = &check->answers[i].places[j];
      if (place->class == CHECK_CLOCK && comes_after(single, place) && place->placement.intent == kill->intent)
        add_pair(&requests, single, place, CHECK_CLOCK);
    }
  }
  return do_and_forget(check, &requests);
}

/* As many pairs as the budget allows, spread evenly over all that there are. */
static bool try_pairs(struct check *check) {
  struct requests requests = {0};
  const uint64_t budget = check->scenario->check.pairs;
  uint64_t all = 0, seen = 0;
  for (size_t i = 0; i < check->done; i++)
    for (size_t j = 0; j < check->answers[i].place_count; j++)
      all += comes_after(&check->singles.items[i], &check->answers[i].places[j]);
  for (size_t i = 0; i < check->done; i++)
    for (size_t j = 0; j < check->answers[i].place_count; j++) {
      if (!comes_after(&check->singles.items[i], &check->answers[i].places[j])) continue;
      if (all <= budget || seen * budget / all != (seen + 1) * budget / all)
        add_pair(&requests, &check->singles.items[i], &check->answers[i].places[j], CHECK_PAIRS);
      seen++;
    }
  return do_and_forget(check, &requests);
}

/* What is not to be done may come again without end, each time with the same places. */
#define OF_SECOND_MOST 40

/* A crash, and standing still, wherever they concern the operations that a variant is about. */
static void add_of_variant(struct requests *requests, const struct check_answer *clean, const struct check_case *what,
                           const struct plan *varied) {
  unsigned of_second = 0;
  for (size_t i = 0; i < clean->place_count; i++) {
    const struct check_place *place = &clean->places[i];
    const uint64_t intent = place->placement.intent;
    if (place->class != CHECK_KILLED && place->class != CHECK_PAUSED) continue;
    if (what->variant != VARIANT_NONE && intent != varied->content.first && intent != varied->content.second) continue;
    if (what->variant != VARIANT_NONE && intent == varied->content.second && ++of_second > OF_SECOND_MOST) continue;
    struct check_request *request = add(requests, what->class);
    request->what = *what;
    request->what.count = 1;
    request->what.placements[0] = place->placement;
  }
}

static bool try_after_clean(struct check *check, const struct check_case *what, struct check_answer *clean) {
  struct plan varied = check->world->plan;
  struct requests requests = {0};
  check_set_variant(&varied, what->variant);
  bool goes_on = count(check, what, &clean->outcome);
  if (goes_on && !failed(&clean->outcome)) {
    add_of_variant(&requests, clean, what, &varied);
    goes_on = do_and_forget(check, &requests);
  }
  check_answer_deinit(clean);
  return goes_on;
}

static bool try_variant(struct check *check, enum check_class class, enum variant variant) {
  const struct check_case what = {.class = class, .variant = variant};
  struct check_answer clean;
  if (check_not_tried(&check->scenario->check, class) || check->world->plan.workload.messages < 2) return true;
  if (!check_reference_variant(check->world, variant, &clean, check->err)) return false;
  if (clean.exits > 0 && clean.outcome.verdict == CHECK_RECOVERED) { /* no fault has brought it about */
    clean.outcome.verdict = CHECK_PROGRAM;
    clean.outcome.failure = PROGRAM_DIED;
    snprintf(clean.outcome.evidence, sizeof clean.outcome.evidence, "%s", clean.exit_text);
  }
  return try_after_clean(check, &what, &clean);
}

static bool try_versions(struct check *check) {
  const struct check_request request = {.what = {.class = CHECK_VERSIONS, .mixed = true}, .wants_places = true};
  struct check_answer clean;
  if (check_not_tried(&check->scenario->check, CHECK_VERSIONS)) return true;
  if (!check_do(check->world, 1, &request, 1, false, &clean, NULL, check->err)) return false;
  return try_after_clean(check, &request.what, &clean);
}

/* The one case of a reproducing file. */
static bool try_declared(struct check *check) {
  const struct check_rules *rules = &check->scenario->check;
  const struct check_case what = {.class = CHECK_DECLARED, .variant = rules->variant, .mixed = rules->mixed_versions};
  struct check_answer clean = {0};
  struct requests requests = {0};
  if (rules->variant != VARIANT_NONE) {
    if (!check_reference_variant(check->world, rules->variant, &clean, check->err)) return false;
    check_answer_deinit(&clean);
  }
  check->world->plan.faults = check->scenario->plans[0].faults;
  check->world->plan.fault_count = check->scenario->plans[0].fault_count;
  add(&requests, CHECK_DECLARED)->what = what;
  return do_and_forget(check, &requests);
}

static bool try_all(struct check *check, const struct check_answer *clean) {
  return try_singles(check, clean) && try_second_kills(check) && try_clocks(check) &&
         try_variant(check, CHECK_TWINS, VARIANT_TWINS) && try_variant(check, CHECK_TENANT, VARIANT_OTHER_TENANT) &&
         try_variant(check, CHECK_PAYLOAD, VARIANT_CHANGED_PAYLOAD) &&
         try_variant(check, CHECK_POISON, VARIANT_POISON) && try_versions(check) && try_pairs(check);
}

/* --- The whole --- */

/* Why a class that the contract allows has no case. */
static const char *why_none(const struct check *check, enum check_class class) {
  const bool of_two = class == CHECK_TWINS || class == CHECK_TENANT || class == CHECK_PAYLOAD || class == CHECK_POISON;
  const struct plan *plan = &check->world->plan;
  if (class == CHECK_DECLARED) return "its faults were never effective";
  if (class == CHECK_REDELIVERED && !plan_understands(plan, ROLE_BROKER, VERB_REDELIVER))
    return "this system hands out no copy of what was acknowledged";
  if (of_two && check->world->plan.workload.messages < 2) return "it takes two operations";
  for (size_t i = 0; i < check->singles.count; i++)
    if (check->singles.items[i].what.class == class) return "nothing in this run depends on it";
  return "it has no place in this run";
}

static void say_what_was_not_tried(struct check *check) {
  const struct check_rules *rules = &check->scenario->check;
  const bool declared = rules->cases == CHECK_CASES_DECLARED;
  for (int class = CHECK_CLEAN + 1; class < CHECK_CLASS__COUNT; class++) {
    struct check_count *count = &check->out->counts[class];
    if ((class == CHECK_DECLARED) != declared)
      count->not_tried = declared ? "the file declares its one case" : "the file declares no faults";
    else if (!declared && check_not_tried(rules, (enum check_class)class))
      count->not_tried = check_not_tried(rules, (enum check_class)class);
    else if (count->tried == 0)
      count->not_tried = check->out->stopped ? check_stopped : why_none(check, (enum check_class)class);
  }
}

static bool begin(struct check *check, struct check_answer *clean) {
  struct check_failure failure;
  struct check_result *out = check->out;
  const struct check_case what = {.class = CHECK_CLEAN};
  bool fine = check_reference(check->world, clean, &failure, &out->unjudged, check->err);
  if (!fine && !out->unjudged) return false;
  out->calls = clean->calls;
  out->marked = clean->outcome.marked;
  out->seen = clean->outcome.seen;
  out->ledger = check->world->ledger;
  out->lines = check->world->lines_of[VARIANT_NONE];
  memcpy(out->masked, check->world->masked, sizeof out->masked);
  if (!fine) return count(check, &what, &failure.outcome), false;
  /* Once more, now that it can be judged. */
  struct check_outcome outcome;
  return check_one(check->world, &what, &outcome, check->err) && count(check, &what, &outcome) && !failed(&outcome);
}

bool check_run(const struct scenario *scenario, const struct check_options *options, struct check_result *out,
               struct err *err) {
  struct check check = {.scenario = scenario, .options = options, .out = out, .err = err};
  struct check_answer clean = {0};
  const double begun = seconds();
  *out = (struct check_result){0};
  check.world = check_world_new(scenario, options, NULL, 0);
  if (begin(&check, &clean)) {
    if (scenario->check.cases == CHECK_CASES_DECLARED)
      try_declared(&check);
    else
      try_all(&check, &clean);
  }
  say_what_was_not_tried(&check);
  check_answer_deinit(&clean);
  free_answers(check.answers, check.done);
  free(check.singles.items);
  check_world_free(check.world);
  out->wall_s = seconds() - begun;
  return err->code == ERR_NONE;
}

void check_result_deinit(struct check_result *result) {
  free(result->failures);
  *result = (struct check_result){0};
}
