#include "sim/oracle/statistics.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

static void check_estimate(struct estimate got, double mean, double low, double high, size_t n) {
  ck_assert_double_eq_tol(got.mean, mean, 1e-6 * (1 + fabs(mean)));
  ck_assert_double_eq_tol(got.low, low, 1e-6 * (1 + fabs(low)));
  ck_assert_double_eq_tol(got.high, high, 1e-6 * (1 + fabs(high)));
  ck_assert_uint_eq(got.n, n);
}

START_TEST(a_mean_has_its_student_interval) {
  static const int64_t pair[] = {1, 3};
  /* t(0.975; 1) = 12.7062, standard error 1 */
  check_estimate(statistics_mean(pair, 2, 0), 2, 2 - 12.706205, 2 + 12.706205, 2);
  check_estimate(statistics_mean(pair, 2, 1), 2, 0, 2 + 12.706205, 2);
  static const int64_t five[] = {10, 12, 14, 16, 18};
  /* t(0.975; 4) = 2.776445, standard error sqrt(10 / 5) */
  check_estimate(statistics_mean(five, 5, 0), 14, 14 - 3.926486, 14 + 3.926486, 5);
  static const int64_t negative[] = {-10, -12, -14, -16, -18};
  check_estimate(statistics_mean(negative, 5, 0), -14, -14 - 3.926486, -14 + 3.926486, 5);
}
END_TEST

START_TEST(one_value_is_its_own_interval) {
  static const int64_t value[] = {42};
  check_estimate(statistics_mean(value, 1, 1), 42, 42, 42, 1);
  static const int64_t same[] = {7, 7, 7, 7};
  check_estimate(statistics_mean(same, 4, 1), 7, 7, 7, 4);
  static const int64_t zeros[] = {0, 0, 0};
  check_estimate(statistics_mean(zeros, 3, 1), 0, 0, 0, 3);
  check_estimate(statistics_mean(NULL, 0, 1), 0, 0, 0, 0);
}
END_TEST

START_TEST(sums_beyond_64_bits_are_exact) {
  static const int64_t large[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  check_estimate(statistics_mean(large, 4, 0), (double)INT64_MAX, (double)INT64_MAX,
                 (double)INT64_MAX, 4);
  static const int64_t up[] = {INT64_MAX, INT64_MAX}, down[] = {INT64_MIN, INT64_MIN};
  double correlation, between = (double)INT64_MAX - (double)INT64_MIN;
  check_estimate(statistics_paired(up, down, 2, &correlation), between, between, between, 2);
}
END_TEST

START_TEST(an_interval_exists_for_every_number_of_runs) {
  static int64_t values[3000];
  for (size_t i = 0; i < 3000; i++) values[i] = (int64_t)(i % 7);
  double width_before = INFINITY;
  for (size_t n = 14; n <= 3000; n += 7) {
    struct estimate estimate = statistics_mean(values, n, 0);
    ck_assert(isfinite(estimate.low) && isfinite(estimate.high));
    ck_assert_double_lt(estimate.high - estimate.low, width_before);
    width_before = estimate.high - estimate.low;
  }
}
END_TEST

START_TEST(a_share_has_its_exact_interval) {
  /* Clopper and Pearson 1934: 0 of 100 ends at 1 - 0.025^(1/100); the other ends solve the tail
   * equations that the next test checks */
  check_estimate(statistics_proportion(0, 100, 0.05), 0, 0, 0.036216693, 100);
  check_estimate(statistics_proportion(100, 100, 0.05), 1, 0.963783307, 1, 100);
  check_estimate(statistics_proportion(1, 100, 0.05), 0.01, 0.000253146, 0.054459385, 100);
  check_estimate(statistics_proportion(5, 10, 0.05), 0.5, 0.187086026, 0.812913974, 10);
  check_estimate(statistics_proportion(1, 1, 0.05), 1, 0.025, 1, 1);
  check_estimate(statistics_proportion(0, 0, 0.05), 0, 0, 1, 0);
}
END_TEST

/* The tails of the binomial distribution beyond both ends hold alpha / 2 each: the definition. */
START_TEST(an_exact_interval_cuts_off_half_of_alpha_on_each_side) {
  static const double alphas[] = {0.05, 1e-4};
  static const unsigned trials[] = {1, 2, 10, 100, 1000, 10000, 100000};
  for (size_t a = 0; a < 2; a++)
    for (size_t t = 0; t < sizeof trials / sizeof trials[0]; t++) {
      unsigned n = trials[t], counts[] = {0, 1, 2, 5, 50, n / 1000, n / 10, n / 2, n - n / 10, n - 1, n};
      for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned x = counts[i];
        if (x > n) continue;
        struct estimate share = statistics_proportion(x, n, alphas[a]);
        double tail = alphas[a] / 2;
        if (x < n)
          ck_assert_double_eq_tol(gsl_cdf_binomial_P(x, share.high, n), tail, 1e-6 * tail);
        if (x > 0)
          ck_assert_double_eq_tol(gsl_cdf_binomial_Q(x - 1, share.low, n), tail, 1e-6 * tail);
      }
    }
}
END_TEST

