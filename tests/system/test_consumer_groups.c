/* What a consumer does in its group, through whole runs: who goes on during a rebalance, what becomes of a
 * commit that fails, and where a group begins. */
#include "tests/system/rig.h"

#include "sim/kernel/time.h"
#include "sim/world/fact.h"

#define CONSUMER(n) (2 + (n)) /* node of consumer.n from 0: one producer, one broker before */
#define FACTS_MAX 40000

struct facts {
  struct trace_record items[FACTS_MAX];
  size_t count;
};
static struct facts facts;

static void facts_sink(void *context, const struct trace_record *records, size_t count,
                       uint64_t first) {
  (void)context, (void)first;
  for (size_t i = 0; i < count; i++)
    if (records[i].kind >= TRACE_FACT) {
      ck_assert_uint_lt(facts.count, FACTS_MAX);
      facts.items[facts.count++] = records[i];
    }
}

__attribute__((format(printf, 1, 2))) static struct run_result play(const char *format, ...) {
  static struct rig_text text;
  static char rest[4000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(rest, sizeof rest, format, arguments);
  va_end(arguments);
  text.length = 0;
  rig_add(&text, "format: 1\nname: group\nmeasure_capacity: false\n%s", rest);
  facts.count = 0;
  struct rig rig;
  rig_load(&rig, text.bytes);
  run_observe(rig.run, NULL, facts_sink, NULL);
  struct run_result result = rig_run(&rig, 0, 1);
  rig_close(&rig);
  return result;
}

static size_t count(enum fact kind, uint16_t node, int64_t from, int64_t until) {
  size_t found = 0;
  for (size_t i = 0; i < facts.count; i++)
    found += facts.items[i].kind == kind && facts.items[i].node == node && facts.items[i].at >= from &&
             facts.items[i].at < until;
  return found;
}

/* consumer.1 leaves at 7 s; consumer.2 hears of it at 8.5 s and joins, consumer.3 at 9 s. */
#define UNEVEN                                                                                     \
  "workload: {messages: 5000, rate: 400/s}\ntopology: {partitions: 6, consumers: 3}\n"            \
  "system: {name: kafka-acks-all, heartbeat.interval.ms: 3000, "                                  \
  "partition.assignment.strategy: %s}\n"                                                           \
  "faults:\n  - {at: 1s, terminate: consumer.2, for: 1500ms}\n  - {at: 7s, terminate: consumer.1}\n"

START_TEST(an_eager_member_waits_for_the_others_with_nothing_to_do) {
  static const char *const eager[] = {"range", "round-robin", "sticky"};
  struct run_result result = play(UNEVEN, eager[_i]);
  ck_assert_uint_eq(count(FACT_DELIVERED, CONSUMER(1), 8550 * NS_PER_MS, 8950 * NS_PER_MS), 0);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  run_result_deinit(&result);
}
END_TEST

START_TEST(a_cooperative_member_goes_on_with_what_it_has) {
  struct run_result result = play(UNEVEN, "cooperative-sticky");
  ck_assert_uint_gt(count(FACT_DELIVERED, CONSUMER(1), 8550 * NS_PER_MS, 8950 * NS_PER_MS), 20);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 5000);
  run_result_deinit(&result);
}
END_TEST

/* The coordinator is down from 2 s on for 10 s; nothing else is. */
#define NO_COORDINATOR                                                                             \
  "workload: {messages: 1500, rate: 100/s}\ntopology: {brokers: 2, partitions: 2, consumers: 1}\n" \
  "system: {name: kafka-acks-all, commit_call: %s, default.api.timeout.ms: %d}\n"                  \
  "faults:\n  - {at: 2s, kill: broker.1, for: 10s}\n"

START_TEST(commitSync_holds_the_loop_up_as_long_as_the_api_timeout) {
  static const struct {
    const char *call;
    int timeout_ms;
    bool goes_on;
  } rows[] = {{"sync", 60000, false}, {"sync", 3000, true}, {"async", 60000, true},
              {"async-retried", 60000, true}};
  struct run_result result = play(NO_COORDINATOR, rows[_i].call, rows[_i].timeout_ms);
  size_t meanwhile = count(FACT_DELIVERED, CONSUMER(1), 4 * NS_PER_S, 12 * NS_PER_S);
  ck_assert_msg((meanwhile > 0) == rows[_i].goes_on, "%s: %zu deliveries", rows[_i].call, meanwhile);
  ck_assert(result.drained);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  run_result_deinit(&result);
}
END_TEST

