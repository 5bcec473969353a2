/* The connector of outbox-cdc and its replication slot: whatever is lost on the way between them, no event is
 * lost, and a run ends. */
#include "tests/system/rig.h"

#include "sim/runner/explore.h"

/* Events come while the connector is down and its slot is lost: it makes another and reads the table. */
#define LOST_SLOT                                                                                  \
  "format: 1\nname: slots\nluck: none\nmeasure_capacity: false\n"                                  \
  "workload: {intents: [{at: 10ms, key: 1}, {at: 1100ms, key: 2}]}\ntopology: {consumers: 1}\n"    \
  "system: kafka-idempotent\nhandler: dedup-table\n"                                               \
  "publisher: {name: outbox-cdc, offset.flush.interval.ms: 200, snapshot.mode: when_needed}\n"     \
  "faults:\n  - {at: 1s, kill: relay.1, for: 2s}\n  - {at: 2s, lose_slot: producer_database.1}\n"
#define PLAIN                                                                                      \
  "format: 1\nname: plain\nluck: none\nmeasure_capacity: false\n"                                  \
  "workload: {intents: [{at: 10ms, key: 1}, {at: 300ms, key: 2}]}\ntopology: {consumers: 1}\n"     \
  "system: kafka-idempotent\nhandler: dedup-table\n"                                               \
  "publisher: {name: outbox-cdc, offset.flush.interval.ms: 200, retriable.restart.connector.wait.ms: 100}\n"
#define NOTHING_IS_LOST                                                                            \
  "expect:\n  - {lost: none, duplicate_effects: none, store_disagreements: none, phantoms: none, stuck: none}\n"

START_TEST(no_fault_between_connector_and_slot_loses_an_event) {
  static const struct {
    const char *text;
    unsigned faults;
    uint64_t least;
  } rows[] = {{LOST_SLOT NOTHING_IS_LOST, 1, 700}, {PLAIN NOTHING_IS_LOST, 1, 400}};
  struct rig rig;
  rig_load(&rig, rows[_i].text);
  const struct explore_options search = {.faults = rows[_i].faults, .workers = 2, .prune = true,
                                         .limits = placement_limits_all(), .command = "a test"};
  struct explore_result result;
  explore_row(&rig.scenario, 0, &search, NULL, &result);
  ck_assert_msg(!result.violated, "row %d: %s", _i, metric_rows[result.metric].name);
  ck_assert_uint_ge(result.levels[rows[_i].faults].executed, rows[_i].least);
  explore_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* The slot hears of an offset again with the next read, also when nothing else happens. */
START_TEST(a_lost_confirmation_leaves_nothing_held) {
  static const char *const verbs[] = {"drop: this", "kill: this, for: 50ms", "pause: this, for: 1s"};
  static const char *const points[] = {"statement-sent", "before statement-sent"};
  unsigned hits = 0;
  for (size_t verb = 0; verb < sizeof verbs / sizeof *verbs; verb++)
    for (size_t point = 0; point < sizeof points / sizeof *points; point++)
      for (int nth = 1; nth <= 8; nth++) {
        struct rig_text text = {.length = 0};
        rig_add(&text, "%sfaults:\n  - {when: %s, node: relay.1, nth: %d, %s}\n", PLAIN, points[point], nth,
                verbs[verb]);
        struct rig rig;
        rig_load(&rig, text.bytes);
        struct run_result result = rig_run(&rig, 0, 1);
        ck_assert_msg(result.drained, "%s, %s, %d: it does not end", points[point], verbs[verb], nth);
        ck_assert_int_eq(result.metrics[METRIC_ONCE], 2);
        hits += (unsigned)result.metrics[METRIC_FAULTS_EFFECTIVE];
        run_result_deinit(&result);
        rig_close(&rig);
      }
  ck_assert_uint_ge(hits, 24);
}
END_TEST

/* The rows that it has read: the connector deletes them, or nobody. */
START_TEST(rows_are_cleaned_up_while_their_events_are_read) {
  static const char *const cleanups[] = {"none", "delete, retention: 50ms, cleanup_every: 20ms"};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: cleanup\nmeasure_capacity: false\nworkload: {messages: 100, rate: 100/s}\n"
          "system: kafka-idempotent\nhandler: dedup-table\npublisher: {name: outbox-cdc, cleanup: %s}\n"
          "faults:\n  - {every: 300ms, kill: producer_database.1, for: 50ms}\n",
          cleanups[_i]);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  ck_assert_int_eq(result.metrics[METRIC_STORE_DISAGREEMENTS], 0);
  if (_i == 0)
    ck_assert_int_ge(result.metrics[METRIC_OUTBOX_ROWS_PEAK], result.metrics[METRIC_OK]);
  else
    ck_assert_int_lt(result.metrics[METRIC_OUTBOX_ROWS_PEAK], 30);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* From the start of its process on, as Kafka Connect's task: one that started at 1.05 s and flushes each second has
 * stored nothing yet at 2.02 s, and has at 2.06 s. */
START_TEST(offsets_are_stored_so_often_from_the_start_of_the_task) {
  static const struct {
    int killed_ms, delivered;
  } rows[] = {{2020, 2}, {2060, 1}};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: flushes\nluck: none\nmeasure_capacity: false\n"
          "workload: {intents: [{at: 1200ms, key: 1}]}\ntopology: {consumers: 1}\n"
          "system: kafka-idempotent\nhandler: dedup-table\n"
          "publisher: {name: outbox-cdc, offset.flush.interval.ms: 1000}\n"
          "faults:\n  - {at: 950ms, kill: relay.1, for: 100ms, min_hits: 0}\n"
          "  - {at: %dms, kill: relay.1, for: 100ms, min_hits: 0}\n",
          rows[_i].killed_ms);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_DELIVERED], rows[_i].delivered);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 1);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* A client with a key for each attempt: what it has submitted twice is done twice, by log as by table. */
