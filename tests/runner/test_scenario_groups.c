/* Groups, clients and publishers, from text to plans and back. */
#include "tests/runner/fake_registry.h"

#include "sim/world/world.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "format: 1\nname: g\n"

static struct scenario load(const char *text) {
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  bool loaded = scenario_load_text("a test.yaml", text, strlen(text), false, &fake_registry, &scenario, &err);
  if (!loaded) err_print(&err, stderr);
  ck_assert_msg(loaded, "%s", err.message);
  return scenario;
}

/* The resolved form without comments: without what stands behind two blanks and a #, or alone. */
static char *resolved(const struct scenario *scenario) {
  char *text = NULL, *line, *to;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  scenario_print_resolved(scenario, out);
  fclose(out);
  char *bare = calloc(1, size + 1);
  for (line = text, to = bare; *line;) {
    char *next = strchr(line, '\n') + 1;
    char *end = next - 1;
    for (char *at = line; at < next - 1; at++)
      if (at[0] == '#' && at[1] == ' ') {
        end = at;
        break;
      }
    while (end > line && end[-1] == ' ') end--;
    if (end > line) to += sprintf(to, "%.*s\n", (int)(end - line), line);
    line = next;
  }
  free(text);
  return bare;
}

static void resolves_to_itself(const struct scenario *scenario) {
  char *once = resolved(scenario);
  struct scenario again = load(once);
  char *twice = resolved(&again);
  ck_assert_str_eq(twice, once);
  ck_assert_uint_eq(again.resolved_hash, scenario->resolved_hash);
  scenario_free(&again);
  free(once);
  free(twice);
}

