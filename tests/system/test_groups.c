/* Several consumer groups with real systems: each gets everything, none suffers another's handler. */
#include "tests/system/rig.h"

#include "sim/runner/explain_fates.h"
#include "sim/runner/judge_trace.h"

#define GROUPS                                                                                     \
  "groups: {inventory: {consumers: 2, handler: dedup-table}, payment: {handler: naive, "           \
  "service_time: exponential mean=2ms}, mail: {consumers: 3, handler: dedup-table}}\n"
#define SHORT                                                                                      \
  "session.timeout.ms: 1500, heartbeat.interval.ms: 300, max.poll.interval.ms: 3000, "             \
  "request.timeout.ms: 1000"
#define HEAD "format: 1\nname: groups\nmeasure_capacity: false\n"

static const char *const systems[] = {"at-least-once", "kafka-idempotent", "at-most-once"};

static void load(struct rig *rig, const char *system, const char *more) {
  static struct rig_text text;
  text.length = 0;
  rig_add(&text, HEAD "workload: {messages: 300, rate: 200/s, keys: 20}\n");
  rig_add(&text, "topology: {producers: 2, brokers: 2, partitions: 5}\n" GROUPS);
  rig_add(&text, "system: {name: %s, " SHORT "}\n%s", system, more);
  rig_load(rig, text.bytes);
}

static int64_t of(const struct run_result *result, uint32_t group, enum metric metric) {
  return result->groups[group].metrics[metric];
}

START_TEST(every_group_gets_every_operation_once_when_nothing_happens) {
  struct rig rig;
  load(&rig, systems[_i], "");
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_int_eq(result.metrics[METRIC_INTENDED], 900);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 900);
  ck_assert(result.drained && result.violations == 0);
  for (uint32_t group = 0; group < 3; group++) {
    ck_assert_int_eq(of(&result, group, METRIC_ONCE), 300);
    ck_assert_int_eq(of(&result, group, METRIC_DUPLICATE_DELIVERIES), 0);
    ck_assert_int_eq(of(&result, group, METRIC_STATE_ERRORS), 0);
  }
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(what_befalls_one_group_is_its_own) {
  struct rig rig;
  load(&rig, "at-least-once", "faults:\n  - {every: 200ms, kill: payment.1, for: 50ms}\n");
  int64_t doubled = 0;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    ck_assert_str_eq(rig_conservation(&result), "");
    ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
    doubled += of(&result, 1, METRIC_DUPLICATE_EFFECTS);
    for (uint32_t group = 0; group < 3; group += 2) {
      ck_assert_int_eq(of(&result, group, METRIC_DUPLICATE_EFFECTS), 0);
      ck_assert_int_eq(of(&result, group, METRIC_DUPLICATE_DELIVERIES), 0);
      ck_assert_int_eq(of(&result, group, METRIC_ONCE), 300);
    }
    run_result_deinit(&result);
  }
  ck_assert_int_gt(doubled, 0);
  rig_close(&rig);
}
END_TEST

