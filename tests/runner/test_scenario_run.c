/* One run cut out of a scenario: what stays, what goes, and that it can be read again. */
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <stdio.h>
#include <stdlib.h>

static const char comparison[] =
    "format: 1\n"
    "name: cut\n"
    "seeds: [5, 7]\n"
    "compare:\n"
    "  - {label: log + dedup, system: at-least-once, handler: dedup-table}\n"
    "  - {label: queue, system: sqs-standard}\n"
    "  - {label: kafka, system: kafka-acks-all}\n"
    "links: {consumer_to_broker: {loss: 1%}}\n"
    "faults:\n"
    "  - {name: lease, when: receipt-expired, drop: this}\n"
    "  - {name: marker, when: transaction-end-sent, drop: this}\n"
    "  - {name: crash, at: 1s, kill: consumer.1}\n"
    "expect:\n"
    "  - {about: all of them, lost: none, capacity: at least 10/s}\n"
    "  - {row: [queue, kafka], duplicate_effects: at most 1%, goodput: less than log + dedup}\n"
    "  - {row: kafka, capacity: at least 50% of queue}\n"
    "  - {row: log + dedup, violates: [duplicate_effects]}\n";

static bool load(const char *text, bool one_run, struct scenario *out, struct err *err) {
  *err = (struct err){.code = ERR_NONE};
  return scenario_load_text("t.yaml", text, strlen(text), one_run, &fake_registry, out, err);
}

static void load_well(const char *text, bool one_run, struct scenario *out) {
  struct err err;
  ck_assert_msg(load(text, one_run, out, &err), "%d:%d: %s", err.line, err.column, err.message);
}

/* The caller's to free. */
static char *cut(const struct scenario *scenario, size_t row, size_t seed) {
  char *text;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  scenario_print_run(scenario, row, seed, out);
  fclose(out);
  return text;
}

static void says(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in\n%s", part, text);
}

START_TEST(one_run_has_its_row_its_seed_and_all_faults) {
  struct scenario whole, run;
  load_well(comparison, false, &whole);
  for (size_t row = 0; row < 3; row++)
    for (size_t seed = 0; seed < 2; seed++) {
      char *text = cut(&whole, row, seed);
      load_well(text, true, &run);
      ck_assert_str_eq(run.name, "cut");
      ck_assert_uint_eq(run.plan_count, 1);
      ck_assert_str_eq(run.plans[0].label, whole.plans[row].label);
      ck_assert_ptr_eq(run.plans[0].system, whole.plans[row].system);
      ck_assert_ptr_eq(run.plans[0].handler, whole.plans[row].handler);
      ck_assert_uint_eq(run.seed_count, 1);
      ck_assert_uint_eq(run.seeds[0], whole.seeds[seed]);
      ck_assert_uint_eq(run.fault_count, 3);
      for (size_t i = 0; i < 3; i++) {
        const struct fault_plan *fault = &run.plans[0].faults[i];
        ck_assert_str_eq(fault->name, whole.faults[i].name);
        ck_assert_uint_eq(fault->key, whole.faults[i].key);
        ck_assert_uint_eq(fault->point, whole.plans[row].faults[i].point);
      }
      for (int link = 0; link < LINK__COUNT; link++)
        ck_assert_int_eq(run.plans[0].links[link].kind, whole.plans[row].links[link].kind);
      ck_assert(!run.measure_capacity);
      scenario_free(&run);
      free(text);
    }
  scenario_free(&whole);
}
END_TEST

START_TEST(of_expect_stays_what_the_run_can_show_by_itself) {
  static const char *const expected[] = {
      "expect:\n  - {about: \"all of them\", lost: none}\n"
      "  - {row: log + dedup, violates: [duplicate_effects]}\n",
      "expect:\n  - {about: \"all of them\", lost: none}\n"
      "  - {row: queue, duplicate_effects: at most 1%}\n",
      "expect:\n  - {about: \"all of them\", lost: none}\n"
      "  - {row: kafka, duplicate_effects: at most 1%}\n",
  };
  struct scenario whole, run;
  load_well(comparison, false, &whole);
  for (size_t row = 0; row < 3; row++) {
    char *text = cut(&whole, row, 0);
    ck_assert_str_eq(strstr(text, "expect:"), expected[row]);
    load_well(text, true, &run);
    ck_assert_uint_eq(run.expectation_count, 2);
    scenario_free(&run);
    free(text);
  }
  scenario_free(&whole);
}
END_TEST

