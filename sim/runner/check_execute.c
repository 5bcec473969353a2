#include "sim/runner/check_execute.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/runner/run.h"
#include "sim/world/fact.h"
#include "sim/world/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_executor {
  const struct check_world *world;
  struct program *program;
  struct handler handler; /* check_handler with this program */
  struct run *run;
  struct plan plan;
  struct fault_plan *faults;
  struct intent_plan intents[CHECK_OPERATIONS_MAX];
  struct check_places places;
  struct check_effects effects;
  bool stuck; /* the run had to be stopped: something was never acknowledged */
  struct effect_lines lines;
  bool began;
  struct effect_lines beginning; /* what the program's stores held before the first run, by its probe */
  struct map tables; /* hash of a table's name -> its place in `names` + 1 */
  char **names;
  size_t name_count, name_capacity;
  uint64_t *hits; /* by fault */
  size_t hit_capacity;
};

/* Names key luck, of which there is none. */
static const char *const check_fault_names[CHECK_FAULTS_MAX] = {"fault-1", "fault-2", "fault-3"};

const struct handler check_handler = {
    .name = "program",
    .about = "the user's own, of dgsim check",
    .forbids = ~CLAIM_NOTHING,
    .uses = HANDLER_USES(DATABASE) | HANDLER_USES(CACHE) | HANDLER_USES(PROVIDER),
};

/* --- Observing --- */

/* Calls that come to nothing in this world: a consumer that makes them cannot be judged by it. */
static void refuse_call(struct check_executor *executor, const char *what) {
  const struct plan *plan = &executor->plan;
  const bool topic = plan->system->components[ROLE_CONSUMER]->publish != NULL;
  if (strcmp(what, "publish") == 0 && !topic)
    program_fail(executor->program, PROGRAM_CANNOT_JUDGE,
                 "it calls publish, and %s has no output topic: the systems of a log have one", plan->system->name);
  if (strcmp(what, "emit") == 0)
    program_fail(executor->program, PROGRAM_CANNOT_JUDGE, "it calls emit, and there is no relay in a check: "
                 "put a row into a table of its own");
  if (strcmp(what, "charge") == 0 && executor->world->rules->external == CHECK_EXTERNAL_NONE)
    program_fail(executor->program, PROGRAM_CANNOT_JUDGE, "it calls charge, and delivery/external is none");
}

static void on_call(void *context, const struct world *world, const struct node *node, uint64_t intent,
                    const char *what, const char *about, bool may_fail) {
  struct check_executor *executor = context;
  (void)intent;
  check_places_call(&executor->places, world, node, what, may_fail);
  refuse_call(executor, what);
  if (!about) return;
  bool fresh;
  uint64_t *place = map_put(&executor->tables, hash_name(about) | 1, &fresh);
  if (!fresh) return;
  GROW(executor->names, executor->name_capacity, executor->name_count + 1);
  executor->names[executor->name_count] = strdup(about);
  ASSERT(executor->names[executor->name_count]);
  *place = ++executor->name_count;
}

static void on_point(void *context, const struct world *world, const struct node *node, uint32_t point,
                     bool before, uint64_t intent, const struct message *message) {
  check_places_point(&((struct check_executor *)context)->places, world, node, point, before, intent, message);
}

static const char *name_of_hash(const struct check_executor *executor, uint64_t hash, char *out, size_t size) {
  const char *known = program_word(executor->program, hash);
  if (known) return known;
  snprintf(out, size, "%" PRIu64, hash);
  return out;
}

/* The rows that `apply` changes are the ledger's. */
static void on_row(void *context, const struct world *world, const struct node *node, uint64_t table,
                   uint64_t key, int64_t value) {
  struct check_executor *executor = context;
  char number[24], amount[24];
  (void)world, (void)node;
  const uint64_t *place = map_get(&executor->tables, table | 1);
  if (!place) return;
  const char *text = program_word(executor->program, (uint64_t)value);
  snprintf(amount, sizeof amount, "%" PRId64, value);
  effect_lines_add(&executor->lines, name_of_hash(executor, key, number, sizeof number), executor->names[*place - 1],
                   text ? text : amount);
}

