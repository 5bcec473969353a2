#include "sim/runner/summary_intervals.h"

#include "sim/base/assert.h"
#include "sim/runner/human.h"
#include "sim/runner/intervals.h"
#include "sim/runner/summary_cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELL SUMMARY_CELL
#define COLUMNS_MAX SUMMARY_COMPARED

/* Lines of a block, each a plan's name and some cells. */
struct block {
  size_t columns, lines;
  char heads[COLUMNS_MAX][CELL];
  const char *names[SUMMARY_PLANS_MAX];
  char cells[SUMMARY_PLANS_MAX][COLUMNS_MAX][CELL];
};

static void print_block(const struct block *block, FILE *out) {
  size_t name_width = 0;
  for (size_t i = 0; i < block->lines; i++)
    if (human_width(block->names[i]) > name_width) name_width = human_width(block->names[i]);
  for (size_t i = 0; i <= block->lines; i++) {
    human_pad(out, i ? block->names[i - 1] : "", name_width, false);
    size_t last = block->columns; /* nothing is padded at the end of a line */
    while (last > 0 && (i ? block->cells[i - 1] : block->heads)[last - 1][0] == '\0') last--;
    for (size_t column = 0; column < last; column++) {
      size_t width = human_width(block->heads[column]);
      for (size_t line = 0; line < block->lines; line++)
        if (human_width(block->cells[line][column]) > width) width = human_width(block->cells[line][column]);
      fputs("  ", out);
      human_pad(out, i ? block->cells[i - 1][column] : block->heads[column], width, true);
    }
    fputc('\n', out);
  }
}

/* --- One run --- */

bool summary_is_long(const struct campaign *campaign) {
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    if (campaign_result(campaign, plan, 0)->latencies) return true;
  return false;
}

void summary_latency(const struct campaign *campaign, size_t plan, char cells[4][SUMMARY_CELL]) {
  const struct series_estimate series = intervals_latency(campaign, plan);
  if (campaign_estimate(campaign, plan, METRIC_LATENCY_MEAN).n == 0) {
    snprintf(cells[0], CELL, "-");
    return;
  }
  human_estimate(UNIT_NS, series.estimate, cells[0], CELL);
  if (series.estimate.n < STATISTICS_BATCHES_MIN) {
    snprintf(cells[1], CELL, "too few");
    return;
  }
  snprintf(cells[1], CELL, "%zu of %" PRIu64, series.estimate.n, intervals_batch_length(campaign, plan, &series));
  if (!isnan(series.correlation)) snprintf(cells[2], CELL, "%.2f", series.correlation);
  if (!series.sound) snprintf(cells[3], CELL, "no interval: too short a run");
}

static void print_latencies(const struct campaign *campaign, FILE *out) {
  if (!summary_is_long(campaign)) return;
  struct block block = {.columns = 4, .lines = campaign->scenario->plan_count,
                        .heads = {"mean latency", "batches", "correlation", ""}};
  for (size_t plan = 0; plan < block.lines; plan++) {
    block.names[plan] = campaign_name(campaign, plan);
    summary_latency(campaign, plan, block.cells[plan]);
  }
  fputs("\none run: its mean latency, with the 95 % interval of batches that follow each other\n", out);
  print_block(&block, out);
}

/* --- Several --- */

/* What goes wrong, as in the table above it. */
static const enum metric counts[] = {METRIC_LOST, METRIC_DUPLICATE_EFFECTS};
static const char *const count_heads[] = {"lost", "duplicated"};
#define COUNTS (sizeof counts / sizeof *counts)

/* Two digits, and more close to all of them. */
static void put_percent(double share, char out[HUMAN_MAX]) {
  snprintf(out, HUMAN_MAX, share >= 1 ? "%.0f" : share > 0.985 ? "%.4g" : "%.2g", 100 * share);
}

