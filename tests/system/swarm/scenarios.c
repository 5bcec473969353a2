/* Scenarios as they are shipped: each row at each point of its sweep, first seed, judged twice. A long one is
 * made shorter: the ledger has the same window for a short run as for a long one. */
#include "tests/system/swarm/swarm.h"
#include "tests/system/swarm/trial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tally {
  uint64_t files, runs, refused, disagreements, obligations;
};

static void judge_plan(struct two_judges *judges, struct run *run, const struct scenario *scenario, size_t index,
                       uint64_t messages, struct tally *tally) {
  struct run_result result;
  struct plan plan = scenario->plans[index];
  if (!plan.workload.intents && plan.workload.messages > messages) plan.workload.messages = messages;
  tally->runs++;
  if (!two_judges_run(judges, run, &plan, 0, scenario->seeds[0], "system_swarm --scenarios", &result)) {
    printf("%s, %s: %s\n", scenario->path, scenario->points[index].name, judges->said);
    tally->disagreements++;
  }
  const char *later = trial_came_later(&plan, scenario->seeds[0], &result);
  if (later[0]) {
    printf("%s, %s: it is drained, and goes on: %s\n", scenario->path, scenario->points[index].name, later);
    tally->disagreements++;
  }
  tally->obligations += (uint64_t)result.metrics[METRIC_INTENDED];
  run_result_deinit(&result);
}

/* The plan is a copy that is gone afterwards, so each has a world of its own. */
static void judge_file(const struct registry *registry, const char *path, uint64_t messages, struct tally *tally) {
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  struct two_judges judges = {.said = ""};
  if (!scenario_load(path, registry, NULL, 0, 0, &scenario, &err)) {
    tally->refused++;
    printf("%s: %s\n", path, err.message);
    return;
  }
  tally->files++;
  for (size_t i = 0; i < scenario.plan_count; i++) {
    struct run *run = run_new(0, 0);
    judge_plan(&judges, run, &scenario, i, messages, tally);
    run_free(run);
  }
  two_judges_free(&judges);
  scenario_free(&scenario);
}

int swarm_scenarios(const struct registry *registry, const struct swarm_options *options, char **paths, int count) {
  struct tally tally = {0};
  for (int i = 0; i < count; i++) judge_file(registry, paths[i], options->messages, &tally);
  printf("scenarios %" PRIu64 ", refused %" PRIu64 ", runs %" PRIu64 ", obligations %" PRIu64 ", disagreements %" PRIu64 "\n",
         tally.files, tally.refused, tally.runs, tally.obligations, tally.disagreements);
  return tally.disagreements || tally.refused ? 1 : 0;
}
