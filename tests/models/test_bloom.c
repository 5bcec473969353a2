#include "models/store/bloom.h"
#include "sim/base/hash.h"
#include "sim/base/schema.h"
#include "tests/run_suite.h"

#include <math.h>

#define S INT64_C(1000000000)
#define SALTS 200

struct filter {
  struct arena arena;
  struct bloom bloom;
};
static struct filter open_filter(uint64_t bits, uint32_t hashes, uint32_t generations, int64_t window,
                                 uint64_t salt) {
  struct filter filter;
  struct bloom_size size = {bits, hashes};
  arena_init(&filter.arena, bloom_bytes(size, generations) + 64, 0, 0xa5);
  bloom_init(&filter.bloom, &filter.arena, size, generations, window, salt);
  return filter;
}
static void close_filter(struct filter *filter) { arena_deinit(&filter->arena); }

START_TEST(B1_what_was_marked_is_seen) {
  struct filter filter = open_filter(1024, 7, 1, 0, 1);
  for (uint64_t key = 1; key <= 500; key++) { /* far more than it is made for */
    bloom_mark(&filter.bloom, key * 977, 0);
    for (uint64_t old = 1; old <= key; old++) ck_assert(bloom_seen(&filter.bloom, old * 977, 0));
  }
  close_filter(&filter);
}
END_TEST

/* Whether a key that was marked at `marked` is seen at `asked`, alone in its filter. */
static bool seen_later(uint32_t generations, int64_t window, int64_t marked, int64_t asked) {
  struct filter filter = open_filter(4096, 5, generations, window, 3);
  bloom_mark(&filter.bloom, 42, marked);
  bool seen = bloom_seen(&filter.bloom, 42, asked);
  close_filter(&filter);
  return seen;
}

START_TEST(B1_a_generation_stands_for_the_window_and_no_longer_than_its_share_more) {
  for (uint32_t generations = 2; generations <= 7; generations++)
    for (int64_t marked = 0; marked < 40 * S; marked += 7 * S / 10) {
      int64_t window = 12 * S, most = window / (generations - 1) * generations;
      ck_assert(seen_later(generations, window, marked, marked + window));
      ck_assert(!seen_later(generations, window, marked, marked + most));
      ck_assert(!seen_later(generations, window, marked, marked + 1000 * window));
    }
}
END_TEST

START_TEST(B1_a_window_that_does_not_divide_is_rounded_up) {
  for (int64_t marked = 0; marked < 20; marked++)
    ck_assert(seen_later(4, 10, marked, marked + 10));
}
END_TEST

/* Looking at each turn or at the last alone comes to the same. */
START_TEST(B1_looking_on_the_way_changes_nothing) {
  struct filter often = open_filter(4096, 5, 3, 10 * S, 3), seldom = open_filter(4096, 5, 3, 10 * S, 3);
  for (uint64_t key = 1; key <= 60; key++) {
    bloom_mark(&often.bloom, key, (int64_t)key * S);
    bloom_mark(&seldom.bloom, key, (int64_t)key * S);
    for (int64_t tenth = 0; tenth < 10; tenth++)
      bloom_seen(&often.bloom, 1000 + key, (int64_t)key * S + tenth * S / 10);
  }
  for (uint64_t key = 1; key <= 60; key++)
    ck_assert_int_eq(bloom_seen(&often.bloom, key, 61 * S), bloom_seen(&seldom.bloom, key, 61 * S));
  close_filter(&often);
  close_filter(&seldom);
}
END_TEST

START_TEST(B2_places_depend_on_key_and_salt_only) {
  struct filter one = open_filter(512, 4, 1, 0, 9), same = open_filter(512, 4, 1, 0, 9),
                other = open_filter(512, 4, 1, 0, 10);
  unsigned differ = 0;
  for (uint64_t key = 1; key <= 60; key++) {
    bloom_mark(&one.bloom, key, 0);
    bloom_mark(&same.bloom, 61 - key, 0);
    bloom_mark(&other.bloom, key, 0);
  }
  for (size_t i = 0; i < 512 / 64; i++) {
    ck_assert_uint_eq(one.bloom.words[i], same.bloom.words[i]);
    differ += one.bloom.words[i] != other.bloom.words[i];
  }
  ck_assert_uint_gt(differ, 0);
  close_filter(&one);
  close_filter(&same);
  close_filter(&other);
}
END_TEST