/* The first auto-commit, after 5 s, is lost; its consumer is killed before the next would be due. */
START_TEST(an_auto_commit_that_failed_is_tried_again_soon) {
  static const struct {
    const char *kill_at;
    int most; /* repeated: at 100/s, what came since the commit that was not lost */
    int least;
  } rows[] = {{"5050ms", 560, 400}, {"6s", 100, 60}};
  struct run_result result =
      play("workload: {messages: 1000, rate: 100/s, arrivals: steady}\n"
           "topology: {partitions: 1, consumers: 1}\n"
           "system: {name: kafka-acks-all, commit: auto, session.timeout.ms: 3000, "
           "heartbeat.interval.ms: 1000}\n"
           "faults:\n  - {when: ack-sent, nth: 1, drop: this}\n"
           "  - {at: %s, kill: consumer.1}\n",
           rows[_i].kill_at);
  int64_t repeated = result.metrics[METRIC_DUPLICATE_DELIVERIES];
  ck_assert_msg(rows[_i].least <= repeated && repeated <= rows[_i].most, "%lld repeated",
                (long long)repeated);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  run_result_deinit(&result);
}
END_TEST

/* Everybody is away for five minutes; offsets are kept for one. */
#define AWAY                                                                                       \
  "workload: {messages: 600, rate: 100/s}\ntopology: {partitions: 2, consumers: 2}\n"             \
  "system: {name: kafka-acks-all, auto.offset.reset: %s, offsets.retention.minutes: 1}\n"          \
  "faults:\n  - {at: 3s, terminate: consumer.all, for: 5min}\n"

START_TEST(with_expired_offsets_a_group_begins_where_the_policy_says) {
  struct run_result earliest = play(AWAY, "earliest");
  ck_assert(earliest.drained);
  ck_assert_int_eq(earliest.metrics[METRIC_LOST], 0);
  ck_assert_int_gt(earliest.metrics[METRIC_DUPLICATE_DELIVERIES], 200);
  run_result_deinit(&earliest);

  struct run_result latest = play(AWAY, "latest");
  ck_assert(latest.drained);
  ck_assert_int_gt(latest.metrics[METRIC_LOST_ACKED], 200); /* what was sent meanwhile */
  ck_assert_int_eq(latest.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  run_result_deinit(&latest);

  struct run_result none = play(AWAY, "none"); /* NoOffsetForPartitionException ends the application */
  ck_assert_int_gt(none.metrics[METRIC_STUCK], 200);
  ck_assert_int_eq(none.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
  run_result_deinit(&none);
}
END_TEST

START_TEST(without_faults_the_policy_none_is_as_good_as_earliest) {
  struct run_result result = play("workload: {messages: 300, rate: 100/s}\n"
                                  "system: {name: kafka-acks-all, auto.offset.reset: none}\n");
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 300);
  run_result_deinit(&result);
}
END_TEST

START_TEST(settings_that_exclude_each_other_are_refused) {
  static const char *const keys[] = {
      "commit: before-processing, processing: handed-off",
      "commit: in-transaction, processing: handed-off",
      "commit: after-processing, processing: handed-off, commit_call: sync",
      "commit: auto, commit_call: sync",
      "commit: before-processing, commit_on_revoke: false",
      "session.timeout.ms: 3000, heartbeat.interval.ms: 3000",
  };
  static char text[400];
  snprintf(text, sizeof text, "format: 1\nsystem: {name: kafka-acks-all, %s}\n", keys[_i]);
  const struct registry registry = rig_registry();
  struct err err = {.code = ERR_NONE};
  struct scenario loaded;
  ck_assert(!scenario_load_text("a test.yaml", text, strlen(text), false, &registry, &loaded, &err));
  ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("groups");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, an_eager_member_waits_for_the_others_with_nothing_to_do, 0, 3);
  tcase_add_test(tests, a_cooperative_member_goes_on_with_what_it_has);
  tcase_add_loop_test(tests, commitSync_holds_the_loop_up_as_long_as_the_api_timeout, 0, 4);
  tcase_add_loop_test(tests, an_auto_commit_that_failed_is_tried_again_soon, 0, 2);
  tcase_add_test(tests, with_expired_offsets_a_group_begins_where_the_policy_says);
  tcase_add_test(tests, without_faults_the_policy_none_is_as_good_as_earliest);
  tcase_add_loop_test(tests, settings_that_exclude_each_other_are_refused, 0, 6);
  return rig_main(suite_create("consumer groups"), tests);
}
