/* Many settings of the queues under random parts of all faults: nothing that was accepted is lost, and what
 * a dedup table or a FIFO queue promises holds. */
#include "tests/system/rig.h"

#define SEEDS 24

/* Short timeouts, so that each of them is met and missed. One producer, which is left in peace: an
 * operation that it does not know of, or another's, may come late. */
static const char text[] =
    "format: 1\nname: queues\nswarm: true\nmeasure_capacity: false\n"
    "workload: {messages: 200, rate: 100/s, keys: 12, service_time: mix 1ms=80% 300ms=20%}\n"
    "topology: {producers: 1, brokers: 2, consumers: 3, threads: 3}\n"
    "links: {producer_to_broker: {reply_loss: 1%}, consumer_to_broker: {loss: 1%}}\n"
    "compare:\n"
    "  - {label: standard, system: {name: sqs-standard, visibility_timeout: 1s, request_timeout: 500ms, "
    "wait_time: 1s, max_attempts: 100, retry_backoff_max: 1s, extend_visibility: 300ms, "
    "after_failure: make-visible, copy_redelivery: 5%, copy_redelivery_after: 500ms, "
    "in_flight_limit: 20, delay: 50ms}, handler: dedup-table}\n"
    "  - {label: short polls, system: {name: sqs-standard, visibility_timeout: 1s, "
    "request_timeout: 500ms, max_attempts: 100, retry_backoff_max: 1s, wait_time: 0s, "
    "max_receive_count: 3, redrive_at: 6s, old_receipts: ignore}, handler: naive}\n"
    "  - {label: fifo, system: {name: sqs-fifo, visibility_timeout: 1s, request_timeout: 500ms, "
    "wait_time: 1s, max_attempts: 100, retry_backoff_max: 1s, extend_visibility: 300ms, "
    "in_flight_limit: 20, delay: 50ms}, handler: dedup-table}\n"
    "  - {label: fifo naive, system: {name: sqs-fifo, visibility_timeout: 1s, request_timeout: 500ms, "
    "max_attempts: 100, retry_backoff_max: 1s, after_failure: make-visible, receive_attempt_id: false}, "
    "handler: naive}\n"
    "  - {label: fifo with dead letters, system: {name: sqs-fifo, visibility_timeout: 1s, "
    "request_timeout: 500ms, max_attempts: 100, retry_backoff_max: 1s, max_receive_count: 3, "
    "redrive_at: 6s, deduplication_interval: 1s, retention: 60s}, handler: dedup-table}\n"
    "faults:\n"
    "  - {every: exponential mean=700ms, kill: consumer.any, for: 300ms}\n"
    "  - {every: exponential mean=2s, kill: broker.1, for: 700ms}\n"
    "  - {every: exponential mean=2s, power_loss: broker.1, for: 300ms}\n"
    "  - {every: exponential mean=2s, kill: database.1, for: 700ms}\n"
    "  - {every: exponential mean=2s, terminate: consumer.any, grace: 200ms}\n"
    "  - {at: 1s, deploy: consumer.all, grace: 500ms}\n"
    "  - {every: exponential mean=1s, pause: consumer.any, for: 1500ms}\n"
    "  - {every: exponential mean=3s, pause: broker.1, for: 1500ms}\n"
    "  - {every: exponential mean=2s, partition: consumer.any, direction: in, for: 1s}\n"
    "  - {every: exponential mean=2s, reset: consumer.any_to_database}\n"
    "  - {when: delivery-sent, intent: 40, delay: this, for: 3s}\n"
    "  - {when: ack-sent, intent: 50, duplicate: this}\n";

enum { ROW_STANDARD, ROW_SHORT_POLLS, ROW_FIFO, ROW_FIFO_NAIVE, ROW_FIFO_DEAD_LETTERS };

static const struct promise {
  size_t row;
  enum metric metric; /* is 0 */
} promises[] = {
    {ROW_STANDARD, METRIC_LOST},        {ROW_STANDARD, METRIC_DUPLICATE_EFFECTS},
    {ROW_SHORT_POLLS, METRIC_LOST},     {ROW_FIFO, METRIC_LOST},
    {ROW_FIFO, METRIC_REORDERED},       {ROW_FIFO, METRIC_DUPLICATE_EFFECTS},
    {ROW_FIFO_NAIVE, METRIC_LOST},      {ROW_FIFO_NAIVE, METRIC_REORDERED},
    {ROW_FIFO_DEAD_LETTERS, METRIC_LOST}, {ROW_FIFO_DEAD_LETTERS, METRIC_DUPLICATE_EFFECTS},
};

START_TEST(queues_keep_their_promises_whatever_happens) {
  struct rig rig;
  rig_load(&rig, text);
  uint64_t seed = (uint64_t)_i + 1;
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    struct run_result result = rig_run(&rig, row, seed);
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %zu, seed %llu: %s", row, (unsigned long long)seed, wrong);
    ck_assert_msg(result.drained, "row %zu, seed %llu is stuck", row, (unsigned long long)seed);
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
      int64_t found = result.metrics[promises[i].metric];
      ck_assert_msg(promises[i].row != row || found == 0, "row %zu, seed %llu: %s = %lld", row,
                    (unsigned long long)seed, metric_rows[promises[i].metric].name, (long long)found);
    }
    run_result_deinit(&result);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, queues_keep_their_promises_whatever_happens, 0, SEEDS);
  return rig_main(suite_create("swarm of queues"), tests);
}
