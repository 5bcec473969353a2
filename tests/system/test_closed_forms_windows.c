/* Closed forms of deduplication, through the whole simulator from a scenario file. Fixed seeds, exact
 * intervals at alpha 1e-4; what must be zero is tested to be zero.
 *
 * Bloom filter of m bits and k hash functions: the i-th fresh message is dropped with probability
 * (1 - e^(-k i / m))^k, and a message that is dropped marks nothing new.
 *
 * Window W, from the first copy that was accepted: attempts at t_0 = 0 < t_1 < …, answers lost with
 * probability p each alone, requests never. An attempt l is made with probability p^l, so that a copy
 * escapes with p^j, j the first attempt later than W.
 *
 * The last N ids, copies a gap g apart, fresh messages of rate lambda: a copy escapes when N or more came
 * in the gap, a Poisson number of mean lambda g.
 */
#include "sim/runner/series.h"
#include "tests/system/rig.h"

#include "sim/oracle/statistics.h"
#include "sim/runner/series.h"

#include <math.h>

#define ALPHA 1e-4

static void check_share(const char *what, int64_t count, int64_t trials, double expected) {
  struct estimate share = statistics_proportion((uint64_t)count, (uint64_t)trials, ALPHA);
  ck_assert_msg(share.low <= expected && expected <= share.high,
                "%s: %lld of %lld is [%.6f, %.6f], the formula says %.6f", what, (long long)count,
                (long long)trials, share.low, share.high, expected);
}

/* --- Bloom filters --- */

static const struct {
  unsigned bytes, hashes, messages;
} filters[] = {{1024, 7, 1000}, {1024, 3, 2000}, {512, 5, 500}, {2048, 2, 1500}};
#define FILTERS 40

START_TEST(a_bloom_filter_loses_what_the_formula_says) {
  double k = filters[_i].hashes, m = filters[_i].bytes * 8.0, expected = 0;
  for (unsigned i = 0; i < filters[_i].messages; i++) expected += pow(1 - exp(-k * i / m), k);
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: bloom\nmeasure_capacity: false\nsystem: kafka-acks-all\n"
          "workload: {messages: %u, rate: 2000/s}\ntopology: {consumers: 1}\n"
          "compare:\n"
          "  - {label: bloom, handler: {name: bloom, size: %uB, hashes: %u}}\n"
          "  - {label: bloom-backed, handler: {name: bloom-backed, size: %uB, hashes: %u}}\n",
          filters[_i].messages, filters[_i].bytes, filters[_i].hashes, filters[_i].bytes, filters[_i].hashes);
  struct rig rig;
  rig_load(&rig, text.bytes);
  int64_t lost = 0;
  for (uint64_t seed = 1; seed <= FILTERS; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    lost += result.metrics[METRIC_LOST];
    ck_assert_int_eq(result.metrics[METRIC_FALSE_SUPPRESSIONS], result.metrics[METRIC_LOST]);
    ck_assert_int_eq(result.metrics[METRIC_DEDUP_BYTES_PEAK], filters[_i].bytes);
    run_result_deinit(&result);
    result = rig_run(&rig, 1, seed);
    ck_assert_int_eq(result.metrics[METRIC_ONCE], filters[_i].messages);
    run_result_deinit(&result);
  }
  check_share("lost", lost, (int64_t)filters[_i].messages * FILTERS, expected / filters[_i].messages);
  rig_close(&rig);
}
END_TEST

/* --- Windows of time --- */

#define MESSAGES 20000

static const struct {
  const char *what, *keys; /* of the system and the client: how tries follow each other */
  double window_s;
  int attempt; /* the first that is later than the window */
} escapes[] = {
    /* t_i = i s, j = floor(W / b) + 1 */
    {"constant, 1.5 s", "max_attempts: 100, retry_backoff: 0s}", 1.5, 2},
    {"constant, 3.5 s", "max_attempts: 100, retry_backoff: 0s}", 3.5, 4},
    {"constant, 5.5 s", "max_attempts: 100, retry_backoff: 0s}", 5.5, 6},
    /* t_i = i s + 9 (2^i - 1) s: 0, 10, 29, 66, 139, 284, 573 */
    {"doubling, 20 s", "max_attempts: 1}\nclient: {name: retrying, attempts: 60, backoff: 9s", 20, 2},
    {"doubling, 100 s", "max_attempts: 1}\nclient: {name: retrying, attempts: 60, backoff: 9s", 100, 4},
    {"doubling, 400 s", "max_attempts: 1}\nclient: {name: retrying, attempts: 60, backoff: 9s", 400, 6},
};

static int64_t escaped(int row, double p, const char *system, const char *handler) {
  const bool client = strstr(escapes[row].keys, "client");
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: window\nmeasure_capacity: false\n"
          "workload: {messages: %d, rate: 400/s, keys: 1000, service_time: 100us}\n"
          "topology: {producers: 4, consumers: 4, threads: 4}\n"
          "links:\n  default: {latency: 1ms}\n  producer_to_broker: {latency: 1ms, reply_loss: %g%%}\n"
          "system: {name: %s, request_timeout: 1s, %s%s\nhandler: %s\n",
          MESSAGES, p * 100, system, escapes[row].keys,
          client ? ", backoff_max: 10h, backoff_jitter: 0%, resubmit_unknown: true}" : "", handler);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct run_result result = rig_run(&rig, 0, 1);
  ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
  int64_t many = result.metrics[METRIC_MANY];
  run_result_deinit(&result);
  rig_close(&rig);
  return many;
}

