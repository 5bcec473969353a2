/* Closed forms of retransmission, through the whole simulator from a scenario file. Fixed seeds, exact
 * intervals at alpha 1e-4; what must be zero is tested to be zero.
 *
 * Each attempt's request is lost with probability q, its answer with p, each alone; the sender repeats
 * until the first answer, or for A attempts. f = 1 - (1-q)(1-p).
 *   unlimited:  P(K copies = k) = p^(k-1) (1-p), whatever q is; nothing is lost.
 *   A attempts: never stored q^A; stored though reported as failed f^A - q^A.
 */
#include "tests/system/rig.h"

#include "sim/oracle/statistics.h"

#include <math.h>

#define ALPHA 1e-4
#define MESSAGES 20000

static void exchange(struct rig *rig, const char *system, double q, double p, const char *keys) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: closed-form\nworkload: {messages: %d, rate: 2000/s, keys: 1000}\n"
          "topology: {producers: 4, partitions: 4, consumers: 4}\nmeasure_capacity: false\n"
          "links:\n  producer_to_broker: {kind: per-request, request_loss: %g%%, reply_loss: %g%%}\n"
          "system: {name: %s, request.timeout.ms: 50, retry.backoff.ms: 10, batch.size: 1KiB%s}\n"
          "handler: transform\n",
          MESSAGES, q * 100, p * 100, system, keys);
  rig_load(rig, text.bytes);
}

static void check_share(const char *what, int64_t count, double expected) {
  struct estimate share = statistics_proportion((uint64_t)count, MESSAGES, ALPHA);
  ck_assert_msg(share.low <= expected && expected <= share.high,
                "%s: %lld of %d is [%.6f, %.6f], the formula says %.6f", what, (long long)count,
                MESSAGES, share.low, share.high, expected);
}

static const double losses[][2] = {{0, 0.1}, {0.05, 0.1}, {0.3, 0.1}, {0.05, 0.3}, {0.2, 0.02}};

START_TEST(copies_are_geometric_in_the_lost_answers_alone) {
  double q = losses[_i][0], p = losses[_i][1];
  struct rig rig;
  exchange(&rig, "at-least-once", q, p, "");
  struct run_result result = rig_run(&rig, 0, 1);
  const int64_t *metrics = result.metrics;
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
  ck_assert_int_eq(metrics[METRIC_OK], MESSAGES);
  check_share("any duplicate", metrics[METRIC_MANY], p);
  /* E[K - 1] = p / (1-p) with variance p / (1-p)^2. */
  double mean = (double)metrics[METRIC_REEXECUTIONS] / MESSAGES, expected = p / (1 - p);
  double z = (mean - expected) / sqrt(p / ((1 - p) * (1 - p)) / MESSAGES);
  ck_assert_msg(fabs(z) < 4, "mean of copies beyond the first %.5f, the formula says %.5f", mean,
                expected);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(after_so_many_attempts_the_sender_gives_up) {
  const double q = 0.3, p = 0.3, f = 1 - (1 - q) * (1 - p);
  char keys[32];
  snprintf(keys, sizeof keys, ", retries: %d", _i);
  int attempts = _i + 1;
  struct rig rig;
  exchange(&rig, "at-least-once", q, p, keys);
  struct run_result result = rig_run(&rig, 0, 1);
  const int64_t *metrics = result.metrics;
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
  check_share("reported as failed", metrics[METRIC_UNKNOWN], pow(f, attempts));
  check_share("never stored", metrics[METRIC_ABSENT_UNKNOWN], pow(q, attempts));
  check_share("stored though reported as failed",
              metrics[METRIC_UNKNOWN] - metrics[METRIC_ABSENT_UNKNOWN],
              pow(f, attempts) - pow(q, attempts));
  double copies = (double)metrics[METRIC_EFFECTS] / MESSAGES;
  double expected = (1 - q) * (1 - pow(f, attempts)) / (1 - f);
  ck_assert_msg(fabs(copies - expected) < 4 * sqrt(expected / MESSAGES),
                "%.5f copies, the formula says %.5f", copies, expected);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(fire_and_forget_loses_what_the_link_loses_and_doubles_nothing) {
  struct rig rig;
  exchange(&rig, "at-most-once", losses[_i][0], losses[_i][1], "");
  struct run_result result = rig_run(&rig, 0, 1);
  check_share("lost", result.metrics[METRIC_LOST_UNACKED], losses[_i][0]);
  ck_assert_int_eq(result.metrics[METRIC_LOST_ACKED], 0);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_EFFECTS], 0);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(with_broker_deduplication_there_is_one_copy) {
  struct rig rig;
  exchange(&rig, "kafka-idempotent", losses[_i][0], losses[_i][1], "");
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], MESSAGES);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/closed_forms");
  TCase *tests = tcase_create("retransmission");
  tcase_set_timeout(tests, 120);
  int cases = sizeof losses / sizeof *losses;
  tcase_add_loop_test(tests, copies_are_geometric_in_the_lost_answers_alone, 0, cases);
  tcase_add_loop_test(tests, after_so_many_attempts_the_sender_gives_up, 0, 4);
  tcase_add_loop_test(tests, fire_and_forget_loses_what_the_link_loses_and_doubles_nothing, 0, cases);
  tcase_add_loop_test(tests, with_broker_deduplication_there_is_one_copy, 0, cases);
  return rig_main(suite, tests);
}
