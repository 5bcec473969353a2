/* Publishers under random parts of all faults: with an outbox, what is committed arrives, what arrives is
 * committed, and nothing is done twice by who remembers. A dual write only has to end. */
#include "tests/system/rig.h"

#define SEEDS 24

/* One seed in a run per row; clients submit again what was refused, so that rows are met twice. */
#define WORLD                                                                                      \
  "format: 1\nname: outboxes\nswarm: true\nmeasure_capacity: false\n"                               \
  "workload: {messages: 150, rate: 100/s, keys: 12, service_time: mix 1ms=80% 100ms=20%}\n"        \
  "topology: {producers: 2, brokers: 1, consumers: 2, relays: 2}\n"                               \
  "client: retrying\nhandler: dedup-table\n"                                                      \
  "database: {socket_timeout: 500ms, idle_in_transaction_session_timeout: 1s}\n"
#define FAULTS                                                                                     \
  "faults:\n"                                                                                      \
  "  - {every: exponential mean=400ms, kill: producer.any, for: 100ms}\n"                          \
  "  - {every: exponential mean=300ms, kill: relay.any, for: 100ms}\n"                             \
  "  - {every: exponential mean=700ms, kill: producer_database.1, for: 200ms}\n"                   \
  "  - {every: exponential mean=1s, power_loss: producer_database.1, for: 200ms}\n"                \
  "  - {every: exponential mean=1s, kill: broker.1, for: 300ms}\n"                                 \
  "  - {every: exponential mean=1s, kill: consumer.any, for: 300ms}\n"                             \
  "  - {every: exponential mean=1s, terminate: relay.any, grace: 50ms}\n"                          \
  "  - {at: 500ms, deploy: producer.all, grace: 100ms}\n"                                          \
  "  - {every: exponential mean=500ms, pause: relay.any, for: 1500ms}\n"                           \
  "  - {every: exponential mean=1s, pause: producer_database.1, for: 700ms}\n"                     \
  "  - {every: exponential mean=1s, pause: producer.any, for: 700ms}\n"                            \
  "  - {every: exponential mean=1s, partition: relay.any, from: producer_database.1, direction: in, for: 1s}\n" \
  "  - {every: exponential mean=1s, partition: relay.any, from: broker.all, for: 1s}\n"            \
  "  - {every: exponential mean=300ms, reset: relay.any_to_database}\n"                            \
  "  - {every: exponential mean=300ms, reset: producer.any_to_database}\n"                         \
  "  - {every: exponential mean=500ms, reset: relay.any_to_broker}\n"

static const char polls[] =
    WORLD
    "compare:\n"
    "  - {label: log, system: {name: kafka-acks-all, session.timeout.ms: 6s}, publisher: {name: outbox-polling, "
    "poll_every: 20ms, batch: 7}}\n"
    "  - {label: queue, system: {name: sqs-standard, visibility_timeout: 1s, request_timeout: 500ms}, publisher: "
    "{name: outbox-polling, poll_every: 50ms, lock: skip-locked, cleanup: delete, retention: 100ms, cleanup_every: 100ms}}\n"
    "  - {label: amqp, system: rabbitmq-confirms, publisher: {name: outbox-polling, poll_every: 20ms, "
    "cleanup: drop-partitions, retention: 200ms, cleanup_every: 50ms}}\n"
    "  - {label: by id, system: {name: kafka-idempotent, session.timeout.ms: 6s}, publisher: {name: outbox-polling, "
    "poll_every: 10ms, cursor: id, mark: before-publish, cleanup: archive, retention: 50ms, cleanup_every: 50ms, "
    "unpublished_too: true}}\n"
    "  - {label: dual write, system: sqs-fifo, publisher: {name: dual-write, order: publish-first}}\n"
    FAULTS;

enum { ROW_LOG, ROW_QUEUE, ROW_AMQP, ROW_BY_ID, ROW_DUAL_WRITE };

/* Slots are lost, too; who reads the table then keeps all promises. */
static const char logs[] =
    WORLD
    "compare:\n"
    "  - {label: log, system: {name: kafka-idempotent, session.timeout.ms: 6s}, publisher: {name: outbox-cdc, "
    "offset.flush.interval.ms: 100, retriable.restart.connector.wait.ms: 50, max.batch.size: 7, "
    "snapshot.mode: when_needed}}\n"
    "  - {label: queue, system: {name: sqs-standard, visibility_timeout: 1s, request_timeout: 500ms}, publisher: "
    "{name: outbox-cdc, offset.flush.interval.ms: 700, retriable.restart.connector.wait.ms: 100, "
    "snapshot.mode: when_needed}}\n"
    "  - {label: amqp, system: rabbitmq-confirms, publisher: {name: outbox-cdc, offset.flush.interval.ms: 50, "
    "retriable.restart.connector.wait.ms: 20, max.batch.size: 1, snapshot.mode: when_needed}}\n"
    "  - {label: gaps, system: {name: kafka-acks-all, session.timeout.ms: 6s}, publisher: {name: outbox-cdc, "
    "cleanup: delete, retention: 100ms, cleanup_every: 100ms}}\n"
    FAULTS
    "  - {every: exponential mean=500ms, lose_slot: producer_database.1}\n"
    "  - {every: exponential mean=900ms, failover: producer_database.1, election: clean}\n";

static void keep_their_promises(const char *text, uint64_t seed) {
  static const enum metric promised[] = {METRIC_LOST, METRIC_DUPLICATE_EFFECTS, METRIC_STORE_DISAGREEMENTS,
                                         METRIC_PHANTOMS, METRIC_STATE_ERRORS};
  struct rig rig;
  rig_load(&rig, text);
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    struct run_result result = rig_run(&rig, row, seed);
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %zu, seed %llu: %s", row, (unsigned long long)seed, wrong);
    ck_assert_msg(result.drained, "row %zu, seed %llu is stuck", row, (unsigned long long)seed);
    for (size_t i = 0; i < sizeof promised / sizeof *promised && row <= ROW_AMQP; i++)
      ck_assert_msg(result.metrics[promised[i]] == 0, "row %zu, seed %llu: %s = %lld", row,
                    (unsigned long long)seed, metric_rows[promised[i]].name,
                    (long long)result.metrics[promised[i]]);
    run_result_deinit(&result);
  }
  rig_close(&rig);
}

START_TEST(outboxes_that_are_polled_keep_their_promises_whatever_happens) {
  keep_their_promises(polls, (uint64_t)_i + 1);
}
END_TEST

START_TEST(outboxes_whose_log_is_read_keep_their_promises_whatever_happens) {
  keep_their_promises(logs, (uint64_t)_i + 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, outboxes_that_are_polled_keep_their_promises_whatever_happens, 0, SEEDS);
  tcase_add_loop_test(tests, outboxes_whose_log_is_read_keep_their_promises_whatever_happens, 0, SEEDS);
  return rig_main(suite_create("swarm of outboxes"), tests);
}
