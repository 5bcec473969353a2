/* Kafka's coordinator moves: groups and transactions go on at another broker, whatever was under way. */
#include "tests/system/rig.h"

#include "sim/kernel/time.h"
#include "sim/world/fact.h"

#define BROKER(n) (n) /* node of broker.n: one producer before */
#define FACTS_MAX 40000

static struct trace_record facts[FACTS_MAX];
static size_t fact_count;

static void facts_sink(void *context, const struct trace_record *records, size_t count, uint64_t first) {
  (void)context, (void)first;
  for (size_t i = 0; i < count; i++)
    if (records[i].kind >= TRACE_FACT) {
      ck_assert_uint_lt(fact_count, FACTS_MAX);
      facts[fact_count++] = records[i];
    }
}

static struct run_result play(const char *rest) {
  static struct rig_text text;
  text.length = 0;
  rig_add(&text, "format: 1\nname: coordinator\nmeasure_capacity: false\n%s", rest);
  fact_count = 0;
  struct rig rig;
  rig_load(&rig, text.bytes);
  run_observe(rig.run, NULL, facts_sink, NULL);
  struct run_result result = rig_run(&rig, 0, 1);
  rig_close(&rig);
  return result;
}

static const struct trace_record *first(enum fact kind) {
  for (size_t i = 0; i < fact_count; i++)
    if (facts[i].kind == kind) return &facts[i];
  return NULL;
}

static size_t count(enum fact kind) {
  size_t found = 0;
  for (size_t i = 0; i < fact_count; i++) found += facts[i].kind == kind;
  return found;
}

#define WORLD                                                                                      \
  "workload: {messages: 600, rate: 100/s}\n"                                                       \
  "topology: {brokers: 3, partitions: 3, consumers: 2}\n"

/* Its last heartbeat came before 3 s: at broker.1 it would be out before 9 s. */
START_TEST(sessions_begin_anew_at_the_new_coordinator) {
  struct run_result result = play(
      WORLD "system: {name: kafka-acks-all, session.timeout.ms: 6s, heartbeat.interval.ms: 1s}\n"
            "faults:\n  - {at: 3s, kill: consumer.2, for: 60s, min_hits: 0}\n"
            "  - {at: 5s, move_coordinator: broker.1}\n");
  const struct trace_record *expired = first(FACT_EXPIRED);
  ck_assert_ptr_nonnull(expired);
  ck_assert_uint_eq(count(FACT_EXPIRED), 1);
  ck_assert_uint_eq(expired->node, BROKER(2));
  ck_assert_int_ge(expired->at, 11 * NS_PER_S);
  ck_assert_int_le(expired->at, 11 * NS_PER_S + 20 * NS_PER_MS);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  run_result_deinit(&result);
}
END_TEST

/* Joins and syncs are parked, or have just been answered. Nobody is put out, and the group is whole within a
 * second. */
START_TEST(a_rebalance_that_is_interrupted_begins_again) {
  static const char *const points[] = {"join-received, nth: 1", "join-received, nth: 2",
                                       "join-answered, nth: 1", "sync-received, nth: 1",
                                       "sync-received, nth: 2", "sync-answered, nth: 1"};
  char text[1000];
  snprintf(text, sizeof text,
           WORLD "system: {name: kafka-acks-all, heartbeat.interval.ms: 200ms}\n"
                 "faults:\n  - {when: %s, move_coordinator: this}\n",
           points[_i]);
  struct run_result result = play(text);
  ck_assert(result.drained);
  ck_assert_uint_eq(count(FACT_EXPIRED), 0);
  ck_assert_uint_ge(count(FACT_REBALANCED), 1);
  for (size_t i = 0; i < fact_count; i++)
    if (facts[i].kind == FACT_REBALANCED && facts[i].at > NS_PER_S)
      ck_abort_msg("a rebalance at %lld", (long long)facts[i].at);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 600);
  run_result_deinit(&result);
}
END_TEST

/* Nothing is aborted, and nothing is done twice: what was not noted is asked again, and a transaction that is
 * decided is ended by the new coordinator. */
START_TEST(what_is_under_way_is_ended_at_the_new_coordinator) {
  static const char *const points[] = {
      "before ack-applied", "ack-applied", "ack-received", "transaction-offsets-received", "verify-received",
      "before marker-sent", "marker-sent", "marker-received", "marker-answered", "init-producer-received"};
  char text[1000];
  snprintf(text, sizeof text,
           WORLD "system: {name: kafka-transactional, transaction.timeout.ms: 60s}\n"
                 "faults:\n  - {when: %s, nth: %d, move_coordinator: broker.coordinator}\n",
           points[_i], _i == 9 ? 1 : 6);
  struct run_result result = play(text);
  ck_assert(result.drained);
  /* The tenth is the first of all requests: nothing is under way. */
  if (_i != 9) ck_assert_uint_gt(result.fault_hits[0], 0);
  ck_assert_uint_eq(count(FACT_TRANSACTION_ABORTED), 0);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 600);
  ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_EFFECTS], 0);
  run_result_deinit(&result);
}
END_TEST

