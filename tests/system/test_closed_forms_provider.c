/* A closed form of asking an external provider again, through the whole simulator. Fixed seeds, exact
 * intervals at alpha 1e-4; what must be zero is tested to be zero.
 *
 * Each request is lost with probability q, its answer with p, each alone; the caller asks again until it
 * knows. Of K requests that arrive P(K = k) = p^(k-1) (1-p), whatever q is. Without a key each is a charge.
 * With one the first is, and the others get its result: K - 1 replays. */
#include "tests/system/rig.h"

#include "sim/oracle/statistics.h"

#include <math.h>

#define ALPHA 1e-4
#define MESSAGES 20000

static void exchange(struct rig *rig, double q, double p, const char *rest) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: closed-form\nmeasure_capacity: false\n"
          "workload: {messages: %d, rate: 500/s, keys: 1000, operation: charge}\n"
          "topology: {consumers: 4, threads: 50}\n"
          "links:\n  consumer_to_provider: {latency: 1ms, request_loss: %g%%, reply_loss: %g%%}\n"
          "system: {name: sqs-standard, visibility_timeout: 10min, after_failure: make-visible}\n%s",
          MESSAGES, q * 100, p * 100, rest);
  rig_load(rig, text.bytes);
}

static void check_mean(const char *what, int64_t count, double p) {
  double mean = (double)count / MESSAGES, expected = p / (1 - p);
  double z = (mean - expected) / sqrt(p / ((1 - p) * (1 - p)) / MESSAGES);
  ck_assert_msg(fabs(z) < 4, "%s: %.5f an operation, the formula says %.5f", what, mean, expected);
}

static const double losses[][2] = {{0, 0.1}, {0.05, 0.1}, {0.3, 0.1}, {0.05, 0.3}, {0.2, 0.02}};

START_TEST(charges_without_a_key_are_geometric_in_the_lost_answers_alone) {
  double q = losses[_i][0], p = losses[_i][1];
  struct rig rig;
  exchange(&rig, q, p, "handler: charge\nprovider: {name: plain, timeout: 50ms, service_time: 5ms}\n");
  struct run_result result = rig_run(&rig, 0, 1);
  const int64_t *metrics = result.metrics;
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
  struct estimate share = statistics_proportion((uint64_t)metrics[METRIC_MANY], MESSAGES, ALPHA);
  ck_assert_msg(share.low <= p && p <= share.high, "charged twice: [%.6f, %.6f], the formula says %.6f",
                share.low, share.high, p);
  check_mean("charges beyond the first", metrics[METRIC_REEXECUTIONS], p);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(with_a_key_they_are_replays) {
  double q = losses[_i][0], p = losses[_i][1];
  struct rig rig;
  exchange(&rig, q, p, "handler: {name: charge-with-key, backoff: 10ms}\n"
                       "provider: {name: keyed, timeout: 50ms, service_time: 5ms}\n");
  struct run_result result = rig_run(&rig, 0, 1);
  const int64_t *metrics = result.metrics;
  ck_assert_int_eq(metrics[METRIC_ONCE], MESSAGES);
  ck_assert_int_eq(metrics[METRIC_KEY_CONFLICTS], 0);
  check_mean("saved results", metrics[METRIC_REPLAYS], p);
  run_result_deinit(&result);
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
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, charges_without_a_key_are_geometric_in_the_lost_answers_alone, 0,
                      sizeof losses / sizeof *losses);
  tcase_add_loop_test(tests, with_a_key_they_are_replays, 0, sizeof losses / sizeof *losses);
  tcase_add_test(tests, keys_of_groups_are_apart);
  return rig_main(suite_create("system/closed-forms-provider"), tests);
}
