/* What the runs of a campaign say of all runs: shares, differences by seed, one long run. */
#include "sim/runner/intervals.h"

#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <math.h>
#include <stdlib.h>

struct fixture {
  struct scenario scenario;
  struct campaign campaign;
};

static void fixture_open(struct fixture *f, const char *text) {
  struct err err = {.code = ERR_NONE};
  const bool loaded =
      scenario_load_text("x.yaml", text, strlen(text), false, &fake_registry, &f->scenario, &err);
  ck_assert_msg(loaded, "%s", err.message);
  const size_t count = f->scenario.plan_count * f->scenario.seed_count;
  f->campaign = (struct campaign){.scenario = &f->scenario,
                                  .seed_count = f->scenario.seed_count,
                                  .result_count = count,
                                  .results = calloc(count, sizeof(struct run_result))};
  for (size_t i = 0; i < count; i++) f->campaign.results[i].metrics[METRIC_ONCE] = 1;
}

static void fixture_close(struct fixture *f) {
  free(f->campaign.results);
  scenario_free(&f->scenario);
}

static int64_t *metric(struct fixture *f, size_t plan, size_t seed, enum metric which) {
  return &f->campaign.results[plan * f->campaign.seed_count + seed].metrics[which];
}

START_TEST(a_share_counts_runs_and_not_what_is_in_them) {
  struct fixture f;
  size_t runs;
  fixture_open(&f, "format: 1\nseeds: 20\nsystem: at-least-once\n");
  struct estimate share = intervals_share(&f.campaign, 0, METRIC_LOST, &runs);
  ck_assert_uint_eq(runs, 0);
  ck_assert_double_eq(share.low, 0);
  ck_assert_double_eq_tol(share.high, 0.168433, 1e-6); /* 1 - 0.025^(1/20) */
  for (size_t seed = 0; seed < 5; seed++) *metric(&f, 0, seed * 3, METRIC_LOST) = 1 + (int64_t)seed * 1000;
  share = intervals_share(&f.campaign, 0, METRIC_LOST, &runs);
  ck_assert_uint_eq(runs, 5);
  ck_assert_double_eq(share.mean, 0.25);
  const struct estimate exact = statistics_proportion(5, 20, 0.05);
  ck_assert_double_eq(share.low, exact.low);
  ck_assert_double_eq(share.high, exact.high);
  fixture_close(&f);
}
END_TEST

START_TEST(a_row_is_compared_with_the_first_one_at_its_point) {
  struct fixture f;
  fixture_open(&f, "format: 1\nseeds: 2\nsystem: at-least-once\ncompare:\n"
                   "  - {label: base}\n  - {label: named, handler: {name: cache-ttl}}\n"
                   "sweep: {handler/window: [5s, 1min], workload/rate: [10/s, 20/s, 30/s]}\n");
  ck_assert(intervals_are_paired(&f.campaign));
  ck_assert_uint_eq(f.scenario.plan_count, 3 + 6);
  for (size_t plan = 0; plan < 3; plan++) ck_assert_uint_eq(intervals_base(&f.campaign, plan), INTERVALS_NO_BASE);
  for (size_t plan = 3; plan < 9; plan++) ck_assert_uint_eq(intervals_base(&f.campaign, plan), plan % 3);
  fixture_close(&f);
  /* The first row has a key that the second has not: at which of its points should that be compared? */
  fixture_open(&f, "format: 1\nseeds: 2\nsystem: at-least-once\ncompare:\n"
                   "  - {label: named, handler: {name: cache-ttl}}\n  - {label: base}\n"
                   "sweep: {handler/window: [5s, 1min]}\n");
  for (size_t plan = 0; plan < 3; plan++) ck_assert_uint_eq(intervals_base(&f.campaign, plan), INTERVALS_NO_BASE);
  fixture_close(&f);
}
END_TEST

START_TEST(differences_pair_by_seed) {
  static const int64_t first[] = {100, 900, 500, 300}, second[] = {101, 902, 503, 304};
  struct fixture f;
  double correlation;
  fixture_open(&f, "format: 1\nseeds: 4\ncompare: [at-most-once, at-least-once]\n");
  for (size_t seed = 0; seed < 4; seed++) {
    *metric(&f, 0, seed, METRIC_LATENCY_P50) = first[seed];
    *metric(&f, 1, seed, METRIC_LATENCY_P50) = second[seed];
    *metric(&f, 1, seed, METRIC_LOST) = (int64_t)seed;
  }
  /* 1 to 4: 2.5 +- t(0.975; 3) sqrt(5 / 3 / 4), far less than either row spreads */
  struct estimate difference = intervals_difference(&f.campaign, 1, 0, METRIC_LATENCY_P50, &correlation);
  ck_assert_double_eq_tol(difference.mean, 2.5, 1e-12);
  ck_assert_double_eq_tol(difference.high - 2.5, 3.182446 * sqrt(5.0 / 12), 1e-5);
  ck_assert_double_gt(correlation, 0.99);
  difference = intervals_difference(&f.campaign, 1, 0, METRIC_LOST, &correlation);
  ck_assert_double_eq_tol(difference.mean, 1.5, 1e-12);
  ck_assert_double_nan(correlation); /* of nothing lost with anything */
  f.campaign.seed_count = 1;
  ck_assert(!intervals_are_paired(&f.campaign));
  fixture_close(&f);
}
END_TEST

