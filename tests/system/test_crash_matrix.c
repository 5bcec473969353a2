/* The crash matrix of read-process-write on one cluster: the application dies at every step of a
 * transaction; what a reader of either isolation level sees after recovery. One operation, so that the
 * counts are exact.
 *
 *   step                                    durable then             read committed   read uncommitted
 *   polled, nothing sent                    nothing                  once             once
 *   some outputs sent                       an open transaction      once             twice
 *   offsets sent                            + pending offsets        once             twice
 *   end sent, not decided                   the same                 once             twice
 *   decided, its answer lost                the decision             once             once
 *   after the answer                        the decision             once             once
 *
 * And how long a reader stands still behind a transaction that nobody fences.
 */
#include "tests/system/rig.h"

#define KEYS "session.timeout.ms: 600, heartbeat.interval.ms: 100, max.poll.interval.ms: 900"

/* After the answer nothing is under way that the crash could hit: min_hits 0. */
static const struct {
  const char *step, *fault;
  int copies_read_uncommitted;
} steps[] = {
    {"polled", "{when: delivered, intent: 1, attempt: 1, kill: this, for: 100ms}", 1},
    {"handled", "{when: handled, intent: 1, attempt: 1, kill: this, for: 100ms}", 1},
    {"output lost with the client",
     "{when: before output-sent, intent: 1, attempt: 1, kill: this, for: 100ms}", 1},
    {"output sent", "{when: output-answer-received, intent: 1, attempt: 1, kill: this, for: 100ms}",
     2},
    {"before the offsets",
     "{when: before transaction-offsets-sent, intent: 1, attempt: 1, kill: this, for: 100ms}", 2},
    {"offsets sent", "{when: transaction-offsets-answer-received, nth: 1, kill: this, for: 100ms}",
     2},
    {"before the end", "{when: before ack-sent, intent: 1, attempt: 1, kill: this, for: 100ms}", 2},
    {"end not decided: the coordinator dies",
     "{when: ack-received, intent: 1, attempt: 1, kill: this, for: 100ms}, {when: ack-sent, "
     "intent: 1, attempt: 1, kill: this, for: 400ms}",
     2},
    {"decided, answer lost", "{when: ack-answer-sent, nth: 1, drop: this}", 1},
    {"decided, the client dies", "{when: ack-sent, intent: 1, attempt: 1, kill: this, for: 100ms}",
     1},
    {"after the answer", "{when: ack-answered, nth: 1, kill: this, for: 100ms, min_hits: 0}", 1},
};

static struct run_result crash(struct rig *rig, const char *keys, const char *fault,
                               const char *isolation) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: crash-matrix\nluck: none\nmeasure_capacity: false\n"
          "workload: {messages: 1, rate: 1/s, arrivals: steady}\n"
          "topology: {partitions: 1, consumers: 1}\n"
          "system: {name: kafka-transactional, isolation.level: %s, " KEYS "%s}\nfaults: [%s]\n",
          isolation, keys, fault);
  rig_load(rig, text.bytes);
  return rig_run(rig, 0, 1);
}

static void check(size_t step, int version, const char *isolation, int copies) {
  struct rig rig;
  char keys[64];
  snprintf(keys, sizeof keys, ", transaction.version: %d", version);
  struct run_result result = crash(&rig, keys, steps[step].fault, isolation);
  ck_assert_msg(result.drained, "%s, %s: stuck", steps[step].step, isolation);
  ck_assert_msg(result.metrics[METRIC_EFFECTS] == copies, "version %d, %s, %s: %lld copies, not %d",
                version, steps[step].step, isolation, (long long)result.metrics[METRIC_EFFECTS],
                copies);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  for (size_t i = 0; i < rig.scenario.plans[0].fault_count; i++)
    ck_assert_msg(result.fault_hits[i] >= rig.scenario.plans[0].faults[i].min_hits,
                  "%s: nobody died", steps[step].step);
  run_result_deinit(&result);
  rig_close(&rig);
}

START_TEST(wherever_the_application_dies_a_committed_reader_sees_the_result_once) {
  for (int version = 1; version <= 2; version++) {
    check((size_t)_i, version, "read_committed", 1);
    check((size_t)_i, version, "read_uncommitted", steps[_i].copies_read_uncommitted);
  }
}
END_TEST

/* Nobody fences: the next incarnation has another transactional id, and the partition stands still until
 * a sweep finds the transaction timed out: after timeout - age, and up to a sweep's interval more. */
static const struct {
  int timeout_ms, sweep_ms;
} stalls[] = {{2000, 10}, {2000, 1000}, {5000, 10}, {5000, 3000}};

START_TEST(an_open_transaction_that_nobody_fences_stalls_readers_until_its_timeout) {
  char keys[200];
  snprintf(keys, sizeof keys,
           ", transactional.id: per-process, transaction.timeout.ms: %d, "
           "transaction.abort.timed.out.transaction.cleanup.interval.ms: %d",
           stalls[_i].timeout_ms, stalls[_i].sweep_ms);
  struct rig rig;
  struct run_result result =
      crash(&rig, keys, "{when: before ack-sent, intent: 1, attempt: 1, kill: this, for: 100ms}",
            "read_committed");
  int64_t stalled_ms = result.metrics[METRIC_LATENCY_P50] / NS_PER_MS;
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 1);
  ck_assert_msg(stalled_ms >= stalls[_i].timeout_ms, "only %lld ms", (long long)stalled_ms);
  /* poll, processing, commit interval, one more transaction: well below 500 ms */
  ck_assert_msg(stalled_ms <= stalls[_i].timeout_ms + stalls[_i].sweep_ms + 500, "%lld ms",
                (long long)stalled_ms);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(the_next_incarnation_of_the_same_id_does_not_wait_for_the_timeout) {
  struct rig rig;
  struct run_result result =
      crash(&rig, "", "{when: before ack-sent, intent: 1, attempt: 1, kill: this, for: 100ms}",
            "read_committed");
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 1);
  ck_assert_int_lt(result.metrics[METRIC_LATENCY_P50] / NS_PER_MS, 2000);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/crash_matrix");
  TCase *tests = tcase_create("crashes");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, wherever_the_application_dies_a_committed_reader_sees_the_result_once,
                      0, sizeof steps / sizeof *steps);
  tcase_add_loop_test(tests,
                      an_open_transaction_that_nobody_fences_stalls_readers_until_its_timeout, 0,
                      sizeof stalls / sizeof *stalls);
  tcase_add_test(tests, the_next_incarnation_of_the_same_id_does_not_wait_for_the_timeout);
  return rig_main(suite, tests);
}
