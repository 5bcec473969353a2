/* Which metrics are drawn, of all that could be: what is expected, what goes wrong, what it costs. */
#include "sim/runner/charts_parts.h"
#include "sim/runner/charts_sweep.h"
#include "sim/runner/human.h"

#include <string.h>

#define AXES_MAX 2

const char *charts_metric_word(unsigned metric) {
  return metric == EXPECT_CAPACITY ? "capacity" : metric_rows[metric].name;
}
enum metric_unit charts_metric_unit(unsigned metric) {
  return metric == EXPECT_CAPACITY ? UNIT_RATE : metric_rows[metric].unit;
}

void charts_sweep_name(unsigned metric, char *out, size_t size) {
  snprintf(out, size, "sweep-%s", charts_metric_word(metric));
}

/* In base units: capacity is measured once, everything else over the seeds. */
struct estimate charts_estimate(const struct campaign *campaign, size_t plan, unsigned metric) {
  if (metric != EXPECT_CAPACITY) return campaign_estimate(campaign, plan, (enum metric)metric);
  const double value = (double)campaign->capacity[plan] / SCHEMA_RATE_SCALE;
  return (struct estimate){.mean = value, .low = value, .high = value, .n = 1};
}

static int64_t value_of(const struct campaign *campaign, size_t plan, size_t seed, unsigned metric) {
  if (metric == EXPECT_CAPACITY) return campaign->capacity[plan];
  return campaign_result(campaign, plan, seed)->metrics[metric];
}

static bool is_constant(const struct campaign *campaign, unsigned metric) {
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    for (size_t seed = 0; seed < campaign->seed_count; seed++)
      if (value_of(campaign, plan, seed, metric) != value_of(campaign, 0, 0, metric)) return false;
  return true;
}

/* Whether two metrics are the same in every run: then one chart shows both. */
static bool is_same(const struct campaign *campaign, unsigned metric, unsigned other) {
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    for (size_t seed = 0; seed < campaign->seed_count; seed++)
      if (value_of(campaign, plan, seed, metric) != value_of(campaign, plan, seed, other)) return false;
  return true;
}

struct chosen {
  const struct campaign *campaign;
  unsigned drawn[SWEEP_CHARTS_MAX], constant[METRIC__COUNT + 1];
  size_t drawn_count, constant_count;
};

static void choose(struct chosen *chosen, unsigned metric) {
  const struct campaign *campaign = chosen->campaign;
  if (metric == EXPECT_VIOLATES) return;
  if (metric == EXPECT_CAPACITY && campaign->capacity[0] < 0) return;
  for (size_t i = 0; i < chosen->constant_count; i++)
    if (chosen->constant[i] == metric) return;
  if (is_constant(campaign, metric)) {
    chosen->constant[chosen->constant_count++] = metric;
    return;
  }
  for (size_t i = 0; i < chosen->drawn_count; i++)
    if (is_same(campaign, metric, chosen->drawn[i])) return;
  if (chosen->drawn_count < SWEEP_CHARTS_MAX) chosen->drawn[chosen->drawn_count++] = metric;
}

static struct chosen choose_all(const struct campaign *campaign) {
  static const unsigned always[] = {METRIC_LOST, METRIC_DUPLICATE_EFFECTS};
  static const unsigned prices[] = {EXPECT_CAPACITY,       METRIC_LATENCY_P99, METRIC_DEDUP_BYTES_PEAK,
                                    METRIC_DURABLE_WRITES, METRIC_ROUND_TRIPS};
  const struct scenario *scenario = campaign->scenario;
  struct chosen chosen = {.campaign = campaign};
  for (size_t i = 0; i < scenario->expectation_count; i++) choose(&chosen, scenario->expectations[i].metric);
  for (size_t i = 0; i < sizeof always / sizeof *always; i++) choose(&chosen, always[i]);
  const size_t asked = chosen.constant_count;
  for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) choose(&chosen, prices[i]);
  chosen.constant_count = asked; /* a price that is the same everywhere is no news */
  return chosen;
}

static bool is_drawn(const struct scenario *scenario) {
  const size_t axes = scenario_axes(scenario);
  return axes > 0 && axes <= AXES_MAX;
}

size_t charts_sweep_metrics(const struct campaign *campaign, unsigned out[SWEEP_CHARTS_MAX]) {
  if (!is_drawn(campaign->scenario)) return 0;
  const struct chosen chosen = choose_all(campaign);
  memcpy(out, chosen.drawn, sizeof chosen.drawn);
  return chosen.drawn_count;
}

static void put_constant(const struct campaign *campaign, const struct chosen *chosen, FILE *out) {
  for (size_t i = 0; i < chosen->constant_count; i++) {
    char value[HUMAN_MAX];
    human_value(charts_metric_unit(chosen->constant[i]), charts_estimate(campaign, 0, chosen->constant[i]).mean, value,
                sizeof value);
    fprintf(out, "%s%s: %s", i ? ", " : "",
            charts_metric_word(chosen->constant[i]), value);
  }
}

void charts_sweep_summary(const struct campaign *campaign, FILE *out) {
  const size_t axes = scenario_axes(campaign->scenario);
  if (axes == 0) return;
  if (axes > AXES_MAX) {
    fprintf(out, "\ncharts   none of %zu swept paths together; aggregate.csv has a column for each\n", axes);
    return;
  }
  const struct chosen chosen = choose_all(campaign);
  fputs("\ncharts  ", out);
  for (size_t i = 0; i < chosen.drawn_count; i++)
    fprintf(out, "%s %s", i ? "," : "", charts_metric_word(chosen.drawn[i]));
  fputs(chosen.drawn_count ? "\n" : " none\n", out);
  if (chosen.constant_count == 0) return;
  fputs("same     everywhere and in every seed: ", out);
  put_constant(campaign, &chosen, out);
  fputc('\n', out);
}

void charts_sweep_same(const struct campaign *campaign, FILE *out) {
  const size_t axes = scenario_axes(campaign->scenario);
  if (axes == 0 || axes > AXES_MAX) return;
  const struct chosen chosen = choose_all(campaign);
  if (chosen.constant_count == 0) return;
  fputs("The same everywhere and in every seed: ", out);
  put_constant(campaign, &chosen, out);
}
