/* A series in batches: sums that do not depend on how batches were joined, and intervals that hold for series
 * whose values go together, where the interval of independent values does not. Seeds are fixed. */
#include "sim/oracle/batches.h"

#include "sim/base/hash.h"
#include "sim/kernel/time.h"
#include "sim/oracle/statistics.h"
#include "tests/run_suite.h"

#include <math.h>
#include <stdlib.h>

START_TEST(batches_are_sums_of_consecutive_values) {
  static int64_t values[5000];
  for (size_t i = 0; i < 5000; i++) values[i] = (int64_t)(i * 7919 % 1009) * 1000003;
  struct batches batches;
  batches_reset(&batches);
  ck_assert_int_eq(batches_mean(&batches), 0);
  __extension__ __int128 sum = 0;
  for (size_t n = 1; n <= 5000; n++) {
    batches_add(&batches, values[n - 1]);
    sum += values[n - 1];
    ck_assert_uint_eq(batches.count, n / batches.length);
    ck_assert_uint_lt(batches.count, BATCHES_MAX);
    ck_assert(batches.length == 1 || batches.count >= BATCHES_MAX / 2);
    ck_assert_int_eq(batches_mean(&batches), (int64_t)((2 * sum + (int64_t)n) / (2 * (int64_t)n)));
    for (uint32_t i = 0; i < batches.count; i++) { /* [B1] */
      __extension__ __int128 own = 0;
      for (uint64_t k = 0; k < batches.length; k++) own += values[i * batches.length + k];
      ck_assert(batches.sums[i] == own);
    }
  }
  struct batch_means means;
  batches_means(&batches, &means);
  ck_assert_uint_eq(means.count, batches.count);
  ck_assert_uint_eq(means.length, batches.length);
  for (uint32_t i = 0; i < means.count; i++)
    ck_assert_double_eq_tol((double)means.means[i], (double)batches.sums[i] / (double)means.length, 0.5 + 1e-6);
}
END_TEST

START_TEST(means_are_rounded_half_up) {
  static const struct {
    int64_t a, b, mean;
  } rows[] = {{1, 2, 2}, {0, 0, 0}, {0, 1, 1}, {-1, 0, 0}, {-1, -2, -1}, {-3, -4, -3}, {5, 5, 5}, {-1, -1, -1},
              {TIME_MAX_NS, TIME_MAX_NS, TIME_MAX_NS}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct batches batches;
    batches_reset(&batches);
    batches_add(&batches, rows[i].a);
    batches_add(&batches, rows[i].b);
    ck_assert_int_eq(batches_mean(&batches), rows[i].mean);
  }
}
END_TEST

START_TEST(sums_of_the_longest_times_do_not_overflow) {
  struct batches batches;
  struct batch_means means;
  batches_reset(&batches);
  for (int i = 0; i < 100000; i++) batches_add(&batches, TIME_MAX_NS);
  batches_means(&batches, &means);
  ck_assert_int_eq(batches_mean(&batches), TIME_MAX_NS);
  for (uint32_t i = 0; i < means.count; i++) ck_assert_int_eq(means.means[i], TIME_MAX_NS);
}
END_TEST

START_TEST(batch_means_have_their_interval_and_their_correlation) {
  /* Mean 5, squares 9+1+1+9 = 20, t(0.975; 3) = 3.182446: 5 +- 3.182446 sqrt(20 / 3 / 4).
   * Products (-3)(-1) + (-1)(1) + (1)(3) = 5: correlation 5 / 20. */
  static const int64_t rising[] = {2, 4, 6, 8};
  double correlation;
  struct estimate estimate = statistics_batch_means(rising, 4, &correlation);
  ck_assert_double_eq_tol(estimate.mean, 5, 1e-12);
  ck_assert_double_eq_tol(estimate.high, 5 + 4.108520, 1e-5);
  ck_assert_double_eq_tol(estimate.low, 5 - 4.108520, 1e-5);
  ck_assert_double_eq_tol(correlation, 0.25, 1e-12);
  static const int64_t same[] = {3, 3, 3, 3, 3, 3, 3, 3};
  estimate = statistics_batch_means(same, 4, &correlation);
  ck_assert_double_nan(correlation);
  ck_assert_double_eq(estimate.low, 3);
  struct series_estimate series = statistics_series(same, 8);
  ck_assert(series.sound);
  ck_assert_double_eq(series.estimate.high, 3);
  ck_assert(!statistics_series(same, 7).sound);
  ck_assert(!statistics_series(NULL, 0).sound);
}
END_TEST

