#include "sim/runner/campaign.h"

#include "sim/base/assert.h"
#include "sim/base/zeroed.h"
#include "sim/runner/campaign_journal.h"
#include "sim/runner/campaign_mpi.h"
#include "sim/runner/campaign_threads.h"
#include "sim/runner/intervals.h"
#include "sim/runner/judge.h"
#include "sim/runner/workers.h"

#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

static void allocate(struct campaign *campaign, const struct scenario *scenario) {
  campaign->results = zeroed(campaign->result_count, sizeof *campaign->results);
  campaign->capacity = zeroed(scenario->plan_count, sizeof *campaign->capacity);
  for (size_t row = 0; row < scenario->plan_count; row++) campaign->capacity[row] = -1;
  campaign->fault_hits = zeroed(scenario->fault_count, sizeof *campaign->fault_hits);
  campaign->fault_applicable = zeroed(scenario->fault_count, sizeof *campaign->fault_applicable);
  campaign->expectations = zeroed(scenario->expectation_count, sizeof *campaign->expectations);
  campaign->contract_held = zeroed(scenario->plan_count, sizeof *campaign->contract_held);
  campaign->violations = zeroed(scenario->plan_count, sizeof *campaign->violations);
}

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* All items. Ranks have a thread each unless -j says otherwise: whoever starts them gives each its cores. */
static void execute(struct work *work) {
  const struct campaign_options *options = work->options;
  const unsigned workers = options->ranks && options->workers == 0 ? 1 : workers_count(options->workers, work->items);
  work->campaign->ranks = options->ranks ? ranks_count(options->ranks) : 1;
  work->campaign->workers = workers * work->campaign->ranks;
  if (options->ranks)
    campaign_mpi_lead(work, workers);
  else
    campaign_threads(work, workers, NULL);
}

/* All items that are this process's to do, into *out, which is allocated. */
static bool work_off(struct work *work, struct campaign *out, struct err *err) {
  const struct campaign_options *options = work->options;
  if (options->journal) {
    struct journal_reader reader;
    if (!journal_rewind(options->journal, &reader, err)) return false;
    const bool good = campaign_remember(work, &reader, err);
    journal_reader_deinit(&reader);
    if (!good) return false;
    work->journal = options->journal;
  }
  const double started_s = now_s();
  execute(work);
  out->wall_s = now_s() - started_s;
  if (work->err.code != ERR_NONE) *err = work->err;
  return work->err.code == ERR_NONE && (!options->journal || journal_finish(options->journal, err));
}

void campaign_prepare(const struct scenario *scenario, const struct campaign_options *options, struct campaign *out,
                      struct work *work) {
  *out = (struct campaign){.scenario = scenario,
                           .seed_count = scenario->seed_count,
                           .result_count = scenario->plan_count * scenario->seed_count,
                           .command = options->command,
                           .reproduce = options->reproduce};
  allocate(out, scenario);
  work_init(work, scenario, options, out);
}

bool campaign_try(const struct scenario *scenario, const struct campaign_options *options, struct campaign *out,
                  struct err *err) {
  struct work work;
  campaign_prepare(scenario, options, out, &work);
  const bool good = work_off(&work, out, err);
  if (good) work_finish(&work);
  work_deinit(&work);
  if (good)
    judge_campaign(out);
  else
    campaign_free(out);
  return good;
}

void campaign_run(const struct scenario *scenario, const struct campaign_options *options,
                  struct campaign *out) {
  struct err err = {0};
  ASSERT(!options->journal);
  const bool good = campaign_try(scenario, options, out, &err);
  ASSERT(good); /* nothing but a journal fails */
}

bool campaign_shard(const struct scenario *scenario, const struct campaign_options *options, struct err *err) {
  struct campaign campaign;
  struct work work;
  ASSERT(options->journal);
  campaign_prepare(scenario, options, &campaign, &work);
  const bool good = work_off(&work, &campaign, err);
  work_deinit(&work);
  campaign_free(&campaign);
  return good;
}

void campaign_of_run(const struct scenario *scenario, const struct run_result *result,
                     struct campaign *out) {
  ASSERT_EQ(scenario->plan_count, 1);
  ASSERT_EQ(scenario->seed_count, 1);
  *out = (struct campaign){.scenario = scenario, .seed_count = 1, .result_count = 1, .workers = 1, .ranks = 1};
  allocate(out, scenario);
  out->results[0] = *result;
  judge_campaign(out);
}