START_TEST(an_interval_exists_for_any_number_of_trials) {
  for (uint64_t n = 1; n <= UINT64_C(1000000000000); n *= 10)
    for (int tenths = 0; tenths <= 10; tenths++) {
      uint64_t x = n / 10 * (uint64_t)tenths;
      if (n == 1) x = (uint64_t)tenths % 2;
      struct estimate share = statistics_proportion(x, n, 0.05);
      ck_assert(share.low >= 0 && share.low <= share.mean);
      ck_assert(share.high <= 1 && share.high >= share.mean);
    }
  /* 0.5 +- 1.959964 * sqrt(0.25 / 10^8) */
  check_estimate(statistics_proportion(50000000, 100000000, 0.05), 0.5, 0.499902, 0.500098,
                 100000000);
}
END_TEST

/* Newcombe 1998, Statistics in Medicine 17:857-872, table I: methods 3 (score) and 5 (exact). */
START_TEST(shares_have_the_published_intervals) {
  static const struct {
    uint64_t seen, trials;
    double score_low, score_high, exact_low, exact_high;
  } rows[] = {{81, 263, .2553, .3662, .2527, .3676},
              {15, 148, .0624, .1605, .0578, .1617},
              {0, 20, 0, .1611, 0, .1684},
              {1, 29, .0061, .1718, .0009, .1776}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct estimate score = statistics_wilson(rows[i].seen, rows[i].trials, 0.05);
    const struct estimate exact = statistics_proportion(rows[i].seen, rows[i].trials, 0.05);
    ck_assert_double_eq_tol(score.low, rows[i].score_low, 5e-5);
    ck_assert_double_eq_tol(score.high, rows[i].score_high, 5e-5);
    ck_assert_double_eq_tol(exact.low, rows[i].exact_low, 5e-5);
    ck_assert_double_eq_tol(exact.high, rows[i].exact_high, 5e-5);
    const struct estimate mirrored = statistics_wilson(rows[i].trials - rows[i].seen, rows[i].trials, 0.05);
    ck_assert_double_eq_tol(mirrored.low, 1 - score.high, 1e-12);
    ck_assert_double_eq_tol(mirrored.high, 1 - score.low, 1e-12);
  }
  check_estimate(statistics_wilson(0, 0, 0.05), 0, 0, 1, 0);
}
END_TEST

START_TEST(what_was_never_seen_may_still_happen_in_at_most_three_of_n) {
  ck_assert_double_eq(statistics_none_seen(0), 1);
  ck_assert_double_eq_tol(statistics_none_seen(1), 0.95, 1e-12);
  ck_assert_double_eq_tol(statistics_none_seen(20), 0.1391083, 1e-7);
  ck_assert_double_eq_tol(statistics_none_seen(1000), 0.0029912495, 1e-9);
  for (uint64_t n = 1; n < UINT64_C(1) << 62; n *= 2) {
    const double most = statistics_none_seen(n);
    ck_assert_double_lt(most, 3.0 / (double)n);
    ck_assert_double_gt(most, (n > 100 ? 2.94 : 0.949) / (double)n);
    /* What it means: at that share, none is seen in n trials once in twenty times. */
    ck_assert_double_eq_tol(exp((double)n * log1p(-most)), 0.05, 1e-9);
  }
}
END_TEST

