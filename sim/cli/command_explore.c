/* dgsim explore: every placement of up to K faults, row by row. */
#include "sim/cli/commands.h"

#include "sim/cli/found.h"
#include "sim/cli/load.h"
#include "sim/cli/row.h"
#include "sim/runner/explore.h"

#include <inttypes.h>

static void print_space(const struct explore_result *so_far) {
  printf("  space     %" PRIu64 " points reached, %" PRIu64 " placements of one fault", so_far->sites,
         so_far->first);
  printf(", about %.2g of two\n", (double)so_far->first * (double)so_far->first / 2);
  fflush(stdout);
}

static void print_levels(const struct explore_result *result, unsigned faults) {
  for (unsigned level = 1; level <= faults; level++) {
    const struct explore_level *counts = &result->levels[level];
    if (counts->executed == 0) break;
    printf("  %u fault%s  %" PRIu64 " executed", level, level == 1 ? " " : "s", counts->executed);
    if (counts->same_run)
      printf("; %" PRIu64 " pruned: their run is another's", counts->same_run);
    if (counts->same_instant)
      printf("; %" PRIu64 " pruned: nothing happened since the one before", counts->same_instant);
    putchar('\n');
  }
}

static void print_speed(const struct explore_result *result) {
  uint64_t executed = 0;
  for (unsigned level = 0; level <= EXPLORE_FAULTS_MAX; level++)
    executed += result->levels[level].executed;
  printf("  took      %.1f s, %.0f placements executed a second\n", result->wall_s,
         (double)executed / (result->wall_s > 0 ? result->wall_s : 1));
}

static void print_sorts(const struct plan *plan, const struct explore_result *result) {
  for (size_t i = 0; i < result->sort_count; i++) {
    const struct explore_sort *sort = &result->sorts[i];
    printf("    %6u  %-22s  %s ", sort->count, metric_rows[sort->metric].name,
           placement_verb(&sort->first));
    printf("%s%s\n", sort->first.before ? "before " : "", placement_point(plan, &sort->first));
  }
}

static void print_violation(const struct plan *plan, const struct explore_result *result) {
  printf("  violated  %s = %" PRId64 ", by %u fault%s\n", metric_rows[result->metric].name,
         result->metrics[result->metric], result->count, result->count == 1 ? "" : "s");
  if (result->sort_count > 1) print_sorts(plan, result);
  if (result->sort_count > 1) printf("  first\n");
  for (unsigned i = 0; i < result->count; i++) {
    fputs("            ", stdout);
    placement_write(plan, &result->placements[i], stdout);
    putchar('\n');
  }
}

static enum status explore(const struct registry *registry, const struct scenario *scenario,
                           uint32_t row, const struct options *options, const char *command, struct err *err) {
  const struct plan *plan = &scenario->plans[row];
  uint32_t point = options->at ? placement_find_point(plan, options->at) : POINT_NONE;
  if (options->at && point == POINT_NONE) {
    err_set(err, ERR_UNKNOWN_NAME, "system '%s' has no point '%s'", plan->system->name, options->at);
    err_note(err, "dgsim list points shows all");
    return STATUS_USAGE;
  }
  struct explore_options search = {.faults = options->faults, .workers = options->workers,
                                         .prune = !options->no_prune, .limits = placement_limits_all(),
                                         .progress = true, .command = command};
  search.limits.ties = options->ties;
  search.limits.beyond = options->beyond;
  search.limits.point = point;
  struct explore_result result;
  struct goal goal = {scenario, row, METRIC__COUNT};
  printf("%s, row %s: %" PRIu64 " operations, seed %" PRIu64 ", up to %u fault%s; sought: %s\n",
         scenario->name, plan->label, plan->workload.messages, scenario->seeds[0], options->faults,
         options->faults == 1 ? "" : "s",
         goal_is_expectation(&goal) ? "what 'expect' rules out" : "an operation that does not end once");
  explore_row(scenario, row, &search, print_space, &result);
  print_levels(&result, options->faults);
  if (result.violated)
    print_violation(plan, &result);
  else if (result.too_large)
    printf("  stopped   too many placements of %u faults to go on from: held for %u\n"
           "            --messages with a smaller number makes the space smaller\n",
           result.reached, result.reached);
  else
    printf("  held for all %" PRIu64 " placements of up to %u fault%s\n", explore_covered(&result),
           options->faults, options->faults == 1 ? "" : "s");
  print_speed(&result);
  const struct shrink_case violation = {scenario, row, scenario->seeds[0], result.placements,
                                        result.count, result.metric};
  const bool written =
      !result.violated || options->no_shrink || found_shrink(registry, &violation, &search, options, err);
  enum status status = result.violated    ? STATUS_VIOLATED
                       : result.too_large ? STATUS_INCONCLUSIVE
                                          : STATUS_HELD;
  explore_result_deinit(&result);
  return written ? status : status_worse(status, STATUS_USAGE);
}

static enum status explore_rows(const struct registry *registry, const struct scenario *scenario,
                                const struct options *options, const char *command,
                                struct err *err) {
  enum status status = STATUS_HELD;
  const int row = row_find(scenario, options->row, err);
  if (row < 0 || !row_has_one_point(scenario, options->row ? row : -1, "explore searches", err))
    return STATUS_USAGE;
  for (size_t i = 0; i < scenario->plan_count && err->code == ERR_NONE; i++) {
    if (options->row && i != (size_t)row) continue;
    status = status_worse(status, explore(registry, scenario, (uint32_t)i, options, command, err));
  }
  return status;
}

int command_explore(const struct registry *registry, int argc, char **argv) {
  return load_and_act(registry, argc, argv, OPTIONS_EXPLORE, command_explore, explore_rows);
}
