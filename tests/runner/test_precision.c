/* When a campaign knows enough: after which seeds it looks, what it looks at, and that it does not end too early.
 * Runs are made up, by fixed luck. */
#include "sim/runner/precision.h"

#include "sim/base/hash.h"
#include "sim/oracle/statistics.h"
#include "tests/run_suite.h"

#include <math.h>
#include <stdlib.h>

#define SEEDS 8192
#define INTENDED 1000
#define SHARE(percent) ((int64_t)((percent) * 1e-2 * SCHEMA_SHARE_SCALE + 0.5))

static struct run_result *results;

static void open_results(void) {
  results = calloc(2 * SEEDS, sizeof *results);
  for (size_t i = 0; i < 2 * SEEDS; i++) results[i].metrics[METRIC_ONCE] = 1;
  for (size_t i = 0; i < 2 * SEEDS; i++) results[i].metrics[METRIC_INTENDED] = INTENDED;
}
static void close_results(void) { free(results); }

static struct scenario scenario_of(struct precision_goal *goals, size_t goal_count, size_t plans) {
  return (struct scenario){
      .seed_count = SEEDS, .plan_count = plans, .precision = goals, .precision_count = goal_count};
}

START_TEST(looks_double_and_the_last_is_at_all_seeds) {
  static const size_t of_100[] = {32, 64, 100}, of_64[] = {32, 64};
  size_t look = 0;
  for (size_t i = 0; i < 3; i++) ck_assert_uint_eq(look = precision_next_look(100, look), of_100[i]);
  look = 0;
  for (size_t i = 0; i < 2; i++) ck_assert_uint_eq(look = precision_next_look(64, look), of_64[i]);
  ck_assert_uint_eq(precision_next_look(33, 32), 33);
}
END_TEST

START_TEST(times_are_a_share_of_their_value) {
  struct precision_goal goal = {METRIC_LATENCY_P50, 0};
  const struct scenario scenario = scenario_of(&goal, 1, 1);
  struct precision_gap gap;
  for (size_t i = 0; i < 64; i++) results[i].metrics[METRIC_LATENCY_P50] = i % 2 ? 900 : 1100;
  /* t(0.975; 63) = 1.998341, standard deviation 100 sqrt(64 / 63): half = 25.177 of 1000 */
  goal.share = SHARE(2.52);
  ck_assert(precision_reached(&scenario, results, SEEDS, 64, &gap));
  ck_assert_double_eq_tol(gap.half, 0.0251770, 1e-6);
  ck_assert_double_eq_tol(gap.goal, 0.0252, 1e-9);
  goal.share = SHARE(2.51);
  ck_assert(!precision_reached(&scenario, results, SEEDS, 64, &gap));
  ck_assert_uint_eq(gap.metric, METRIC_LATENCY_P50);
}
END_TEST

START_TEST(what_is_always_the_same_is_known) {
  struct precision_goal goals[] = {{METRIC_LATENCY_P50, 1}, {METRIC_DEDUP_BYTES_PEAK, 1}};
  const struct scenario scenario = scenario_of(goals, 2, 1);
  struct precision_gap gap;
  for (size_t i = 0; i < 32; i++) results[i].metrics[METRIC_LATENCY_P50] = 1234;
  ck_assert(precision_reached(&scenario, results, SEEDS, 32, &gap)); /* the other one is 0: no store */
}
END_TEST

/* None of n runs has lost anything: at 97.5 % not more than 1 - 0.0125^(1/n) of them lose anything, and all that they
 * were to do at most. */
START_TEST(what_was_never_seen_is_not_known) {
  struct precision_goal goal = {METRIC_LOST, SHARE(1)};
  const struct scenario scenario = scenario_of(&goal, 1, 1);
  struct precision_gap gap;
  for (size_t n = 32; n <= SEEDS; n *= 2) {
    const bool reached = precision_reached(&scenario, results, SEEDS, n, &gap);
    ck_assert_double_eq_tol(gap.half, 1 - pow(0.0125, 1.0 / (double)n), 1e-9);
    ck_assert_msg(reached == (n >= 512), "%zu", n);
  }
}
END_TEST

START_TEST(where_nothing_had_an_effect_no_latency_is_known) {
  struct precision_goal goal = {METRIC_LATENCY_P50, SHARE(5)};
  const struct scenario scenario = scenario_of(&goal, 1, 1);
  struct precision_gap gap;
  for (size_t i = 0; i < 32; i++) results[i].metrics[METRIC_LATENCY_P50] = 1000;
  for (size_t i = 0; i < 30; i++) results[i].metrics[METRIC_LATENCY_P50] = results[i].metrics[METRIC_ONCE] = 0;
  ck_assert(precision_reached(&scenario, results, SEEDS, 32, &gap)); /* of the two that there are */
  results[30].metrics[METRIC_LATENCY_P50] = results[30].metrics[METRIC_ONCE] = 0;
  ck_assert(!precision_reached(&scenario, results, SEEDS, 32, &gap));
}
END_TEST

