#include "sim/runner/precision.h"

#include "sim/base/zeroed.h"
#include "sim/oracle/statistics.h"

#include <math.h>
#include <stdlib.h>

size_t precision_next_look(size_t seeds, size_t after) {
  const size_t next = after == 0 ? PRECISION_FIRST_LOOK : 2 * after;
  return next < seeds ? next : seeds;
}

/* How far the mean may be from what it is taken for, at 95 %. */
static double farther_end(struct estimate estimate) {
  const double above = estimate.high - estimate.mean, below = estimate.mean - estimate.low;
  return above > below ? above : below;
}

/* As a share of `of`: nothing is off by no share of nothing. */
static double share_of(double half, double of) {
  if (half <= 0) return 0;
  return of > 0 ? half / of : INFINITY;
}

static double half_of(const struct run_result *results, size_t seeds, enum metric metric, int64_t *values) {
  double intended = 0;
  int64_t most = 0;
  size_t count = 0;
  for (size_t seed = 0; seed < seeds; seed++) {
    const int64_t *metrics = results[seed].metrics;
    if (metric_is_known(metric, metrics)) values[count++] = metrics[metric];
    intended += (double)metrics[METRIC_INTENDED] / (double)seeds;
    if (metrics[METRIC_INTENDED] > most) most = metrics[METRIC_INTENDED];
  }
  if (metric_rows[metric].unit == UNIT_COUNT)
    return share_of(farther_end(statistics_counts(values, count, most)), intended);
  if (count < seeds && count < 2) return INFINITY; /* of nothing nothing is known */
  const struct estimate estimate = statistics_mean(values, count, 1);
  return share_of(farther_end(estimate), fabs(estimate.mean));
}

bool precision_reached(const struct scenario *scenario, const struct run_result *results, size_t stride, size_t seeds,
                       struct precision_gap *out_gap) {
  int64_t *values = zeroed(seeds, sizeof *values);
  double worst = -1;
  for (size_t plan = 0; plan < scenario->plan_count; plan++)
    for (size_t i = 0; i < scenario->precision_count; i++) {
      const struct precision_goal *wanted = &scenario->precision[i];
      const double goal = (double)wanted->share / SCHEMA_SHARE_SCALE;
      const double half = half_of(results + plan * stride, seeds, wanted->metric, values);
      if (half / goal <= worst) continue;
      worst = half / goal;
      *out_gap = (struct precision_gap){plan, wanted->metric, half, goal};
    }
  free(values);
  return worst <= 1;
}
