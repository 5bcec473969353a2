/* aggregate.csv and paired.csv: what is said of all runs together. */
#include "sim/runner/intervals.h"
#include "sim/runner/tables_parts.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const unit_names[] = {
    [UNIT_COUNT] = "count", [UNIT_NS] = "ns", [UNIT_RATE] = "per_s", [UNIT_BYTES] = "bytes"};

static void metric_cells(enum metric metric, struct csv_out *csv) {
  csv_out_text(csv, metric_rows[metric].name);
  csv_out_text(csv, unit_names[metric_rows[metric].unit]);
}

static void empty_cells(size_t count, struct csv_out *csv) {
  for (size_t i = 0; i < count; i++) csv_out_text(csv, "");
}

/* Of no runs there is no mean. */
static void estimate_cells(struct estimate estimate, struct csv_out *csv) {
  csv_out_unsigned(csv, estimate.n);
  if (estimate.n == 0) {
    empty_cells(3, csv);
    return;
  }
  csv_out_real(csv, estimate.mean);
  csv_out_real(csv, estimate.low);
  csv_out_real(csv, estimate.high);
}

/* What the interval of the mean is made from. */
static const char *interval_of(struct estimate estimate) {
  if (estimate.n > 1) return "runs";
  return estimate.high > estimate.low ? "batches" : "";
}

/* A sum of times or rates means nothing, nor does a share of runs in which there are some. */
static void count_cells(const struct campaign *campaign, size_t plan, enum metric metric, struct csv_out *csv) {
  size_t runs;
  const struct estimate share = intervals_share(campaign, plan, metric, &runs);
  csv_out_unsigned(csv, runs);
  csv_out_real(csv, share.mean);
  csv_out_real(csv, share.low);
  csv_out_real(csv, share.high);
}

static void aggregate_capacity(const struct campaign *campaign, size_t plan, struct csv_out *csv) {
  if (campaign->capacity[plan] < 0) return;
  const double capacity = (double)campaign->capacity[plan] / SCHEMA_RATE_SCALE;
  tables_label_cells(campaign, plan, csv);
  csv_out_text(csv, "capacity");
  csv_out_text(csv, unit_names[UNIT_RATE]);
  estimate_cells((struct estimate){capacity, capacity, capacity, 1}, csv); /* measured once */
  empty_cells(6, csv);
  csv_out_end_row(csv);
}

bool tables_aggregate(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const names[] = {"metric", "unit",     "n",         "mean",  "low",       "high",
                                      "sum",    "interval", "runs_with", "share", "share_low", "share_high"};
  tables_heads(campaign, names, COUNT(names), &csv);
  csv_out_end_row(&csv);
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++) {
    for (enum metric metric = 0; metric < METRIC__COUNT; metric++) {
      const bool count = metric_rows[metric].unit == UNIT_COUNT;
      const struct estimate estimate = campaign_estimate(campaign, plan, metric);
      tables_label_cells(campaign, plan, &csv);
      metric_cells(metric, &csv);
      estimate_cells(estimate, &csv);
      if (count)
        csv_out_integer(&csv, campaign_pooled(campaign, plan, metric));
      else
        empty_cells(1, &csv);
      csv_out_text(&csv, interval_of(estimate));
      if (count)
        count_cells(campaign, plan, metric, &csv);
      else
        empty_cells(4, &csv);
      csv_out_end_row(&csv);
    }
    aggregate_capacity(campaign, plan, &csv);
  }
  return !csv.failed;
}

bool tables_paired(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const names[] = {"against", "metric", "unit", "n",          "mean",
                                      "low",     "high",   "correlation", "luck"};
  const char *luck = intervals_unpaired(campaign->scenario) ? "not paired" : "paired";
  tables_heads(campaign, names, COUNT(names), &csv);
  csv_out_end_row(&csv);
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++) {
    const size_t base = intervals_base(campaign, plan);
    if (base == INTERVALS_NO_BASE) continue;
    for (enum metric metric = 0; metric < METRIC__COUNT; metric++) {
      double correlation;
      const struct estimate difference = intervals_difference(campaign, plan, base, metric, &correlation);
      tables_label_cells(campaign, plan, &csv);
      csv_out_text(&csv, campaign->scenario->plans[base].label);
      metric_cells(metric, &csv);
      estimate_cells(difference, &csv);
      if (isnan(correlation))
        empty_cells(1, &csv);
      else
        csv_out_real(&csv, correlation);
      csv_out_text(&csv, luck);
      csv_out_end_row(&csv);
    }
  }
  return !csv.failed;
}
