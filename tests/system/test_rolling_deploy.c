/* A rolling deploy of n members: 2n rebalances, and with static members none. */
#include "tests/system/rig.h"

#include "sim/world/fact.h"

#define MEMBERS 4

static void count_rebalances(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  (void)first;
  for (size_t i = 0; i < count; i++) *(int *)context += records[i].kind == FACT_REBALANCED;
}

/* How often the group rebalanced after it was made. */
static int deploy(const char *ids, int64_t out_metrics[METRIC__COUNT]) {
  static struct rig_text text;
  text.length = 0;
  rig_add(&text,
          "format: 1\nname: deploy\nmeasure_capacity: false\nworkload: {messages: 4000, rate: 100/s}\n"
          "topology: {partitions: 8, consumers: %d}\n"
          "system: {name: kafka-acks-all, commit_interval: 1s, group.instance.id: %s, "
          "session.timeout.ms: 6000, heartbeat.interval.ms: 1000}\n"
          "faults:\n",
          MEMBERS, ids);
  for (int i = 0; i < MEMBERS; i++)
    rig_add(&text, "  - {name: f%d, at: %ds, terminate: consumer.%d, grace: 5s, for: 4s}\n", i,
            3 + 8 * i, i + 1);
  int rebalances = 0;
  struct rig rig;
  rig_load(&rig, text.bytes);
  run_observe(rig.run, NULL, count_rebalances, &rebalances);
  struct run_result result = rig_run(&rig, 0, 1);
  memcpy(out_metrics, result.metrics, METRIC__COUNT * sizeof *out_metrics);
  run_result_deinit(&result);
  rig_close(&rig);
  return rebalances - 1;
}

static const struct {
  const char *ids;
  int rebalances;
} deploys[] = {{"none", 2 * MEMBERS}, {"by-index", 0}};

START_TEST(a_rolling_deploy_rebalances_twice_a_member_and_static_ones_never) {
  int64_t metrics[METRIC__COUNT];
  ck_assert_int_eq(deploy(deploys[_i].ids, metrics), deploys[_i].rebalances);
  ck_assert_int_eq(metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("deploys");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_rolling_deploy_rebalances_twice_a_member_and_static_ones_never, 0, 2);
  return rig_main(suite_create("rolling deploy"), tests);
}
