/* Bounded exhaustive search over publishers: what an outbox has to bear, and what breaks without it. */
#include "tests/system/rig.h"

#include "sim/runner/explore.h"

#define QUEUE "system: sqs-standard"
#define LOG "system: {name: kafka-acks-all, session.timeout.ms: 6s}"
#define POLLS "name: outbox-polling, poll_every: 1s"

static void explore(const char *row, int messages, unsigned faults, struct explore_result *out) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: explored\nluck: none\nmeasure_capacity: false\n"
          "topology: {producers: 2, brokers: 1, partitions: 1, consumers: 1}\nworkload: {keys: 2, intents: [");
  for (int i = 1; i <= messages; i++) rig_add(&text, "{at: %dms, key: %d, producer: %d}, ", i, i, i);
  rig_add(&text, "]}\ncompare:\n  - {%s}\n", row);
  rig_add(&text, "expect:\n  - {lost: none, duplicate_effects: none, store_disagreements: none, "
                 "phantoms: none, stuck: none}\n");
  struct rig rig;
  rig_load(&rig, text.bytes);
  const struct explore_options search = {.faults = faults, .workers = 2, .prune = true,
                                         .limits = placement_limits_all(), .command = "a test"};
  explore_row(&rig.scenario, 0, &search, NULL, out);
  rig_close(&rig);
}

START_TEST(an_outbox_holds_for_every_placement) {
  static const struct {
    const char *row;
    int messages;
    unsigned faults;
    uint64_t least; /* executed at the last level */
  } rows[] = {
      {QUEUE ", handler: dedup-table, publisher: {" POLLS "}", 1, 2, 50000},
      {QUEUE ", handler: dedup-table, publisher: {" POLLS ", lock: skip-locked}", 2, 1, 300},
      {LOG ", handler: dedup-table, publisher: {" POLLS "}", 2, 1, 400},
      {LOG ", handler: dedup-table, publisher: {" POLLS ", cleanup: delete, retention: 1s, cleanup_every: 1s}", 1, 1, 250},
      {"system: rabbitmq-confirms, handler: dedup-table, publisher: {" POLLS "}", 2, 1, 300},
  };
  struct explore_result result;
  explore(rows[_i].row, rows[_i].messages, rows[_i].faults, &result);
  ck_assert_msg(!result.violated, "row %d: %s with %u faults", _i, metric_rows[result.metric].name,
                result.count);
  ck_assert_msg(result.levels[rows[_i].faults].executed >= rows[_i].least, "row %d: only %llu", _i,
                (unsigned long long)result.levels[rows[_i].faults].executed);
  explore_result_deinit(&result);
}
END_TEST

START_TEST(one_fault_breaks_what_is_no_outbox) {
  static const struct {
    const char *row;
    int messages;
    enum metric metric;
  } rows[] = {
      {QUEUE ", publisher: dual-write, handler: dedup-table", 1, METRIC_STORE_DISAGREEMENTS},
      {QUEUE ", publisher: {name: dual-write, order: publish-first}, handler: dedup-table", 1,
       METRIC_STORE_DISAGREEMENTS},
      {QUEUE ", publisher: {" POLLS ", outbox: separate}, handler: dedup-table", 1, METRIC_STORE_DISAGREEMENTS},
      {QUEUE ", publisher: {" POLLS ", mark: before-publish}, handler: dedup-table", 1, METRIC_LOST},
      {QUEUE ", publisher: {name: outbox-polling, poll_every: 2ms, cursor: id}, handler: dedup-table", 2, METRIC_STORE_DISAGREEMENTS},
      {QUEUE ", publisher: {" POLLS "}", 1, METRIC_DUPLICATE_EFFECTS},
      {QUEUE ", publisher: {" POLLS ", cleanup: delete, retention: 5s, cleanup_every: 1s, unpublished_too: true}, "
             "handler: dedup-table", 1, METRIC_LOST},
  };
  struct explore_result result;
  explore(rows[_i].row, rows[_i].messages, 1, &result);
  ck_assert_msg(result.violated && result.metric == rows[_i].metric, "row %d: %s", _i,
                result.violated ? metric_rows[result.metric].name : "holds");
  explore_result_deinit(&result);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("explore");
  tcase_set_timeout(tests, 300);
  tcase_add_loop_test(tests, an_outbox_holds_for_every_placement, 0, 5);
  tcase_add_loop_test(tests, one_fault_breaks_what_is_no_outbox, 0, 7);
  return rig_main(suite_create("explore outbox"), tests);
}
