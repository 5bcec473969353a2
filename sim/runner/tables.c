#include "sim/runner/tables_parts.h"

#include "sim/base/assert.h"
#include "sim/runner/csv_out.h"
#include "sim/runner/series.h"
#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *tables_handler(const struct plan *plan) {
  if (plan->groups && plan->group_count > 1) return "by group";
  return plan->handler ? plan->handler->name : "";
}

/* Columns of the sweep stand behind the label. */
static void sweep_heads(const struct campaign *campaign, struct csv_out *csv) {
  const struct scenario *scenario = campaign->scenario;
  for (size_t i = 0; i < scenario->sweep_count; i++) csv_out_text(csv, scenario->sweep[i].column);
}

/* Exact, in the unit of the column; empty where the row has no such key. */
static void sweep_cells(const struct campaign *campaign, size_t plan, struct csv_out *csv) {
  const struct scenario *scenario = campaign->scenario;
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const struct sweep_key *key = &scenario->sweep[i];
    const uint32_t value = scenario->points[plan].values[i];
    if (value == SWEEP_NONE)
      csv_out_text(csv, "");
    else if (key->is_text)
      csv_out_text(csv, key->texts[value]);
    else
      csv_out_integer(csv, key->numbers[value]);
  }
}

void tables_label_cells(const struct campaign *campaign, size_t plan, struct csv_out *csv) {
  csv_out_text(csv, campaign->scenario->plans[plan].label);
  sweep_cells(campaign, plan, csv);
}

void tables_heads(const struct campaign *campaign, const char *const *others, size_t count,
                  struct csv_out *csv) {
  csv_out_text(csv, "label");
  sweep_heads(campaign, csv);
  for (size_t i = 0; i < count; i++) csv_out_text(csv, others[i]);
}

bool tables_runs(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const first[] = {"system", "handler", "seed"};
  tables_heads(campaign, first, COUNT(first), &csv);
  for (size_t metric = 0; metric < METRIC__COUNT; metric++)
    csv_out_text(&csv, metric_rows[metric].column);
  csv_out_text(&csv, "verdict");
  csv_out_text(&csv, "digest");
  csv_out_end_row(&csv);
  for (size_t i = 0; i < campaign->result_count; i++) {
    const struct run_result *result = &campaign->results[i];
    const struct plan *plan = &campaign->scenario->plans[result->row];
    tables_label_cells(campaign, result->row, &csv);
    csv_out_text(&csv, plan->system->name);
    csv_out_text(&csv, tables_handler(plan));
    csv_out_unsigned(&csv, result->seed);
    for (size_t metric = 0; metric < METRIC__COUNT; metric++)
      csv_out_integer(&csv, result->metrics[metric]);
    csv_out_text(&csv, verdict_names[result->verdict]);
    csv_out_digest(&csv, result->digest);
    csv_out_end_row(&csv);
  }
  return !csv.failed;
}

static void group_row(const struct campaign *campaign, const struct run_result *result, uint32_t group,
                      struct csv_out *csv) {
  const struct plan *plan = &campaign->scenario->plans[result->row];
  tables_label_cells(campaign, result->row, csv);
  csv_out_text(csv, plan->system->name);
  csv_out_text(csv, plan->groups[group].name);
  csv_out_text(csv, plan->groups[group].handler->name);
  csv_out_unsigned(csv, result->seed);
  for (enum metric metric = 0; metric < METRIC__COUNT; metric++)
    if (metric_of_group(metric))
      csv_out_integer(csv, (result->groups ? result->groups[group].metrics : result->metrics)[metric]);
  const uint32_t violations = result->groups ? result->groups[group].violations : result->violations;
  csv_out_text(csv, verdict_names[violations ? VERDICT_VIOLATED : VERDICT_HELD]);
  csv_out_end_row(csv);
}

bool tables_groups(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const first[] = {"system", "group", "handler", "seed"};
  tables_heads(campaign, first, COUNT(first), &csv);
  for (enum metric metric = 0; metric < METRIC__COUNT; metric++)
    if (metric_of_group(metric)) csv_out_text(&csv, metric_rows[metric].column);
  csv_out_text(&csv, "verdict");
  csv_out_end_row(&csv);
  for (size_t i = 0; i < campaign->result_count; i++) {
    const struct run_result *result = &campaign->results[i];
    const struct plan *plan = &campaign->scenario->plans[result->row];
    for (uint32_t group = 0; group < plan->group_count; group++) 
      group_row(campaign, result, group, &csv);
  }
  return !csv.failed;
}

int64_t tables_timeline_width(const struct campaign *campaign) {
  int64_t width = 0;
  for (size_t i = 0; i < campaign->result_count; i++)
    if (campaign->results[i].timeline_width > width) width = campaign->results[i].timeline_width;
  return width;
}

/* Widths are one base width, doubled; the base is the workload's, which a sweep may change. */
static int64_t width_of(const struct campaign *campaign, size_t row) {
  int64_t width = 0;
  if (scenario_axes(campaign->scenario) == 0) return tables_timeline_width(campaign);
  for (size_t seed = 0; seed < campaign->seed_count; seed++) {
    const int64_t own = campaign_result(campaign, row, seed)->timeline_width;
    if (own > width) width = own;
  }
  return width;
}

struct timeline_cell {
  int64_t first_effects, duplicate_effects, open; /* sums over seeds */
};

/* Adds a run to the cells of its row. Its own cells are `merge` times narrower; after its end nothing
 * happens any more, and what was open stays open. */