START_TEST(a_run_without_expectations_of_its_own_has_none) {
  struct scenario whole;
  load_well("format: 1\ncompare: [at-least-once, at-most-once]\n"
            "expect: [{row: at-least-once, lost: less than at-most-once}]\n",
            false, &whole);
  char *text = cut(&whole, 0, 0);
  ck_assert_ptr_null(strstr(text, "expect:"));
  free(text);
  scenario_free(&whole);
}
END_TEST

/* Resolved again it is the same, but for remarks: the hash is without them. */
START_TEST(a_run_of_a_run_is_the_same) {
  struct scenario whole, run, again;
  load_well(comparison, false, &whole);
  for (size_t row = 0; row < 3; row++) {
    char *text = cut(&whole, row, 1);
    says(text, "seeds: [7]");
    load_well(text, true, &run);
    char *second = cut(&run, 0, 0);
    load_well(second, true, &again);
    ck_assert_uint_eq(again.resolved_hash, run.resolved_hash);
    scenario_free(&again);
    scenario_free(&run);
    free(second);
    free(text);
  }
  scenario_free(&whole);
}
END_TEST

/* Cutting changes nothing of the whole, although the struct has moved. */
START_TEST(the_whole_is_untouched) {
  struct scenario first, moved;
  load_well(comparison, false, &first);
  moved = first;
  memset(&first, 0xa5, sizeof first);
  free(cut(&moved, 1, 1));
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  scenario_print_resolved(&moved, out);
  fclose(out);
  says(text, "seeds: [5, 7]");
  says(text, "label: kafka");
  ck_assert_uint_eq(moved.plan_count, 3);
  ck_assert_uint_eq(moved.expectation_count, 6);
  free(text);
  scenario_free(&moved);
}
END_TEST

START_TEST(what_only_other_rows_have_is_a_mistake_in_a_file) {
  static const struct {
    const char *fault, *message;
  } rows[] = {
      {"{when: receipt-expired, drop: this}", "no row's system has a point 'receipt-expired'"},
      {"{at: 1s, reset: broker_to_broker}", "no row uses link 'broker_to_broker'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[200];
    struct scenario scenario;
    struct err err;
    snprintf(text, sizeof text, "format: 1\nsystem: at-least-once\nfaults: [%s]\n", rows[i].fault);
    ck_assert(!load(text, false, &scenario, &err));
    ck_assert_msg(strstr(err.message, rows[i].message) != NULL, "%s", err.message);
    load_well(text, true, &scenario);
    scenario_free(&scenario);
  }
  struct scenario scenario;
  struct err err;
  ck_assert(!load("format: 1\nsystem: at-least-once\nfaults: [{when: nowhere, drop: this}]\n", true,
                  &scenario, &err));
  ck_assert_int_eq(err.code, ERR_UNKNOWN_NAME);
}
END_TEST

START_TEST(text_is_read_as_a_file_is_with_its_places) {
  struct scenario scenario;
  struct err err;
  ck_assert(!load("format: 1\nworkload: {messagse: 3}\n", false, &scenario, &err));
  ck_assert_str_eq(err.path, "t.yaml");
  ck_assert_int_eq(err.line, 2);
  ck_assert_int_eq(err.column, 12);
  char text[] = "format: 1\nsystem: at-least-once\n";
  load_well(text, false, &scenario);
  memset(text, 'x', sizeof text); /* is not kept */
  ck_assert_str_eq(scenario.name, "t");
  ck_assert_str_eq(scenario.plans[0].label, "at-least-once");
  scenario_free(&scenario);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("scenario_run");
  tcase_add_test(tests, one_run_has_its_row_its_seed_and_all_faults);
  tcase_add_test(tests, of_expect_stays_what_the_run_can_show_by_itself);
  tcase_add_test(tests, a_run_without_expectations_of_its_own_has_none);
  tcase_add_test(tests, a_run_of_a_run_is_the_same);
  tcase_add_test(tests, the_whole_is_untouched);
  tcase_add_test(tests, what_only_other_rows_have_is_a_mistake_in_a_file);
  tcase_add_test(tests, text_is_read_as_a_file_is_with_its_places);
  Suite *suite = suite_create("runner/scenario_run");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
