#include "sim/runner/intervals.h"

#include "sim/base/assert.h"
#include "sim/base/zeroed.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA 0.05

struct estimate intervals_share(const struct campaign *campaign, size_t plan, enum metric metric,
                                size_t *out_runs) {
  size_t runs = 0;
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    runs += campaign_result(campaign, plan, seed)->metrics[metric] > 0;
  *out_runs = runs;
  return statistics_proportion(runs, campaign->seed_count, ALPHA);
}

struct series_estimate intervals_latency(const struct campaign *campaign, size_t plan) {
  ASSERT_EQ(campaign->seed_count, 1);
  const struct run_result *result = campaign_result(campaign, plan, 0);
  const struct batch_means *means = result->latencies;
  struct series_estimate series = statistics_series(means ? means->means : NULL, means ? means->count : 0);
  const double half = series.estimate.high - series.estimate.mean;
  const double mean = (double)result->metrics[METRIC_LATENCY_MEAN];
  series.estimate.mean = series.estimate.low = series.estimate.high = mean;
  if (!series.sound) return series;
  series.estimate.low = mean > half ? mean - half : 0;
  series.estimate.high = mean + half;
  return series;
}

uint64_t intervals_batch_length(const struct campaign *campaign, size_t plan,
                                const struct series_estimate *series) {
  const struct batch_means *means = campaign_result(campaign, plan, 0)->latencies;
  return means ? means->length * series->joined : 0;
}

bool intervals_are_paired(const struct campaign *campaign) {
  return campaign->scenario->row_count > 1 && campaign->seed_count > 1;
}

static bool same_point(const struct scenario *scenario, size_t plan, size_t base) {
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[base].values[i];
    if (value != SWEEP_NONE && value != scenario->points[plan].values[i]) return false;
  }
  return true;
}

size_t intervals_base(const struct campaign *campaign, size_t plan) {
  const struct scenario *scenario = campaign->scenario;
  const struct scenario_row *first = &scenario->rows[0];
  if (scenario->points[plan].row == 0) return INTERVALS_NO_BASE;
  for (size_t base = first->first; base < first->first + first->count; base++)
    if (same_point(scenario, plan, base)) return base;
  return INTERVALS_NO_BASE;
}

struct estimate intervals_difference(const struct campaign *campaign, size_t plan, size_t base, enum metric metric,
                                     double *out_correlation) {
  const size_t seeds = campaign->seed_count;
  int64_t *values = zeroed(2 * seeds, sizeof *values);
  size_t pairs = 0;
  for (size_t seed = 0; seed < seeds; seed++) {
    const int64_t *metrics = campaign_result(campaign, plan, seed)->metrics;
    const int64_t *others = campaign_result(campaign, base, seed)->metrics;
    if (!metric_is_known(metric, metrics) || !metric_is_known(metric, others)) continue;
    values[pairs] = metrics[metric];
    values[seeds + pairs++] = others[metric];
  }
  const struct estimate difference = statistics_paired(values, values + seeds, pairs, out_correlation);
  free(values);
  return metric_rows[metric].unit == UNIT_RATE ? statistics_scaled(difference, 1.0 / SCHEMA_RATE_SCALE) : difference;
}

const char *intervals_unpaired(const struct scenario *scenario) {
  for (size_t i = 0; i < scenario->fault_count; i++)
    if (scenario_fault_is_unpaired(&scenario->faults[i])) return scenario->faults[i].name;
  return NULL;
}