static void on_charged(void *context, const struct world *world, uint64_t intent, uint64_t account, int64_t amount) {
  struct check_executor *executor = context;
  char operation[PROGRAM_OPERATION_ROOM], text[24];
  (void)account;
  program_operation(content_of(world->plan, intent, account).id, operation);
  snprintf(text, sizeof text, "%" PRId64, amount);
  effect_lines_add(&executor->lines, operation, "charge", text);
}

static void on_published(void *context, const struct world *world, uint64_t intent) {
  struct check_executor *executor = context;
  char operation[PROGRAM_OPERATION_ROOM];
  program_operation(content_of(world->plan, intent, 0).id, operation);
  effect_lines_add(&executor->lines, operation, "published", "1");
}

static void note_effect(struct check_effects *effects, uint64_t intent, bool done) {
  const uint64_t key = intent ? intent : UINT64_MAX; /* of no operation */
  uint64_t *count = done ? map_put(&effects->counts, key, NULL) : map_get(&effects->counts, key);
  if (!count || (!done && *count == 0)) return;
  *count += done ? 1 : -1;
  effects->total += done ? 1 : -1;
}

static void on_records(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct check_executor *executor = context;
  (void)first;
  for (size_t i = 0; i < count; i++) {
    const struct trace_record *record = &records[i];
    if (record->kind == FACT_STUCK) executor->stuck = true;
    if (record->kind == FACT_EFFECT) note_effect(&executor->effects, record->intent, true);
    if (record->kind == FACT_EFFECT_UNDONE) note_effect(&executor->effects, record->intent, false);
    if (record->kind == FACT_FAULT_HIT && record->detail < executor->hit_capacity) executor->hits[record->detail]++;
  }
}

/* --- Preparing --- */

void check_set_variant(struct plan *plan, enum variant variant) {
  const struct workload_plan *workload = &plan->workload;
  plan->content.variant = variant;
  plan->content.first = plan->content.second = 0;
  if (variant == VARIANT_NONE || workload->messages < 2) return;
  plan->content.first = workload->intents[0].id;
  plan->content.second = workload->intents[1].id;
}

/* What says the same is about the same account. */
static bool same_account(enum variant variant) {
  return variant == VARIANT_TWINS || variant == VARIANT_CHANGED_PAYLOAD;
}

static void take_variant(struct check_executor *executor, const struct check_request *request) {
  struct workload_plan *workload = &executor->plan.workload;
  struct intent_plan *intents = executor->intents;
  check_set_variant(&executor->plan, request->what.variant);
  if (request->what.variant == VARIANT_NONE || workload->messages < 2) return;
  memcpy(intents, workload->intents, workload->messages * sizeof *intents);
  if (same_account(request->what.variant)) intents[1].key = intents[0].key;
  if (request->without) {
    const uint64_t from = request->without;
    memmove(&intents[from - 1], &intents[from], (workload->messages-- - from) * sizeof *intents);
  }
  workload->intents = intents;
}

static void prepare(struct check_executor *executor, const struct check_request *request) {
  const struct plan *whole = &executor->world->plan;
  executor->plan = *whole;
  executor->plan.handler = &executor->handler;
  executor->plan.faults = executor->faults;
  executor->plan.fault_count = whole->fault_count + request->what.count;
  executor->plan.mixed_versions = request->what.mixed;
  for (unsigned i = 0; i < request->what.count; i++)
    executor->faults[whole->fault_count + i] =
        placement_fault(whole, &request->what.placements[i], check_fault_names[i]);
  take_variant(executor, request);
  GROW(executor->hits, executor->hit_capacity, executor->plan.fault_count);
  if (executor->hit_capacity) memset(executor->hits, 0, executor->hit_capacity * sizeof *executor->hits);
  map_clear(&executor->effects.counts);
  executor->effects.total = 0;
  executor->stuck = false;
  effect_lines_clear(&executor->lines);
  check_places_begin(&executor->places, request->wants_places);
  program_begin(executor->program);
}

