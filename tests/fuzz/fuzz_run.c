/* A scenario that is small, run: each of its rows, twice in memory that is laid out differently, and written as a
 * trace that is judged again; the digests and the metrics are the same. Its first operation's story is told. A run that
 * takes more than RECORDS_MAX is made to give up, by what makes any run give up that gets nothing done. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/runner/explain.h"
#include "sim/runner/judge_trace.h"
#include "sim/runner/run.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 20000
#define COMMAND "tests/fuzz"

struct watch {
  struct world *world;
  uint64_t records;
};

static void on_node(void *context, const struct world *world, const struct node *node, enum node_change change) {
  (void)node, (void)change;
  ((struct watch *)context)->world = (struct world *)(uintptr_t)world;
}

static void on_records(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  struct watch *watch = context;
  (void)records, (void)first;
  watch->records += count;
  if (watch->records < RECORDS_MAX || !watch->world) return;
  watch->world->quiet_since = 0;
  watch->world->drain_limit = -1;
}

/* Returns how many records it has. */
static uint64_t execute(const struct plan *plan, uint64_t seed, size_t offset, unsigned char fill, FILE *trace,
                        struct run_result *out) {
  struct watch watch = {0};
  const struct observer observer = {.context = &watch, .node = on_node};
  struct run *run = run_new(offset, fill);
  run_observe(run, &observer, on_records, &watch);
  run_execute(run, plan, 0, seed, trace, COMMAND, out);
  run_free(run);
  return watch.records;
}

static void judge(const struct scenario *scenario, const char *text, size_t length, const struct run_result *result) {
  struct scenario one;
  struct campaign campaign;
  struct err err = {0};
  FILE *file = fmemopen((void *)(uintptr_t)text, length, "rb");
  ASSERT(file);
  const bool judged = judge_trace(file, scenario->path, fuzz_registry(), &one, &campaign, &err);
  ASSERT_MSG(judged, "its trace is not judged: %s", err.message);
  ASSERT(campaign.results[0].digest == result->digest);
  for (int metric = 0; metric < METRIC__COUNT; metric++)
    ASSERT_MSG(campaign.results[0].metrics[metric] == result->metrics[metric], "metric %d", metric);
  campaign_free(&campaign);
  scenario_free(&one);
  ASSERT(fclose(file) == 0);
}

static void explain(const struct scenario *scenario, size_t plan) {
  const struct explain_target target = {plan, scenario->seeds[0], 1, false};
  struct explanation explanation;
  char *text = NULL;
  size_t length = 0;
  if (scenario->plans[plan].workload.intents && scenario->plans[plan].workload.intents[0].id != 1) return;
  explain_tell(scenario, &target, COMMAND, &explanation);
  FILE *out = open_memstream(&text, &length);
  story_print(&explanation.story, explanation.title, COMMAND, out);
  ASSERT(fclose(out) == 0);
  explain_deinit(&explanation);
  free(text);
}

static void run_plan(const struct scenario *scenario, size_t plan) {
  char *text = NULL;
  size_t length = 0;
  struct run_result first, second;
  struct err err = {0};
  FILE *trace = open_memstream(&text, &length);
  ASSERT(judge_trace_begin(trace, scenario, plan, 0, &err));
  const uint64_t records = execute(&scenario->plans[plan], scenario->seeds[0], 0, 0, trace, &first);
  ASSERT(fclose(trace) == 0);
  execute(&scenario->plans[plan], scenario->seeds[0], 64, 0xA5, NULL, &second);
  ASSERT(first.digest == second.digest);
  judge(scenario, text, length, &first);
  if (records < RECORDS_MAX / 2) explain(scenario, plan);
  run_result_deinit(&first);
  run_result_deinit(&second);
  free(text);
}

void fuzz_run(const uint8_t *data, size_t size) {
  struct scenario scenario;
  struct err err = {0};
  if (!scenario_load_text("fuzz.yaml", (const char *)data, size, false, fuzz_registry(), &scenario, &err)) return;
  if (fuzz_is_small(&scenario) && !scenario.check.given)
    for (size_t plan = 0; plan < scenario.plan_count; plan++) run_plan(&scenario, plan);
  scenario_free(&scenario);
}
