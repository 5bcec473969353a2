/* From a campaign of 20000 operations to a story of one: for every system and handler that can break. */
#include "tests/system/rig.h"

#include "sim/runner/repro.h"
#include "sim/runner/shrink.h"
#include "tests/run_suite.h"

static const char campaign[] =
    "format: 1\nname: campaign\nmeasure_capacity: false\n"
    "workload: {messages: 20000, rate: 1000/s, keys: 200}\n"
    "topology: {producers: 3, brokers: 3, partitions: 6, consumers: 3}\n"
    "faults:\n"
    "  - {name: cut, at: 5s, for: 2s, partition: consumer.1, from: broker.all, direction: out}\n"
    "  - {name: resets, every: exponential mean=3s, reset: producer.any_to_broker}\n"
    "  - {name: crashes, every: exponential mean=5s, kill: consumer.any, for: 500ms, stability: 1s}\n"
    "  - {name: release, at: 12s, deploy: consumer.all, max_unavailable: 1, grace: 2s}\n";

#define SESSION ", session.timeout.ms: 6s, heartbeat.interval.ms: 1s}\n"
static const char *const rows[] = {
    "system: {name: at-most-once" SESSION,
    "system: {name: kafka-acks-0" SESSION,
    "system: {name: at-least-once" SESSION,
    "system: {name: kafka-acks-all" SESSION,
    "system: {name: kafka-idempotent" SESSION,
    "system: {name: exactly-once, isolation.level: read_uncommitted" SESSION,
    "system: {name: kafka-transactional, commit: after-processing" SESSION,
    "system: sqs-standard\n",
    "system: {name: sqs-standard, delete: before-processing}\n",
    "system: sqs-standard\nhandler: mark-first\n",
    "system: {name: at-least-once" SESSION "handler: effect-first\n",
};

static char *text_of(const struct repro *repro) {
  char *bytes;
  size_t length;
  FILE *file = open_memstream(&bytes, &length);
  repro_write(repro, file);
  fclose(file);
  return bytes;
}

/* The written scenario, read again, shows the same metric; and a second shrinking gives the same text. */
START_TEST(a_violation_of_a_campaign_becomes_a_small_scenario) {
  struct rig rig;
  struct rig_text text = {.length = 0};
  rig_add(&text, "%s%s", campaign, rows[_i]);
  rig_load(&rig, text.bytes);
  const struct goal goal = {&rig.scenario, 0, METRIC__COUNT};
  int64_t metrics[METRIC__COUNT];
  uint64_t digest, seed = 0;
  enum metric metric = METRIC__COUNT;
  while (metric == METRIC__COUNT && seed < 40) {
    uint32_t violations =
        run_judge(rig.run, &rig.scenario.plans[0], ++seed, "a test", metrics, &digest);
    metric = goal_reached(&goal, rig.run, metrics, violations);
  }
  ck_assert_msg(metric != METRIC__COUNT, "%sdoes not break in %d seeds", rows[_i], (int)seed);
  const struct shrink_case violation = {.scenario = &rig.scenario, .seed = seed, .metric = metric};
  const struct explore_options options = {.workers = 2, .limits = placement_limits_all(),
                                          .command = "a test"};
  char *written[2];
  for (int again = 0; again < 2; again++) {
    struct shrunk shrunk;
    ck_assert_msg(shrink(&violation, &options, &shrunk), "%s%s", rows[_i], metric_rows[metric].name);
    ck_assert_uint_le(shrunk.plan.workload.messages, 3);
    ck_assert_uint_le(shrunk.count, 3);
    ck_assert(shrunk.same_sorts);
    const struct repro repro = {.plan = &shrunk.plan, .placements = shrunk.placements,
                                .count = shrunk.count, .metric = metric, .name = "small",
                                .about = "small"};
    written[again] = text_of(&repro);
  }
  ck_assert_str_eq(written[0], written[1]);
  struct rig small;
  rig_load(&small, written[0]);
  ck_assert(small.scenario.luck_none);
  run_judge(small.run, &small.scenario.plans[0], 1, "a test", metrics, &digest);
  ck_assert_int_gt(metrics[metric], 0);
  rig_close(&small);
  free(written[0]), free(written[1]);
  rig_close(&rig);
}
END_TEST

/* What an operation was wanted to do is part of what is written: nothing but that shows the metric. */
static const struct {
  const char *operation;
  enum metric metric;
} operations[] = {
    {"set", METRIC_STATE_STALE},
    {"put", METRIC_STATE_STALE},
    {"insert-surrogate-key", METRIC_STATE_DOUBLED},
    {"transfer", METRIC_STATE_DOUBLED},
};

