#include "sim/runner/human.h"
#include "tests/run_suite.h"

#include <stdlib.h>

START_TEST(a_difference_has_its_sign_its_margin_and_one_unit) {
  static const struct {
    enum metric_unit unit;
    double mean, half;
    const char *text;
  } rows[] = {
      {UNIT_COUNT, 0, 0, "0"},
      {UNIT_COUNT, -31.65, 23.2, "-32 ±23"},
      {UNIT_COUNT, 41.5, 1.25, "+41.5 ±1.2"},
      {UNIT_COUNT, 0, 2.5, "0 ±2.5"},
      {UNIT_COUNT, 20000, 0, "+20000"},
      {UNIT_RATE, -0.05, 0.39, "-0.05 ±0.39"},
      {UNIT_NS, 0, 0, "0"},
      {UNIT_NS, -269e6, 260e6, "-269 ±260 ms"},
      {UNIT_NS, 3e3, 12e6, "+0 ±12 ms"}, /* in the unit of the larger one */
      {UNIT_NS, -1.5e9, 2e6, "-1.5 ±0.002 s"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[HUMAN_MAX];
    const struct estimate difference = {rows[i].mean, rows[i].mean - rows[i].half, rows[i].mean + rows[i].half, 9};
    human_difference(rows[i].unit, difference, text, sizeof text);
    ck_assert_str_eq(text, rows[i].text);
  }
}
END_TEST

START_TEST(a_mean_without_an_interval_has_no_margin) {
  char text[HUMAN_MAX];
  human_estimate(UNIT_NS, (struct estimate){17.2e6, 17.2e6, 17.2e6, 1}, text, sizeof text);
  ck_assert_str_eq(text, "17.2 ms");
  human_estimate(UNIT_NS, (struct estimate){17.2e6, 17e6, 17.4e6, 1}, text, sizeof text);
  ck_assert_str_eq(text, "17.2 ±0.2 ms");
  human_estimate(UNIT_COUNT, (struct estimate){31.65, 8, 55, 20}, text, sizeof text);
  ck_assert_str_eq(text, "31.6 ±23");
}
END_TEST

START_TEST(widths_are_those_of_characters) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  human_pad(out, "±µ", 4, false);
  human_pad(out, "±µ", 4, true);
  human_pad(out, "longer", 4, true);
  fclose(out);
  ck_assert_str_eq(text, "±µ    ±µlonger");
  free(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("human");
  TCase *tcase = tcase_create("human");
  tcase_add_test(tcase, a_difference_has_its_sign_its_margin_and_one_unit);
  tcase_add_test(tcase, a_mean_without_an_interval_has_no_margin);
  tcase_add_test(tcase, widths_are_those_of_characters);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
