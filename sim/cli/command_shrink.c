/* dgsim shrink: a violation of a campaign, made small. */
#include "sim/cli/commands.h"

#include "sim/cli/found.h"
#include "sim/cli/load.h"
#include "sim/cli/row.h"

#include <inttypes.h>

/* The first run, by row and seed, that shows what is sought. */
static bool find_violation(const struct scenario *scenario, int row, const char *command,
                           struct shrink_case *out) {
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  struct run *run = run_new(0, 0);
  *out = (struct shrink_case){.scenario = scenario, .metric = METRIC__COUNT};
  for (size_t i = 0; i < scenario->plan_count && out->metric == METRIC__COUNT; i++) {
    if (row >= 0 && i != (size_t)row) continue;
    const struct goal goal = {scenario, (uint32_t)i, METRIC__COUNT};
    for (size_t s = 0; s < scenario->seed_count && out->metric == METRIC__COUNT; s++) {
      uint32_t violations =
          run_judge(run, &scenario->plans[i], scenario->seeds[s], command, metrics, &digest);
      out->metric = goal_reached(&goal, run, metrics, violations);
      out->row = (uint32_t)i;
      out->seed = scenario->seeds[s];
    }
  }
  run_free(run);
  if (out->metric == METRIC__COUNT) return false;
  const struct plan *plan = &scenario->plans[out->row];
  printf("%s, row %s, seed %" PRIu64 ": %s = %" PRId64 " among %" PRIu64 " operations\n",
         scenario->name, plan->label, out->seed, metric_rows[out->metric].name,
         metrics[out->metric], plan->workload.messages);
  fflush(stdout);
  return true;
}

static enum status shrink_first(const struct registry *registry, const struct scenario *scenario,
                                const struct options *options, const char *command,
                                struct err *err) {
  struct shrink_case violation;
  const int row = options->row ? row_find(scenario, options->row, err) : -1;
  if (err->code != ERR_NONE || !row_has_one_point(scenario, row, "shrink works", err))
    return STATUS_USAGE;
  if (!find_violation(scenario, row, command, &violation)) {
    printf("%s: nothing to shrink: no row and seed shows what is sought\n", scenario->name);
    return STATUS_HELD;
  }
  const struct explore_options search = {.workers = options->workers,
                                         .limits = placement_limits_all(), .command = command};
  const bool done = found_shrink(registry, &violation, &search, options, err);
  return done ? STATUS_VIOLATED : STATUS_USAGE;
}

int command_shrink(const struct registry *registry, int argc, char **argv) {
  return load_and_act(registry, argc, argv, OPTIONS_SHRINK, command_shrink, shrink_first);
}