/* How often the true share is inside, by the binomial probabilities themselves: the exact interval holds it
 * at 95 % of the time for every share, Wilson's on average over them and not for each. */
START_TEST(the_exact_interval_covers_every_share) {
  enum { TRIALS = 40, SHARES = 500 };
  double low[2][TRIALS + 1], high[2][TRIALS + 1], mean[2] = {0, 0}, least[2] = {1, 1};
  for (unsigned x = 0; x <= TRIALS; x++) {
    const struct estimate both[2] = {statistics_proportion(x, TRIALS, 0.05), statistics_wilson(x, TRIALS, 0.05)};
    for (int i = 0; i < 2; i++) low[i][x] = both[i].low, high[i][x] = both[i].high;
  }
  for (int step = 1; step < SHARES; step++) {
    const double share = (double)step / SHARES;
    for (int i = 0; i < 2; i++) {
      double covered = 0;
      for (unsigned x = 0; x <= TRIALS; x++)
        if (low[i][x] <= share && share <= high[i][x])
          covered += gsl_cdf_binomial_P(x, share, TRIALS) - (x ? gsl_cdf_binomial_P(x - 1, share, TRIALS) : 0);
      mean[i] += covered / (SHARES - 1);
      if (covered < least[i]) least[i] = covered;
    }
  }
  ck_assert_double_ge(least[0], 0.95);
  ck_assert_double_lt(least[1], 0.95);
  ck_assert_double_gt(mean[0], mean[1]);
  ck_assert_double_eq_tol(mean[1], 0.95, 0.01);
}
END_TEST

static int64_t counts[10000];

START_TEST(counts_that_were_never_seen_leave_room) {
  memset(counts, 0, sizeof counts);
  /* Two-sided at 97.5 %: 1 - 0.0125^(1/100) of the runs, each with all of 50 */
  check_estimate(statistics_counts(counts, 100, 50), 0, 0, 50 * (1 - pow(0.0125, 0.01)), 100);
  /* One run in 100: between the shares p of (1 - p)^100 = 0.9875 and (1 - p)^100 + 100 p (1 - p)^99 = 0.0125, and
   * these from none to all of it */
  counts[7] = 30;
  const struct estimate one = statistics_counts(counts, 100, 50), share = statistics_proportion(1, 100, 0.025);
  check_estimate(one, 0.3, 0, 50 * share.high, 100);
  ck_assert_double_eq_tol(pow(1 - share.low, 100), 0.9875, 1e-9);
  ck_assert_double_eq_tol(pow(1 - share.high, 100) + 100 * share.high * pow(1 - share.high, 99), 0.0125, 1e-9);
  counts[7] = 80; /* more than there should be: then so may others have */
  ck_assert_double_eq_tol(statistics_counts(counts, 100, 50).high, 80 * share.high, 1e-9);
}
END_TEST

START_TEST(counts_in_every_run_are_known_by_their_spread) {
  for (size_t i = 0; i < 1000; i++) counts[i] = i % 2 ? 12 : 8;
  /* All runs show some: at least 0.0125^(1/1000) of them do. t(0.9875; 999) = 2.244916, deviation 2.001 */
  const double half = 2.244916 * 2.0010005 / sqrt(1000);
  check_estimate(statistics_counts(counts, 1000, 1000), 10, (10 - half) * pow(0.0125, 0.001), 10 + half, 1000);
  for (size_t i = 0; i < 1000; i++) counts[i] = 5;
  const struct estimate same = statistics_counts(counts, 1000, 1000);
  ck_assert_double_eq_tol(same.high, 5, 1e-12);
  ck_assert_double_eq_tol(same.low, 5 * pow(0.0125, 0.001), 1e-9);
}
END_TEST

