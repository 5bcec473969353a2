/* What is printed of a check, from results that were made up: nothing is judged here. */
#include "sim/runner/check_report.h"
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <stdlib.h>

#define ALL "format: 1\nname: payments\n"
#define DECLARED                                                                                   \
  "format: 1\nname: payments\ncheck: {cases: declared}\nfaults:\n"                              \
  "  - {when: handled, kill: this}\n  - {when: ack-sent, drop: this}\n"

static struct scenario scenario;

static void load(const char *text) {
  struct err err = {.code = ERR_NONE};
  ck_assert_msg(scenario_load_text("payments.yaml", text, strlen(text), false, &fake_check_registry, &scenario, &err),
                "%s", err.message);
}

/* Every class not tried, but for what the tests put there. */
static struct check_result nothing_tried(void) {
  struct check_result result = {.calls = 37, .wall_s = 1.25};
  for (int i = 0; i < CHECK_CLASS__COUNT; i++) result.counts[i].not_tried = "the file says so";
  return result;
}

static void tried(struct check_result *result, enum check_class class, uint32_t count, uint32_t recovered) {
  result->counts[class] = (struct check_count){.tried = count, .recovered = recovered};
  result->tried += count;
  result->recovered += recovered;
}

static char *human(const struct check_report *report) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  check_report_human(report, out);
  fclose(out);
  return text;
}

static char *machine(const struct check_report *report, enum report_format format) {
  char *text = NULL;
  size_t size;
  struct report suite;
  FILE *out = open_memstream(&text, &size);
  report_begin(&suite, format, out);
  check_report_suite(report, &suite);
  report_end(&suite);
  fclose(out);
  return text;
}

static void says(char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "does not say\n%s\nbut\n%s", part, text);
}
static void does_not_say(char *text, const char *part) {
  ck_assert_msg(strstr(text, part) == NULL, "says\n%s\nin\n%s", part, text);
}

/* ---- all recovered ---- */

static struct check_result recovered(void) {
  struct check_result result = nothing_tried();
  tried(&result, CHECK_CLEAN, 1, 1);
  tried(&result, CHECK_KILLED, 54, 54);
  result.ledger = result.lines = true;
  result.marked = 12;
  result.seen = 40;
  snprintf(result.masked, sizeof result.masked, "created_at");
  return result;
}

START_TEST(all_recovered_for_people) {
  load(ALL);
  const struct check_result result = recovered();
  const struct check_report report = {.scenario = &scenario, .result = &result, .story = ""};
  char *text = human(&report);
  says(text, "payments: sqs-standard, 5 operations, 37 calls in the run without faults\n");
  says(text, "  clean                 1          1\n");
  says(text, "  killed               54         54\n");
  says(text, "  paused           not tried: the file says so\n");
  does_not_say(text, "declared");
  says(text, "judged by the tool's own stores, and the lines of the run without faults\n");
  says(text, "masked    created_at: different in two runs without faults\n");
  says(text, "points    12 marked, 40 seen\n");
  says(text, "\n55 of 55 recovered, in 1.2 s\n");
  does_not_say(text, "FAILED");
  ck_assert_int_eq(check_exit_status(&report), 0);
  free(text);
  scenario_free(&scenario);
}
END_TEST

START_TEST(all_recovered_for_machines) {
  load(ALL);
  const struct check_result result = recovered();
  const struct check_report report = {.scenario = &scenario, .result = &result, .story = ""};
  char *tap = machine(&report, REPORT_TAP), *junit = machine(&report, REPORT_JUNIT);
  says(tap, "TAP version 13\nok 1 - payments: clean\n");
  says(tap, "ok 2 - payments: call-refused # SKIP the file says so\n");
  says(tap, "ok 5 - payments: killed\n");
  says(tap, "ok 21 - payments: pairs # SKIP the file says so\n# 55 of 55 recovered\n1..21\n");
  does_not_say(tap, "not ok");
  says(junit, "<testsuite name=\"payments\" tests=\"21\" failures=\"0\" errors=\"0\" skipped=\"19\">\n");
  says(junit, "<testcase classname=\"payments\" name=\"killed\"/>\n");
  says(junit, "<testcase classname=\"payments\" name=\"paused\"><skipped message=\"the file says so\"/></testcase>\n");
  free(tap);
  free(junit);
  scenario_free(&scenario);
}
END_TEST

/* ---- a failure ---- */

static struct check_failure failures[30];

