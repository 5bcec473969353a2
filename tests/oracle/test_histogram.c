#include "sim/oracle/histogram.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

static struct histogram histogram, other;

static void setup(void) {
  memset(&histogram, 0, sizeof histogram);
  memset(&other, 0, sizeof other);
}

/* Spread over all octaves alike. */
static int64_t draw(uint64_t n) {
  uint64_t bits = hash_pair(1, n);
  return (int64_t)(bits >> (1 + hash_pair(2, n) % 63));
}

START_TEST(a_quantile_is_at_most_one_part_in_32_above_the_true_one) {
  for (uint64_t i = 0; i < 100000; i++) {
    int64_t value = i < 64 ? (int64_t)i : draw(i);
    setup();
    histogram_add(&histogram, value);
    int64_t got = histogram_quantile(&histogram, 1, 2);
    if (got < value || got - value > value / 32)
      ck_abort_msg("%lld is reported as %lld", (long long)value, (long long)got);
  }
}
END_TEST

static int by_value(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

START_TEST(quantiles_agree_with_a_sorted_array) {
  enum { COUNT = 4999 };
  static int64_t values[COUNT];
  for (uint64_t i = 0; i < COUNT; i++) {
    values[i] = draw(i) % 1000000000;
    histogram_add(&histogram, values[i]);
  }
  qsort(values, COUNT, sizeof values[0], by_value);
  for (int64_t parts = 0; parts <= 1000; parts++) {
    int64_t rank = (parts * COUNT + 999) / 1000;
    int64_t truth = values[rank ? rank - 1 : 0], got = histogram_quantile(&histogram, parts, 1000);
    ck_assert_int_ge(got, truth);
    ck_assert_int_le(got, truth + truth / 32);
  }
}
END_TEST

START_TEST(edges_rise_and_their_cells_hold_them) {
  int64_t before = -1;
  for (uint32_t cell = 0; cell < 59 * 32; cell++) {
    int64_t upper = histogram_upper(cell);
    ck_assert_int_gt(upper, before);
    setup();
    histogram_add(&histogram, upper);
    histogram_add(&histogram, before + 1);
    ck_assert_uint_eq(histogram.cells[cell], 2);
    before = upper;
  }
  ck_assert_int_eq(before, INT64_MAX);
  ck_assert_int_eq(histogram_upper(HISTOGRAM_CELLS - 1), INT64_MAX);
}
END_TEST

START_TEST(merging_is_adding_all) {
  struct histogram all;
  memset(&all, 0, sizeof all);
  for (uint64_t i = 0; i < 10000; i++) {
    histogram_add(i % 3 ? &histogram : &other, draw(i));
    histogram_add(&all, draw(i));
  }
  histogram_merge(&histogram, &other);
  ck_assert_mem_eq(&histogram, &all, sizeof all);
}
END_TEST

START_TEST(the_quantile_of_nothing_is_the_least) {
  histogram_add(&histogram, 5);
  histogram_add(&histogram, 9);
  ck_assert_int_eq(histogram_quantile(&histogram, 0, 100), 5);
  ck_assert_int_eq(histogram_quantile(&histogram, 50, 100), 5);
  ck_assert_int_eq(histogram_quantile(&histogram, 51, 100), 9);
}
END_TEST

START_TEST(negative_counts_as_zero_and_empty_gives_zero) {
  ck_assert_int_eq(histogram_quantile(&histogram, 99, 100), 0);
  histogram_add(&histogram, -7);
  histogram_add(&histogram, INT64_MIN);
  ck_assert_uint_eq(histogram.cells[0], 2);
  ck_assert_int_eq(histogram_quantile(&histogram, 100, 100), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("histogram");
  TCase *tcase = tcase_create("histogram");
  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_quantile_is_at_most_one_part_in_32_above_the_true_one);
  tcase_add_test(tcase, quantiles_agree_with_a_sorted_array);
  tcase_add_test(tcase, edges_rise_and_their_cells_hold_them);
  tcase_add_test(tcase, merging_is_adding_all);
  tcase_add_test(tcase, the_quantile_of_nothing_is_the_least);
  tcase_add_test(tcase, negative_counts_as_zero_and_empty_gives_zero);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
