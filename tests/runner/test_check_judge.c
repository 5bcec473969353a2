/* What a checked consumer leaves behind, against what it should have: lines as text in, anomaly out. */
#include "sim/runner/check_judge.h"

#include "sim/world/plan.h"
#include "tests/run_suite.h"

#include <string.h>

/* Three operations: accounts 1, 2, 1; amounts 10, 20, 30. */
static struct intent_plan intents[3] = {{.id = 1, .key = 1}, {.id = 2, .key = 2}, {.id = 3, .key = 1}};
static struct plan plan_of(enum variant variant) {
  struct plan plan = {.workload = {.messages = 3, .intents = intents}};
  plan.content.variant = variant;
  if (variant != VARIANT_NONE) plan.content.first = 1, plan.content.second = 2;
  return plan;
}

/* "op-1 charge 10;op-2 charge 20" */
static struct effect_lines lines_of(const char *text) {
  struct effect_lines lines = {0};
  char copy[512], *rest = copy, *line;
  struct err err = {0};
  snprintf(copy, sizeof copy, "%s", text);
  while ((line = strsep(&rest, ";")) != NULL) {
    if (*line == '\0') continue;
    for (char *at = line; *at; at++)
      if (*at == ' ') *at = '\t';
    ck_assert_msg(effect_lines_parse(&lines, line, &err), "%s: %s", line, err.message);
  }
  effect_lines_sort(&lines);
  return lines;
}

#define CLEAN "op-1 charge 10;op-2 charge 20;op-3 charge 30;account-1 balance 40;account-2 balance 20"

static const struct {
  enum variant variant;
  const char *found;
  int anomaly; /* -1 = none */
  uint64_t intent;
} table[] = {
    {VARIANT_NONE, CLEAN, -1, 0},
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 20;account-1 balance 40;account-2 balance 20", ANOMALY_LOST_ACKED, 3},
    {VARIANT_NONE, CLEAN ";op-2 charge 20", ANOMALY_DUPLICATE_EFFECTS, 2},
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 40;op-3 charge 30;account-1 balance 40;account-2 balance 20",
     ANOMALY_DUPLICATE_EFFECTS, 2},
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 23;op-3 charge 30;account-1 balance 40;account-2 balance 20",
     ANOMALY_MISAPPLIED, 2},
    {VARIANT_NONE, CLEAN ";op-9 charge 90", ANOMALY_PHANTOMS, 9},
    /* balances: one operation twice, one missing, something else */
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 20;op-3 charge 30;account-1 balance 70;account-2 balance 20",
     ANOMALY_DUPLICATE_EFFECTS, 0},
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 20;op-3 charge 30;account-1 balance 30;account-2 balance 20",
     ANOMALY_LOST_ACKED, 0},
    {VARIANT_NONE, "op-1 charge 10;op-2 charge 20;op-3 charge 30;account-1 balance 43;account-2 balance 20",
     ANOMALY_STATE_ERRORS, 0},
    /* twins: the second says what the first says, and both count; its account is the first's by then */
    {VARIANT_OTHER_TENANT, "op-1 charge 10;op-1 charge 20;op-3 charge 30;account-1 balance 40;account-2 balance 20", -1, 0},
    {VARIANT_OTHER_TENANT, "op-1 charge 10;op-3 charge 30;account-1 balance 40;account-2 balance 20",
     ANOMALY_LOST_ACKED, 1},
    {VARIANT_TWINS, "op-1 charge 10;op-2 charge 10;op-3 charge 30;account-1 balance 50;account-2 balance 0", -1, 0},
    {VARIANT_TWINS, "op-1 charge 10;op-2 charge 10;op-3 charge 30;account-1 balance 50", -1, 0},
    {VARIANT_TWINS, "op-1 charge 10;op-2 charge 10;op-3 charge 30;account-1 balance 40", ANOMALY_LOST_ACKED, 0},
    {VARIANT_CHANGED_PAYLOAD, "op-1 charge 10;op-3 charge 30;account-1 balance 40;account-2 balance 0", -1, 0},
    {VARIANT_CHANGED_PAYLOAD, "op-1 charge 10;op-3 charge 30;account-1 balance 40", -1, 0},
    {VARIANT_CHANGED_PAYLOAD, "op-1 charge 10;op-1 charge 20;op-3 charge 30;account-1 balance 40;account-2 balance 20",
     ANOMALY_DUPLICATE_EFFECTS, 0},
    {VARIANT_POISON, "op-1 charge 10;op-3 charge 30;account-1 balance 40;account-2 balance 0", -1, 0},
    {VARIANT_POISON, CLEAN, ANOMALY_PHANTOMS, 2},
};