/* Worlds in which a share of the runs loses something, uniformly up to so much: how often the mean is inside. */
START_TEST(intervals_of_counts_cover_where_student_does_not) {
  enum { SETS = 400 };
  static const struct {
    double share;
    int64_t from, to;
    size_t n;
    bool student_fails;
  } worlds[] = {{0.005, 1000, 1000, 64, true}, {0.02, 1, 1000, 64, true}, {0.02, 500, 1000, 256, false},
                {0.1, 1, 1000, 256, false},    {0.5, 1, 20, 64, false},   {1, 0, 10, 32, false}};
  for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++) {
    size_t held = 0, by_student = 0;
    const double truth = worlds[w].share * (double)(worlds[w].from + worlds[w].to) / 2;
    for (uint64_t set = 1; set <= SETS; set++) {
      for (size_t i = 0; i < worlds[w].n; i++) {
        const double any = (double)(hash_pair(set * 100 + w, 2 * i) >> 11) * 0x1p-53;
        const double size = (double)(hash_pair(set * 100 + w, 2 * i + 1) >> 11) * 0x1p-53;
        const int64_t span = worlds[w].to - worlds[w].from + 1;
        counts[i] = any < worlds[w].share ? worlds[w].from + (int64_t)(size * (double)span) : 0;
      }
      const struct estimate estimate = statistics_counts(counts, worlds[w].n, 1000);
      const struct estimate student = statistics_mean(counts, worlds[w].n, 1);
      held += estimate.low <= truth && truth <= estimate.high;
      by_student += student.low <= truth && truth <= student.high;
    }
    ck_assert_msg(held >= SETS * 94 / 100, "world %zu: %zu of %d", w, held, SETS);
    if (worlds[w].student_fails) ck_assert_uint_lt(by_student, SETS * 85 / 100);
  }
}
END_TEST

START_TEST(pairs_that_move_together_have_a_narrow_difference) {
  static const int64_t a[] = {11, 22, 33, 44, 55}, b[] = {10, 20, 30, 40, 50};
  double correlation;
  /* differences 1 to 5: mean 3, standard error sqrt(2.5 / 5), t 2.776445 */
  struct estimate difference = statistics_paired(a, b, 5, &correlation);
  check_estimate(difference, 3, 3 - 1.963243, 3 + 1.963243, 5);
  ck_assert_double_eq_tol(correlation, 1, 1e-12);
  static const int64_t against[] = {50, 40, 30, 20, 10};
  statistics_paired(b, against, 5, &correlation);
  ck_assert_double_eq_tol(correlation, -1, 1e-12);
}
END_TEST

START_TEST(pairs_without_a_spread_have_no_correlation) {
  static const int64_t a[] = {5, 5, 5}, b[] = {1, 2, 3};
  double correlation = 9;
  struct estimate difference = statistics_paired(a, b, 3, &correlation);
  ck_assert_double_nan(correlation);
  ck_assert_double_eq_tol(difference.mean, 3, 1e-12);
  check_estimate(statistics_paired(a, b, 1, &correlation), 4, 4, 4, 1);
  check_estimate(statistics_paired(a, b, 1, NULL), 4, 4, 4, 1);
  static const int64_t two[] = {1, 5}, others[] = {2, 3};
  statistics_paired(two, others, 2, &correlation);
  ck_assert_double_nan(correlation);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("statistics");
  TCase *tcase = tcase_create("statistics");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_mean_has_its_student_interval);
  tcase_add_test(tcase, one_value_is_its_own_interval);
  tcase_add_test(tcase, sums_beyond_64_bits_are_exact);
  tcase_add_test(tcase, an_interval_exists_for_every_number_of_runs);
  tcase_add_test(tcase, a_share_has_its_exact_interval);
  tcase_add_test(tcase, an_exact_interval_cuts_off_half_of_alpha_on_each_side);
  tcase_add_test(tcase, an_interval_exists_for_any_number_of_trials);
  tcase_add_test(tcase, shares_have_the_published_intervals);
  tcase_add_test(tcase, what_was_never_seen_may_still_happen_in_at_most_three_of_n);
  tcase_add_test(tcase, the_exact_interval_covers_every_share);
  tcase_add_test(tcase, counts_that_were_never_seen_leave_room);
  tcase_add_test(tcase, counts_in_every_run_are_known_by_their_spread);
  tcase_add_test(tcase, intervals_of_counts_cover_where_student_does_not);
  tcase_add_test(tcase, pairs_that_move_together_have_a_narrow_difference);
  tcase_add_test(tcase, pairs_without_a_spread_have_no_correlation);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