static void add_timeline(const struct run_result *result, int64_t width,
                         struct timeline_cell *cells, size_t count) {
  if (result->timeline_count == 0) return;
  ASSERT_EQ(width % result->timeline_width, 0);
  const size_t merge = (size_t)(width / result->timeline_width);
  struct timeline_bucket own[LEDGER_BUCKETS_MAX];
  ASSERT(series_read_timeline(&result->timeline, result->timeline_count, own));
  for (size_t i = 0; i < result->timeline_count; i++) {
    cells[i / merge].first_effects += own[i].first_effects;
    cells[i / merge].duplicate_effects += own[i].duplicate_effects;
  }
  for (size_t cell = 0; cell < count; cell++) {
    const size_t end = (cell + 1) * merge;
    cells[cell].open += own[(end < result->timeline_count ? end : result->timeline_count) - 1].open;
  }
}

bool tables_timeline(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const names[] = {"time_s", "goodput_per_s", "duplicates_per_s", "open"};
  tables_heads(campaign, names, COUNT(names), &csv);
  csv_out_end_row(&csv);
  const size_t seeds = campaign->seed_count;
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    const int64_t width = width_of(campaign, row);
    size_t count = 0;
    if (width == 0) continue;
    for (size_t seed = 0; seed < seeds; seed++) {
      const struct run_result *result = campaign_result(campaign, row, seed);
      if (result->timeline_count == 0) continue;
      const size_t merge = (size_t)(width / result->timeline_width);
      const size_t cells = (result->timeline_count + merge - 1) / merge;
      if (cells > count) count = cells;
    }
    struct timeline_cell *cells = calloc(count > 0 ? count : 1, sizeof *cells);
    ASSERT(cells != NULL);
    for (size_t seed = 0; seed < seeds; seed++)
      add_timeline(campaign_result(campaign, row, seed), width, cells, count);
    const double cell_seconds = (double)width * 1e-9 * (double)seeds;
    for (size_t cell = 0; cell < count; cell++) {
      tables_label_cells(campaign, row, &csv);
      csv_out_seconds(&csv, (int64_t)cell * width);
      csv_out_real(&csv, (double)cells[cell].first_effects / cell_seconds);
      csv_out_real(&csv, (double)cells[cell].duplicate_effects / cell_seconds);
      csv_out_real(&csv, (double)cells[cell].open / (double)seeds);
      csv_out_end_row(&csv);
    }
    free(cells);
  }
  return !csv.failed;
}

void tables_latency_of(const struct campaign *campaign, size_t row, struct histogram *out) {
  memset(out, 0, sizeof *out);
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    ASSERT(series_add_latency(&campaign_result(campaign, row, seed)->latency, out));
}

bool tables_latency(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const names[] = {"latency_ns", "count", "share_above"};
  tables_heads(campaign, names, COUNT(names), &csv);
  csv_out_end_row(&csv);
  struct histogram *sum = malloc(sizeof *sum);
  ASSERT(sum != NULL);
  for (size_t row = 0; row < campaign->scenario->plan_count; row++) {
    tables_latency_of(campaign, row, sum);
    uint64_t above = sum->total;
    for (uint32_t cell = 0; cell < HISTOGRAM_CELLS && above > 0; cell++) {
      if (sum->cells[cell] == 0) continue;
      above -= sum->cells[cell];
      tables_label_cells(campaign, row, &csv);
      csv_out_integer(&csv, histogram_upper(cell));
      csv_out_unsigned(&csv, sum->cells[cell]);
      csv_out_real(&csv, (double)above / (double)sum->total);
      csv_out_end_row(&csv);
    }
  }
  free(sum);
  return !csv.failed;
}

/* `window` NULL: a fault that had no window in this run, or (hits empty) has no target in this row. Hits are the whole
 * run's, and stand in the first line, so that a column's sum is of all runs. */
static void fault_row(const struct campaign *campaign, const struct run_result *result,
                      uint32_t fault, const struct fault_window *window, bool first, struct csv_out *csv) {
  const struct fault_plan *plan = &campaign->scenario->faults[fault];
  csv_out_text(csv, plan->name);
  csv_out_text(csv, fault_verbs[plan->verb].name);
  tables_label_cells(campaign, result->row, csv);
  csv_out_unsigned(csv, result->seed);
  if (window) {
    csv_out_seconds(csv, window->begin);
    csv_out_seconds(csv, window->end < 0 ? result->end_ns : window->end);
  } else {
    csv_out_text(csv, "");
    csv_out_text(csv, "");
  }
  if (first && result->fault_applies[fault])
    csv_out_unsigned(csv, result->fault_hits[fault]);
  else
    csv_out_text(csv, "");
  csv_out_end_row(csv);
}

bool tables_faults(const struct campaign *campaign, FILE *file) {
  struct csv_out csv;
  csv_out_init(&csv, file);
  static const char *const first[] = {"fault", "verb"};
  static const char *const others[] = {"seed", "begin_s", "end_s", "hits"};
  for (size_t i = 0; i < COUNT(first); i++) csv_out_text(&csv, first[i]);
  tables_heads(campaign, others, COUNT(others), &csv);
  csv_out_end_row(&csv);
  for (size_t i = 0; i < campaign->result_count; i++) {
    const struct run_result *result = &campaign->results[i];
    for (uint32_t fault = 0; fault < campaign->scenario->fault_count; fault++) {
      bool any = false;
      for (size_t window = 0; window < result->window_count; window++) {
        if (result->windows[window].fault != fault) continue;
        fault_row(campaign, result, fault, &result->windows[window], !any, &csv);
        any = true;
      }
      if (!any) fault_row(campaign, result, fault, NULL, true, &csv);
    }
  }
  return !csv.failed;
}
