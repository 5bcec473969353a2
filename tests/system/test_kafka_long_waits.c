/* What Kafka keeps for long: results of a commit that is far away, and a transactional id that nobody uses. */
#include "sim/world/fact.h"
#include "tests/system/rig.h"

static unsigned refused; /* requests of who is fenced, or unknown */
static void count_refused(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  (void)context, (void)first;
  for (size_t i = 0; i < count; i++) refused += records[i].kind == FACT_FENCED;
}

static struct run_result run_one(const char *text) {
  struct rig rig;
  rig_load(&rig, text);
  run_observe(rig.run, NULL, count_refused, NULL);
  const struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_str_eq(rig_conservation(&result), "");
  rig_close(&rig);
  return result;
}

/* A thousand results leave before their offsets are committed; of two thousand handled records the newest of each
 * partition says all. */
START_TEST(a_commit_that_is_far_away_holds_back_no_result) {
  static const char *const handlers[] = {"transform", "naive"};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: far\nmeasure_capacity: false\nluck: none\nworkload: {messages: 4000, rate: 20000/s}\n"
          "system: {name: kafka-idempotent, max.poll.records: 500, commit_interval: 60s}\nhandler: %s\n",
          handlers[_i]);
  struct run_result result = run_one(text.bytes);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 4000);
  ck_assert_int_eq(result.metrics[METRIC_DELIVERED], 4000);
  ck_assert_int_lt(result.metrics[METRIC_LATENCY_P50], 10 * NS_PER_S); /* the last results do wait for it */
  run_result_deinit(&result);
}
END_TEST

/* After 90 minutes a sweep, once an hour, forgets the id; who uses it again is refused, and begins anew. */
START_TEST(an_unused_transactional_id_is_forgotten_by_a_sweep) {
  static const struct {
    const char *again;
    bool forgotten;
  } rows[] = {{"80min", false}, {"100min", false}, {"130min", true}, {"20h", true}};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: unused\nmeasure_capacity: false\nluck: none\n"
          "workload: {intents: [{at: 10ms, key: 1}, {at: %s, key: 1}]}\ntopology: {consumers: 1}\n"
          "system: {name: kafka-transactional, transactional.id.expiration.ms: 5400000}\nhandler: transform\n",
          rows[_i].again);
  struct run_result result = run_one(text.bytes);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 2);
  ck_assert_int_eq(refused > 0, rows[_i].forgotten);
  run_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_commit_that_is_far_away_holds_back_no_result, 0, 2);
  tcase_add_loop_test(tests, an_unused_transactional_id_is_forgotten_by_a_sweep, 0, 4);
  return rig_main(suite_create("system/kafka_long_waits"), tests);
}