START_TEST(one_broker_alone_stays_coordinator) {
  struct run_result result = play("workload: {messages: 100, rate: 100/s}\nsystem: kafka-acks-all\n"
                                  "faults:\n  - {at: 500ms, min_hits: 0, move_coordinator: broker.1}\n");
  ck_assert_uint_eq(result.fault_hits[0], 0);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], 100);
  run_result_deinit(&result);
}
END_TEST

/* --- At any time --- */

static const char *const rows[] = {
    "{name: kafka-acks-all}, handler: dedup-table",
    "{name: kafka-transactional}, handler: transform",
    "{name: kafka-acks-all, replication.factor: 3}, handler: dedup-table",
    "{name: kafka-transactional, replication.factor: 3}, handler: transform",
    "{name: kafka-acks-all, partition.assignment.strategy: cooperative-sticky}, handler: dedup-table",
    "{name: kafka-acks-all, group.instance.id: by-index}, handler: dedup-table",
    "{name: kafka-idempotent, commit_call: sync}, handler: dedup-table",
};
#define ROWS (sizeof rows / sizeof *rows)

static void swarm(struct rig *rig, const char *faults) {
  static struct rig_text text;
  text.length = 0;
  rig_add(&text, "format: 1\nname: swarm\nmeasure_capacity: false\n"
                 "workload: {messages: 200, rate: 100/s, keys: 20}\n"
                 "topology: {producers: 2, brokers: 3, partitions: 3, consumers: 2}\n"
                 "links:\n  default: {latency: uniform min=1ms max=3ms}\ncompare:\n");
  for (size_t i = 0; i < ROWS; i++)
    rig_add(&text, "  - {label: r%zu, system: %s}\n", i, rows[i]);
  rig_add(&text, "faults:\n%s", faults);
  rig_load(rig, text.bytes);
}

static void holds_in_all_rows(struct rig *rig, uint64_t seed) {
  for (size_t row = 0; row < ROWS; row++) {
    struct run_result result = rig_run(rig, row, seed), again = rig_run(rig, row, seed);
    const char *wrong = rig_conservation(&result);
    ck_assert_msg(wrong[0] == '\0', "row %zu, seed %llu: %s", row, (unsigned long long)seed, wrong);
    ck_assert_msg(result.drained && result.metrics[METRIC_LOST] == 0 &&
                      result.metrics[METRIC_DUPLICATE_EFFECTS] == 0,
                  "row %zu, seed %llu: lost %lld, duplicate effects %lld, drained %d", row,
                  (unsigned long long)seed, (long long)result.metrics[METRIC_LOST],
                  (long long)result.metrics[METRIC_DUPLICATE_EFFECTS], result.drained);
    ck_assert_uint_eq(result.digest, again.digest);
    run_result_deinit(&result), run_result_deinit(&again);
  }
}

/* With deaths of brokers too: the new coordinator may die while it loads, the old one before it has moved. */
START_TEST(guarantees_hold_wherever_the_coordinator_is) {
  struct rig rig;
  swarm(&rig, _i % 2 ? "  - {name: m, every: exponential mean=150ms, min_hits: 0, move_coordinator: "
                       "broker.coordinator}\n"
                       "  - {name: d, every: exponential mean=700ms, min_hits: 0, kill: broker.any, "
                       "for: 60ms}\n"
                       "  - {name: c, every: exponential mean=900ms, min_hits: 0, kill: consumer.any, "
                       "for: 60ms}\n"
                       "  - {name: p, every: exponential mean=900ms, min_hits: 0, pause: "
                       "broker.any, for: 120ms}\n"
                     : "  - {name: m, every: exponential mean=100ms, min_hits: 0, move_coordinator: "
                       "[broker.1, broker.2, broker.3]}\n");
  for (uint64_t seed = 1; seed <= 4; seed++) holds_in_all_rows(&rig, (uint64_t)_i * 4 + seed);
  rig_close(&rig);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("coordinator");
  tcase_set_timeout(tests, 100);
  tcase_add_test(tests, sessions_begin_anew_at_the_new_coordinator);
  tcase_add_loop_test(tests, a_rebalance_that_is_interrupted_begins_again, 0, 6);
  tcase_add_loop_test(tests, what_is_under_way_is_ended_at_the_new_coordinator, 0, 10);
  tcase_add_test(tests, one_broker_alone_stays_coordinator);
  tcase_add_loop_test(tests, guarantees_hold_wherever_the_coordinator_is, 0, 10);
  return rig_main(suite_create("coordinator"), tests);
}