void summary_share(const struct campaign *campaign, size_t plan, enum metric metric, char cell[SUMMARY_CELL]) {
  size_t runs;
  char low[HUMAN_MAX], high[HUMAN_MAX];
  const struct estimate share = intervals_share(campaign, plan, metric, &runs);
  put_percent(share.low, low);
  put_percent(runs == 0 ? statistics_none_seen(campaign->seed_count) : share.high, high);
  if (runs == 0)
    snprintf(cell, CELL, "0 (at most %.8s %%)", high);
  else
    snprintf(cell, CELL, "%u (%.8s to %.8s %%)", (unsigned)runs, low, high);
}

static void print_shares(const struct campaign *campaign, FILE *out) {
  struct block block = {.columns = COUNTS, .lines = campaign->scenario->plan_count};
  bool none = false;
  for (size_t i = 0; i < COUNTS; i++) {
    snprintf(block.heads[i], CELL, "%s", count_heads[i]);
    for (size_t plan = 0; plan < block.lines; plan++) {
      block.names[plan] = campaign_name(campaign, plan);
      summary_share(campaign, plan, counts[i], block.cells[plan][i]);
      none |= block.cells[plan][i][0] == '0';
    }
  }
  fprintf(out, "\nin how many of %zu runs (and in what share of all runs: 95 %% intervals)\n", campaign->seed_count);
  print_block(&block, out);
  if (none && campaign->seed_count >= 10) /* of fewer 3/N is far off */
    fprintf(out, "0 in %zu runs: at most 3/%zu of all runs at 95 %%\n", campaign->seed_count, campaign->seed_count);
}

const enum metric summary_compared[SUMMARY_COMPARED] = {METRIC_LOST, METRIC_DUPLICATE_EFFECTS, METRIC_GOODPUT,
                                                  METRIC_LATENCY_P50, METRIC_LATENCY_P99};
const char *const summary_compared_heads[SUMMARY_COMPARED] = {"lost", "duplicated", "goodput, /s",
                                                          "latency p50", "latency p99"};

void summary_difference(const struct campaign *campaign, size_t plan, size_t base, enum metric metric,
                        char cell[SUMMARY_CELL]) {
  double correlation;
  char text[HUMAN_MAX];
  const struct estimate difference = intervals_difference(campaign, plan, base, metric, &correlation);
  human_difference(metric_rows[metric].unit, difference, text, sizeof text);
  if (difference.n == 0)
    snprintf(cell, CELL, "-");
  else if (isnan(correlation))
    snprintf(cell, CELL, "%.30s", text);
  else
    snprintf(cell, CELL, "%.30s (%.2f)", text, correlation);
}

static void print_differences(const struct campaign *campaign, FILE *out) {
  const struct scenario *scenario = campaign->scenario;
  struct block block = {.columns = COLUMNS_MAX};
  for (size_t i = 0; i < COLUMNS_MAX; i++) snprintf(block.heads[i], CELL, "%s", summary_compared_heads[i]);
  for (size_t plan = 0; plan < scenario->plan_count; plan++) {
    const size_t base = intervals_base(campaign, plan);
    if (base == INTERVALS_NO_BASE) continue;
    block.names[block.lines] = campaign_name(campaign, plan);
    for (size_t i = 0; i < COLUMNS_MAX; i++)
      summary_difference(campaign, plan, base, summary_compared[i], block.cells[block.lines][i]);
    block.lines++;
  }
  if (block.lines == 0) return;
  fprintf(out, "\ndifferences from %s, a run: paired by seed, 95 %% intervals (and the pairs' correlation)\n",
          scenario->rows[0].label);
  print_block(&block, out);
  const char *unpaired = intervals_unpaired(scenario);
  if (unpaired) fprintf(out, "not paired: fault %s strikes each row where its system happens to be\n", unpaired);
}

void summary_intervals(const struct campaign *campaign, FILE *out) {
  if (campaign->scenario->plan_count > SUMMARY_PLANS_MAX) return;
  if (campaign->seed_count == 1) {
    print_latencies(campaign, out);
    return;
  }
  print_shares(campaign, out);
  if (intervals_are_paired(campaign)) print_differences(campaign, out);
}