static const double lost_answers[] = {0.5, 0.25};

START_TEST(a_copy_escapes_a_table_with_retention_as_often_as_the_formula_says) {
  for (size_t i = 0; i < sizeof lost_answers / sizeof *lost_answers; i++) {
    char handler[100];
    snprintf(handler, sizeof handler, "{name: dedup-table, retention: %gs, prune_every: 10ms}",
             escapes[_i].window_s);
    check_share(escapes[_i].what, escaped(_i, lost_answers[i], "sqs-standard", handler), MESSAGES,
                pow(lost_answers[i], escapes[_i].attempt));
  }
}
END_TEST

START_TEST(no_copy_escapes_a_table_that_keeps_every_id) {
  ck_assert_int_eq(escaped(_i, 0.5, "sqs-standard", "dedup-table"), 0);
}
END_TEST

/* Only its own repetitions have the same deduplication id, so that a client's are out of the question. */
START_TEST(a_copy_escapes_a_fifo_queue_as_often_as_the_formula_says) {
  char system[100];
  snprintf(system, sizeof system, "sqs-fifo, deduplication_interval: %gs", escapes[_i].window_s);
  check_share(escapes[_i].what, escaped(_i, 0.5, system, "naive"), MESSAGES, pow(0.5, escapes[_i].attempt));
}
END_TEST

/* --- Windows of entries --- */

static double poisson_tail(double mean, int least) {
  double term = exp(-mean), below = 0;
  for (int i = 0; i < least; i++) {
    below += term;
    term *= mean / (i + 1);
  }
  return 1 - below;
}

static const int entries[] = {80, 100, 110, 120};

START_TEST(a_copy_escapes_the_last_ids_as_often_as_the_formula_says) {
  const double p = 0.01, rate = 100, gap = 1; /* few copies, so that their gaps hardly overlap */
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: entries\nmeasure_capacity: false\n"
          "workload: {messages: %d, rate: %g/s, keys: 1000, service_time: 1us}\n"
          "topology: {producers: 4, consumers: 1}\n"
          "links:\n  default: {latency: 100us}\n  producer_to_broker: {latency: 100us, reply_loss: %g%%}\n"
          "system: {name: sqs-standard, request_timeout: %gs, max_attempts: 100, retry_backoff: 0s}\n"
          "handler: {name: lru, entries: %d}\n",
          MESSAGES, rate, p * 100, gap, entries[_i]);
  struct rig rig;
  rig_load(&rig, text.bytes);
  int64_t copies = 0, done = 0;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    copies += result.metrics[METRIC_DELIVERED] - MESSAGES;
    done += result.metrics[METRIC_REEXECUTIONS];
    ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
    run_result_deinit(&result);
  }
  check_share("copies done again", done, copies, poisson_tail(rate * gap, entries[_i]));
  rig_close(&rig);
}
END_TEST

/* --- A burst when a partition heals --- */

START_TEST(buffered_retries_come_in_a_burst_at_the_heal) {
  struct rig rig;
  rig_open(&rig, "scenarios/claims/C31-breaks.yaml");
  for (uint64_t seed = 1; seed <= 5; seed++) {
    struct run_result result = rig_run(&rig, 0, seed);
    const struct fault_plan *cut = &rig.scenario.plans[0].faults[0];
    int64_t heal = cut->at.ns + cut->lasts.ns;
    size_t in_burst = 0, others = 0;
    struct timeline_bucket cells[LEDGER_BUCKETS_MAX];
    ck_assert(series_read_timeline(&result.timeline, result.timeline_count, cells));
    for (size_t i = 0; i < result.timeline_count; i++) {
      int64_t begin = (int64_t)i * result.timeline_width, end = begin + result.timeline_width;
      bool at_heal = end > heal && begin < heal + 5 * NS_PER_S;
      *(at_heal ? &in_burst : &others) += cells[i].duplicate_effects;
    }
    ck_assert_uint_gt(in_burst, 20);
    ck_assert_uint_eq(others, 0);
    run_result_deinit(&result);
  }
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/closed_forms_windows");
  TCase *tests = tcase_create("windows");
  tcase_set_timeout(tests, 120);
  int rows = sizeof escapes / sizeof *escapes;
  tcase_add_loop_test(tests, a_bloom_filter_loses_what_the_formula_says, 0, sizeof filters / sizeof *filters);
  tcase_add_loop_test(tests, a_copy_escapes_a_table_with_retention_as_often_as_the_formula_says, 0, rows);
  tcase_add_loop_test(tests, no_copy_escapes_a_table_that_keeps_every_id, 0, rows);
  tcase_add_loop_test(tests, a_copy_escapes_a_fifo_queue_as_often_as_the_formula_says, 0, 3);
  tcase_add_loop_test(tests, a_copy_escapes_the_last_ids_as_often_as_the_formula_says, 0,
                      sizeof entries / sizeof *entries);
  tcase_add_test(tests, buffered_retries_come_in_a_burst_at_the_heal);
  return rig_main(suite, tests);
}
