/* What messages say, whoever delivers them: the table of sim/world/content.h. */
#include "sim/world/content.h"
#include "sim/world/plan.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 3, SECOND = 5, ACCOUNT = 7 };

static struct plan plan_of(enum variant variant, const char *body) {
  return (struct plan){.content = {.body = body, .variant = variant, .first = FIRST, .second = SECOND}};
}

static const struct {
  enum variant variant;
  struct content second; /* what it says; the first says what it always does */
  bool wanted;
  const char *body; /* of the second */
} cases[] = {
    {VARIANT_NONE, {5, 1, 7, 50}, true, "{\"account\":\"account-7\",\"amount\":50}"},
    {VARIANT_TWINS, {5, 1, 7, 30}, true, "{\"account\":\"account-7\",\"amount\":30}"},
    {VARIANT_OTHER_TENANT, {3, 2, 7, 50}, true, "{\"account\":\"account-7\",\"amount\":50}"},
    {VARIANT_CHANGED_PAYLOAD, {3, 1, 7, 50}, false, "{\"account\":\"account-7\",\"amount\":50}"},
    {VARIANT_POISON, {5, 1, 7, 50}, false, "{\"account\":\"accou"},
};
#define CASES (int)(sizeof cases / sizeof *cases)

static void check_content(struct content said, struct content expected) {
  ck_assert_uint_eq(said.id, expected.id);
  ck_assert_uint_eq(said.tenant, expected.tenant);
  ck_assert_uint_eq(said.account, expected.account);
  ck_assert_int_eq(said.amount, expected.amount);
}

static void check_body(const struct plan *plan, uint64_t intent, const char *expected) {
  const struct content content = content_of(plan, intent, ACCOUNT);
  const size_t room = content_body_room(plan);
  char *body = malloc(room);
  ck_assert_ptr_nonnull(body);
  const size_t length = content_body(plan, intent, &content, body);
  ck_assert_str_eq(body, expected);
  ck_assert_uint_eq(length, strlen(expected));
  ck_assert_uint_lt(length, room);
  free(body);
}

START_TEST(a_variant_changes_what_the_second_of_two_says_and_nothing_else) {
  const struct plan plan = plan_of(cases[_i].variant, NULL);
  for (uint64_t intent = 1; intent <= 6; intent++) {
    const bool varies = intent == SECOND;
    const struct content plain = {intent, 1, ACCOUNT, 10 * (int64_t)intent};
    check_content(content_of(&plan, intent, ACCOUNT), varies ? cases[_i].second : plain);
    ck_assert_int_eq(content_wanted(&plan, intent), varies ? cases[_i].wanted : true);
  }
  check_body(&plan, FIRST, "{\"account\":\"account-7\",\"amount\":30}");
  check_body(&plan, SECOND, cases[_i].body);
}
END_TEST

START_TEST(a_template_is_filled_in) {
  const struct plan plan = plan_of(VARIANT_NONE, "<{intent} {id} {account} {key} {tenant} {amount}> {other} {");
  check_body(&plan, 2, "<2 2 7 7 1 20> {other} {");
}
END_TEST

/* Exactly as much where nothing is filled in, and never too little where the longest number is. */
START_TEST(there_is_room_for_every_body_and_for_no_more_than_a_number_needs) {
  struct plan plan = plan_of(VARIANT_NONE, "plain text");
  ck_assert_uint_eq(content_body_room(&plan), sizeof "plain text");
  plan.content.body = "-{id}-";
  const struct content longest = {.id = (uint64_t)INT64_MIN};
  char *body = malloc(content_body_room(&plan));
  ck_assert_ptr_nonnull(body);
  ck_assert_uint_lt(content_body(&plan, 1, &longest, body), content_body_room(&plan));
  ck_assert_str_eq(body, "--9223372036854775808-");
  ck_assert_uint_le(content_body_room(&plan), sizeof "-{id}-" + sizeof "-9223372036854775808");
  free(body);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("world/content");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_variant_changes_what_the_second_of_two_says_and_nothing_else, 0, CASES);
  tcase_add_test(tests, a_template_is_filled_in);
  tcase_add_test(tests, there_is_room_for_every_body_and_for_no_more_than_a_number_needs);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
