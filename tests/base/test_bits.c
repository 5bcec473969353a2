#include "sim/base/bits.h"
#include "sim/base/hash.h"
#include "tests/run_suite.h"

#define NUMBERS_MAX 200

/* The naive twin: a flag for each number, looked through one after the other. */
static uint32_t twin_next(const bool *twin, uint32_t from, uint32_t count) {
  for (uint32_t n = from; n < count; n++)
    if (twin[n]) return n;
  return BITS_NONE;
}

static void agree(const uint64_t *set, const bool *twin, uint32_t count) {
  for (uint32_t from = 0; from <= count; from++)
    ck_assert_uint_eq(bits_next(set, from, count), twin_next(twin, from, count));
  for (uint32_t n = 0; n < count; n++) ck_assert_int_eq(bits_has(set, n), twin[n]);
}

static void walk(uint32_t count) {
  uint64_t set[NUMBERS_MAX / 64 + 1] = {0};
  bool twin[NUMBERS_MAX] = {false};
  agree(set, twin, count);
  for (uint64_t step = 0; step < 300; step++) {
    const uint64_t draw = hash_mix(step + 1);
    const uint32_t n = (uint32_t)(draw % count);
    twin[n] = draw >> 63;
    if (twin[n])
      bits_put(set, n);
    else
      bits_take(set, n);
    agree(set, twin, count);
  }
}

START_TEST(does_what_a_row_of_flags_does) {
  static const uint32_t counts[] = {1, 2, 63, 64, 65, 127, 128, 129, NUMBERS_MAX};
  walk(counts[_i]);
}
END_TEST

START_TEST(needs_a_word_for_64_numbers) {
  ck_assert_uint_eq(bits_words(0), 0);
  ck_assert_uint_eq(bits_words(1), 1);
  ck_assert_uint_eq(bits_words(64), 1);
  ck_assert_uint_eq(bits_words(65), 2);
}
END_TEST

START_TEST(is_seen_as_it_is_while_it_is_walked) {
  uint64_t set[2] = {0};
  bits_put(set, 3);
  bits_put(set, 70);
  ck_assert_uint_eq(bits_next(set, 0, 128), 3);
  bits_take(set, 70);
  bits_put(set, 100);
  ck_assert_uint_eq(bits_next(set, 4, 128), 100);
  ck_assert_uint_eq(bits_next(set, 101, 128), BITS_NONE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("base/bits");
  TCase *tcase = tcase_create("bits");
  tcase_add_loop_test(tcase, does_what_a_row_of_flags_does, 0, 9);
  tcase_add_test(tcase, needs_a_word_for_64_numbers);
  tcase_add_test(tcase, is_seen_as_it_is_while_it_is_walked);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