/* --- Judging --- */

static bool all_effective(const struct check_executor *executor) {
  for (size_t i = 0; i < executor->plan.fault_count; i++)
    if (executor->hits[i] == 0) return false;
  return true;
}

static void program_failed(const struct check_executor *executor, struct check_outcome *out) {
  out->verdict = CHECK_PROGRAM;
  out->failure = executor->program->failure;
  snprintf(out->evidence, sizeof out->evidence, "%s", executor->program->text);
}

static void judge_lines(const struct check_executor *executor, enum variant variant, struct check_outcome *out) {
  const struct check_world *world = executor->world;
  struct check_outcome otherwise = {0};
  if (!world->lines_of[variant]) return;
  if (variant == VARIANT_CHANGED_PAYLOAD &&
      check_lines(&executor->plan, &world->expected_other, &executor->lines, &otherwise))
    return;
  check_lines(&executor->plan, &world->expected[variant], &executor->lines, out);
}

/* What was done as it should be, and is handed out for ever, or again though nothing went wrong. A poisoned message may
 * be: where there is no dead-letter queue, nobody else takes it away. */
static void judge_acknowledgement(const struct check_executor *executor, const struct check_case *what,
                                  const int64_t metrics[METRIC__COUNT], struct check_outcome *out) {
  const bool nothing_wrong = what->class == CHECK_CLEAN && what->count == 0;
  const char *text = executor->stuck ? "a message is handed out again and again: it is never acknowledged"
                     : nothing_wrong && metrics[METRIC_DUPLICATE_DELIVERIES] > 0
                         ? "a message was handed out again though nothing went wrong: it was not acknowledged at first"
                         : NULL;
  if (!text || out->verdict != CHECK_RECOVERED || what->variant == VARIANT_POISON) return;
  out->verdict = CHECK_FAILED;
  out->anomaly = executor->stuck ? ANOMALY_STUCK : ANOMALY_DUPLICATE_DELIVERIES;
  snprintf(out->evidence, sizeof out->evidence, "%s", text);
}

static void judge(struct check_executor *executor, const struct check_request *request,
                  const int64_t metrics[METRIC__COUNT], struct check_outcome *out) {
  const struct check_world *world = executor->world;
  out->verdict = CHECK_RECOVERED;
  out->marked = executor->program->marked;
  out->seen = executor->program->seen;
  if (executor->program->failure != PROGRAM_NONE) return program_failed(executor, out);
  if (!all_effective(executor)) {
    out->verdict = CHECK_NOT_EFFECTIVE;
    return;
  }
  if (!world->ready) return;
  if (world->ledger && !check_ledger(&executor->plan, metrics, &executor->effects, out)) return;
  judge_lines(executor, request->what.variant, out);
  judge_acknowledgement(executor, &request->what, metrics, out);
}

/* --- One run --- */

/* What a program keeps in stores of its own has to be the same before each run: of the clean ones it is looked at. */
static bool begins_alike(struct check_executor *executor, const struct check_case *what) {
  struct program *program = executor->program;
  struct effect_lines now = {0};
  char differs[256];
  bool alike = true;
  if (what->class != CHECK_CLEAN || !program->kind->probe) return true;
  if (!program->kind->probe(program, &now)) return effect_lines_deinit(&now), false;
  effect_lines_sort(&now);
  if (executor->began)
    alike = !check_mask(&now, &executor->beginning, differs, sizeof differs) ||
            program_fail(program, PROGRAM_CANNOT_JUDGE,
                         "its stores are not as they were when the first run began (%.100s): give a command that "
                         "empties them, check/reset", differs);
  if (executor->began) return effect_lines_deinit(&now), alike;
  executor->began = true;
  executor->beginning = now;
  return true;
}

