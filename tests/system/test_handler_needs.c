/* What handlers ask of a system: what it says of a message, its client's key, an early acknowledgement. */
#include "tests/system/rig.h"

static struct run_result play(const char *text) {
  struct rig rig;
  rig_load(&rig, text);
  struct run_result result = rig_run(&rig, 0, 1);
  const char *wrong = rig_conservation(&result);
  ck_assert_str_eq(wrong, "");
  rig_close(&rig);
  return result;
}

START_TEST(handler_is_refused_where_its_system_does_not_say_what_it_needs) {
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"system: sqs-standard\nhandler: offsets-in-database\n",
       "handler 'offsets-in-database' goes by offsets, and 'sqs-standard' has none"},
      {"system: rabbitmq-quorum\nhandler: fencing-token\n",
       "handler 'fencing-token' goes by a fencing token, and 'rabbitmq-quorum' gives none"},
      {"system: kafka-idempotent\nhandler: offsets-in-database\ntopology: {threads: 2}\n",
       "handler 'offsets-in-database' takes the records of a partition one after the other, and there are 2 "
       "threads"},
      {"system: rabbitmq-confirms\nhandler: transform\n",
       "handler 'transform' publishes its result, and 'rabbitmq-confirms' has no topic for it"},
      {"system: kafka-acks-all\ngroups: {one: {}, two: {handler: offsets-in-database}}\ntopology: {threads: 3}\n",
       "handler 'offsets-in-database' takes the records of a partition one after the other, and there are 3 "
       "threads"},
      {"system: sqs-standard\nhandler: outbox\npublisher: consumer-outbox\n",
       "handler 'outbox' has events to publish, and 'sqs-standard' has no topic for them"},
      {"system: kafka-idempotent\nhandler: outbox\n", "nobody publishes what handler 'outbox' writes into its outbox"},
      {"system: kafka-idempotent\nhandler: outbox\npublisher: outbox-polling\n",
       "nobody publishes what handler 'outbox' writes into its outbox"},
      {"system: kafka-idempotent\nhandler: dedup-table\npublisher: consumer-outbox\n",
       "publisher 'consumer-outbox' reads an outbox, and handler 'dedup-table' writes into none"},
      {"system: kafka-idempotent\nhandler: apply-then-publish\npublisher: outbox-polling\n",
       "handler 'apply-then-publish' and publisher 'outbox-polling' both have a database that says what is committed"},
      {"system: kafka-idempotent\ngroups: {one: {}, two: {handler: apply-then-publish}}\n",
       "handler 'apply-then-publish' publishes to the one output topic: it cannot be a group's of several"},
  };
  static char text[400];
  snprintf(text, sizeof text, "format: 1\n%s", rows[_i].text);
  const struct registry registry = rig_registry();
  struct err err = {.code = ERR_NONE};
  struct scenario loaded;
  ck_assert(!scenario_load_text("a test.yaml", text, strlen(text), false, &registry, &loaded, &err));
  ck_assert_int_eq(err.code, ERR_CONFLICT);
  ck_assert_str_eq(err.message, rows[_i].message);
}
END_TEST

/* Which attempt a copy is travels with it through each broker, its replicas and its redeliveries. */
static const char *const brokers[] = {
    "{name: sqs-standard}",
    "{name: kafka-acks-all}",
    "{name: kafka-idempotent}",
    "{name: kafka-acks-all, replication.factor: 3, min.insync.replicas: 2}",
    "{name: rabbitmq-confirms}",
    "{name: rabbitmq-quorum}",
};
#define BROKERS ((int)(sizeof brokers / sizeof *brokers))

START_TEST(attempt_travels_with_its_copy) {
  static const char *const policies[] = {"per-request", "per-message"};
  for (int policy = 0; policy < 2; policy++) {
    static char text[900];
    snprintf(text, sizeof text,
             "format: 1\nluck: none\nworkload: {messages: 1, rate: 1/s}\n"
             "topology: {brokers: 3, producers: 2, consumers: 1}\nhandler: dedup-table\nsystem: %s\n"
             "client: {name: retrying, timeout: 300ms, resubmit_unknown: true, attempts: 2, key: %s}\n"
             "faults:\n  - {at: 500ms, partition: broker.all, from: producer.all, direction: out, for: 1s}\n",
             brokers[_i], policies[policy]);
    struct run_result result = play(text);
    ck_assert_msg(result.metrics[METRIC_DUPLICATE_DELIVERIES] > 0, "%s: nothing came twice", brokers[_i]);
    ck_assert_msg(result.metrics[METRIC_DUPLICATE_EFFECTS] == policy, "%s, %s: %lld duplicate effects",
                  brokers[_i], policies[policy], (long long)result.metrics[METRIC_DUPLICATE_EFFECTS]);
    run_result_deinit(&result);
  }
}
END_TEST

/* The work takes 2 s, in the middle of which its consumer dies. */
START_TEST(early_acknowledgement_loses_what_is_at_work) {
  static const char *const handlers[] = {"naive", "commit-first"};
  for (int handler = 0; handler < 2; handler++) {
    static char text[900];
    snprintf(text, sizeof text,
             "format: 1\nluck: none\nworkload: {messages: 1, rate: 1/s, service_time: 2s}\n"
             "topology: {brokers: 3, consumers: 1}\nsystem: %s\nhandler: %s\n"
             "faults:\n  - {at: 2s, kill: consumer.1, for: 100ms}\n",
             brokers[_i], handlers[handler]);
    struct run_result result = play(text);
    ck_assert_msg(result.metrics[METRIC_LOST_ACKED] == handler, "%s, %s: %lld lost", brokers[_i],
                  handlers[handler], (long long)result.metrics[METRIC_LOST_ACKED]);
    ck_assert_int_eq(result.metrics[METRIC_EFFECTS], !handler);
    run_result_deinit(&result);
  }
}
END_TEST

/* Whatever it returns: an acknowledgement is not taken back, and nothing comes again. */
START_TEST(what_was_acknowledged_early_does_not_come_again_when_it_fails) {
  static char text[900];
  snprintf(text, sizeof text,
           "format: 1\nluck: none\nworkload: {messages: 1, rate: 1/s, service_time: 500ms}\n"
           "topology: {brokers: 3, consumers: 1}\nsystem: %s\nhandler: commit-first\n"
           "faults:\n  - {when: handler-step, intent: 1, attempt: 1, kill: database.1, for: 5s}\n",
           brokers[_i]);
  struct run_result result = play(text);
  ck_assert_int_eq(result.metrics[METRIC_DELIVERED], 1);
  ck_assert_int_eq(result.metrics[METRIC_LOST_ACKED], 1);
  run_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("needs");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, handler_is_refused_where_its_system_does_not_say_what_it_needs, 0, 11);
  tcase_add_loop_test(tests, attempt_travels_with_its_copy, 0, BROKERS);
  tcase_add_loop_test(tests, early_acknowledgement_loses_what_is_at_work, 0, BROKERS);
  tcase_add_loop_test(tests, what_was_acknowledged_early_does_not_come_again_when_it_fails, 0, BROKERS);
  return rig_main(suite_create("handler needs"), tests);
}
