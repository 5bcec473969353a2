/* Publishers in whole runs: what their settings do, and what they cost. */
#include "tests/system/rig.h"

#include "sim/runner/run.h"

static void run_one(const char *rest, uint64_t seed, int64_t metrics[METRIC__COUNT]) {
  struct rig rig;
  struct rig_text text = {.length = 0};
  uint64_t digest;
  rig_add(&text, "format: 1\nname: outbox\nmeasure_capacity: false\n%s", rest);
  rig_load(&rig, text.bytes);
  run_judge(rig.run, &rig.scenario.plans[0], seed, "a test", metrics, &digest);
  rig_close(&rig);
}

static int64_t sum(const char *rest, uint64_t seeds, enum metric metric) {
  int64_t total = 0;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    int64_t metrics[METRIC__COUNT];
    run_one(rest, seed, metrics);
    total += metrics[metric];
  }
  return total;
}

#define LOG "system: kafka-idempotent\n"
#define LOAD "workload: {messages: 200, rate: 400/s}\n"

/* Two relays that read the same rows publish them twice; with SKIP LOCKED each row is one's alone. */
START_TEST(skip_locked_shares_rows_out) {
  static const char text[] = LOG LOAD "topology: {relays: 3}\n"
      "publisher: {name: outbox-polling, poll_every: 2ms, batch: 10, lock: %s}\n";
  char none[400], skip[400];
  snprintf(none, sizeof none, text, "none");
  snprintf(skip, sizeof skip, text, "skip-locked");
  ck_assert_int_gt(sum(none, 3, METRIC_DUPLICATE_EFFECTS), 0);
  ck_assert_int_eq(sum(skip, 3, METRIC_DUPLICATE_DELIVERIES), 0);
  ck_assert_int_eq(sum(skip, 3, METRIC_ONCE), 600);
}
END_TEST

/* Rows of one key are committed in the order of their ids: the second waits for the first one's row. (The
 * link is steady, so that operations reach the database in the order in which they were wanted.) */
START_TEST(one_relay_keeps_the_order_of_a_key) {
  static const char text[] = LOG "workload: {messages: 300, rate: 1000/s, keys: 3}\ntopology: {producers: 3}\n"
                             "links: {producer_to_database: {latency: 100us}}\n"
                             "publisher: {name: outbox-polling, poll_every: 5ms}\n";
  int64_t metrics[METRIC__COUNT];
  run_one(text, 1, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], 300);
  ck_assert_int_eq(metrics[METRIC_REORDERED], 0);
}
END_TEST

/* SIGTERM: applications finish what they have begun, relays their batch. */
START_TEST(a_release_disagrees_with_nobody) {
  static const char *const publishers[] = {"dual-write", "{name: dual-write, order: publish-first}",
                                           "{name: outbox-polling, poll_every: 10ms, lock: skip-locked}"};
  static const char *const systems[] = {"kafka-idempotent", "sqs-standard", "rabbitmq-confirms"};
  struct rig_text text = {.length = 0};
  rig_add(&text, "system: %s\nworkload: {messages: 300, rate: 300/s}\ntopology: {producers: 2, relays: %d}\n"
                 "publisher: %s\nfaults:\n  - {at: 200ms, every: 150ms, times: 3, deploy: producer.all, for: 20ms}\n%s",
          systems[_i % 3], _i / 3 == 2 ? 2 : 0, publishers[_i / 3],
          _i / 3 == 2 ? "  - {at: 250ms, every: 150ms, times: 3, deploy: relay.all, for: 20ms}\n" : "");
  for (uint64_t seed = 1; seed <= 5; seed++) {
    int64_t metrics[METRIC__COUNT];
    run_one(text.bytes, seed, metrics);
    ck_assert_int_eq(metrics[METRIC_STORE_DISAGREEMENTS], 0);
    ck_assert_int_eq(metrics[METRIC_PHANTOMS], 0);
    ck_assert_int_eq(metrics[METRIC_LOST], 0);
    ck_assert_int_eq(metrics[METRIC_STUCK], 0);
    ck_assert_int_eq(metrics[METRIC_DUPLICATE_EFFECTS], 0);
    ck_assert_int_gt(metrics[METRIC_ONCE], 200);
  }
}
END_TEST

/* A disk that lied, or is gone, takes commits back whose events are out. */
START_TEST(a_disk_that_forgets_leaves_phantoms) {
  static const char *const marks[] = {"cleanup: delete, retention: 50ms, cleanup_every: 20ms", "cursor: id"};
  static const char *const faults[] = {
      "  - {at: 0s, fsync_lies: producer_database.1, for: 400ms}\n"
      "  - {at: 350ms, power_loss: producer_database.1, for: 50ms}\n",
      "  - {at: 350ms, disk_gone: producer_database.1, for: 50ms}\n"};
  struct rig_text text = {.length = 0};
  rig_add(&text, LOG LOAD "publisher: {name: outbox-polling, poll_every: 10ms, %s}\nfaults:\n%s", marks[_i / 2],
          faults[_i % 2]);
  int64_t metrics[METRIC__COUNT];
  run_one(text.bytes, 1, metrics);
  ck_assert_int_gt(metrics[METRIC_PHANTOMS], 20);
  ck_assert_int_ge(metrics[METRIC_STORE_DISAGREEMENTS], metrics[METRIC_PHANTOMS]);
  ck_assert_int_eq(metrics[METRIC_STUCK], 0);
}
END_TEST