START_TEST(runs_without_an_effect_are_in_no_mean_of_latencies) {
  struct fixture f;
  double correlation;
  fixture_open(&f, "format: 1\nseeds: 3\ncompare: [at-most-once, at-least-once]\n");
  for (size_t seed = 0; seed < 3; seed++) *metric(&f, 0, seed, METRIC_LATENCY_P50) = 100;
  *metric(&f, 0, 1, METRIC_ONCE) = *metric(&f, 0, 1, METRIC_LATENCY_P50) = 0;
  const struct estimate mean = campaign_estimate(&f.campaign, 0, METRIC_LATENCY_P50);
  ck_assert_uint_eq(mean.n, 2);
  ck_assert_double_eq(mean.mean, 100);
  ck_assert_uint_eq(campaign_estimate(&f.campaign, 0, METRIC_LOST).n, 3);
  const struct estimate difference = intervals_difference(&f.campaign, 1, 0, METRIC_LATENCY_P50, &correlation);
  ck_assert_uint_eq(difference.n, 2);
  ck_assert_double_eq(difference.mean, -100);
  fixture_close(&f);
}
END_TEST

START_TEST(rates_are_kept_in_millionths_and_told_whole) {
  struct fixture f;
  double correlation;
  fixture_open(&f, "format: 1\nseeds: 2\ncompare: [at-most-once, at-least-once]\n");
  for (size_t seed = 0; seed < 2; seed++) {
    *metric(&f, 0, seed, METRIC_GOODPUT) = 250000;
    *metric(&f, 1, seed, METRIC_GOODPUT) = 750000;
  }
  ck_assert_double_eq_tol(campaign_estimate(&f.campaign, 0, METRIC_GOODPUT).mean, 0.25, 1e-12);
  ck_assert_double_eq_tol(intervals_difference(&f.campaign, 1, 0, METRIC_GOODPUT, &correlation).mean, 0.5, 1e-12);
  fixture_close(&f);
}
END_TEST

START_TEST(a_trigger_that_follows_the_system_is_named) {
  static const struct {
    const char *fault, *unpaired;
  } rows[] = {{"{name: cut, at: 1s, for: 1s, partition: consumer.any}", NULL},
              {"{name: ack, when: ack-sent, intent: 3, drop: this}", NULL},
              {"{name: third, when: ack-sent, nth: 3, drop: this}", "third"},
              {"{name: head, at: 1s, kill: broker.leader}", "head"},
              {"{name: seat, at: 1s, for: 1s, partition: consumer.1, from: broker.coordinator}", "seat"},
              {"{name: there, when: appended, node: broker.leader, kill: broker.1}", "there"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture f;
    char text[300];
    snprintf(text, sizeof text, "format: 1\nseeds: 2\nsystem: kafka-acks-all\ntopology: {brokers: 3}\nfaults: [%s]\n",
             rows[i].fault);
    fixture_open(&f, text);
    const char *unpaired = intervals_unpaired(&f.scenario);
    ck_assert_msg(!unpaired == !rows[i].unpaired, "%s", rows[i].fault);
    if (unpaired) ck_assert_str_eq(unpaired, rows[i].unpaired);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(one_run_has_the_interval_of_its_batches_around_its_own_mean) {
  struct fixture f;
  fixture_open(&f, "format: 1\nsystem: at-least-once\n");
  struct batch_means means = {.length = 16, .count = 32};
  for (size_t i = 0; i < 32; i++) means.means[i] = i % 2 ? 900 : 1100;
  f.campaign.results[0].latencies = &means;
  *metric(&f, 0, 0, METRIC_LATENCY_MEAN) = 1003; /* with what was no whole batch */
  struct series_estimate series = intervals_latency(&f.campaign, 0);
  ck_assert(series.sound);
  ck_assert_double_eq(series.estimate.mean, 1003);
  /* t(0.975; 31) = 2.039513, standard deviation sqrt(32 / 31) 100 */
  const double half = 2.039513 * 100 / sqrt(31);
  ck_assert_double_eq_tol(series.estimate.high, 1003 + half, 1e-3);
  ck_assert_double_eq_tol(series.estimate.low, 1003 - half, 1e-3);
  ck_assert_uint_eq(intervals_batch_length(&f.campaign, 0, &series), 16);
  const struct estimate estimate = campaign_estimate(&f.campaign, 0, METRIC_LATENCY_MEAN);
  ck_assert_uint_eq(estimate.n, 1);
  ck_assert_double_eq(estimate.high, series.estimate.high);
  f.campaign.results[0].latencies = NULL; /* too few to tell */
  ck_assert(!intervals_latency(&f.campaign, 0).sound);
  ck_assert_double_eq(campaign_estimate(&f.campaign, 0, METRIC_LATENCY_MEAN).high, 1003);
  fixture_close(&f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("intervals");
  TCase *tcase = tcase_create("intervals");
  tcase_add_test(tcase, a_share_counts_runs_and_not_what_is_in_them);
  tcase_add_test(tcase, a_row_is_compared_with_the_first_one_at_its_point);
  tcase_add_test(tcase, differences_pair_by_seed);
  tcase_add_test(tcase, runs_without_an_effect_are_in_no_mean_of_latencies);
  tcase_add_test(tcase, rates_are_kept_in_millionths_and_told_whole);
  tcase_add_test(tcase, a_trigger_that_follows_the_system_is_named);
  tcase_add_test(tcase, one_run_has_the_interval_of_its_batches_around_its_own_mean);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