START_TEST(what_goes_together_is_joined_or_has_no_interval) {
  int64_t steps[64], swings[64], drift[64];
  for (int i = 0; i < 64; i++) {
    steps[i] = i / 8 % 2 ? 1000 : 0; /* eight and eight */
    swings[i] = i % 2 ? 1000 : 0;
    drift[i] = i * 1000;
  }
  struct series_estimate series = statistics_series(steps, 64);
  ck_assert(series.sound);
  ck_assert_uint_eq(series.joined, 4);
  ck_assert_uint_eq(series.estimate.n, 16);
  ck_assert_double_eq_tol(series.correlation, 1.0 / 16, 1e-12);
  ck_assert_uint_eq(statistics_series(swings, 64).joined, 1);
  series = statistics_series(drift, 63);
  ck_assert(!series.sound);
  ck_assert_uint_eq(series.joined, 4); /* 15 left: no more pairs than seven */
  ck_assert_double_gt(series.correlation, 0.4);
  ck_assert_double_eq(series.estimate.low, series.estimate.mean);
}
END_TEST

/* Luck for the series below: uniform in (0, 1). */
struct luck {
  uint64_t series, drawn;
};
static double uniform(struct luck *luck) {
  return ((double)(hash_pair(luck->series, luck->drawn++) >> 11) + 0.5) * 0x1p-53;
}

#define UNIT 1e6

/* x' = phi x + noise, mean 10: noise is a sum of uniforms, near enough to normal. */
static double autoregressive(struct luck *luck, double *state) {
  double noise = -3;
  for (int i = 0; i < 6; i++) noise += uniform(luck);
  *state = 0.9 * *state + noise;
  return 10 + *state;
}
/* Lindley's recursion for an M/M/1 queue at load 0.7: W' = max(0, W + S - A); the mean is rho / (mu - lambda). */
#define LOAD 0.7
static double waiting(struct luck *luck, double *state) {
  *state += -log(uniform(luck)) + log(uniform(luck)) / LOAD;
  if (*state < 0) *state = 0;
  return *state;
}

struct coverage {
  double independent, batches, sound;
};

static struct coverage cover(double (*next)(struct luck *, double *), double mean, size_t length) {
  enum { SERIES = 400 };
  struct coverage coverage = {0};
  int64_t *values = malloc(length * sizeof *values);
  for (uint64_t i = 0; i < SERIES; i++) {
    struct luck luck = {.series = i + 1};
    double state = 0;
    struct batches batches;
    struct batch_means means;
    for (size_t warm = 0; warm < 500; warm++) next(&luck, &state);
    batches_reset(&batches);
    for (size_t k = 0; k < length; k++) {
      values[k] = llround(next(&luck, &state) * UNIT);
      batches_add(&batches, values[k]);
    }
    batches_means(&batches, &means);
    const struct estimate naive = statistics_mean(values, length, 0);
    const struct series_estimate series = statistics_series(means.means, means.count);
    coverage.independent += naive.low <= mean * UNIT && mean * UNIT <= naive.high;
    coverage.sound += series.sound;
    coverage.batches += series.sound && series.estimate.low <= mean * UNIT && mean * UNIT <= series.estimate.high;
  }
  free(values);
  coverage.batches /= coverage.sound;
  coverage.independent /= SERIES;
  coverage.sound /= SERIES;
  return coverage;
}

/* Of 400 series, 95 % +- 1.1 %. */
static void check_coverage(struct coverage coverage) {
  ck_assert_double_lt(coverage.independent, 0.4);
  ck_assert_double_gt(coverage.sound, 0.95);
  ck_assert_double_eq_tol(coverage.batches, 0.95, 0.02);
}

START_TEST(batch_means_cover_what_independent_values_do_not) {
  check_coverage(cover(autoregressive, 10, 4000));
  check_coverage(cover(autoregressive, 10, 40000));
  check_coverage(cover(waiting, LOAD / (1 - LOAD), 20000));
}
END_TEST

/* A queue of which too little was seen: it shows in some of the series, and the others cover too little. */
START_TEST(a_series_that_is_too_short_is_seen_as_such_more_often) {
  const struct coverage few = cover(waiting, LOAD / (1 - LOAD), 1000);
  const struct coverage more = cover(waiting, LOAD / (1 - LOAD), 20000);
  ck_assert_double_lt(few.sound, more.sound - 0.05);
  ck_assert_double_gt(few.batches, few.independent + 0.4);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("batches");
  TCase *tcase = tcase_create("batches");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, batches_are_sums_of_consecutive_values);
  tcase_add_test(tcase, means_are_rounded_half_up);
  tcase_add_test(tcase, sums_of_the_longest_times_do_not_overflow);
  tcase_add_test(tcase, batch_means_have_their_interval_and_their_correlation);
  tcase_add_test(tcase, what_goes_together_is_joined_or_has_no_interval);
  tcase_add_test(tcase, batch_means_cover_what_independent_values_do_not);
  tcase_add_test(tcase, a_series_that_is_too_short_is_seen_as_such_more_often);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