START_TEST(each_difference_has_its_name) {
  struct plan plan = plan_of(table[_i].variant);
  struct effect_lines clean = lines_of(CLEAN), found = lines_of(table[_i].found), expected = {0};
  struct check_outcome outcome = {0};
  check_expect(&plan, &clean, &found, false, &expected);
  bool fine = check_lines(&plan, &expected, &found, &outcome);
  ck_assert_msg(fine == (table[_i].anomaly < 0), "%s: %s", table[_i].found, outcome.evidence);
  if (!fine) ck_assert_msg((int)outcome.anomaly == table[_i].anomaly, "%s: %s (%s)", table[_i].found, anomaly_names[outcome.anomaly], outcome.evidence);
  if (!fine && table[_i].intent) ck_assert_uint_eq(outcome.intent, table[_i].intent);
  effect_lines_deinit(&clean);
  effect_lines_deinit(&found);
  effect_lines_deinit(&expected);
}
END_TEST

START_TEST(of_two_with_one_id_either_may_be_done) {
  struct plan plan = plan_of(VARIANT_CHANGED_PAYLOAD);
  struct effect_lines clean = lines_of(CLEAN), expected = {0};
  struct effect_lines found = lines_of("op-1 charge 20;op-3 charge 30;account-1 balance 50;account-2 balance 0");
  struct check_outcome outcome = {0};
  check_expect(&plan, &clean, &found, true, &expected);
  ck_assert_msg(check_lines(&plan, &expected, &found, &outcome), "%s", outcome.evidence);
  effect_lines_deinit(&clean);
  effect_lines_deinit(&found);
  effect_lines_deinit(&expected);
}
END_TEST

START_TEST(twins_are_both_wanted) {
  struct plan plan = plan_of(VARIANT_TWINS);
  struct effect_lines clean = lines_of("op-1 charge 10;op-2 charge 20;op-3 charge 30"), expected = {0};
  struct effect_lines both = lines_of("op-1 charge 10;op-2 charge 10;op-3 charge 30");
  struct effect_lines one = lines_of("op-1 charge 10;op-3 charge 30");
  struct check_outcome outcome = {0};
  check_expect(&plan, &clean, &both, false, &expected);
  ck_assert_msg(check_lines(&plan, &expected, &both, &outcome), "%s", outcome.evidence);
  ck_assert(!check_lines(&plan, &expected, &one, &outcome));
  ck_assert_int_eq(outcome.anomaly, ANOMALY_LOST_ACKED);
  ck_assert_uint_eq(outcome.intent, 2);
  effect_lines_deinit(&clean);
  effect_lines_deinit(&expected);
  effect_lines_deinit(&both);
  effect_lines_deinit(&one);
}
END_TEST

START_TEST(what_differs_between_clean_runs_is_masked_and_named) {
  struct effect_lines one = lines_of("op-1 charge 10;op-1 at 12:01;op-2 at 12:02");
  struct effect_lines other = lines_of("op-1 charge 10;op-1 at 12:03;op-2 at 12:04");
  char masked[64];
  ck_assert(check_mask(&one, &other, masked, sizeof masked));
  ck_assert_str_eq(masked, "at");
  ck_assert_uint_eq(one.count, 1);
  ck_assert_str_eq(one.items[0].kind, "charge");
  check_without(&other, masked);
  ck_assert(!check_mask(&one, &other, masked, sizeof masked));
  effect_lines_deinit(&one);
  effect_lines_deinit(&other);
}
END_TEST

START_TEST(bookkeeping_is_ignored_where_it_is_named) {
  static const char *const kinds[] = {"lease", NULL};
  struct effect_lines lines = lines_of("op-1 charge 10;op-1 lease 17;op-1 leases 3");
  check_ignore(&lines, kinds);
  ck_assert_uint_eq(lines.count, 2);
  check_ignore(&lines, NULL);
  ck_assert_uint_eq(lines.count, 2);
  effect_lines_deinit(&lines);
}
END_TEST

/* Numbers alone: a balance is what adds up on an account that two operations are on. */
static const struct {
  const char *clean, *accounts;
} numbers[] = {
    {"1 balance 40;2 balance 20", "balance"},
    {"1 balance 40;2 balance 20;1 mark 0;2 mark 0;3 mark 0", "balance"},
    {"1 balance 40;2 balance 21", ""},            /* one does not */
    {"2 balance 20", ""},                         /* of one operation: it may as well be that operation's row */
    {"1 paid 10;2 paid 20;3 paid 30", ""},        /* by operation */
    {"account-1 balance 40;account-2 balance 20", ""},
    {"", ""},
};

START_TEST(numbers_that_add_up_are_accounts) {
  const struct plan plan = plan_of(VARIANT_NONE);
  struct effect_lines lines = lines_of(numbers[_i].clean);
  char kinds[64];
  check_find_accounts(&plan, &lines, kinds, sizeof kinds);
  ck_assert_str_eq(kinds, numbers[_i].accounts);
  check_name_accounts(&lines, kinds);
  for (size_t i = 0; i < lines.count; i++)
    if (kinds[0]) ck_assert_int_eq(lines.items[i].operation[0] == 'a', strcmp(lines.items[i].kind, "balance") == 0);
  effect_lines_deinit(&lines);
}
END_TEST

