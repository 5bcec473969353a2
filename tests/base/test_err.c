#include "sim/base/err.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

static void expect_print(const struct err *err, const char *expected) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  err_print(err, out);
  fclose(out);
  ck_assert_str_eq(text, expected);
  free(text);
}

START_TEST(the_first_error_wins) {
  struct err err = {0};
  ck_assert(!err_set(&err, ERR_NO_UNIT, "'%d' has no unit", 2));
  ck_assert(!err_set(&err, ERR_LIMIT, "later"));
  ck_assert_int_eq(err.code, ERR_NO_UNIT);
  ck_assert_str_eq(err.message, "'2' has no unit");
}
END_TEST

START_TEST(the_first_note_and_the_first_place_win) {
  struct err err = {0};
  err_set(&err, ERR_FORMAT, "m");
  ck_assert(!err_note(&err, "one"));
  ck_assert(!err_note(&err, "two"));
  ck_assert(!err_place(&err, "a.yaml", 3, 1, "x: y"));
  ck_assert(!err_place(&err, "b.yaml", 4, 2, "z"));
  ck_assert_str_eq(err.note, "one");
  ck_assert_str_eq(err.path, "a.yaml");
  ck_assert_int_eq(err.line, 3);
  ck_assert_str_eq(err.source_line, "x: y");
}
END_TEST

START_TEST(prints_place_line_caret_and_note) {
  struct err err = {0};
  err_set(&err, ERR_UNKNOWN_UNIT, "unknown unit 'm' in '5m'");
  err_note(&err, "minutes are min");
  err_place(&err, "a.yaml", 7, 8, "  for: 5m");
  expect_print(&err, "a.yaml:7:8: error: unknown unit 'm' in '5m'\n"
                     "    for: 5m\n"
                     "         ^\n"
                     "  note: minutes are min\n");
}
END_TEST

START_TEST(nothing_of_it_moves_a_cursor) {
  struct err err = {0};
  err_set(&err, ERR_USAGE, "unknown option '--\x1b[2J'");
  err_note(&err, "one of\r\nthese \xff");
  err_place(&err, "a\nb\x1b]0;title\x07.yaml", 1, 3, "x:\t\xc2\x9by");
  expect_print(&err, "a?b?]0;title?.yaml:1:3: error: unknown option '--?[2J'\n"
                     "  x:\t?y\n"
                     "    ^\n"
                     "  note: one of??these ?\n");
}
END_TEST

START_TEST(the_caret_follows_tabs) {
  struct err err = {0};
  err_set(&err, ERR_WRONG_TYPE, "m");
  err_place(&err, "a", 1, 3, "\tab");
  expect_print(&err, "a:1:3: error: m\n  \tab\n  \t ^\n");
}
END_TEST

START_TEST(prints_what_is_known_when_the_place_is_not) {
  struct err file = {0}, nowhere = {0};
  err_set(&file, ERR_IO, "torn");
  err_place(&file, "run.trace", 0, 0, NULL);
  expect_print(&file, "run.trace: error: torn\n");
  err_set(&nowhere, ERR_USAGE, "no file");
  expect_print(&nowhere, "dgsim: error: no file\n");
}
END_TEST

START_TEST(long_texts_are_cut_and_stay_terminated) {
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  struct err err = {0};
  err_set(&err, ERR_LIMIT, "%s", text);
  err_note(&err, "%s", text);
  err_place(&err, text, 1, 1, text);
  ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
  ck_assert_uint_eq(strlen(err.note), sizeof err.note - 1);
  ck_assert_uint_eq(strlen(err.path), sizeof err.path - 1);
  ck_assert_uint_eq(strlen(err.source_line), sizeof err.source_line - 1);
}
END_TEST

START_TEST(every_code_has_its_own_name) {
  for (int i = 0; i < ERR__COUNT; i++) {
    ck_assert_ptr_nonnull(err_code_name((enum err_code)i));
    for (int j = 0; j < i; j++)
      ck_assert_str_ne(err_code_name((enum err_code)i), err_code_name((enum err_code)j));
  }
  ck_assert_str_eq(err_code_name(ERR_OUT_OF_RANGE), "out-of-range");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("err");
  tcase_add_test(tests, the_first_error_wins);
  tcase_add_test(tests, the_first_note_and_the_first_place_win);
  tcase_add_test(tests, prints_place_line_caret_and_note);
  tcase_add_test(tests, nothing_of_it_moves_a_cursor);
  tcase_add_test(tests, the_caret_follows_tabs);
  tcase_add_test(tests, prints_what_is_known_when_the_place_is_not);
  tcase_add_test(tests, long_texts_are_cut_and_stay_terminated);
  tcase_add_test(tests, every_code_has_its_own_name);
  Suite *suite = suite_create("base/err");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
