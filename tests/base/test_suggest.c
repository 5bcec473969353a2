#include "sim/base/suggest.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const words[] = {
    "loss", "latency", "latency_p99", "when", "seeds", "consumer", "consumer_to_broker",
    "system/visibility_timeout", "partition", "partitions", "at-least-once + dedup-table", "all",
    "at-least-once"};

START_TEST(offers_the_nearest_word) {
  static const struct {
    const char *word, *expected;
  } rows[] = {
      {"losss", "loss"},
      {"lsos", "loss"}, /* a swap of neighbours is one step */
      {"seed", "seeds"},
      {"consumers", "consumer"},
      {"consumer->broker", "consumer_to_broker"},
      {"latency_p99_ns", "latency_p99"},
      {"system.visibility_timeout", "system/visibility_timeout"},
      {"at-least-once + dedup", "at-least-once + dedup-table"},
      {"partitinos", "partitions"},
      {"loss", "loss"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    const char *found = suggest(rows[i].word, words, COUNT(words));
    ck_assert_msg(found && strcmp(found, rows[i].expected) == 0, "%s: %s", rows[i].word,
                  found ? found : "nothing");
  }
}
END_TEST

START_TEST(offers_nothing_when_all_are_far) {
  static const char *const far[] = {"zzzzzz", "on", "lo", "lxxs", "duration", ""};
  for (size_t i = 0; i < COUNT(far); i++)
    ck_assert_msg(!suggest(far[i], words, COUNT(words)), "%s", far[i]);
  ck_assert_ptr_null(suggest("loss", words, 0));
}
END_TEST

START_TEST(a_third_of_the_length_is_the_limit) {
  static const char *const six[] = {"abcdef"}, *const five[] = {"abcde"};
  ck_assert_ptr_nonnull(suggest("abcdXY", six, 1)); /* 2 of 6 */
  ck_assert_ptr_null(suggest("abcXYZ", six, 1));    /* 3 of 6 */
  ck_assert_ptr_nonnull(suggest("abcdX", five, 1)); /* 1 of 5 */
  ck_assert_ptr_null(suggest("abcXY", five, 1));    /* 2 of 5 */
  static const char *const short_words[] = {"at"};
  ck_assert_ptr_nonnull(suggest("a", short_words, 1)); /* at least 1 */
}
END_TEST

START_TEST(among_equals_the_first) {
  static const char *const equals[] = {"cart", "card", "care"};
  ck_assert_str_eq(suggest("carx", equals, COUNT(equals)), "cart");
}
END_TEST

START_TEST(words_longer_than_63_are_skipped) {
  char longest[64], too_long[65];
  memset(longest, 'a', sizeof longest - 1);
  longest[63] = '\0';
  memset(too_long, 'a', sizeof too_long - 1);
  too_long[64] = '\0';
  const char *const candidates[] = {too_long, longest};
  ck_assert_ptr_eq(suggest(longest, candidates, 2), longest);
  ck_assert_ptr_null(suggest(too_long, candidates, 2));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("suggest");
  tcase_add_test(tests, offers_the_nearest_word);
  tcase_add_test(tests, offers_nothing_when_all_are_far);
  tcase_add_test(tests, a_third_of_the_length_is_the_limit);
  tcase_add_test(tests, among_equals_the_first);
  tcase_add_test(tests, words_longer_than_63_are_skipped);
  Suite *suite = suite_create("base/suggest");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