START_TEST(every_row_and_metric_has_its_say) {
  struct precision_goal goals[] = {{METRIC_LATENCY_P50, SHARE(5)}, {METRIC_LATENCY_P99, SHARE(5)}};
  const struct scenario scenario = scenario_of(goals, 2, 2);
  struct precision_gap gap;
  for (size_t plan = 0; plan < 2; plan++)
    for (size_t i = 0; i < 64; i++) {
      int64_t *metrics = results[plan * SEEDS + i].metrics;
      metrics[METRIC_LATENCY_P50] = metrics[METRIC_LATENCY_P99] = 1000;
      if (plan == 1) metrics[METRIC_LATENCY_P99] += i % 2 ? 400 : -400;
    }
  ck_assert(!precision_reached(&scenario, results, SEEDS, 64, &gap));
  ck_assert_uint_eq(gap.plan, 1);
  ck_assert_uint_eq(gap.metric, METRIC_LATENCY_P99);
  /* Later runs have none: [N1]. */
  for (size_t i = 64; i < 128; i++) results[SEEDS + i].metrics[METRIC_LATENCY_P99] = 1000000;
  const double half = gap.half;
  ck_assert(!precision_reached(&scenario, results, SEEDS, 64, &gap));
  ck_assert_double_eq(gap.half, half);
}
END_TEST

/* --- Too early? --- */

static double uniform(uint64_t series, uint64_t drawn) {
  return ((double)(hash_pair(series, drawn) >> 11) + 0.5) * 0x1p-53;
}

struct world {
  const char *what;
  double share;     /* of runs that lose anything */
  int64_t from, to; /* so many: equally likely */
  double goal;      /* share of what is intended */
};

static double mean_of(const struct world *world) {
  return world->share * (double)(world->from + world->to) / 2 / INTENDED;
}

static void draw(const struct world *world, uint64_t series) {
  for (size_t i = 0; i < SEEDS; i++) {
    const bool any = uniform(series, 2 * i) < world->share;
    const double at = uniform(series, 2 * i + 1) * (double)(world->to - world->from + 1);
    results[i].metrics[METRIC_LOST] = any ? world->from + (int64_t)at : 0;
  }
}

/* Seeds at which a campaign ends that asks Student alone: what must not be done. */
static size_t student_ends(const struct world *world) {
  static int64_t values[SEEDS];
  size_t n = 0;
  do {
    n = precision_next_look(SEEDS, n);
    for (size_t i = 0; i < n; i++) values[i] = results[i].metrics[METRIC_LOST];
    const struct estimate estimate = statistics_mean(values, n, 0);
    if (estimate.high - estimate.mean <= world->goal * INTENDED) break;
  } while (n < SEEDS);
  return n;
}

static size_t precision_ends(const struct world *world) {
  struct precision_goal goal = {METRIC_LOST, SHARE(100 * world->goal)};
  const struct scenario scenario = scenario_of(&goal, 1, 1);
  struct precision_gap gap;
  size_t n = 0;
  do {
    n = precision_next_look(SEEDS, n);
    if (precision_reached(&scenario, results, SEEDS, n, &gap)) break;
  } while (n < SEEDS);
  return n;
}

static bool is_within(const struct world *world, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)results[i].metrics[METRIC_LOST] / INTENDED;
  return fabs(sum / (double)n - mean_of(world)) <= world->goal;
}

START_TEST(a_campaign_that_ends_is_as_precise_as_it_says) {
  enum { CAMPAIGNS = 200 };
  static const struct world worlds[] = {{"a run in fifty loses everything", 0.02, INTENDED, INTENDED, 0.01},
                                        {"a run in a hundred loses half", 0.01, 400, 600, 0.004},
                                        {"a run in ten loses some", 0.1, 1, 100, 0.002},
                                        {"each run loses some", 1, 0, 100, 0.004}};
  for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
    size_t held = 0, held_by_student = 0, seeds = 0;
    for (uint64_t campaign = 1; campaign <= CAMPAIGNS; campaign++) {
      draw(&worlds[i], campaign * 1000 + i);
      const size_t n = precision_ends(&worlds[i]);
      seeds += n;
      held += is_within(&worlds[i], n);
      held_by_student += is_within(&worlds[i], student_ends(&worlds[i]));
    }
    ck_assert_msg(held >= CAMPAIGNS * 95 / 100, "%s: %zu of %d", worlds[i].what, held, CAMPAIGNS);
    ck_assert_uint_lt(seeds / CAMPAIGNS, SEEDS); /* and it does end */
    if (worlds[i].share < 0.05) ck_assert_uint_lt(held_by_student, CAMPAIGNS * 80 / 100);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("precision");
  TCase *tcase = tcase_create("precision");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, open_results, close_results);
  tcase_add_test(tcase, looks_double_and_the_last_is_at_all_seeds);
  tcase_add_test(tcase, times_are_a_share_of_their_value);
  tcase_add_test(tcase, what_is_always_the_same_is_known);
  tcase_add_test(tcase, what_was_never_seen_is_not_known);
  tcase_add_test(tcase, where_nothing_had_an_effect_no_latency_is_known);
  tcase_add_test(tcase, every_row_and_metric_has_its_say);
  tcase_add_test(tcase, a_campaign_that_ends_is_as_precise_as_it_says);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
