#include "sim/kernel/luck.h"
#include "tests/run_suite.h"

#include <signal.h>

#define DRAWS 100000
#define SEEDS 5

static uint64_t address_of(uint64_t attempt) { return hash_pair(hash_name("loss"), attempt); }

START_TEST(losses_at_1_percent_are_a_subset_of_those_at_5) {
  uint64_t one = luck_threshold(1, 100), five = luck_threshold(5, 100);
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct luck luck;
    luck_init(&luck, LUCK_DRAWN, seed);
    uint64_t lost_one = 0, lost_five = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
      bool a = luck_chance(&luck, address_of(i), one), b = luck_chance(&luck, address_of(i), five);
      ck_assert(!a || b);
      lost_one += a;
      lost_five += b;
    }
    /* Binomial: 1000 and 5000, five standard deviations are 158 and 345. */
    ck_assert_uint_ge(lost_one, 1000 - 158);
    ck_assert_uint_le(lost_one, 1000 + 158);
    ck_assert_uint_ge(lost_five, 5000 - 345);
    ck_assert_uint_le(lost_five, 5000 + 345);
  }
}
END_TEST

START_TEST(never_and_always_are_certain) {
  struct luck luck;
  luck_init(&luck, LUCK_DRAWN, 1);
  for (uint64_t i = 0; i < 1000; i++) {
    ck_assert(!luck_chance(&luck, address_of(i), luck_threshold(0, 100)));
    ck_assert(luck_chance(&luck, address_of(i), luck_threshold(100, 100)));
    ck_assert(luck_chance(&luck, address_of(i), luck_threshold(101, 100)));
  }
}
END_TEST

START_TEST(thresholds_are_exact_and_rise) {
  ck_assert_uint_eq(luck_threshold(0, 1), 0);
  ck_assert_uint_eq(luck_threshold(1, 1), UINT64_MAX);
  ck_assert_uint_eq(luck_threshold(1, 2), UINT64_C(1) << 63);
  ck_assert_uint_eq(luck_threshold(1, 1000000000), UINT64_C(18446744073));
  ck_assert_uint_eq(luck_threshold(1, INT64_MAX), 2);
  ck_assert_uint_lt(luck_threshold(INT64_MAX - 1, INT64_MAX), UINT64_MAX);
  for (int64_t parts = 1; parts <= 1000; parts++)
    ck_assert_uint_lt(luck_threshold(parts - 1, 1000), luck_threshold(parts, 1000));
}
END_TEST

START_TEST(a_negative_share_aborts) { luck_threshold(-1, 100); }
END_TEST

START_TEST(the_answer_depends_on_seed_and_address_alone) {
  struct luck a, b, other;
  luck_init(&a, LUCK_DRAWN, 42);
  luck_init(&b, LUCK_DRAWN, 42);
  luck_init(&other, LUCK_DRAWN, 43);
  size_t same = 0;
  for (uint64_t i = 0; i < 1000; i++) luck_draw(&b, address_of(i)); /* others' questions */
  for (uint64_t i = 1000; i-- > 0;) {
    ck_assert_uint_eq(luck_draw(&a, address_of(i)), luck_draw(&b, address_of(i)));
    same += luck_draw(&a, address_of(i)) == luck_draw(&other, address_of(i));
  }
  ck_assert_uint_eq(same, 0);
}
END_TEST

START_TEST(draws_are_pinned) {
  /* A change here changes every published number: say why in the CHANGELOG. */
  struct luck luck;
  luck_init(&luck, LUCK_DRAWN, 1);
  ck_assert_uint_eq(luck_draw(&luck, hash_name("publish-sent")), UINT64_C(0xd0e88b22bfc995cc));
  luck_init(&luck, LUCK_DRAWN, 0);
  ck_assert_uint_eq(luck_draw(&luck, 0), UINT64_C(0x48218226ff3cd4bf));
}
END_TEST

