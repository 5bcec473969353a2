/* What a log's broker makes of disks that lie and go: its output topic is judged. */
#include "tests/system/rig.h"

#define SEEDS 10

/* Lost and acknowledged, of 400 operations in one second, over all seeds. */
static int64_t lost_with(const char *faults) {
  struct rig_text text = {.length = 0};
  struct rig rig;
  int64_t lost = 0;
  rig_add(&text,
          "format: 1\nmeasure_capacity: false\nworkload: {messages: 400, rate: 400/s}\n"
          "topology: {brokers: 1, partitions: 2}\n"
          "system: {name: exactly-once, log_flush_interval: 50ms, commit_interval: 20ms, "
          "session.timeout.ms: 6000}\n"
          "faults:\n%s", faults);
  rig_load(&rig, text.bytes);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    const char *conservation = rig_conservation(&result);
    ck_assert_msg(result.drained && conservation[0] == '\0', "%s", conservation);
    for (size_t i = 0; i < rig.scenario.fault_count; i++) ck_assert_uint_gt(result.fault_hits[i], 0);
    lost += result.metrics[METRIC_LOST_ACKED];
    run_result_deinit(&result);
  }
  rig_close(&rig);
  return lost;
}

#define POWER "  - {at: 900ms, power_loss: broker.1, for: 20ms}\n"

/* What the operating system writes back to a disk that lies is no safer than before. */
START_TEST(a_log_on_a_disk_that_lies_loses_more_with_the_power) {
  int64_t plain = lost_with(POWER);
  int64_t lied = lost_with("  - {at: 300ms, fsync_lies: broker.1, for: 900ms}\n" POWER);
  int64_t early = lost_with("  - {at: 300ms, fsync_lies: broker.1, for: 300ms}\n" POWER);
  ck_assert_int_gt(lied, plain + SEEDS * 50); /* half a second of 400/s */
  ck_assert_int_lt(early, plain + SEEDS * 10); /* what is flushed later is safe */
}
END_TEST

START_TEST(a_log_whose_disk_is_gone_has_lost_everything) {
  int64_t plain = lost_with(POWER), gone = lost_with("  - {at: 900ms, disk_gone: broker.1, for: 20ms}\n");
  ck_assert_int_gt(gone, plain + SEEDS * 100);
  ck_assert_int_gt(gone, SEEDS * 300); /* what was acknowledged in the first 0.9 s */
}
END_TEST

/* The broker does not know any more that it had a batch: what is sent again is stored, not taken for known. */
START_TEST(what_went_with_a_disk_is_stored_when_it_is_sent_again) {
  struct rig rig;
  rig_load(&rig, "format: 1\nmeasure_capacity: false\nluck: none\n"
                 "workload: {messages: 3, rate: 1/s, arrivals: steady}\n"
                 "topology: {producers: 1, brokers: 1, partitions: 1, consumers: 1}\n"
                 "system: {name: kafka-idempotent, request.timeout.ms: 1s}\n"
                 "faults:\n"
                 "  - {name: slow, at: 500ms, pause: consumer.1, for: 2s}\n"
                 "  - {when: before publish-ack-sent, intent: 1, attempt: 1, disk_gone: this, for: 100ms}\n");
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_uint_gt(result.fault_hits[1], 0);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_OK], 3);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(a_flush_that_fails_stops_the_broker_and_loses_nothing) {
  ck_assert_int_eq(lost_with("  - {at: 300ms, fsync_fails: broker.1, for: 100ms}\n"), 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, a_log_on_a_disk_that_lies_loses_more_with_the_power);
  tcase_add_test(tests, a_log_whose_disk_is_gone_has_lost_everything);
  tcase_add_test(tests, what_went_with_a_disk_is_stored_when_it_is_sent_again);
  tcase_add_test(tests, a_flush_that_fails_stops_the_broker_and_loses_nothing);
  return rig_main(suite_create("disk faults"), tests);
}
