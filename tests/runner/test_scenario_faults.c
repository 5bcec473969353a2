/* Faults as the loader reads them. */
#include "tests/runner/scenario_text.h"

#include "sim/base/hash.h"
#include "tests/run_suite.h"

#define SYSTEM "format: 1\nsystem: at-least-once\n"
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

/* After the last planned arrival it begins once: what it is resolved to ends no earlier. */
START_TEST(a_fault_that_begins_late_resolves_to_itself) {
  struct scenario s = load(SYSTEM "workload: {messages: 100, rate: 100/s}\n"
                                  "faults:\n  - {at: 3s, every: 500ms, kill: consumer.1}\n");
  char *once = resolved(&s, false);
  struct scenario again = load(once);
  ck_assert_int_eq(again.faults[0].until.ns, 3 * S);
  ck_assert_uint_eq(again.resolved_hash, s.resolved_hash);
  free(once);
  scenario_free(&s), scenario_free(&again);
}
END_TEST

/* The other side of what is refused because it can strike nothing. */
START_TEST(faults_that_may_strike_are_taken) {
  static const char *const faults[] = {
      "at: 3s, every: 500ms, until: 3s, kill: consumer.1",
      "at: 1s, for: 1s, partition: consumer.1, from: consumer.1, min_hits: 0",
      "at: 1s, for: 1s, partition: [consumer.1, broker.1], from: [consumer.1, broker.1]",
      "at: 1s, for: 1s, partition: [consumer.1, broker.1], shape: halves",
      "at: 1s, for: 1s, partition: [consumer.all, broker.1], shape: ring",
      "when: delivered, for: 1s, partition: this, from: producer.1",
      "when: ack-sent, drop: this",
  };
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char text[400];
    snprintf(text, sizeof text, SYSTEM "topology: {consumers: 3}\nfaults:\n  - {%s}\n", faults[i]);
    struct scenario s = load(text);
    ck_assert_uint_eq(s.fault_count, 1);
    scenario_free(&s);
  }
}
END_TEST

static const struct handler clock_reader = {.name = "clock-reader", .uses = HANDLER_USES(DATABASE), .reads_clock = true};

START_TEST(a_clock_may_be_wrong_where_one_row_s_handler_reads_it) {
  static const struct handler *const handlers[] = {&fake_naive, &clock_reader};
  static const char text[] = "format: 1\nname: clock\nsystem: at-least-once\n"
                             "compare:\n  - {label: naive, handler: naive}\n"
                             "  - {label: reader, handler: clock-reader}\n"
                             "faults:\n  - {at: 1s, skew_clock: consumer.1, for: 1s, offset: 1h}\n";
  struct registry registry = fake_registry;
  registry.handlers = handlers;
  registry.handler_count = sizeof handlers / sizeof *handlers;
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  const bool loaded = scenario_load_text("clock.yaml", text, strlen(text), false, &registry, &scenario, &err);
  ck_assert_msg(loaded, "%s", err.message);
  ck_assert_int_eq(scenario.faults[0].verb, VERB_SKEW_CLOCK);
  scenario_free(&scenario);
}
END_TEST

