/* Bounded exhaustive search over RabbitMQ: what each of its systems has to bear, and what breaks it. */
#include "tests/system/rig.h"

#include "sim/runner/explore.h"

static void explore(const char *system, unsigned faults, int brokers,
                    struct explore_result *out) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: explored\nluck: none\nmeasure_capacity: false\n"
          "topology: {producers: 1, brokers: %d, consumers: 2}\n"
          "workload: {messages: %d, rate: 10/s, arrivals: steady}\ncompare:\n  - {%s}\n"
          "expect:\n  - {lost: none, duplicate_effects: none, state_errors: none, stuck: none}\n",
          brokers, faults > 1 ? 1 : 3, system);
  struct rig rig;
  rig_load(&rig, text.bytes);
  const struct explore_options search = {.faults = faults, .workers = 2, .prune = true,
                                         .limits = placement_limits_all(), .command = "a test"};
  explore_row(&rig.scenario, 0, &search, NULL, out);
  rig_close(&rig);
}

START_TEST(idempotent_consumer_holds_for_every_placement) {
  static const struct {
    const char *system;
    unsigned faults;
    int brokers;
    uint64_t least; /* executed at the last level */
  } rows[] = {
      {"system: rabbitmq-quorum, handler: dedup-table", 1, 3, 800},
      {"system: rabbitmq-quorum, handler: dedup-table", 1, 1, 300},
      {"system: {name: rabbitmq-quorum, ack_batch: 2}, handler: dedup-table", 1, 3, 800},
      {"system: rabbitmq-confirms, handler: dedup-table", 1, 1, 250},
      {"system: rabbitmq-confirms, handler: dedup-table", 2, 1, 10000},
  };
  struct explore_result result;
  explore(rows[_i].system, rows[_i].faults, rows[_i].brokers, &result);
  ck_assert_msg(!result.violated, "row %d: %s with %u faults", _i, metric_rows[result.metric].name,
                result.count);
  ck_assert_msg(result.levels[rows[_i].faults].executed >= rows[_i].least, "row %d: only %llu", _i,
                (unsigned long long)result.levels[rows[_i].faults].executed);
  explore_result_deinit(&result);
}
END_TEST

START_TEST(one_fault_breaks_what_does_not_care) {
  static const struct {
    const char *system;
    enum metric metric;
  } rows[] = {
      {"system: rabbitmq-quorum, handler: naive", METRIC_DUPLICATE_EFFECTS},
      {"system: rabbitmq-confirms, handler: naive", METRIC_DUPLICATE_EFFECTS},
      {"system: rabbitmq-auto-ack", METRIC_LOST},
      {"system: {name: rabbitmq-confirms, ack: automatic}, handler: dedup-table", METRIC_LOST},
  };
  struct explore_result result;
  explore(rows[_i].system, 1, 1, &result);
  ck_assert_msg(result.violated && result.metric == rows[_i].metric, "row %d: %s", _i,
                result.violated ? metric_rows[result.metric].name : "holds");
  explore_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("explore");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, idempotent_consumer_holds_for_every_placement, 0, 5);
  tcase_add_loop_test(tests, one_fault_breaks_what_does_not_care, 0, 4);
  return rig_main(suite_create("explore rabbitmq"), tests);
}
