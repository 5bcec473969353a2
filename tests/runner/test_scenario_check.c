/* `check`: its defaults, what follows from it, and that the resolved form says all of it. */
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <stdlib.h>
#include <unistd.h>

static void load(const char *text, struct scenario *out) {
  struct err err = {.code = ERR_NONE};
  const bool loaded =
      scenario_load_text("some/check.yaml", text, strlen(text), false, &fake_check_registry, out, &err);
  ck_assert_msg(loaded, "%d:%d: %s in\n%s", err.line, err.column, err.message, text);
}

static char *resolved(const struct scenario *scenario) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  scenario_print_resolved(scenario, out);
  fclose(out);
  return text;
}

/* Without its comments, which say where values came from. */
static void cut_comments(char *text) {
  char *to = text;
  for (char *at = text; *at;) {
    if (*at == '#') {
      while (to > text && to[-1] == ' ') to--;
      while (*at && *at != '\n') at++;
      if (to == text || to[-1] == '\n') at += *at == '\n';
    } else {
      *to++ = *at++;
    }
  }
  *to = '\0';
}

START_TEST(a_check_has_all_defaults_also_without_a_block) {
  const char *const texts[] = {"format: 1\n", "format: 1\ncheck: {}\n"};
  for (size_t i = 0; i < 2; i++) {
    struct scenario scenario;
    load(texts[i], &scenario);
    const struct check_rules *rules = &scenario.check;
    ck_assert_int_eq(rules->given, i == 1);
    ck_assert_int_eq(rules->redelivery_horizon.ns, 24 * NS_PER_H);
    ck_assert(rules->concurrent_delivery && rules->reorder);
    ck_assert(!rules->tenants && !rules->changed_payload && !rules->poison && !rules->failover);
    ck_assert_uint_eq(rules->batch, 1);
    ck_assert_int_eq(rules->ack, CHECK_ACK_SINGLE);
    ck_assert_int_eq(rules->clock, CHECK_CLOCK_TOOL);
    ck_assert_int_eq(rules->external, CHECK_EXTERNAL_KEYED);
    ck_assert_int_eq(rules->answer_limit.ns, 10 * NS_PER_S);
    ck_assert_uint_eq(rules->pairs, 500);
    ck_assert_int_eq(rules->cases, CHECK_CASES_ALL);
    ck_assert(!rules->probe && !rules->reset && !rules->other_version && !rules->ignore);
    const struct plan *plan = scenario.plans;
    ck_assert_uint_eq(scenario.plan_count, 1);
    ck_assert_str_eq(plan->handler->name, "program");
    ck_assert_str_eq(plan->system->name, "sqs-standard");
    ck_assert_str_eq(plan->provider.store->name, "keyed");
    ck_assert_uint_eq(plan->workload.messages, 5);
    ck_assert_int_eq(plan->workload.rate, 10LL * SCHEMA_RATE_SCALE);
    ck_assert(plan->luck_none && !scenario.measure_capacity);
    ck_assert_ptr_null(plan->content.body);
    scenario_free(&scenario);
  }
}
END_TEST

START_TEST(what_is_given_is_taken_and_the_rest_follows) {
  struct scenario scenario;
  load("format: 1\nworkload: {messages: 3}\nprovider: plain\ncheck:\n"
       "  delivery: {redelivery_horizon: 0s, concurrent_delivery: false, reorder: false, batch: 4, ack: cumulative,\n"
       "    clock: own, tenants: true, changed_payload: true, poison: true, failover: true}\n"
       "  probe: [python3, \"probe it.py\", -x]\n  other_version: old.so\n  ignore: [leases, \"null\"]\n"
       "  answer_limit: 1s\n  pairs: 0\n",
       &scenario);
  const struct check_rules *rules = &scenario.check;
  ck_assert_int_eq(rules->redelivery_horizon.ns, 0);
  ck_assert(!rules->concurrent_delivery && !rules->reorder);
  ck_assert(rules->tenants && rules->changed_payload && rules->poison && rules->failover);
  ck_assert_int_eq(rules->ack, CHECK_ACK_CUMULATIVE);
  ck_assert_int_eq(rules->clock, CHECK_CLOCK_OWN);
  ck_assert_int_eq(rules->external, CHECK_EXTERNAL_PLAIN);
  ck_assert_str_eq(rules->probe[1], "probe it.py");
  ck_assert_str_eq(rules->probe[2], "-x");
  ck_assert_ptr_null(rules->probe[3]);
  ck_assert_str_eq(rules->other_version[0], "old.so");
  ck_assert_ptr_null(rules->other_version[1]);
  ck_assert_str_eq(rules->ignore[1], "null");
  ck_assert_uint_eq(rules->pairs, 0);
  const struct plan *plan = scenario.plans;
  ck_assert_str_eq(plan->system->name, "at-least-once");
  ck_assert_uint_eq(plan->threads, 4);
  ck_assert_uint_eq(plan->workload.messages, 3);
  scenario_free(&scenario);
  load("format: 1\nsystem: kafka-acks-all\ntopology: {threads: 2}\n", &scenario);
  ck_assert_uint_eq(scenario.check.batch, 2);
  ck_assert_str_eq(scenario.plans->system->name, "kafka-acks-all");
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_declared_case_is_in_the_plan) {
  struct scenario scenario;
  load("format: 1\nworkload:\n  intents:\n    - {id: 3, at: 0s}\n    - {id: 7, at: 1s}\n"
       "check: {cases: declared, variant: other-tenant, mixed_versions: true, other_version: [b]}\n"
       "faults:\n  - {when: before handler-step, intent: 7, attempt: 2, kill: this}\n",
       &scenario);
  const struct plan *plan = scenario.plans;
  ck_assert_int_eq(plan->content.variant, VARIANT_OTHER_TENANT);
  ck_assert_uint_eq(plan->content.first, 3);
  ck_assert_uint_eq(plan->content.second, 7);
  ck_assert(plan->mixed_versions);
  ck_assert_uint_eq(plan->fault_count, 1);
  scenario_free(&scenario);
}
END_TEST

