#include "sim/kernel/quantile.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#include <stdlib.h>

#define LAST (QUANTILE_CELLS - 1)
#define UNREAD INT64_MIN

/* A table in which every cell says where it stands: 1000000 * (level + 1) + cell, negative in low.
 * Cells that are cut further hold what must never be read. */
static struct quantile_table *by_hand(void) {
  struct quantile_table *table = calloc(1, sizeof *table);
  for (int c = 0; c < QUANTILE_CELLS; c++) {
    table->body[c] = c;
    for (int l = 0; l < QUANTILE_LEVELS; l++) {
      table->low[l][c] = -(1000000 * (l + 1) + c);
      table->high[l][c] = 1000000 * (l + 1) + c;
    }
  }
  table->body[0] = table->body[LAST] = UNREAD;
  for (int l = 0; l < QUANTILE_LEVELS - 1; l++) table->low[l][0] = table->high[l][LAST] = UNREAD;
  return table;
}

/* The bits of a uniform number: `depth` whole cells of all ones or all zeros, then `cell`, then `rest`. */
static uint64_t uniform_of(bool ones, int depth, uint64_t cell, uint64_t rest) {
  uint64_t uniform = ones ? UINT64_MAX : 0;
  int below = 64 - (depth + 1) * QUANTILE_BITS;
  uniform = uniform >> below >> QUANTILE_BITS;
  uniform = uniform << QUANTILE_BITS | cell;
  return uniform << below | (rest & ((UINT64_C(1) << below) - 1));
}

START_TEST(the_body_answers_by_its_top_bits) {
  struct quantile_table *table = by_hand();
  for (uint64_t cell = 1; cell < LAST; cell++) {
    uint64_t lowest = cell << (64 - QUANTILE_BITS);
    ck_assert_int_eq(quantile_at(table, lowest), (int64_t)cell);
    ck_assert_int_eq(quantile_at(table, lowest | UINT64_MAX >> QUANTILE_BITS), (int64_t)cell);
  }
  free(table);
}
END_TEST

/* [I1], below and at the first value that is too large. */
START_TEST(a_narrow_body_draws_the_same) {
  for (int wide = 0; wide < 2; wide++) {
    struct quantile_table *table = by_hand();
    table->body[LAST / 2] = UINT32_MAX + (int64_t)wide;
    quantile_narrow(table);
    ck_assert_int_eq(table->narrowed, !wide);
    for (uint64_t cell = 1; cell < LAST; cell++)
      ck_assert_int_eq(quantile_at(table, cell << (64 - QUANTILE_BITS)), table->body[cell]);
    free(table);
  }
}
END_TEST

START_TEST(tails_are_cut_again_level_by_level) {
  struct quantile_table *table = by_hand();
  for (int level = 0; level < QUANTILE_LEVELS; level++)
    for (uint64_t cell = 1; cell < LAST; cell++)
      for (int r = 0; r < 2; r++) {
        uint64_t rest = r ? UINT64_MAX : 0;
        int64_t expected = 1000000 * (level + 1) + (int64_t)cell;
        ck_assert_int_eq(quantile_at(table, uniform_of(true, level + 1, cell, rest)), expected);
        ck_assert_int_eq(quantile_at(table, uniform_of(false, level + 1, cell, rest)), -expected);
      }
  free(table);
}
END_TEST

START_TEST(only_the_outer_cell_of_a_level_is_cut_further) {
  struct quantile_table *table = by_hand();
  for (int level = 0; level < QUANTILE_LEVELS; level++) {
    int64_t base = 1000000 * (level + 1);
    ck_assert_int_eq(quantile_at(table, uniform_of(false, level + 1, LAST, 0)), -(base + LAST));
    ck_assert_int_eq(quantile_at(table, uniform_of(true, level + 1, 0, UINT64_MAX)), base);
  }
  free(table);
}
END_TEST

START_TEST(the_last_level_answers_its_own_outer_cell) {
  struct quantile_table *table = by_hand();
  int64_t base = 1000000 * QUANTILE_LEVELS;
  ck_assert_int_eq(quantile_at(table, 0), -base);
  ck_assert_int_eq(quantile_at(table, UINT64_MAX), base + LAST);
  ck_assert_int_eq(quantile_at(table, UINT64_MAX >> (QUANTILE_LEVELS + 1) * QUANTILE_BITS), -base);
  free(table);
}
END_TEST

START_TEST(cells_that_are_cut_further_are_never_read) {
  struct quantile_table *table = by_hand();
  for (uint64_t i = 0; i < 200000; i++) {
    /* Numbers with long runs of equal bits at the top, so that tails are met often. */
    uint64_t draw = hash_mix(i);
    ck_assert_int_ne(quantile_at(table, draw >> i % 50), UNREAD);
    ck_assert_int_ne(quantile_at(table, ~(draw >> i % 50)), UNREAD);
  }
  free(table);
}
END_TEST

START_TEST(a_rising_table_gives_rising_values) {
  struct quantile_table *table = by_hand();
  /* Levels of low run down to the outermost: make the cells rise with the uniform number. */
  int64_t value = 0;
  for (int l = QUANTILE_LEVELS - 1; l >= 0; l--)
    for (int c = l == QUANTILE_LEVELS - 1 ? 0 : 1; c < QUANTILE_CELLS; c++)
      table->low[l][c] = value++;
  for (int c = 1; c < LAST; c++) table->body[c] = value++;
  for (int l = 0; l < QUANTILE_LEVELS; l++)
    for (int c = 0; c < (l == QUANTILE_LEVELS - 1 ? QUANTILE_CELLS : LAST); c++)
      table->high[l][c] = value++;
  int64_t previous = -1;
  for (int shift = 63; shift >= 0; shift--) {
    int64_t at = quantile_at(table, UINT64_C(1) << (63 - shift));
    ck_assert_int_ge(at, previous);
    previous = at;
  }
  for (int shift = 1; shift < 64; shift++) {
    int64_t at = quantile_at(table, ~(UINT64_MAX >> shift));
    ck_assert_int_ge(at, previous);
    previous = at;
  }
  ck_assert_int_eq(quantile_at(table, 0), 0);
  ck_assert_int_eq(quantile_at(table, UINT64_MAX), value - 1);
  free(table);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("quantile");
  tcase_add_test(tests, the_body_answers_by_its_top_bits);
  tcase_add_test(tests, a_narrow_body_draws_the_same);
  tcase_add_test(tests, tails_are_cut_again_level_by_level);
  tcase_add_test(tests, only_the_outer_cell_of_a_level_is_cut_further);
  tcase_add_test(tests, the_last_level_answers_its_own_outer_cell);
  tcase_add_test(tests, cells_that_are_cut_further_are_never_read);
  tcase_add_test(tests, a_rising_table_gives_rising_values);
  Suite *suite = suite_create("kernel/quantile");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