START_TEST(LUCK_NONE_answers_nothing_bad) {
  struct luck luck;
  luck_init(&luck, LUCK_NONE, 1);
  static struct quantile_table table;
  table.median = 5;
  for (uint64_t i = 0; i < 1000; i++) {
    ck_assert(!luck_chance(&luck, address_of(i), luck_threshold(99, 100)));
    ck_assert(luck_chance(&luck, address_of(i), luck_threshold(1, 1))); /* no chance, but certain */
    ck_assert_uint_eq(luck_choice(&luck, address_of(i), 10), 0);
    ck_assert_int_eq(luck_time(&luck, address_of(i), &table), 5);
  }
}
END_TEST

START_TEST(choices_stay_below_their_bound_and_are_roughly_even) {
  struct luck luck;
  luck_init(&luck, LUCK_DRAWN, 3);
  for (uint64_t bound = 1; bound <= 16; bound++) {
    uint64_t counts[16] = {0};
    for (uint64_t i = 0; i < 64000; i++) {
      uint64_t choice = luck_choice(&luck, address_of(i), bound);
      ck_assert_uint_lt(choice, bound);
      counts[choice]++;
    }
    /* Expected e = 64000 / bound; |count - e| <= 5 sqrt(e), in integers. */
    uint64_t expected = 64000 / bound;
    for (uint64_t c = 0; c < bound; c++) {
      uint64_t off = counts[c] > expected ? counts[c] - expected : expected - counts[c];
      ck_assert_uint_le(off * off, 25 * expected + 25);
    }
  }
  for (uint64_t i = 0; i < 1000; i++)
    ck_assert_uint_lt(luck_choice(&luck, address_of(i), UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(a_choice_among_none_aborts) {
  struct luck luck;
  luck_init(&luck, LUCK_DRAWN, 1);
  luck_choice(&luck, 1, 0);
}
END_TEST

START_TEST(draws_are_roughly_uniform) {
  struct luck luck;
  /* Neighbouring seeds and addresses: 256 buckets of 400, |count - 400| <= 6 * 20. */
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    luck_init(&luck, LUCK_DRAWN, seed);
    uint64_t high[256] = {0}, low[256] = {0};
    for (uint64_t i = 0; i < 256 * 400; i++) {
      uint64_t draw = luck_draw(&luck, i);
      high[draw >> 56]++;
      low[draw & 255]++;
    }
    for (int b = 0; b < 256; b++) {
      ck_assert_uint_ge(high[b], 280);
      ck_assert_uint_le(high[b], 520);
      ck_assert_uint_ge(low[b], 280);
      ck_assert_uint_le(low[b], 520);
    }
  }
}
END_TEST

START_TEST(a_constant_time_needs_no_draw) {
  static struct quantile_table table;
  table.constant = true;
  table.median = 7;
  struct luck luck;
  luck_init(&luck, LUCK_DRAWN, 1);
  for (uint64_t i = 0; i < 100; i++)
    ck_assert_int_eq(luck_time(&luck, address_of(i), &table), 7);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("luck");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, losses_at_1_percent_are_a_subset_of_those_at_5);
  tcase_add_test(tests, never_and_always_are_certain);
  tcase_add_test(tests, thresholds_are_exact_and_rise);
  tcase_add_test_raise_signal(tests, a_negative_share_aborts, SIGABRT);
  tcase_add_test(tests, the_answer_depends_on_seed_and_address_alone);
  tcase_add_test(tests, draws_are_pinned);
  tcase_add_test(tests, LUCK_NONE_answers_nothing_bad);
  tcase_add_test(tests, choices_stay_below_their_bound_and_are_roughly_even);
  tcase_add_test_raise_signal(tests, a_choice_among_none_aborts, SIGABRT);
  tcase_add_test(tests, draws_are_roughly_uniform);
  tcase_add_test(tests, a_constant_time_needs_no_draw);
  Suite *suite = suite_create("kernel/luck");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