START_TEST(the_resolved_form_says_all_of_it) {
  const char *const texts[] = {
      "format: 1\n",
      "format: 1\nworkload: {messages: 3, keys: 2}\ntopology: {threads: 2}\nprovider: plain\nclient: retrying\ncheck:\n"
      "  delivery: {ack: cumulative, clock: own, failover: true}\n  probe: [a, \"b, c\", \"\", \"-\", \"a\\nb\"]\n"
      "  reset: [rm, -f, /x/y_z.db]\n  other_version: [old]\n  ignore: [\"null\"]\n  pairs: 0\n",
      "format: 1\ncheck: {cases: declared, variant: poison}\n"
      "faults:\n  - {when: before handler-step, intent: 2, kill: this}\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct scenario first, second;
    load(texts[i], &first);
    char *once = resolved(&first);
    load(once, &second);
    char *twice = resolved(&second);
    ck_assert(first.resolved_hash == second.resolved_hash);
    ck_assert(second.check.given);
    cut_comments(once);
    cut_comments(twice);
    ck_assert_str_eq(once, twice);
    ck_assert_ptr_nonnull(strstr(once, "\nluck: none\n"));
    ck_assert_ptr_null(strstr(once, "handler:"));
    ck_assert_ptr_null(strstr(once, "compare:"));
    free(once);
    free(twice);
    scenario_free(&first);
    scenario_free(&second);
  }
}
END_TEST

static void write_file(const char *path, const char *text, size_t length) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(text, 1, length, file), length);
  fclose(file);
}

START_TEST(a_body_comes_from_a_file_beside_the_scenario) {
  char folder[] = "/tmp/dgsim-check-XXXXXX", path[64], body[64];
  static char long_text[65537];
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/a.yaml", folder);
  snprintf(body, sizeof body, "%s/b.json", folder);
  write_file(path, "format: 1\nworkload: {body: {file: b.json}}\n", 43);
  write_file(body, "{\"for\": {intent}}\n", 18);
  ck_assert(scenario_load(path, &fake_check_registry, NULL, 0, 0, &scenario, &err));
  ck_assert_str_eq(scenario.plans->content.body, "{\"for\": {intent}}\n");
  ck_assert_str_eq(scenario.body_file, "b.json");
  ck_assert_uint_eq(scenario.file_count, 1);
  const uint64_t hash = scenario.resolved_hash;
  char *text = resolved(&scenario);
  ck_assert_ptr_nonnull(strstr(text, "\n  body: {file: b.json}\n"));
  ck_assert_ptr_nonnull(strstr(text, "# file b.json: XXH3 "));
  free(text);
  scenario_free(&scenario);
  write_file(body, "{\"for\": {intent} }\n", 19);
  ck_assert(scenario_load(path, &fake_check_registry, NULL, 0, 0, &scenario, &err));
  ck_assert(scenario.resolved_hash != hash);
  scenario_free(&scenario);
  memset(long_text, 'x', sizeof long_text);
  write_file(body, long_text, sizeof long_text - 1);
  ck_assert(scenario_load(path, &fake_check_registry, NULL, 0, 0, &scenario, &err));
  scenario_free(&scenario);
  write_file(body, long_text, sizeof long_text);
  ck_assert(!scenario_load(path, &fake_check_registry, NULL, 0, 0, &scenario, &err));
  ck_assert_str_eq(err.message, "'b.json' has 65537 bytes; a body has at most 65536");
  unlink(path);
  unlink(body);
  rmdir(folder);
}
END_TEST

START_TEST(set_reaches_the_block_and_names_the_program) {
  char path[] = "/tmp/dgsim-check-XXXXXX";
  const char *const sets[] = {"handler=program", "check/pairs=7", "check/delivery/batch=3"};
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  write_file(path, "format: 1\n", 10);
  ck_assert_msg(scenario_load(path, &fake_check_registry, sets, 3, 0, &scenario, &err), "%s", err.message);
  ck_assert_uint_eq(scenario.check.pairs, 7);
  ck_assert_uint_eq(scenario.plans->threads, 3);
  ck_assert(!scenario.check.given);
  scenario_free(&scenario);
  unlink(path);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario check");
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, a_check_has_all_defaults_also_without_a_block);
  tcase_add_test(tcase, what_is_given_is_taken_and_the_rest_follows);
  tcase_add_test(tcase, a_declared_case_is_in_the_plan);
  tcase_add_test(tcase, the_resolved_form_says_all_of_it);
  tcase_add_test(tcase, a_body_comes_from_a_file_beside_the_scenario);
  tcase_add_test(tcase, set_reaches_the_block_and_names_the_program);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