static bool is_about(const struct check_case *what, uint64_t intent) {
  for (unsigned i = 0; i < what->count; i++)
    if (what->placements[i].intent == intent) return true;
  return false;
}

static void give_places(const struct check_executor *executor, const struct check_request *request,
                        struct check_answer *out) {
  const struct check_places *places = &executor->places;
  const uint64_t most = request->places_max && request->places_max < places->count ? request->places_max : places->count;
  out->places = malloc((places->count + 1) * sizeof *out->places);
  ASSERT(out->places);
  for (uint64_t i = 0; i < places->count; i++)
    if (i * most / places->count != (i + 1) * most / places->count ||
        is_about(&request->what, places->items[i].placement.intent))
      out->places[out->place_count++] = places->items[i];
}

static void give_lines(const struct check_executor *executor, struct check_answer *out) {
  for (size_t i = 0; i < executor->lines.count; i++) {
    const struct effect_line *line = &executor->lines.items[i];
    effect_lines_add(&out->lines, line->operation, line->kind, line->amount);
  }
}

void check_execute(struct check_executor *executor, const struct check_request *request,
                   struct check_answer *out) {
  struct program *program = executor->program;
  const struct observer observer = {.context = executor, .point = on_point, .call = on_call, .row = on_row,
                                    .charged = on_charged, .published = on_published};
  int64_t metrics[METRIC__COUNT] = {0};
  *out = (struct check_answer){0};
  prepare(executor, request);
  if ((!program->kind->reset || program->kind->reset(program)) && begins_alike(executor, &request->what)) {
    run_observe(executor->run, &observer, on_records, executor);
    run_judge(executor->run, &executor->plan, executor->world->scenario->seeds[0], executor->world->options->command,
              metrics, &out->outcome.digest);
    run_observe(executor->run, NULL, NULL, NULL);
    if (program->failure == PROGRAM_NONE && program->kind->probe) program->kind->probe(program, &executor->lines);
  }
  check_ignore(&executor->lines, executor->world->rules->ignore);
  check_without(&executor->lines, executor->world->masked);
  check_name_accounts(&executor->lines, executor->world->accounts);
  effect_lines_sort(&executor->lines);
  judge(executor, request, metrics, &out->outcome);
  out->effects = executor->effects.total;
  out->calls = executor->places.calls;
  out->exits = program->exits;
  snprintf(out->exit_text, sizeof out->exit_text, "%s", program->exit_text);
  if (request->wants_places) give_places(executor, request, out);
  if (request->wants_lines) give_lines(executor, out);
}

struct check_executor *check_executor_new(const struct check_world *world, struct program *program) {
  struct check_executor *executor = calloc(1, sizeof *executor);
  ASSERT(executor);
  executor->world = world;
  executor->program = program;
  executor->run = run_new(0, 0);
  executor->faults = calloc(world->plan.fault_count + CHECK_FAULTS_MAX, sizeof *executor->faults);
  ASSERT(executor->faults);
  if (world->plan.fault_count)
    memcpy(executor->faults, world->plan.faults, world->plan.fault_count * sizeof *executor->faults);
  check_places_init(&executor->places, world->rules, world->options->own_state,
                    world->options->own_server);
  executor->handler = check_handler;
  executor->handler.program = program;
  return executor;
}

void check_executor_free(struct check_executor *executor) {
  run_free(executor->run);
  check_places_deinit(&executor->places);
  effect_lines_deinit(&executor->lines);
  effect_lines_deinit(&executor->beginning);
  for (size_t i = 0; i < executor->name_count; i++) free(executor->names[i]);
  free(executor->names);
  map_deinit(&executor->tables);
  map_deinit(&executor->effects.counts);
  free(executor->faults);
  free(executor->hits);
  free(executor);
}
