/* Nothing that was written elsewhere moves a terminal's cursor. */
#include "sim/base/printable.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
  const char *written, *shown;
} table[] = {
    {"plain: words, 'quotes' \\ and %s", "plain: words, 'quotes' \\ and %s"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"}, /* of 2, 3 and 4 bytes */
    {"\x1b[31mred\x07\r\n\t\x7f", "?[31mred?????"},
    {"a\xc2\x9b" "31mb\xc2\x80\xc2\xa0", "a?31mb?\xc2\xa0"}, /* C1: CSI in two bytes; U+00A0 is none */
    {"\xff\xfe\x80", "???"},
    {"cut \xe2\x82", "cut ??"},
    {"\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd??"},
    {"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "?????????"}, /* too long a form, a surrogate, beyond Unicode */
    {"", ""},
};

START_TEST(only_what_can_be_printed_is_left) {
  char *text = printable_copy(table[_i].written);
  ck_assert_str_eq(text, table[_i].shown);
  printable(text); /* and stays as it is */
  ck_assert_str_eq(text, table[_i].shown);
  free(text);
}
END_TEST

START_TEST(tabs_of_a_line_stay) {
  char text[] = "a\tb\x1b";
  printable_line(text);
  ck_assert_str_eq(text, "a\tb?");
}
END_TEST

START_TEST(what_is_cut_off_shows) {
  static const struct {
    const char *written, *shown; /* in a room of 8 */
  } cuts[] = {
      {"1234567", "1234567"},
      {"12345678", "1234…"},
      {"123ä5678", "123…"}, /* no half of a character */
      {"12ä567", "12ä567"},
      {"\x1b" "2345678", "?234…"},
      {"€€€", "€…"},
      {"", ""},
  };
  char room[8];
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
    ck_assert_str_eq(printable_shortened(room, sizeof room, cuts[i].written), cuts[i].shown);
  char least[4];
  ck_assert_str_eq(printable_shortened(least, sizeof least, "1234"), "…");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("printable");
  tcase_add_loop_test(tests, only_what_can_be_printed_is_left, 0, sizeof table / sizeof *table);
  tcase_add_test(tests, tabs_of_a_line_stay);
  tcase_add_test(tests, what_is_cut_off_shows);
  Suite *suite = suite_create("base/printable");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