static struct check_result failed(size_t count) {
  struct check_result result = nothing_tried();
  tried(&result, CHECK_CLEAN, 1, 1);
  tried(&result, CHECK_KILLED, 30, 30 - (uint32_t)count);
  result.lines = true;
  result.stopped = count == 1;
  for (size_t i = 0; i < count; i++)
    failures[i] = (struct check_failure){
        .what = {.class = CHECK_KILLED, .count = 1,
                 .placements = {{.intent = 2, .occurrence = 3, .node = 2, .point = POINT_HANDLER_STEP, .before = true,
                                 .kind = PLACED_KILL}}},
        .outcome = {.verdict = CHECK_FAILED, .anomaly = ANOMALY_DUPLICATE_EFFECTS, .intent = 2,
                    .evidence = "op-2 charge: <2> instead of \"1\"\xff\x1b\n# twice"}};
  result.failures = failures;
  result.failure_count = count;
  return result;
}

#define FAULT "{when: before handler-step, node: consumer.1, intent: 2, attempt: 3, kill: this, for: 1s}"

START_TEST(a_failure_for_people) {
  load(ALL);
  const struct check_result result = failed(1);
  static struct check_small small;
  small = (struct check_small){.plan = scenario.plans[0], .what = failures[0].what, .outcome = failures[0].outcome,
                               .small = true};
  small.plan.workload.messages = 1;
  small.what.variant = VARIANT_TWINS;
  const struct check_report report = {.scenario = &scenario, .result = &result, .small = &small,
                                      .path = "results/x.yaml", .again = "dgsim check results/x.yaml -- ./c",
                                      .story = "1  it dies\n2  it comes again\n"};
  char *text = human(&report);
  says(text, "\nFAILED    duplicate_effects: a re-execution left a different state\n"
             "            op-2 charge: <2> instead of \"1\"? \n"
             "            # twice\n"
             "  class     killed: the process is killed before a call, after it, or when a message comes or goes\n"
             "  variant   twins\n"
             "  faults    - " FAULT "\n"
             "  with      1 operation\n"
             "  written   results/x.yaml\n"
             "  again     dgsim check results/x.yaml -- ./c\n"
             "\n"
             "  1  it dies\n"
             "  2  it comes again\n"
             "\n"
             "30 of 31 recovered; stopped at the first failure, in 1.2 s\n");
  does_not_say(text, "also");
  does_not_say(text, "points");
  ck_assert_int_eq(check_exit_status(&report), 1);
  free(text);
  scenario_free(&scenario);
}
END_TEST

START_TEST(further_failures_are_lines) {
  load(ALL);
  const struct check_result result = failed(30);
  const struct check_report report = {.scenario = &scenario, .result = &result, .story = ""};
  char *text = human(&report);
  says(text, "\nalso      killed          duplicate_effects: op-2 charge: <2> instead of \"1\"? \n");
  says(text, "          and 9 more\n\n1 of 31 recovered, in 1.2 s\n");
  free(text);
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_failure_for_machines) {
  load(ALL);
  const struct check_result result = failed(2);
  const struct check_report report = {.scenario = &scenario, .result = &result, .path = "x.yaml",
                                      .again = "dgsim check x.yaml -- ./c & d", .story = "it dies\n"};
  char *tap = machine(&report, REPORT_TAP), *junit = machine(&report, REPORT_JUNIT);
  says(tap, "not ok 5 - payments: killed\n"
            "# violated: duplicate_effects: a re-execution left a different state; op-2 charge: <2> instead of \"1\"?  # "
            "twice\n");
  says(tap, "#   faults    - " FAULT "\n#   written   x.yaml\n#   again     dgsim check x.yaml -- ./c & d\n");
  says(tap, "#   it dies\n");
  says(tap, "# 29 of 31 recovered\n1..21\n");
  /* Each line is one that TAP knows. */
  for (char *at = tap; *at; at = strchr(at, '\n') + 1)
    ck_assert_msg(*at == '#' || strncmp(at, "ok ", 3) == 0 || strncmp(at, "not ok ", 7) == 0 ||
                      strncmp(at, "TAP ", 4) == 0 || strncmp(at, "1..", 3) == 0,
                  "%s", at);
  says(junit, "tests=\"21\" failures=\"1\" errors=\"0\" skipped=\"19\">");
  says(junit, "name=\"killed\"><failure message=\"duplicate_effects: a re-execution left a different state; op-2 charge: "
              "&lt;2&gt; instead of &quot;1&quot;?  # twice\" type=\"violated\">");
  says(junit, "  again     dgsim check x.yaml -- ./c &amp; d\n");
  says(junit, "</failure></testcase>\n");
  free(tap);
  free(junit);
  scenario_free(&scenario);
}
END_TEST

/* ---- nothing to judge ---- */