static const struct {
  uint64_t bits, keys;
  uint32_t hashes;
} fills[] = {{8192, 800, 7}, {8192, 2000, 3}, {4096, 100, 4}, {65536, 6000, 8}, {1024, 200, 2}, {8192, 1600, 1}};

/* How full a filter is varies, so that the mean is over many, and its error that of their means. */
START_TEST(false_positives_come_at_the_rate_of_the_formula) {
  double m = (double)fills[_i].bits, n = (double)fills[_i].keys, k = fills[_i].hashes;
  double expected = pow(1 - exp(-k * n / m), k), sum = 0, squares = 0;
  for (uint64_t salt = 1; salt <= SALTS; salt++) {
    struct filter filter = open_filter(fills[_i].bits, fills[_i].hashes, 1, 0, hash_mix(salt));
    for (uint64_t key = 1; key <= fills[_i].keys; key++) bloom_mark(&filter.bloom, key, 0);
    unsigned positives = 0;
    for (uint64_t key = 1000001; key <= 1010000; key++) positives += bloom_seen(&filter.bloom, key, 0);
    double share = positives / 10000.0;
    sum += share;
    squares += share * share;
    close_filter(&filter);
  }
  double mean = sum / SALTS, error = sqrt((squares / SALTS - mean * mean) / (SALTS - 1));
  ck_assert_msg(fabs(mean - expected) < 4 * error + expected * 0.01,
                "m=%.0f n=%.0f k=%.0f: %.6f +- %.6f, the formula says %.6f", m, n, k, mean, error, expected);
}
END_TEST

/* 1 - (1 - e)(1 - e') of a full generation and one that is full by half. */
START_TEST(generations_add_their_false_positives) {
  double m = 8192, k = 7, sum = 0;
  for (uint64_t salt = 1; salt <= SALTS; salt++) {
    struct filter filter = open_filter(8192, 7, 2, 10 * S, hash_mix(salt));
    for (uint64_t key = 1; key <= 1200; key++) bloom_mark(&filter.bloom, key, (int64_t)(key - 1) * S / 80);
    unsigned positives = 0;
    for (uint64_t key = 1000001; key <= 1010000; key++)
      positives += bloom_seen(&filter.bloom, key, 15 * S - 1);
    sum += positives / 10000.0;
    close_filter(&filter);
  }
  double full = pow(1 - exp(-k * 800 / m), k), half = pow(1 - exp(-k * 400 / m), k);
  double expected = 1 - (1 - full) * (1 - half);
  ck_assert_msg(fabs(sum / SALTS - expected) < expected * 0.03, "%.6f, the formula says %.6f", sum / SALTS,
                expected);
}
END_TEST

START_TEST(size_is_what_the_error_needs) {
  static const struct {
    int64_t parts, scale;
    uint32_t hashes;
  } rows[] = {{1, 2, 1}, {1, 4, 2}, {26, 100, 2}, {24, 100, 3}, {1, 100, 7}, {1, 1000, 10}, {1, 1000000, 20},
              {1, 1000000000, 30}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bloom_size size = bloom_size(100000, SCHEMA_SHARE_SCALE / rows[i].scale * rows[i].parts);
    ck_assert_uint_eq(size.hashes, rows[i].hashes);
    ck_assert_uint_eq(size.bits % 8, 0);
    double bits = 100000 * rows[i].hashes / log(2);
    ck_assert(fabs((double)size.bits - bits) <= 8 + bits * 1e-6);
    double error = pow(1 - exp(-(double)size.hashes * 100000 / (double)size.bits), size.hashes);
    ck_assert(error <= (double)rows[i].parts / (double)rows[i].scale * 1.0001);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("bloom");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, B1_what_was_marked_is_seen);
  tcase_add_test(tests, B1_a_generation_stands_for_the_window_and_no_longer_than_its_share_more);
  tcase_add_test(tests, B1_a_window_that_does_not_divide_is_rounded_up);
  tcase_add_test(tests, B1_looking_on_the_way_changes_nothing);
  tcase_add_test(tests, B2_places_depend_on_key_and_salt_only);
  tcase_add_loop_test(tests, false_positives_come_at_the_rate_of_the_formula, 0,
                      sizeof fills / sizeof *fills);
  tcase_add_test(tests, generations_add_their_false_positives);
  tcase_add_test(tests, size_is_what_the_error_needs);
  Suite *suite = suite_create("bloom");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