START_TEST(groups_stand_in_every_plan_with_their_nodes_in_a_row) {
  struct scenario scenario = load(HEAD
      "workload: {service_time: 3ms}\n"
      "groups: {inventory: {consumers: 2}, payment: {handler: dedup-table, service_time: 7ms}, mail: {consumers: 3}}\n"
      "compare: [at-least-once, kafka-acks-all]\n");
  for (size_t row = 0; row < 2; row++) {
    const struct plan *plan = &scenario.plans[row];
    ck_assert_uint_eq(plan_group_count(plan), 3);
    ck_assert_uint_eq(plan->counts[ROLE_CONSUMER], 6);
    ck_assert_uint_eq(plan->counts[ROLE_DATABASE], 3);
    ck_assert_str_eq(plan->groups[1].name, "payment");
    ck_assert_str_eq(plan->groups[1].database_name, "payment_database");
    ck_assert(plan->groups[1].first == 2 && plan->groups[1].consumers == 1);
    ck_assert(plan->groups[2].first == 3 && plan->groups[2].consumers == 3);
    ck_assert_str_eq(plan->groups[0].handler->name, "naive");
    ck_assert_str_eq(plan->groups[1].handler->name, "dedup-table");
    ck_assert_str_eq(plan->groups[0].service_time->text, "3ms");
    ck_assert_str_eq(plan->groups[1].service_time->text, "7ms");
    ck_assert_ptr_eq(plan_handler(plan, 1), plan->groups[1].handler);
  }
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

START_TEST(without_the_block_there_is_one_group_and_nothing_is_called_after_it) {
  struct scenario scenario = load(HEAD "system: at-least-once\ntopology: {consumers: 4}\n");
  const struct plan *plan = &scenario.plans[0];
  ck_assert_ptr_null(plan->groups);
  ck_assert_uint_eq(plan_group_count(plan), 1);
  ck_assert_uint_eq(plan->counts[ROLE_CONSUMER], 4);
  ck_assert_uint_eq(plan->counts[ROLE_DATABASE], 1);
  ck_assert_ptr_eq(plan_handler(plan, 0), plan->handler);
  char *text = resolved(&scenario);
  ck_assert_ptr_null(strstr(text, "groups"));
  ck_assert_ptr_null(strstr(text, "client:"));
  free(text);
  scenario_free(&scenario);
}
END_TEST

static int64_t retention(const struct scenario *scenario, size_t row, uint32_t group) {
  return scenario->plans[row].groups[group].handler_settings.values[0].i / NS_PER_H;
}

/* Base, row, group, row's group: the last that names a model starts anew, those behind it change keys. */
START_TEST(the_last_word_on_a_groups_handler_wins) {
  struct scenario scenario = load(HEAD
      "system: at-least-once\n"
      "handler: {name: dedup-table, retention: 1h}\n"
      "groups: {a: {}, b: {handler: {retention: 2h}}, c: {handler: naive}}\n"
      "compare:\n"
      "  - {label: base}\n"
      "  - {label: row, handler: {retention: 3h}}\n"
      "  - {label: other, handler: dedup-table}\n"
      "  - {label: group, groups: {b: {handler: {retention: 4h}}, c: {handler: {name: dedup-table, retention: 5h}}}}\n"
      "  - {label: anew, groups: {b: {handler: dedup-table}}}\n");
  ck_assert(retention(&scenario, 0, 0) == 1 && retention(&scenario, 0, 1) == 2);
  ck_assert_str_eq(scenario.plans[0].groups[2].handler->name, "naive");
  ck_assert(retention(&scenario, 1, 0) == 3 && retention(&scenario, 1, 1) == 2);
  ck_assert(retention(&scenario, 2, 0) == 24 && retention(&scenario, 2, 1) == 2);
  ck_assert(retention(&scenario, 3, 0) == 1 && retention(&scenario, 3, 1) == 4 && retention(&scenario, 3, 2) == 5);
  ck_assert(retention(&scenario, 4, 1) == 24);
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_label_says_which_groups_handlers_a_row_names) {
  struct scenario scenario = load(HEAD
      "groups: {a: {}, b: {}}\n"
      "compare: [at-least-once, {system: at-least-once, groups: {b: {handler: dedup-table}}}]\n");
  ck_assert_str_eq(scenario.plans[0].label, "at-least-once");
  ck_assert_str_eq(scenario.plans[1].label, "at-least-once + b=dedup-table");
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

START_TEST(nodes_and_links_of_groups_are_targets) {
  struct scenario scenario = load(HEAD
      "system: at-least-once\n"
      "groups: {a: {consumers: 2}, b: {consumers: 3}}\n"
      "faults:\n"
      "  - {at: 1s, kill: b.2}\n"
      "  - {at: 1s, kill: b.any}\n"
      "  - {at: 1s, kill: b_database.1}\n"
      "  - {at: 1s, kill: [a.all, consumer.any]}\n"
      "  - {at: 1s, reset: b.1_to_broker}\n"
      "  - {at: 1s, reset: b_to_broker}\n"
      "  - {at: 1s, kill: database.all}\n");
  const struct fault_plan *faults = scenario.faults;
  const struct selector_item *item = &faults[0].target.items[0];
  ck_assert(item->role == ROLE_CONSUMER && item->index == 2 && item->offset == 2 && item->count == 3);
  item = &faults[2].target.items[0];
  ck_assert(item->role == ROLE_DATABASE && item->index == 1 && item->offset == 1 && item->count == 1);
  ck_assert(faults[4].target_link == LINK_CONSUMER_TO_BROKER && faults[4].target.items[0].offset == 2);
  ck_assert(faults[5].target_link == LINK_CONSUMER_TO_BROKER && faults[5].target.items[0].which == WHICH_ALL);
  ck_assert_ptr_null(faults[6].target.items[0].word);
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_statement_is_about_all_groups_or_some) {
  struct scenario scenario = load(HEAD
      "system: at-least-once\n"
      "groups: {a: {}, b: {}}\n"
      "expect:\n"
      "  - {lost: none}\n"
      "  - {group: b, lost: none}\n"
      "  - {group: [b, a], duplicate_effects: some, violates: none}\n");
  const struct expectation *expectations = scenario.expectations;
  ck_assert_uint_eq(scenario.expectation_count, 4);
  ck_assert_uint_eq(expectations[0].group_count, 0);
  ck_assert(expectations[1].group_count == 1 && expectations[1].groups[0] == 1);
  ck_assert(expectations[2].group_count == 2 && expectations[2].groups[1] == 0);
  ck_assert_str_eq(expectations[1].text, "group b: lost: none");
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_client_is_a_slot_like_the_others) {
  struct scenario scenario = load(HEAD
      "system: at-least-once\n"
      "client: {name: retrying, attempts: 7}\n"
      "compare: [{label: base}, {label: once, client: none}, {label: less, client: {attempts: 2}},"
      " {system: at-least-once, client: retrying}]\n");
  ck_assert_str_eq(scenario.plans[0].client->name, "retrying");
  ck_assert_int_eq(scenario.plans[0].client_settings.values[0].i, 7);
  ck_assert_ptr_null(scenario.plans[1].client);
  ck_assert_int_eq(scenario.plans[2].client_settings.values[0].i, 2);
  ck_assert_int_eq(scenario.plans[3].client_settings.values[0].i, 3);
  ck_assert_str_eq(scenario.plans[3].label, "at-least-once + retrying");
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

/* A publisher with an outbox brings a database, a relay and their links; a row without one has none of them. */
START_TEST(a_publisher_brings_a_database_and_relays) {
  struct scenario scenario = load(HEAD
      "system: at-least-once\n"
      "groups: {mail: {consumers: 1}, stock: {consumers: 2}}\n"
      "links: {relay_to_broker: {latency: 3ms}}\n"
      "compare:\n"
      "  - {label: direct}\n"
      "  - {label: named, publisher: direct}\n"
      "  - {label: outbox, publisher: {name: outbox-polling, batch: 7}}\n"
      "faults:\n"
      "  - {at: 1s, kill: producer_database.1}\n"
      "  - {at: 2s, kill: relay.any}\n"
      "  - {at: 3s, reset: relay.1_to_database}\n");
  ck_assert_ptr_null(scenario.plans[0].publisher);
  ck_assert_ptr_null(scenario.plans[1].publisher);
  const struct plan *plan = &scenario.plans[2];
  ck_assert_str_eq(plan->publisher->name, "outbox-polling");
  ck_assert_int_eq(plan->publisher_settings.values[1].i, 7);
  for (size_t row = 0; row < 3; row++) {
    uint32_t has = row == 2;
    plan = &scenario.plans[row];
    ck_assert_uint_eq(plan_services(plan), has);
    ck_assert_uint_eq(world_nodes_of(plan, ROLE_RELAY), has);
    ck_assert_uint_eq(world_nodes_of(plan, ROLE_DATABASE), 2 + has);
    ck_assert_uint_eq(plan_link_rule(plan, LINK_PRODUCER_TO_DATABASE).used, has);
    ck_assert_uint_eq(plan_link_rule(plan, LINK_RELAY_TO_DATABASE).used, has);
    ck_assert_uint_eq(plan_link_rule(plan, LINK_RELAY_TO_BROKER).used, has);
    for (size_t fault = 0; fault < 3; fault++)
      ck_assert_uint_eq(faults_apply(plan, &plan->faults[fault]), has);
  }
  ck_assert_str_eq(world_title(plan, ROLE_DATABASE, 3).word, "producer_database");
  ck_assert_str_eq(world_title(plan, ROLE_DATABASE, 2).word, "stock_database");
  ck_assert_str_eq(plan->links[LINK_RELAY_TO_BROKER].latency->text, "3ms");
  ck_assert_uint_eq(plan->faults[0].target.items[0].offset, 2);
  resolves_to_itself(&scenario);
  scenario_free(&scenario);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario groups");
  TCase *tests = tcase_create("groups");
  tcase_add_test(tests, groups_stand_in_every_plan_with_their_nodes_in_a_row);
  tcase_add_test(tests, without_the_block_there_is_one_group_and_nothing_is_called_after_it);
  tcase_add_test(tests, the_last_word_on_a_groups_handler_wins);
  tcase_add_test(tests, a_label_says_which_groups_handlers_a_row_names);
  tcase_add_test(tests, nodes_and_links_of_groups_are_targets);
  tcase_add_test(tests, a_statement_is_about_all_groups_or_some);
  tcase_add_test(tests, a_client_is_a_slot_like_the_others);
  tcase_add_test(tests, a_publisher_brings_a_database_and_relays);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
