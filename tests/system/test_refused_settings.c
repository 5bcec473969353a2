/* Settings that a system cannot have together are refused with what is wrong, as the real one does or would. */
#include "tests/run_suite.h"
#include "tests/system/rig.h"

static const struct {
  const char *text, *message;
  enum err_code code;
} rows[] = {
    {"system: {name: kafka-idempotent, acks: 1}\n", "enable.idempotence needs acks: all", ERR_CONFLICT},
    {"system: {name: kafka-idempotent, max.in.flight.requests.per.connection: 6}\n",
     "enable.idempotence needs max.in.flight.requests.per.connection of at most 5", ERR_CONFLICT},
    {"system: {name: kafka-idempotent, retries: 0}\n", "enable.idempotence needs retries above 0", ERR_CONFLICT},
    {"system: {name: kafka-transactional, transaction.timeout.ms: 1000000}\n",
     "transaction.timeout.ms is above transaction.max.timeout.ms", ERR_CONFLICT},
    {"system: {name: kafka-transactional, transaction.timeout.ms: 2s, commit_interval: 2001ms}\n",
     "transaction.timeout.ms is below commit_interval", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, heartbeat.interval.ms: 45000}\n",
     "heartbeat.interval.ms must be below session.timeout.ms", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, retry.backoff.ms: 1001}\n", "retry.backoff.ms is above retry.backoff.max.ms",
     ERR_CONFLICT},
    {"system: {name: kafka-acks-1, delivery.timeout.ms: 30000, linger.ms: 1}\n",
     "delivery.timeout.ms must be at least linger.ms + request.timeout.ms", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, processing: handed-off, commit: before-processing}\n",
     "processing: handed-off needs commit: auto or after-processing", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, processing: handed-off, commit_call: sync}\n",
     "processing: handed-off and commit_call: sync exclude each other", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, commit: auto, commit_call: sync}\n",
     "commit_call needs commit: after-processing", ERR_CONFLICT},
    {"system: {name: kafka-acks-1, commit: auto, commit_on_revoke: false}\n",
     "commit_on_revoke: false needs commit: after-processing", ERR_CONFLICT},
    {"system: kafka-transactional\ngroups: {one: {}, two: {}}\n",
     "commit: in-transaction and 'groups' exclude each other", ERR_CONFLICT},
    {"system: kafka-acks-all\ngroups: {one: {}, two: {handler: transform}}\n",
     "handler 'transform' of group 'two' has no database", ERR_CONFLICT},
    {"system: kafka-acks-all\ntopology: {partitions: 1001}\n",
     "a topic of the kafka systems has at most 1000 partitions, not 1001", ERR_LIMIT},
    {"system: {name: kafka-acks-all, replication.factor: 3}\ntopology: {brokers: 2}\n",
     "replication.factor is 3, but there are 2 brokers", ERR_CONFLICT},
    {"system: {name: kafka-acks-all, replication.factor: 3}\ntopology: {brokers: 3, partitions: 251}\n",
     "replicated topics have at most 250 partitions, not 251", ERR_LIMIT},
    {"system: {name: kafka-acks-all, broker.heartbeat.interval.ms: 9000}\n",
     "broker.heartbeat.interval.ms must be below broker.session.timeout.ms", ERR_CONFLICT},
    {"system: {name: rabbitmq-quorum, durable: false}\n", "a quorum queue is always durable", ERR_CONFLICT},
    {"system: {name: rabbitmq-quorum, prefetch: 2001}\n", "prefetch of a quorum queue is at most 2000", ERR_CONFLICT},
    {"system: {name: rabbitmq-confirms, prefetch: 9, ack_batch: 10}\n", "ack_batch is above prefetch", ERR_CONFLICT},
    {"system: {name: sqs-standard, redrive_at: 1s}\n", "redrive_at needs a dead-letter queue", ERR_CONFLICT},
    {"system: sqs-standard\nhandler: charge\npublisher: dual-write\nworkload: {operation: charge}\n",
     "operation 'charge' is done in an external provider, and publisher 'dual-write' of row 'sqs-standard' does "
     "what it publishes in its own database", ERR_CONFLICT},
};
#define ROWS ((int)(sizeof rows / sizeof *rows))

START_TEST(settings_that_exclude_each_other_are_refused) {
  static char text[400];
  snprintf(text, sizeof text, "format: 1\n%s", rows[_i].text);
  const struct registry registry = rig_registry();
  struct err err = {.code = ERR_NONE};
  struct scenario loaded;
  ck_assert_msg(!scenario_load_text("a test.yaml", text, strlen(text), false, &registry, &loaded, &err), "%s", text);
  ck_assert_str_eq(err.message, rows[_i].message);
  ck_assert_int_eq(err.code, rows[_i].code);
}
END_TEST

/* The other side: each row's setting alone, at the last value that is allowed. */
START_TEST(last_values_that_are_allowed_are_taken) {
  static const char *const texts[] = {
      "system: {name: kafka-idempotent, max.in.flight.requests.per.connection: 5, retries: 1}\n",
      "system: {name: kafka-acks-1, heartbeat.interval.ms: 44999, retry.backoff.ms: 1000}\n",
      "system: {name: kafka-transactional, transaction.timeout.ms: 2s, commit_interval: 2s}\n",
      "system: {name: kafka-acks-all, transaction.timeout.ms: 2s, commit_interval: 2001ms}\n", /* without transactions */
      "system: {name: kafka-acks-1, delivery.timeout.ms: 30001, linger.ms: 1}\n",
      "system: {name: kafka-acks-all, broker.heartbeat.interval.ms: 8999}\ntopology: {partitions: 1000}\n",
      "system: {name: kafka-acks-all, replication.factor: 3}\ntopology: {brokers: 3, partitions: 250}\n",
      "system: {name: rabbitmq-quorum, prefetch: 2000}\n",
      "system: {name: rabbitmq-confirms, prefetch: 10, ack_batch: 10}\n",
      "system: {name: sqs-standard, redrive_at: 1s, max_receive_count: 1}\n",
      "system: sqs-standard\nhandler: charge\npublisher: direct\nworkload: {operation: charge}\n",
      "system: sqs-standard\nhandler: charge\npublisher: dual-write\nworkload: {operation: increment}\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    static char text[400];
    snprintf(text, sizeof text, "format: 1\n%s", texts[i]);
    struct rig rig;
    rig_load(&rig, text);
    rig_close(&rig);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("refused settings");
  TCase *tcase = tcase_create("all");
  tcase_add_loop_test(tcase, settings_that_exclude_each_other_are_refused, 0, ROWS);
  tcase_add_test(tcase, last_values_that_are_allowed_are_taken);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