/* A group that has been away finds everything: no other group's commits take it out of the log. */
START_TEST(a_log_waits_for_its_slowest_group) {
  struct rig rig;
  load(&rig, "kafka-idempotent", "faults:\n  - {at: 200ms, kill: mail.all, for: 8s}\n");
  struct run_result result = rig_run(&rig, 0, 3);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  ck_assert_int_eq(of(&result, 2, METRIC_EFFECTS), 300);
  ck_assert_int_gt(of(&result, 2, METRIC_LATENCY_P99), 5 * NS_PER_S);
  ck_assert_int_lt(of(&result, 0, METRIC_LATENCY_P99), 2 * NS_PER_S);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(a_disk_that_is_gone_takes_one_groups_effects) {
  struct rig rig;
  load(&rig, "at-least-once", "faults:\n  - {at: 1s, disk_gone: payment_database.1, for: 100ms}\n");
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_str_eq(rig_conservation(&result), "");
  ck_assert_int_gt(of(&result, 1, METRIC_LOST_ACKED), 0);
  ck_assert_int_eq(of(&result, 0, METRIC_LOST), 0);
  ck_assert_int_eq(of(&result, 2, METRIC_LOST), 0);
  ck_assert_int_eq(result.metrics[METRIC_LOST], of(&result, 1, METRIC_LOST));
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

static const char *const schedules[] = {
    "faults:\n  - {every: 300ms, kill: consumer.any, for: 100ms}\n  - {every: 700ms, kill: database.any, for: 200ms}\n",
    "faults:\n  - {every: 400ms, partition: consumer.any, for: 300ms}\n  - {every: 250ms, reset: consumer.any_to_broker}\n",
    "faults:\n  - {at: 300ms, deploy: consumer.all, grace: 100ms}\n  - {at: 900ms, kill: broker.1, for: 500ms}\n",
    "faults:\n  - {at: 300ms, terminate: mail.any}\n  - {at: 400ms, pause: payment.1, for: 2s}\n  - {at: 600ms, kill: broker.2, for: 2s}\n",
    "faults:\n  - {at: 500ms, partition: [inventory.all, mail_database.1], for: 3s}\n  - {every: 300ms, reset: payment_to_database}\n",
    "client: {name: retrying, resubmit_unknown: true, timeout: 200ms}\nfaults:\n  - {every: 200ms, kill: producer.any, for: 150ms}\n",
};

START_TEST(nothing_acknowledged_is_lost_to_any_group) {
  struct rig rig;
  load(&rig, "at-least-once", schedules[_i]);
  for (uint64_t seed = 1; seed <= 8; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    ck_assert_msg(rig_conservation(&result)[0] == '\0', "seed %llu: %s", (unsigned long long)seed,
                  rig_conservation(&result));
    ck_assert_int_eq(result.metrics[METRIC_LOST_ACKED], 0);
    ck_assert_int_eq(result.metrics[METRIC_STUCK], 0);
    ck_assert_int_eq(of(&result, 0, METRIC_DUPLICATE_EFFECTS) + of(&result, 2, METRIC_DUPLICATE_EFFECTS), 0);
    run_result_deinit(&result);
  }
  rig_close(&rig);
}
END_TEST

/* Another row's system, or another handler of one group, moves no other group's luck of the environment;
 * and a run repeated is the same run. */
START_TEST(a_run_repeated_is_the_same) {
  struct rig rig;
  load(&rig, "at-least-once", schedules[0]);
  struct run_result first = rig_run(&rig, 0, 7), second = rig_run(&rig, 0, 7);
  ck_assert_uint_eq(first.digest, second.digest);
  ck_assert_mem_eq(first.groups, second.groups, 3 * sizeof *first.groups);
  run_result_deinit(&first);
  run_result_deinit(&second);
  rig_close(&rig);
}
END_TEST

START_TEST(fates_agree_with_the_ledger_in_each_group) {
  struct rig rig;
  load(&rig, "at-least-once", "faults:\n  - {every: 200ms, kill: payment.1, for: 50ms}\n");
  const struct plan *plan = &rig.scenario.plans[0];
  struct fates *fates = fates_new(plan);
  run_observe(rig.run, NULL, fates_sink, fates);
  struct run_result result = rig_run(&rig, 0, 2);
  run_observe(rig.run, NULL, NULL, NULL);
  fates_finish(fates);
  int64_t worst = 0, many[3] = {0};
  for (uint64_t intent = 1; intent <= 300; intent++) {
    worst += fates_of(fates, intent) == FATE_MANY;
    for (uint32_t group = 0; group < 3; group++) many[group] += fates_in(fates, intent, group) == FATE_MANY;
  }
  for (uint32_t group = 0; group < 3; group++) ck_assert_int_eq(many[group], of(&result, group, METRIC_MANY));
  ck_assert_int_eq(worst, of(&result, 1, METRIC_MANY)); /* nobody else doubles */
  ck_assert_int_gt(worst, 0);
  run_result_deinit(&result);
  fates_free(fates);
  rig_close(&rig);
}
END_TEST

START_TEST(a_saved_run_is_judged_the_same_in_each_group) {
  struct rig rig;
  struct err err = {.code = ERR_NONE};
  load(&rig, "at-least-once", schedules[0]);
  FILE *file = tmpfile();
  ck_assert_ptr_nonnull(file);
  ck_assert_msg(judge_trace_begin(file, &rig.scenario, 0, 0, &err), "%s", err.message);
  struct run_result live;
  run_execute(rig.run, &rig.scenario.plans[0], 0, rig.scenario.seeds[0], file, "a test", &live);
  rewind(file);
  struct scenario scenario;
  struct campaign campaign;
  const struct registry registry = rig_registry();
  ck_assert_msg(judge_trace(file, "a test", &registry, &scenario, &campaign, &err), "%s", err.message);
  ck_assert_mem_eq(campaign.results[0].groups, live.groups, 3 * sizeof *live.groups);
  ck_assert_uint_eq(campaign.results[0].digest, live.digest);
  campaign_free(&campaign);
  scenario_free(&scenario);
  run_result_deinit(&live);
  fclose(file);
  rig_close(&rig);
}
END_TEST

/* Groups have accounts of their own: what one has charged is no answer for another, though their keys are
 * the same. */
START_TEST(keys_of_groups_are_apart) {
  struct rig rig;
  rig_load(&rig, "format: 1\nname: groups\nmeasure_capacity: false\n"
                 "workload: {messages: 50, rate: 50/s, operation: charge}\n"
                 "groups: {payment: {consumers: 2}, fee: {consumers: 1}}\n"
                 "system: at-least-once\nhandler: charge-with-key\nprovider: keyed\n");
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 100);
  ck_assert_int_eq(result.metrics[METRIC_STATE_ERRORS], 0);
  ck_assert_int_eq(result.metrics[METRIC_REPLAYS], 0);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("groups");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, every_group_gets_every_operation_once_when_nothing_happens, 0, 3);
  tcase_add_test(tests, what_befalls_one_group_is_its_own);
  tcase_add_test(tests, a_log_waits_for_its_slowest_group);
  tcase_add_test(tests, a_disk_that_is_gone_takes_one_groups_effects);
  tcase_add_loop_test(tests, nothing_acknowledged_is_lost_to_any_group, 0, 6);
  tcase_add_test(tests, a_run_repeated_is_the_same);
  tcase_add_test(tests, fates_agree_with_the_ledger_in_each_group);
  tcase_add_test(tests, a_saved_run_is_judged_the_same_in_each_group);
  tcase_add_test(tests, keys_of_groups_are_apart);
  return rig_main(suite_create("groups"), tests);
}