static const struct {
  const char *own;
  bool fine;
} unwanted[] = {
    {"257 amount 10;900 amount 30", true},
    {"257 amount 10;257 rejected 0;900 amount 30", true}, /* what it leaves besides */
    {"257 amount 20;900 amount 30", false},
    {"900 amount 30", false},
};

START_TEST(what_is_not_to_be_done_changes_nothing_that_is_there_without_it) {
  const struct plan plan = plan_of(VARIANT_CHANGED_PAYLOAD);
  struct effect_lines without = lines_of("257 amount 10;900 amount 30"), own = lines_of(unwanted[_i].own);
  struct check_outcome outcome = {0};
  ck_assert_int_eq(check_unwanted(&plan, &without, &own, &outcome), unwanted[_i].fine);
  if (!unwanted[_i].fine) {
    ck_assert_int_eq(outcome.anomaly, ANOMALY_MISAPPLIED);
    ck_assert_uint_eq(outcome.intent, 2);
  }
  effect_lines_deinit(&without);
  effect_lines_deinit(&own);
}
END_TEST

START_TEST(instead_of_the_first_the_second_is_there_and_what_a_rejected_one_leaves) {
  struct effect_lines first = lines_of("257 amount 10;900 amount 30"), second = lines_of("257 amount 20;900 amount 30"),
                      own = lines_of("257 amount 10;257 rejected 0;900 amount 30"), other = {0};
  struct effect_lines expected = lines_of("257 amount 20;257 rejected 0;900 amount 30");
  const struct plan plan = plan_of(VARIANT_CHANGED_PAYLOAD);
  struct check_outcome outcome = {0};
  check_instead(&first, &second, &own, &other);
  effect_lines_sort(&other);
  ck_assert_msg(check_lines(&plan, &expected, &other, &outcome), "%s", outcome.evidence);
  effect_lines_deinit(&first);
  effect_lines_deinit(&second);
  effect_lines_deinit(&own);
  effect_lines_deinit(&other);
  effect_lines_deinit(&expected);
}
END_TEST

START_TEST(a_line_without_a_kind_is_a_mistake_and_never_looked_for) {
  struct effect_lines lines = {0}, other = lines_of("op-1 a 1");
  struct err err = {0};
  char masked[64];
  ck_assert(!effect_lines_parse(&lines, "op-1\t\t5", &err));
  ck_assert_ptr_nonnull(strstr(err.message, "has no kind"));
  effect_lines_add(&lines, "op-1", "", "5"); /* a probe in SQL can have one */
  ck_assert(check_mask(&lines, &other, masked, sizeof masked));
  ck_assert_str_eq(masked, "a");
  ck_assert(!check_is_named(masked, ""));
  effect_lines_deinit(&lines);
  effect_lines_deinit(&other);
}
END_TEST

START_TEST(amounts_at_the_ends_of_their_range_are_compared) {
  static const char *const amounts[] = {"9223372036854775807", "-9223372036854775808", "-1", "0"};
  const struct plan plan = plan_of(VARIANT_NONE);
  for (size_t i = 0; i < 16; i++) {
    struct check_outcome outcome = {0};
    struct effect_lines expected = {0}, found = {0};
    const char *operation = i < 8 ? "op-1" : "account-1";
    effect_lines_add(&expected, operation, "x", amounts[i % 4]);
    effect_lines_add(&found, operation, "x", amounts[i / 4]);
    ck_assert(check_lines(&plan, &expected, &found, &outcome) == (i % 4 == i / 4));
    effect_lines_deinit(&expected);
    effect_lines_deinit(&found);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("check judge");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, each_difference_has_its_name, 0, sizeof table / sizeof *table);
  tcase_add_test(tests, of_two_with_one_id_either_may_be_done);
  tcase_add_test(tests, twins_are_both_wanted);
  tcase_add_test(tests, what_differs_between_clean_runs_is_masked_and_named);
  tcase_add_test(tests, bookkeeping_is_ignored_where_it_is_named);
  tcase_add_loop_test(tests, numbers_that_add_up_are_accounts, 0, sizeof numbers / sizeof *numbers);
  tcase_add_loop_test(tests, what_is_not_to_be_done_changes_nothing_that_is_there_without_it, 0,
                      sizeof unwanted / sizeof *unwanted);
  tcase_add_test(tests, a_line_without_a_kind_is_a_mistake_and_never_looked_for);
  tcase_add_test(tests, amounts_at_the_ends_of_their_range_are_compared);
  tcase_add_test(tests, instead_of_the_first_the_second_is_there_and_what_a_rejected_one_leaves);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
