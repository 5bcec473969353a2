#include "sim/runner/campaign.h"

#include "sim/base/assert.h"
#include "sim/runner/judge.h"
#include "sim/runner/run.h"
#include "sim/runner/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* What the second run of --verify starts from: another page offset, other stale bytes. */
#define VERIFY_BASE_OFFSET 8208
#define VERIFY_FILL 0xa5
#define PROGRESS_EVERY_NS 100000000
#define PROGRESS_AFTER_S 1.0

/* Shared by the workers. Items: first the capacities, then the runs; each is claimed once, by counting
 * up `next`, and writes only into its own places. */
struct work {
  const struct scenario *scenario;
  const struct campaign_options *options;
  struct campaign *campaign;
  uint8_t *differs; /* [items], --verify */
  size_t *capacity_plans; /* [capacities]: of those that differ in faults alone, the first */
  size_t capacities, items;
  atomic_size_t next, done;
  pthread_mutex_t mutex; /* guards running */
  pthread_cond_t finished;
  unsigned running;
};

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void do_capacity(struct work *work, size_t item, struct run *run, struct run *again) {
  const size_t row = work->capacity_plans[item];
  const struct plan *plan = &work->scenario->plans[row];
  const uint64_t seed = work->scenario->seeds[0];
  const int64_t capacity = run_capacity(run, plan, seed, work->options->command);
  work->campaign->capacity[row] = capacity;
  if (again)
    work->differs[item] = run_capacity(again, plan, seed, work->options->command) != capacity;
}

static void do_run(struct work *work, size_t item, struct run *run, struct run *again) {
  const size_t index = item - work->capacities, seeds = work->scenario->seed_count;
  const uint32_t row = (uint32_t)(index / seeds);
  const struct plan *plan = &work->scenario->plans[row];
  const uint64_t seed = work->scenario->seeds[index % seeds];
  struct run_result *result = &work->campaign->results[index];
  run_execute(run, plan, row, seed, NULL, work->options->command, result);
  if (!again) return;
  struct run_result second = {0};
  run_execute(again, plan, row, seed, NULL, work->options->command, &second);
  work->differs[item] = second.digest != result->digest || second.records != result->records ||
                        memcmp(second.metrics, result->metrics, sizeof second.metrics) != 0;
  run_result_deinit(&second);
}

static void *worker(void *context) {
  struct work *work = context;
  struct run *run = run_new(0, 0);
  struct run *again = work->options->verify ? run_new(VERIFY_BASE_OFFSET, VERIFY_FILL) : NULL;
  for (;;) {
    const size_t item = atomic_fetch_add(&work->next, 1);
    if (item >= work->items) break;
    if (item < work->capacities)
      do_capacity(work, item, run, again);
    else
      do_run(work, item, run, again);
    atomic_fetch_add(&work->done, 1);
  }
  run_free(run);
  if (again) run_free(again);
  pthread_mutex_lock(&work->mutex);
  work->running--;
  pthread_cond_signal(&work->finished);
  pthread_mutex_unlock(&work->mutex);
  return NULL;
}

static void print_progress(const struct work *work, double elapsed_s) {
  const size_t done = atomic_load(&((struct work *)work)->done);
  fprintf(stderr, "\r%s: %zu of %zu runs, %.0f s", work->scenario->name, done, work->items,
          elapsed_s);
  if (done > 0)
    fprintf(stderr, ", about %.0f s left", elapsed_s * (double)(work->items - done) / (double)done);
  fputs("\033[K", stderr);
  fflush(stderr);
}

/* Waits for the workers, and tells a terminal how far they are. */
static void watch(struct work *work, double started_s) {
  const bool show = work->options->progress && isatty(STDERR_FILENO);
  bool shown = false;
  pthread_mutex_lock(&work->mutex);
  while (work->running > 0) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PROGRESS_EVERY_NS;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&work->finished, &work->mutex, &until);
    const double elapsed_s = now_s() - started_s;
    if (show && work->running > 0 && elapsed_s >= PROGRESS_AFTER_S) {
      print_progress(work, elapsed_s);
      shown = true;
    }
  }
  pthread_mutex_unlock(&work->mutex);
  if (shown) fputs("\r\033[K", stderr);
}

static void run_all(struct work *work) {
  const double started_s = now_s();
  const unsigned count = work->campaign->workers;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&work->finished, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&work->mutex, NULL);
  pthread_t *threads = calloc(count, sizeof *threads);
  ASSERT(threads != NULL);
  work->running = count;
  for (unsigned i = 0; i < count; i++) {
    const int failed = pthread_create(&threads[i], NULL, worker, work);
    ASSERT_MSG(failed == 0, "cannot start thread %u of %u (-j): %s", i + 1, count,
               strerror(failed));
  }
  watch(work, started_s);
  for (unsigned i = 0; i < count; i++) pthread_join(threads[i], NULL);
  free(threads);
  pthread_cond_destroy(&work->finished);
  pthread_mutex_destroy(&work->mutex);
  work->campaign->wall_s = now_s() - started_s;
}

