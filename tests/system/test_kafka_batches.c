/* When a producer's batch leaves: when it is full, or when linger.ms is over, whichever is first. */
#include "tests/system/rig.h"

enum { MESSAGES = 10 };

/* Ten operations of 100 B, one each 10 ms, to one partition. */
static struct run_result run(const char *keys) {
  struct rig rig;
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: batches\nluck: none\nmeasure_capacity: false\n"
          "workload: {messages: %d, rate: 100/s, arrivals: steady, keys: 1, size: 100B}\n"
          "topology: {producers: 1, brokers: 1, partitions: 1, consumers: 1}\n"
          "system: {name: at-least-once, %s}\n", MESSAGES, keys);
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], MESSAGES);
  rig_close(&rig);
  return result;
}

static const struct {
  const char *keys;
  int64_t longest_ms, shortest_ms; /* that the slowest has to wait for its effect */
} rows[] = {
    {"linger.ms: 5000, batch.size: 200B", 1000, 0},
    {"linger.ms: 5000, batch.size: 1000B", 1000, 0},
    {"linger.ms: 5000, batch.size: 50B", 1000, 0}, /* what is larger than a batch goes alone */
    {"linger.ms: 5000, batch.size: 16KiB", 6000, 5000},
    {"linger.ms: 0, batch.size: 16KiB", 1000, 0},
};

START_TEST(a_batch_leaves_when_it_is_full_or_old_enough) {
  struct run_result result = run(rows[_i].keys);
  const int64_t *metrics = result.metrics;
  ck_assert_int_le(metrics[METRIC_LATENCY_P999], rows[_i].longest_ms * NS_PER_MS);
  ck_assert_int_ge(metrics[METRIC_LATENCY_P999], rows[_i].shortest_ms * NS_PER_MS);
  run_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_batch_leaves_when_it_is_full_or_old_enough, 0, sizeof rows / sizeof *rows);
  return rig_main(suite_create("kafka batches"), tests);
}