START_TEST(a_fault_is_timing_and_one_verb) {
  struct scenario s = load(
      SYSTEM
      "workload: {for: 1min, rate: 2000/s}\n"
      "topology: {brokers: 3, consumers: 3}\n"
      "faults:\n"
      "  - {name: cut, at: 10s, for: 2s, partition: consumer.1, from: [broker.all, database.1], "
      "direction: out}\n"
      "  - {every: exponential mean=3s, reset: producer.any_to_broker}\n"
      "  - {every: 8s, at: 1s, kill: [consumer.any, broker.leader], for: 500ms, stability: 1s, "
      "times: 3, until: 20s}\n"
      "  - {at: 40s, deploy: consumer.all, max_unavailable: 2, mode: kill, chance: 50%, min_hits: "
      "0}\n"
      "  - {when: before ack-sent, node: consumer.2, intent: 17, attempt: 1, nth: 2, drop: this}\n"
      "  - {when: effect, terminate: this, grace: 1s}\n"
      "  - {at: 0s, power_loss: broker.minority, unsynced: torn}\n");
  const struct fault_plan *f = s.faults;
  ck_assert_uint_eq(s.fault_count, 7);
  ck_assert_str_eq(f[0].name, "cut");
  ck_assert_uint_eq(f[0].key, hash_name("cut"));
  ck_assert_int_eq(f[0].timing, TIMING_AT);
  ck_assert(f[0].has_at);
  ck_assert_int_eq(f[0].at.ns, 10 * S);
  ck_assert_int_eq(f[0].lasts.ns, 2 * S);
  ck_assert_int_eq(f[0].direction, DIRECTION_OUT);
  ck_assert_uint_eq(f[0].from.count, 2);
  ck_assert_int_eq(f[0].from.items[0].which, WHICH_ALL);
  ck_assert_int_eq(f[0].from.items[1].role, ROLE_DATABASE);
  ck_assert_str_eq(f[1].name, "reset-1");
  ck_assert_int_eq(f[1].timing, TIMING_EVERY);
  ck_assert(!f[1].has_at);
  ck_assert_int_eq(f[1].until.ns, 60 * S); /* the last planned arrival */
  ck_assert_int_eq(f[1].target_link, LINK_PRODUCER_TO_BROKER);
  ck_assert_int_eq(f[1].target.items[0].which, WHICH_ANY);
  ck_assert_str_eq(f[2].every->text, "8s");
  ck_assert(f[2].has_at);
  ck_assert_uint_eq(f[2].times, 3);
  ck_assert_int_eq(f[2].until.ns, 20 * S);
  ck_assert_int_eq(f[2].stability.ns, S);
  ck_assert_int_eq(f[2].target.items[1].which, WHICH_LEADER);
  ck_assert_uint_eq(f[3].max_unavailable, 2);
  ck_assert_int_eq(f[3].grace.ns, 30 * S);
  ck_assert_int_eq(f[3].lasts.ns, S);
  ck_assert_int_eq(f[3].mode, DEPLOY_KILL);
  ck_assert_int_eq(f[3].chance, SCHEMA_SHARE_SCALE / 2);
  ck_assert_uint_eq(f[3].min_hits, 0);
  ck_assert_int_eq(f[5].timing, TIMING_WHEN); /* behind all that have a time */
  ck_assert_uint_eq(f[5].point, POINT_ACK_SENT);
  ck_assert(f[5].before);
  ck_assert_uint_eq(f[5].intent, 17);
  ck_assert_uint_eq(f[5].attempt, 1);
  ck_assert_uint_eq(f[5].nth, 2);
  ck_assert_uint_eq(f[5].when_node.items[0].index, 2);
  ck_assert_int_eq(f[5].target.items[0].which, WHICH_THIS);
  ck_assert_uint_eq(f[5].min_hits, 1);
  ck_assert_str_eq(f[6].name, "terminate-1");
  ck_assert_int_eq(f[4].unsynced, UNSYNCED_TORN);
  ck_assert_str_eq(f[4].name, "power-loss-1");
  scenario_free(&s);
}
END_TEST

START_TEST(faults_are_numbered_by_verb_past_names_that_are_taken) {
  struct scenario s = load(SYSTEM "faults:\n"
                                  "  - {at: 1s, kill: consumer.1}\n"
                                  "  - {at: 1s, terminate: consumer.1}\n"
                                  "  - {at: 2s, kill: consumer.1}\n"
                                  "  - {name: kill-1, at: 3s, kill: consumer.1}\n");
  ck_assert_str_eq(s.faults[0].name, "kill-2");
  ck_assert_str_eq(s.faults[1].name, "terminate-1");
  ck_assert_str_eq(s.faults[2].name, "kill-3");
  scenario_free(&s);
}
END_TEST

START_TEST(a_system_s_own_point_has_its_own_number_in_each_row) {
  struct scenario s = load("format: 1\ncompare: [at-least-once, sqs-standard, kafka-acks-all]\n"
                           "faults:\n  - {when: receipt-expired, intent: 2, kill: this}\n  - "
                           "{when: effect, kill: this}\n");
  ck_assert_uint_eq(s.plans[0].faults[0].point, POINT_NONE); /* never comes */
  ck_assert_uint_eq(s.plans[1].faults[0].point, POINT_GENERIC__COUNT);
  ck_assert_uint_eq(s.plans[2].faults[0].point, POINT_GENERIC__COUNT + 1);
  ck_assert_uint_eq(s.plans[0].faults[1].point, POINT_EFFECT);
  scenario_free(&s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("faults of a scenario");
  TCase *tcase = tcase_create("all");
  const TTest *const tests[] = {
      a_fault_that_begins_late_resolves_to_itself,
      faults_that_may_strike_are_taken,
      a_clock_may_be_wrong_where_one_row_s_handler_reads_it,
      a_fault_is_timing_and_one_verb,
      faults_are_numbered_by_verb_past_names_that_are_taken,
      a_system_s_own_point_has_its_own_number_in_each_row,
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
