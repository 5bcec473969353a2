/* dgsim shrink: a violation of a campaign, made small. */
#include "sim/cli/commands.h"

#include "sim/cli/found.h"
#include "sim/cli/options.h"
#include "sim/cli/row.h"
#include "sim/cli/shell.h"

#include <inttypes.h>
#include <stdlib.h>

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
      out->metric = goal_reached(&goal, metrics, violations);
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

static enum status shrink_file(const struct registry *registry, const struct options *options,
                               const char *command, struct err *err) {
  struct scenario scenario;
  char seed[64];
  const char **sets = calloc(options->set_count + 1, sizeof *sets);
  size_t count = 0;
  for (size_t i = 0; i < options->set_count; i++) sets[count++] = options->sets[i];
  if (options->has_seed) {
    snprintf(seed, sizeof seed, "seeds=[%" PRIu64 "]", options->seed);
    sets[count++] = seed;
  }
  bool loaded =
      scenario_load(options->files[0], registry, sets, count, options->seeds, &scenario, err);
  free(sets);
  if (!loaded) return STATUS_USAGE;
  enum status status = STATUS_HELD;
  struct shrink_case violation;
  int row = options->row ? row_find(&scenario, options->row, err) : -1;
  if (err->code != ERR_NONE) {
    status = STATUS_USAGE;
  } else if (!find_violation(&scenario, row, command, &violation)) {
    printf("%s: nothing to shrink: no row and seed shows what is sought\n", scenario.name);
  } else {
    const struct explore_options search = {.workers = options->workers,
                                           .limits = placement_limits_all(), .command = command};
    status = found_shrink(registry, &violation, &search, options, err) ? STATUS_VIOLATED
                                                                       : STATUS_INTERNAL;
  }
  scenario_free(&scenario);
  return status;
}

int command_shrink(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  char *command = shell_command(argc, argv);
  enum status status = STATUS_HELD;
  if (!options_parse(OPTIONS_SHRINK, argc, argv, &options, &err)) {
    status = STATUS_USAGE;
  } else if (options.help) {
    command_help(command_shrink, stdout);
  } else if (options.file_count != 1) {
    err_set(&err, ERR_USAGE, "'shrink' needs one scenario file");
    err_note(&err, "dgsim shrink --help lists the options");
    status = STATUS_USAGE;
  } else {
    status = shrink_file(registry, &options, command, &err);
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return (int)status;
}