START_TEST(what_cannot_be_judged_is_inconclusive) {
  load(ALL);
  struct check_result result = nothing_tried();
  result.unjudged = true;
  tried(&result, CHECK_CLEAN, 1, 0);
  failures[0] = (struct check_failure){.what = {.class = CHECK_CLEAN},
                                       .outcome = {.verdict = CHECK_PROGRAM, .failure = PROGRAM_MALFORMED,
                                                   .evidence = "line 3: 'hello' is no JSON"}};
  result.failures = failures;
  result.failure_count = 1;
  const struct check_report report = {.scenario = &scenario, .result = &result, .story = ""};
  char *text = human(&report), *tap = machine(&report, REPORT_TAP), *junit = machine(&report, REPORT_JUNIT);
  says(text, "\nunjudged  malformed: it said what cannot be understood\n            line 3: 'hello' is no JSON\n");
  does_not_say(text, "FAILED");
  does_not_say(text, "judged by");
  says(tap, "not ok 1 - payments: clean\n# inconclusive: malformed: it said what cannot be understood; line 3");
  says(junit, "failures=\"0\" errors=\"1\"");
  says(junit, "<error message=\"malformed: ");
  ck_assert_int_eq(check_exit_status(&report), 2);
  free(text);
  free(tap);
  free(junit);
  scenario_free(&scenario);
}
END_TEST

START_TEST(declared_faults_that_strike_nothing_are_inconclusive) {
  load(DECLARED);
  struct check_result result = nothing_tried();
  tried(&result, CHECK_CLEAN, 1, 1);
  result.counts[CHECK_DECLARED] = (struct check_count){.not_tried = "it has no place in this run"};
  const struct check_report report = {.scenario = &scenario, .result = &result, .story = ""};
  char *text = human(&report), *tap = machine(&report, REPORT_TAP);
  says(text, "\ninconclusive: the declared faults were never effective\n1 of 1 recovered");
  says(tap, "not ok 2 - payments: declared\n# inconclusive: the declared faults were never effective\n");
  ck_assert_int_eq(check_exit_status(&report), 2);
  tried(&result, CHECK_DECLARED, 1, 1);
  free(text);
  free(tap);
  ck_assert_int_eq(check_exit_status(&report), 0);
  text = human(&report);
  says(text, "  declared              1          1\n");
  free(text);
  failures[0] = (struct check_failure){.what = {.class = CHECK_DECLARED},
                                       .outcome = {.verdict = CHECK_FAILED, .anomaly = ANOMALY_LOST_ACKED,
                                                   .evidence = "op-1 charge: missing"}};
  result.failures = failures;
  result.failure_count = 1;
  text = human(&report);
  says(text, "  class     declared: the faults that the file declares\n  faults    of the file: kill-1, drop-1\n");
  free(text);
  scenario_free(&scenario);
}
END_TEST

/* ---- what was kept ---- */

START_TEST(kept_cases_come_first) {
  load(ALL);
  const struct check_result result = recovered();
  const struct check_kept kept[] = {{"kept/a.yaml", VERDICT_HELD, ""},
                                    {"kept/b.yaml", VERDICT_VIOLATED, "op-1 charge: 2 instead of 1"},
                                    {"kept/c.yaml", VERDICT_INCONCLUSIVE, ""}};
  struct check_report report = {.scenario = &scenario, .result = &result, .story = "", .kept = kept, .kept_count = 3};
  char *text = human(&report), *tap = machine(&report, REPORT_TAP);
  const char *first = "FIXED        kept/a.yaml\n"
                      "STILL FAILS  kept/b.yaml\n"
                      "             op-1 charge: 2 instead of 1\n"
                      "NOT REACHED  kept/c.yaml\n"
                      "             its faults strike nothing any more: the program makes other calls\n"
                      "             they stay, and are tried each time: delete a file to forget its case\n\n"
                      "payments: ";
  ck_assert_msg(strncmp(text, first, strlen(first)) == 0, "%s", text);
  says(tap, "ok 1 - payments: kept/a.yaml is fixed\nnot ok 2 - payments: kept/b.yaml is fixed\n"
            "# violated: op-1 charge: 2 instead of 1\nok 3 - payments: kept/c.yaml is fixed # SKIP its faults strike nothing any more: "
            "the program makes other calls\nok 4 - payments: clean\n");
  ck_assert_int_eq(check_exit_status(&report), 1);
  report.kept_count = 1;
  ck_assert_int_eq(check_exit_status(&report), 0);
  report.kept = &kept[2];
  ck_assert_int_eq(check_exit_status(&report), 0);
  const struct check_kept unjudged = {"kept/d.yaml", VERDICT_INCONCLUSIVE, "line 3: 'hello' is no JSON"};
  report.kept = &unjudged;
  ck_assert_int_eq(check_exit_status(&report), 2);
  free(text);
  free(tap);
  scenario_free(&scenario);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("check report");
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, all_recovered_for_people);
  tcase_add_test(tcase, all_recovered_for_machines);
  tcase_add_test(tcase, a_failure_for_people);
  tcase_add_test(tcase, further_failures_are_lines);
  tcase_add_test(tcase, a_failure_for_machines);
  tcase_add_test(tcase, what_cannot_be_judged_is_inconclusive);
  tcase_add_test(tcase, declared_faults_that_strike_nothing_are_inconclusive);
  tcase_add_test(tcase, kept_cases_come_first);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
