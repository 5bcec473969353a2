#include "sim/runner/goal.h"

#include "sim/base/schema.h"
#include "sim/oracle/verdict.h"
#include "sim/world/claim.h"

__extension__ typedef __int128 wide;

static bool concerns(const struct expectation *expectation, uint32_t row) {
  for (size_t i = 0; i < expectation->row_count; i++)
    if (expectation->rows[i] == row) return true;
  return false;
}

static bool is_sought(const struct expectation *expectation, uint32_t row) {
  if (!concerns(expectation, row)) return false;
  if (expectation->metric == EXPECT_VIOLATES) return true;
  if (expectation->metric >= METRIC__COUNT) return false;
  if (metric_rows[expectation->metric].unit != UNIT_COUNT) return false;
  return expectation->kind == BOUND_NONE || expectation->kind == BOUND_EXACTLY ||
         expectation->kind == BOUND_AT_MOST;
}

static enum metric first_of(uint32_t anomalies) {
  for (int i = 0; i < ANOMALY__COUNT; i++)
    if ((anomalies >> i) & 1) return (enum metric)metric_find(anomaly_names[i]);
  return METRIC__COUNT;
}

static enum metric broken(const struct expectation *expectation, const int64_t *metrics,
                          uint32_t violations) {
  if (expectation->metric == EXPECT_VIOLATES)
    return first_of(violations & ~(expectation->violations | expectation->violations_either));
  wide value = metrics[expectation->metric];
  wide most = expectation->kind == BOUND_NONE      ? 0
              : expectation->kind == BOUND_EXACTLY ? expectation->low
                                                   : expectation->high;
  if (expectation->relative) {
    value *= SCHEMA_SHARE_SCALE;
    most *= metrics[METRIC_INTENDED];
  }
  return value > most ? (enum metric)expectation->metric : METRIC__COUNT;
}

/* In this order: what is worst names the run. */
static const enum metric not_once[] = {
    METRIC_LOST_ACKED,   METRIC_LOST_UNACKED, METRIC_DUPLICATE_EFFECTS, METRIC_STUCK,
    METRIC_STATE_ERRORS, METRIC_PHANTOMS,     METRIC_FALSE_SUPPRESSIONS, METRIC_DEAD_LETTERED,
    METRIC_MISAPPLIED,   METRIC_STORE_DISAGREEMENTS,
};

bool goal_is_expectation(const struct goal *goal) {
  for (size_t i = 0; i < goal->scenario->expectation_count; i++)
    if (is_sought(&goal->scenario->expectations[i], goal->row)) return true;
  return false;
}

/* Each group of a statement by itself. */
static enum metric broken_in_groups(const struct goal *goal, const struct expectation *expectation,
                                    const struct run *run) {
  const struct plan *plan = &goal->scenario->plans[goal->row];
  for (size_t i = 0; i < expectation->group_count; i++) {
    const uint32_t group = expectation->groups[i];
    const int64_t *metrics = run_group(run, group);
    enum metric metric = broken(expectation, metrics, verdict_violations(metrics, plan_allows(plan, group)));
    if (metric != METRIC__COUNT) return metric;
  }
  return METRIC__COUNT;
}

enum metric goal_reached(const struct goal *goal, const struct run *run,
                         const int64_t metrics[METRIC__COUNT], uint32_t violations) {
  bool said = false;
  if (!goal->scenario) return metrics[goal->only] > 0 ? goal->only : METRIC__COUNT;
  for (size_t i = 0; i < goal->scenario->expectation_count; i++) {
    const struct expectation *expectation = &goal->scenario->expectations[i];
    if (!is_sought(expectation, goal->row)) continue;
    said = true;
    enum metric metric = expectation->group_count ? broken_in_groups(goal, expectation, run)
                                                  : broken(expectation, metrics, violations);
    if (metric != METRIC__COUNT) return metric;
  }
  if (said) return METRIC__COUNT;
  for (size_t i = 0; i < sizeof not_once / sizeof *not_once; i++)
    if (metrics[not_once[i]] > 0) return not_once[i];
  return METRIC__COUNT;
}
