/* One long run tells its mean latency by itself: the intervals of batches, of sixty runs of a busy queue, hold the
 * mean of all of them about as often as they say. */
#include "sim/runner/intervals.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

static const char queue[] =
    "format: 1\nname: queue\nmeasure_capacity: false\nseeds: 60\nsystem: rabbitmq-auto-ack\n"
    "workload: {messages: 8000, rate: 300/s, keys: 1, service_time: exponential mean=1ms}\n"
    "topology: {producers: 1, brokers: 1, partitions: 1, consumers: 1}\n";

START_TEST(the_batches_of_one_run_hold_the_mean_of_all) {
  struct rig rig;
  rig_load(&rig, queue);
  const size_t seeds = rig.scenario.seed_count;
  struct run_result *results = calloc(seeds, sizeof *results);
  double sum = 0;
  size_t sound = 0, held = 0;
  for (size_t i = 0; i < seeds; i++) {
    run_execute(rig.run, rig.scenario.plans, 0, rig.scenario.seeds[i], NULL, "a test", &results[i]);
    sum += (double)results[i].metrics[METRIC_LATENCY_MEAN] / (double)seeds;
  }
  for (size_t i = 0; i < seeds; i++) {
    const struct campaign one = {
        .scenario = &rig.scenario, .seed_count = 1, .results = &results[i], .result_count = 1};
    const struct series_estimate series = intervals_latency(&one, 0);
    if (!series.sound) continue;
    sound++;
    held += series.estimate.low <= sum && sum <= series.estimate.high;
  }
  ck_assert_uint_ge(sound, 36);
  ck_assert_uint_ge(held, sound * 85 / 100);
  for (size_t i = 0; i < seeds; i++) run_result_deinit(&results[i]);
  free(results);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("batch_means");
  TCase *tcase = tcase_create("batch_means");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, the_batches_of_one_run_hold_the_mean_of_all);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