void campaign_free(struct campaign *campaign) {
  for (size_t i = 0; i < campaign->result_count; i++) run_result_deinit(&campaign->results[i]);
  free(campaign->results);
  free(campaign->capacity);
  free(campaign->fault_hits);
  free(campaign->fault_applicable);
  free(campaign->expectations);
  free(campaign->contract_held);
  free(campaign->violations);
  *campaign = (struct campaign){0};
}

const struct run_result *campaign_result(const struct campaign *campaign, size_t row, size_t seed) {
  return &campaign->results[row * campaign->seed_count + seed];
}

const char *campaign_name(const struct campaign *campaign, size_t row) {
  const struct scenario *scenario = campaign->scenario;
  return scenario->points ? scenario->points[row].name : scenario->plans[row].label;
}

int64_t campaign_pooled(const struct campaign *campaign, size_t row, enum metric metric) {
  const size_t seeds = campaign->seed_count;
  int64_t sum = 0;
  for (size_t seed = 0; seed < seeds; seed++)
    if (__builtin_add_overflow(sum, campaign_result(campaign, row, seed)->metrics[metric], &sum))
      return INT64_MAX; /* times of absurd length: any bound is passed anyway */
  if (metric_rows[metric].unit == UNIT_COUNT || seeds == 0) return sum;
  return (sum + (int64_t)seeds / 2) / (int64_t)seeds;
}

/* Times and sizes as they are kept, rates in events a second. */
static struct estimate estimate_of(const int64_t *values, size_t count, enum metric metric) {
  const struct estimate estimate = statistics_mean(values, count, 1);
  return metric_rows[metric].unit == UNIT_RATE ? statistics_scaled(estimate, 1.0 / SCHEMA_RATE_SCALE) : estimate;
}

struct estimate campaign_estimate(const struct campaign *campaign, size_t row, enum metric metric) {
  const size_t seeds = campaign->seed_count;
  if (seeds == 1 && metric == METRIC_LATENCY_MEAN &&
      metric_is_known(metric, campaign_result(campaign, row, 0)->metrics)) {
    struct estimate estimate = intervals_latency(campaign, row).estimate;
    estimate.n = 1;
    return estimate;
  }
  int64_t *values = zeroed(seeds, sizeof *values);
  size_t count = 0;
  for (size_t seed = 0; seed < seeds; seed++) {
    const int64_t *metrics = campaign_result(campaign, row, seed)->metrics;
    if (metric_is_known(metric, metrics)) values[count++] = metrics[metric];
  }
  const struct estimate estimate = estimate_of(values, count, metric);
  free(values);
  return estimate;
}

struct estimate campaign_group_estimate(const struct campaign *campaign, size_t row, uint32_t group,
                                        enum metric metric) {
  const size_t seeds = campaign->seed_count;
  int64_t *values = zeroed(seeds, sizeof *values);
  size_t count = 0;
  for (size_t seed = 0; seed < seeds; seed++) {
    const struct run_result *result = campaign_result(campaign, row, seed);
    const int64_t *metrics = result->groups ? result->groups[group].metrics : result->metrics;
    if (metric_is_known(metric, metrics)) values[count++] = metrics[metric];
  }
  const struct estimate estimate = estimate_of(values, count, metric);
  free(values);
  return estimate;
}

uint64_t campaign_digest(const struct campaign *campaign) {
  unsigned char *bytes = zeroed(campaign->result_count, 8);
  for (size_t i = 0; i < campaign->result_count; i++)
    for (int byte = 0; byte < 8; byte++)
      bytes[i * 8 + (size_t)byte] = (unsigned char)(campaign->results[i].digest >> (8 * byte));
  const uint64_t digest = XXH3_64bits(bytes, campaign->result_count * 8);
  free(bytes);
  return digest;
}

int campaign_exit_status(const struct campaign *campaign) {
  static const int statuses[VERDICT__COUNT] = {
      [VERDICT_HELD] = 0, [VERDICT_VIOLATED] = 1, [VERDICT_INCONCLUSIVE] = 2};
  return campaign->verify_mismatches > 0 ? 70 : statuses[campaign->verdict];
}
