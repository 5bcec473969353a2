/* Random faults against the promise of an idempotency key: whatever dies or is cut off, on every kind of
 * broker, each operation is charged once. */
#include "tests/system/rig.h"

#include "sim/runner/campaign.h"

static const char *const systems[] = {
    "{name: sqs-standard, visibility_timeout: 3s}",
    "{name: sqs-fifo, visibility_timeout: 3s}",
    "rabbitmq-confirms",
    "rabbitmq-quorum",
    "{name: kafka-acks-all, session.timeout.ms: 1s, heartbeat.interval.ms: 300}",
    "{name: kafka-transactional, session.timeout.ms: 1s, heartbeat.interval.ms: 300}",
};
static const char *const handlers[] = {
    "charge-with-key",
    "{name: charge-with-key, idempotency_key: failure}",
    "{name: charge-in-transaction, idempotency_key: operation}",
};

static const char faults[] =
    "faults:\n"
    "  - {every: exponential mean=300ms, kill: consumer.any, for: 50ms, min_hits: 0}\n"
    "  - {every: exponential mean=500ms, kill: provider.1, for: 200ms, min_hits: 0}\n"
    "  - {every: exponential mean=700ms, power_loss: provider.1, for: 100ms, min_hits: 0}\n"
    "  - {every: exponential mean=900ms, pause: provider.1, for: 3s, min_hits: 0}\n"
    "  - {every: exponential mean=700ms, pause: consumer.any, for: 2s, min_hits: 0}\n"
    "  - {every: exponential mean=900ms, kill: database.1, for: 100ms, min_hits: 0}\n"
    "  - {every: exponential mean=900ms, power_loss: consumer.any, for: 100ms, min_hits: 0}\n"
    "  - {every: exponential mean=900ms, partition: provider.1, for: 1s, min_hits: 0}\n"
    "  - {at: 500ms, degrade: consumer_to_provider, loss: 30%, for: 1s, min_hits: 0}\n";

/* A failure that is saved needs another key; elsewhere failures are not saved. */
static void write_world(struct rig_text *text, const char *handler) {
  bool saved = strstr(handler, "failure") != NULL;
  text->length = 0;
  rig_add(text, "format: 1\nname: swarm\nseeds: 150\nswarm: true\nmeasure_capacity: false\n"
                "workload: {messages: 60, rate: 50/s, keys: 20}\n"
                "topology: {consumers: 3, threads: 4, producers: 2}\n"
                "links: {consumer_to_provider: {loss: 2%%}}\n"
                "database: {idle_in_transaction_session_timeout: 10s}\n"
                "provider: {name: keyed, timeout: 2s, failures: 5%%, cache_failures: %s}\nhandler: %s\ncompare:\n",
          saved ? "true" : "false", handler);
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
    rig_add(text, "  - {label: row %zu, system: %s}\n", i, systems[i]);
  rig_add(text, "%s", faults);
}

START_TEST(each_operation_is_charged_once) {
  struct rig rig;
  struct rig_text text;
  struct campaign campaign;
  const struct campaign_options options = {.workers = 2, .command = "a test"};
  static const enum metric none[] = {METRIC_LOST,         METRIC_DUPLICATE_EFFECTS, METRIC_STATE_ERRORS,
                                     METRIC_PHANTOMS,     METRIC_STUCK,             METRIC_KEY_MISMATCHES};
  int64_t replays = 0;
  write_world(&text, handlers[_i]);
  rig_load(&rig, text.bytes);
  campaign_run(&rig.scenario, &options, &campaign);
  for (size_t row = 0; row < rig.scenario.plan_count; row++) {
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
      int64_t found = campaign_pooled(&campaign, row, none[i]);
      ck_assert_msg(found == 0, "%s, %s: %s = %lld", handlers[_i], systems[row], metric_rows[none[i]].name,
                    (long long)found);
    }
    replays += campaign_pooled(&campaign, row, METRIC_REPLAYS);
  }
  ck_assert_int_ge(replays, 100); /* it was put to the test */
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("swarm");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, each_operation_is_charged_once, 0, sizeof handlers / sizeof *handlers);
  return rig_main(suite_create("system/swarm-provider"), tests);
}