START_TEST(an_event_says_which_attempt_it_is_of) {
  static const char *const publishers[] = {"{name: outbox-cdc}", "{name: outbox-polling}"};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: attempts\nluck: none\nmeasure_capacity: false\nworkload: {intents: [{at: 10ms, key: 1}]}\n"
          "topology: {producers: 1, consumers: 1}\nsystem: kafka-idempotent\nhandler: dedup-table\n"
          "client: {name: retrying, key: per-message, resubmit_unknown: true}\npublisher: %s\n"
          "faults:\n  - {when: statement-answered, intent: 1, nth: 3, node: producer_database.1, drop: this}\n",
          publishers[_i]);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_DELIVERED], 2);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_EFFECTS], 1);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* The disk has had the slot, too. What comes at 50 s finds out that the connection is gone. */
START_TEST(a_new_disk_tells_what_is_committed_on_it) {
  static const char *const modes[] = {"initial", "when_needed"};
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: disks\nluck: none\nmeasure_capacity: false\n"
          "workload: {intents: [{at: 10ms, key: 1}, {at: 20ms, key: 2}, {at: 50s, key: 3}, {at: 60s, key: 3}]}\n"
          "topology: {producers: 1, consumers: 1}\nsystem: kafka-idempotent\nhandler: dedup-table\n"
          "publisher: {name: outbox-cdc, offset.flush.interval.ms: 200, snapshot.mode: %s}\n"
          "faults:\n  - {at: 1s, disk_gone: producer_database.1, for: 100ms}\n",
          modes[_i]);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_EFFECTS], 3);
  run_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* Memory that another run has used, of the same plan and of others, shows in nothing. */
START_TEST(used_memory_does_not_show) {
  struct rig rig, fresh;
  static const char rows[] = LOST_SLOT "compare:\n  - {label: gap, publisher: {name: outbox-cdc}}\n"
                                       "  - {label: polls, publisher: {name: outbox-polling}}\n"
                                       "  - {label: table, publisher: {name: outbox-cdc, max.batch.size: 1, "
                                       "snapshot.mode: when_needed}}\n";
  rig_load(&rig, rows);
  for (int round = 0; round < 12; round++) {
    size_t row = (size_t)(round * 5 % 3);
    rig_load(&fresh, rows);
    uint64_t seed = (uint64_t)round / 3 + 1;
    struct run_result used = rig_run(&rig, row, seed), alone = rig_run(&fresh, row, seed);
    ck_assert_uint_eq(used.digest, alone.digest);
    run_result_deinit(&used);
    run_result_deinit(&alone);
    rig_close(&fresh);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, no_fault_between_connector_and_slot_loses_an_event, 0, 2);
  tcase_add_test(tests, a_lost_confirmation_leaves_nothing_held);
  tcase_add_loop_test(tests, rows_are_cleaned_up_while_their_events_are_read, 0, 2);
  tcase_add_loop_test(tests, offsets_are_stored_so_often_from_the_start_of_the_task, 0, 2);
  tcase_add_loop_test(tests, an_event_says_which_attempt_it_is_of, 0, 2);
  tcase_add_loop_test(tests, a_new_disk_tells_what_is_committed_on_it, 0, 2);
  tcase_add_test(tests, used_memory_does_not_show);
  return rig_main(suite_create("outbox connector"), tests);
}