START_TEST(a_small_scenario_says_which_operations_it_has) {
  struct rig rig;
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: operations\nmeasure_capacity: false\n"
          "workload: {messages: 200, rate: 100/s, keys: 10, operation: %s}\n"
          "system: {name: sqs-standard, visibility_timeout: 2s, max_attempts: 1}\n"
          "links: {consumer_to_broker: {loss: 10%%}}\nexpect: [{%s: none}]\n",
          operations[_i].operation, metric_rows[operations[_i].metric].name);
  rig_load(&rig, text.bytes);
  const struct shrink_case violation = {.scenario = &rig.scenario, .seed = 1, .metric = operations[_i].metric};
  const struct explore_options options = {.workers = 2, .limits = placement_limits_all(), .command = "a test"};
  struct shrunk shrunk;
  ck_assert(shrink(&violation, &options, &shrunk));
  const struct repro repro = {.plan = &shrunk.plan, .placements = shrunk.placements, .count = shrunk.count,
                              .metric = operations[_i].metric, .name = "small", .about = "small"};
  char *written = text_of(&repro), wanted[64];
  snprintf(wanted, sizeof wanted, "operation: %s}", operations[_i].operation);
  ck_assert_msg(strstr(written, wanted) != NULL, "%s", written);
  struct rig small;
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  rig_load(&small, written);
  run_judge(small.run, &small.scenario.plans[0], 1, "a test", metrics, &digest);
  ck_assert_int_gt(metrics[operations[_i].metric], 0);
  rig_close(&small);
  free(written);
  rig_close(&rig);
}
END_TEST

/* What no placed fault shows: a flush that lied, and the power that goes. A third fault is not needed. */
static const char lying_disk[] =
    "format: 1\nname: lying\nseeds: 3\nmeasure_capacity: false\n"
    "workload: {messages: 100, rate: 400/s, operation: put}\n"
    "compare:\n"
    "  - {label: other, system: kafka-acks-all}\n"
    "  - {label: table, system: at-least-once, handler: dedup-table}\n"
    "faults:\n"
    "  - {name: lie, at: 100ms, fsync_lies: database.1, for: 300ms}\n"
    "  - {name: reset, at: 200ms, reset: consumer_to_broker, min_hits: 1}\n"
    "  - {name: power, at: 350ms, power_loss: database.1, for: 50ms}\n"
    "expect:\n  - {row: table, lost_acked: none}\n";

START_TEST(a_violation_that_no_placed_fault_shows_keeps_its_own_world) {
  struct rig rig;
  rig_load(&rig, lying_disk);
  const struct shrink_case violation = {
      .scenario = &rig.scenario, .row = 1, .seed = 2, .metric = METRIC_LOST_ACKED};
  const struct explore_options options = {.workers = 1, .limits = placement_limits_all(),
                                          .command = "a test"};
  struct shrunk shrunk;
  ck_assert(shrink(&violation, &options, &shrunk));
  ck_assert(shrunk.own_world && shrunk.same_sorts);
  ck_assert_uint_eq(shrunk.plan.workload.messages, 1);
  ck_assert_uint_eq(shrunk.count, 2);
  ck_assert_str_eq(rig.scenario.faults[shrunk.kept[0]].name, "lie");
  ck_assert_str_eq(rig.scenario.faults[shrunk.kept[1]].name, "power");
  const struct scenario_part part = {shrunk.intents, 1, shrunk.kept, 2, "part", "what is left",
                                     METRIC_LOST_ACKED};
  char *text;
  size_t length;
  FILE *file = open_memstream(&text, &length);
  scenario_print_part(&rig.scenario, 1, 1, &part, file);
  fclose(file);
  struct rig small;
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  rig_load(&small, text);
  ck_assert_uint_eq(small.scenario.plan_count, 1);
  ck_assert_uint_eq(small.scenario.fault_count, 2);
  ck_assert_uint_eq(small.scenario.seeds[0], 2);
  ck_assert_str_eq(small.scenario.name, "part");
  run_judge(small.run, &small.scenario.plans[0], 2, "a test", metrics, &digest);
  ck_assert_int_eq(metrics[METRIC_LOST_ACKED], 1);
  rig_close(&small);
  free(text);
  rig_close(&rig);
}
END_TEST

/* With one broker there would be no such world. */
START_TEST(a_small_world_has_as_many_brokers_as_it_needs_replicas) {
  struct rig rig;
  rig_load(&rig, "format: 1\nname: replicas\nmeasure_capacity: false\n"
                 "workload: {messages: 100, rate: 100/s}\ntopology: {brokers: 3}\n"
                 "system: {name: kafka-acks-all, replication.factor: 3}\n"
                 "faults:\n  - {at: 500ms, kill: consumer.1}\n"
                 "expect:\n  - {duplicate_deliveries: none}\n");
  const struct shrink_case violation = {
      .scenario = &rig.scenario, .seed = 1, .metric = METRIC_DUPLICATE_DELIVERIES};
  const struct explore_options options = {.workers = 1, .limits = placement_limits_all(),
                                          .command = "a test"};
  struct shrunk shrunk;
  ck_assert(shrink(&violation, &options, &shrunk));
  ck_assert_uint_eq(shrunk.plan.counts[ROLE_BROKER], 3);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/shrink");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, a_violation_of_a_campaign_becomes_a_small_scenario, 0,
                      sizeof rows / sizeof *rows);
  tcase_add_loop_test(tests, a_small_scenario_says_which_operations_it_has, 0,
                      sizeof operations / sizeof *operations);
  tcase_add_test(tests, a_violation_that_no_placed_fault_shows_keeps_its_own_world);
  tcase_add_test(tests, a_small_world_has_as_many_brokers_as_it_needs_replicas);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
