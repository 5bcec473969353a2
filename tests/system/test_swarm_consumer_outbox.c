/* Consumers with an outbox, under random parts of all faults: what they commit is published, what is published
 * is committed, and nothing gets lost; an event may be out twice. A dual write only has to end. */
#include "tests/system/rig.h"

#define SEEDS 24

static const char text[] =
    "format: 1\nname: outboxes-of-consumers\nswarm: true\nmeasure_capacity: false\n"
    "workload: {messages: 150, rate: 100/s, keys: 12, service_time: mix 1ms=80% 100ms=20%}\n"
    "topology: {producers: 2, brokers: 3, consumers: 2, relays: 2}\n"
    "handler: outbox\ndatabase: {socket_timeout: 500ms, idle_in_transaction_session_timeout: 1s}\n"
    "compare:\n"
    "  - {label: log, system: {name: kafka-acks-all, session.timeout.ms: 6s}, publisher: {name: consumer-outbox, "
    "poll_every: 20ms, batch: 7}}\n"
    "  - {label: replicas, system: {name: kafka-idempotent, session.timeout.ms: 6s, replication.factor: 3, "
    "min.insync.replicas: 2}, publisher: {name: consumer-outbox, poll_every: 20ms, lock: skip-locked, cleanup: delete, "
    "retention: 100ms, cleanup_every: 100ms}}\n"
    "  - {label: transactional, system: {name: kafka-transactional, session.timeout.ms: 6s}, publisher: "
    "{name: consumer-outbox, poll_every: 20ms}}\n"
    "  - {label: dual write, system: {name: kafka-idempotent, session.timeout.ms: 6s}, handler: "
    "{name: apply-then-publish, order: publish-first}}\n"
    "faults:\n"
    "  - {every: exponential mean=300ms, kill: consumer.any, for: 300ms}\n"
    "  - {every: exponential mean=300ms, kill: relay.any, for: 100ms}\n"
    "  - {every: exponential mean=700ms, kill: database.1, for: 200ms}\n"
    "  - {every: exponential mean=1s, power_loss: database.1, for: 200ms}\n"
    "  - {every: exponential mean=1s, kill: broker.any, for: 300ms}\n"
    "  - {every: exponential mean=1s, terminate: relay.any, grace: 50ms}\n"
    "  - {at: 500ms, deploy: consumer.all, grace: 100ms}\n"
    "  - {every: exponential mean=500ms, pause: relay.any, for: 1500ms}\n"
    "  - {every: exponential mean=1s, pause: database.1, for: 700ms}\n"
    "  - {every: exponential mean=1s, partition: relay.any, from: database.1, direction: in, for: 1s}\n"
    "  - {every: exponential mean=1s, partition: relay.any, from: broker.all, for: 1s}\n"
    "  - {every: exponential mean=300ms, reset: relay.any_to_database}\n"
    "  - {every: exponential mean=300ms, reset: consumer.any_to_database}\n"
    "  - {every: exponential mean=500ms, reset: relay.any_to_broker}\n";

enum { ROW_LOG, ROW_REPLICAS, ROW_TRANSACTIONAL, ROW_DUAL_WRITE };

START_TEST(outboxes_of_consumers_keep_their_promises_whatever_happens) {
  static const enum metric promised[] = {METRIC_LOST, METRIC_STORE_DISAGREEMENTS, METRIC_PHANTOMS};
  struct rig rig;
  rig_load(&rig, text);
  uint64_t seed = (uint64_t)_i + 1;
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    struct run_result result = rig_run(&rig, row, seed);
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %zu, seed %llu: %s", row, (unsigned long long)seed, wrong);
    ck_assert_msg(result.drained, "row %zu, seed %llu is stuck", row, (unsigned long long)seed);
    for (size_t i = 0; i < sizeof promised / sizeof *promised && row < ROW_DUAL_WRITE; i++)
      ck_assert_msg(result.metrics[promised[i]] == 0, "row %zu, seed %llu: %s = %lld", row,
                    (unsigned long long)seed, metric_rows[promised[i]].name,
                    (long long)result.metrics[promised[i]]);
    run_result_deinit(&result);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, outboxes_of_consumers_keep_their_promises_whatever_happens, 0, SEEDS);
  return rig_main(suite_create("swarm of consumers' outboxes"), tests);
}