static void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  ASSERT(memory != NULL);
  return memory;
}

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

/* Capacity is measured without faults: points of a row that differ in them alone share it. */
static size_t capacity_plan(const struct scenario *scenario, size_t plan) {
  size_t first = plan;
  if (scenario->sweep_count == 0) return plan;
  for (size_t other = plan; other-- > scenario->rows[scenario->points[plan].row].first;) {
    bool same = true;
    for (size_t i = 0; i < scenario->sweep_count && same; i++)
      same = strncmp(scenario->sweep[i].path, "faults/", 7) == 0 ||
             scenario->points[other].values[i] == scenario->points[plan].values[i];
    if (same) first = other;
  }
  return first;
}

static void plan_capacities(struct work *work) {
  const struct scenario *scenario = work->scenario;
  work->capacity_plans = zeroed(scenario->plan_count, sizeof *work->capacity_plans);
  for (size_t plan = 0; scenario->measure_capacity && plan < scenario->plan_count; plan++)
    if (capacity_plan(scenario, plan) == plan) work->capacity_plans[work->capacities++] = plan;
}

static void share_capacities(const struct work *work) {
  const struct scenario *scenario = work->scenario;
  for (size_t plan = 0; work->capacities > 0 && plan < scenario->plan_count; plan++)
    work->campaign->capacity[plan] = work->campaign->capacity[capacity_plan(scenario, plan)];
}

static void count_mismatches(struct campaign *campaign, const struct work *work) {
  campaign->verified = work->options->verify;
  campaign->verify_first = campaign->result_count;
  for (size_t item = work->items; item-- > 0;) {
    if (!work->differs[item]) continue;
    campaign->verify_mismatches++;
    if (item >= work->capacities) campaign->verify_first = item - work->capacities;
  }
}

void campaign_run(const struct scenario *scenario, const struct campaign_options *options,
                  struct campaign *out) {
  *out = (struct campaign){.scenario = scenario,
                           .result_count = scenario->plan_count * scenario->seed_count,
                           .command = options->command,
                           .reproduce = options->reproduce};
  allocate(out, scenario);
  struct work work = {.scenario = scenario,
                      .options = options,
                      .campaign = out};
  plan_capacities(&work);
  work.items = work.capacities + out->result_count;
  work.differs = zeroed(work.items, 1);
  atomic_init(&work.next, 0);
  atomic_init(&work.done, 0);
  out->workers = workers_count(options->workers, work.items);
  run_all(&work);
  share_capacities(&work);
  count_mismatches(out, &work);
  free(work.differs);
  free(work.capacity_plans);
  judge_campaign(out);
}

void campaign_of_run(const struct scenario *scenario, const struct run_result *result,
                     struct campaign *out) {
  ASSERT_EQ(scenario->plan_count, 1);
  ASSERT_EQ(scenario->seed_count, 1);
  *out = (struct campaign){.scenario = scenario, .result_count = 1, .workers = 1};
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
  return &campaign->results[row * campaign->scenario->seed_count + seed];
}

const char *campaign_name(const struct campaign *campaign, size_t row) {
  const struct scenario *scenario = campaign->scenario;
  return scenario->points ? scenario->points[row].name : scenario->plans[row].label;
}

int64_t campaign_pooled(const struct campaign *campaign, size_t row, enum metric metric) {
  const size_t seeds = campaign->scenario->seed_count;
  int64_t sum = 0;
  for (size_t seed = 0; seed < seeds; seed++)
    if (__builtin_add_overflow(sum, campaign_result(campaign, row, seed)->metrics[metric], &sum))
      return INT64_MAX; /* times of absurd length: any bound is passed anyway */
  if (metric_rows[metric].unit == UNIT_COUNT || seeds == 0) return sum;
  return (sum + (int64_t)seeds / 2) / (int64_t)seeds;
}

struct estimate campaign_estimate(const struct campaign *campaign, size_t row, enum metric metric) {
  const size_t seeds = campaign->scenario->seed_count;
  int64_t *values = zeroed(seeds, sizeof *values);
  for (size_t seed = 0; seed < seeds; seed++)
    values[seed] = campaign_result(campaign, row, seed)->metrics[metric];
  const struct estimate estimate = statistics_mean(values, seeds, 1);
  free(values);
  return estimate;
}

struct estimate campaign_group_estimate(const struct campaign *campaign, size_t row, uint32_t group,
                                        enum metric metric) {
  const size_t seeds = campaign->scenario->seed_count;
  int64_t *values = zeroed(seeds, sizeof *values);
  for (size_t seed = 0; seed < seeds; seed++) {
    const struct run_result *result = campaign_result(campaign, row, seed);
    values[seed] = (result->groups ? result->groups[group].metrics : result->metrics)[metric];
  }
  const struct estimate estimate = statistics_mean(values, seeds, 1);
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