/* Polls are SELECTs, whether there is something or not; without a database there is no count of them. */
START_TEST(reads_are_counted) {
  static const char text[] = LOG "workload: {intents: [{at: 0s}]}\nluck: none\n"
                             "publisher: {name: outbox-polling, poll_every: %s}\n";
  char fast[300], slow[300];
  int64_t metrics[METRIC__COUNT];
  snprintf(fast, sizeof fast, text, "1ms");
  snprintf(slow, sizeof slow, text, "50ms");
  run_one(slow, 1, metrics);
  int64_t reads = metrics[METRIC_DATABASE_READS];
  ck_assert_int_ge(reads, 1);
  ck_assert_int_eq(metrics[METRIC_DATABASE_WRITES], 3); /* UPDATE, INSERT, UPDATE of the flag */
  ck_assert_int_eq(metrics[METRIC_OUTBOX_ROWS_PEAK], 1);
  ck_assert_int_eq(metrics[METRIC_OUTBOX_ROWS_END], 1);
  ck_assert_int_eq(metrics[METRIC_OUTBOX_BYTES_PEAK], 72 + 1024);
  ck_assert_int_gt(sum(fast, 1, METRIC_DATABASE_READS), 5 * reads);
  ck_assert_int_eq(sum(LOG "workload: {messages: 10}\n", 1, METRIC_DATABASE_READS), 0);
}
END_TEST

/* What an application tells its client: UPDATE refused means nothing is stored, COMMIT unanswered means that
 * nobody knows. */
START_TEST(outcomes_are_honest) {
  static const struct {
    const char *publisher, *fault;
    enum metric outcome;
  } rows[] = {
      {"dual-write", "statement-sent, intent: 1, attempt: 1, drop: this", METRIC_REJECTED},
      {"dual-write", "statement-sent, intent: 1, attempt: 2, drop: this", METRIC_UNKNOWN},
      {"dual-write", "statement-answered, intent: 1, attempt: 2, drop: this", METRIC_UNKNOWN},
      {"dual-write", "statement-answer-received, intent: 1, attempt: 2, kill: this", METRIC_ABANDONED},
      {"{name: dual-write, order: publish-first}", "statement-sent, intent: 1, attempt: 1, drop: this", METRIC_REJECTED},
      {"outbox-polling", "statement-sent, intent: 1, attempt: 2, drop: this", METRIC_REJECTED},
      {"outbox-polling", "statement-answered, intent: 1, attempt: 3, drop: this", METRIC_UNKNOWN},
      {"{name: outbox-polling, outbox: separate}", "statement-sent, intent: 1, attempt: 3, drop: this", METRIC_UNKNOWN},
      {"{name: outbox-polling, outbox: separate}", "publish-sent, intent: 1, attempt: 1, drop: this", METRIC_OK},
  };
  struct rig_text text = {.length = 0};
  rig_add(&text, LOG "workload: {intents: [{at: 0s}]}\nluck: none\npublisher: %s\nfaults:\n  - {when: %s}\n",
          rows[_i].publisher, rows[_i].fault);
  int64_t metrics[METRIC__COUNT];
  run_one(text.bytes, 1, metrics);
  ck_assert_msg(metrics[rows[_i].outcome] == 1, "row %d: not %s", _i, metric_rows[rows[_i].outcome].name);
}
END_TEST

/* Where the broker's client hears nothing back, so does the application's. */
START_TEST(a_publish_without_an_answer_ends_without_one) {
  static const char *const systems[] = {"at-most-once", "rabbitmq-auto-ack"};
  struct rig_text text = {.length = 0};
  rig_add(&text, "system: %s\n" LOAD "publisher: dual-write\n", systems[_i]);
  int64_t metrics[METRIC__COUNT];
  run_one(text.bytes, 1, metrics);
  ck_assert_int_eq(metrics[METRIC_NONE], 200);
  ck_assert_int_eq(metrics[METRIC_STORE_DISAGREEMENTS], metrics[METRIC_LOST]);
}
END_TEST

/* Each group gets every event, and is compared with what the service's database says. */
START_TEST(groups_get_what_is_committed) {
  static const char text[] = "system: kafka-acks-all\n" LOAD "topology: {producers: 2, relays: 2}\n"
      "groups: {inventory: {consumers: 2, handler: dedup-table}, mail: {handler: naive}}\n"
      "publisher: {name: outbox-polling, poll_every: 50ms}\n"
      "faults:\n  - {every: 200ms, kill: relay.any, for: 50ms}\n"
      "  - {every: 300ms, kill: [producer_database.1, mail_database.1], for: 50ms}\n";
  ck_assert_int_eq(sum(text, 3, METRIC_STORE_DISAGREEMENTS), 0);
  ck_assert_int_eq(sum(text, 3, METRIC_LOST), 0);
  ck_assert_int_gt(sum(text, 3, METRIC_DUPLICATE_EFFECTS), 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("outbox");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, skip_locked_shares_rows_out);
  tcase_add_test(tests, one_relay_keeps_the_order_of_a_key);
  tcase_add_loop_test(tests, a_release_disagrees_with_nobody, 0, 9);
  tcase_add_loop_test(tests, a_disk_that_forgets_leaves_phantoms, 0, 4);
  tcase_add_loop_test(tests, a_publish_without_an_answer_ends_without_one, 0, 2);
  tcase_add_test(tests, groups_get_what_is_committed);
  tcase_add_test(tests, reads_are_counted);
  tcase_add_loop_test(tests, outcomes_are_honest, 0, 9);
  return rig_main(suite_create("outbox"), tests);
}
