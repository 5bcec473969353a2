/* What the ledger promises of several sink groups: an obligation for each, none judged by another's. */
#include "tests/oracle/fact_script.h"

#include "sim/base/grow.h"
#include "sim/base/schema.h"
#include "sim/kernel/time.h"
#include "tests/run_suite.h"

#include <signal.h>

static struct ledger *ledger; /* of the test under way */
static int64_t metrics[METRIC__COUNT];

static void setup(void) { ledger = ledger_new(); }
static void teardown(void) { ledger_free(ledger); }

static int64_t of_group(uint32_t group, enum metric metric) { return ledger_group(ledger, group)[metric]; }

START_TEST(an_operation_is_an_obligation_to_each_group) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1 effect:1@1 effect:1@2 drained", 3, metrics);
  ck_assert_int_eq(metrics[METRIC_INTENDED], 3);
  ck_assert_int_eq(metrics[METRIC_OK], 3);
  ck_assert_int_eq(metrics[METRIC_ONCE], 3);
  ck_assert_int_eq(metrics[METRIC_MANY], 0);
  for (uint32_t group = 0; group < 3; group++) {
    ck_assert_int_eq(of_group(group, METRIC_INTENDED), 1);
    ck_assert_int_eq(of_group(group, METRIC_ONCE), 1);
  }
}
END_TEST

START_TEST(what_one_group_misses_is_lost_there_alone) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1 effect:1@2 drained", 3, metrics);
  ck_assert_int_eq(metrics[METRIC_LOST_ACKED], 1);
  ck_assert_int_eq(of_group(0, METRIC_LOST), 0);
  ck_assert_int_eq(of_group(1, METRIC_LOST), 1);
  ck_assert_int_eq(of_group(2, METRIC_LOST), 0);
}
END_TEST

START_TEST(what_one_group_does_twice_is_doubled_there_alone) {
  script_judge_groups(ledger, "intended:1 ok:1 delivered:1@1 effect:1@1 delivered:1@1 effect:1@1 "
                              "delivered:1 effect:1 drained", 2, metrics);
  ck_assert_int_eq(metrics[METRIC_DUPLICATE_EFFECTS], 1);
  ck_assert_int_eq(of_group(0, METRIC_DUPLICATE_EFFECTS), 0);
  ck_assert_int_eq(of_group(0, METRIC_DUPLICATE_DELIVERIES), 0);
  ck_assert_int_eq(of_group(1, METRIC_DUPLICATE_EFFECTS), 1);
  ck_assert_int_eq(of_group(1, METRIC_DUPLICATE_DELIVERIES), 1);
  uint64_t first, second;
  ck_assert(ledger_evidence(ledger, 1, 1, &first, &second));
  ck_assert(first == 4 && second == 6);
  ck_assert(!ledger_evidence(ledger, 0, 1, &first, &second));
}
END_TEST

START_TEST(a_group_disposes_suppresses_and_sets_aside_for_itself) {
  script_judge_groups(ledger, "intended:1 ok:1 dead-lettered:1@1 suppressed:1@2 disposed:1 stuck", 3,
                      metrics);
  ck_assert_int_eq(of_group(0, METRIC_LOST_ACKED), 1); /* disposed of: no wait would help */
  ck_assert_int_eq(of_group(1, METRIC_DEAD_LETTERED), 1);
  ck_assert_int_eq(of_group(2, METRIC_STUCK), 1);
  ck_assert_int_eq(of_group(2, METRIC_FALSE_SUPPRESSIONS), 1);
  ck_assert_int_eq(metrics[METRIC_FALSE_SUPPRESSIONS], 1);
}
END_TEST

START_TEST(a_phantom_and_an_undone_effect_are_of_their_group) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1 effect:1@1 effect-undone:1@1 effect:9@1 drained", 2,
                      metrics);
  ck_assert_int_eq(of_group(0, METRIC_PHANTOMS), 0);
  ck_assert_int_eq(of_group(1, METRIC_PHANTOMS), 1);
  ck_assert_int_eq(of_group(0, METRIC_ONCE), 1);
  ck_assert_int_eq(of_group(1, METRIC_LOST_ACKED), 1);
}
END_TEST

START_TEST(each_store_is_compared_with_its_own_effects) {
  script_judge_groups(ledger, "intended:1/2 ok:1 effect:1 effect:1@1 effect:1@1 drained "
                              "state:2=1 state:2=2@1", 2, metrics);
  ck_assert_int_eq(of_group(0, METRIC_STATE_ERRORS), 0);
  ck_assert_int_eq(of_group(1, METRIC_STATE_ERRORS), 1); /* two is no legal outcome of one operation */
  ck_assert_int_eq(metrics[METRIC_STATE_ERRORS], 1);
}
END_TEST

START_TEST(order_is_judged_within_a_group) {
  script_judge_groups(ledger, "intended:1 intended:2 ok:1 ok:2 effect:2@1 effect:1 effect:2 effect:1@1", 2,
                      metrics);
  ck_assert_int_eq(of_group(0, METRIC_REORDERED), 0);
  ck_assert_int_eq(of_group(1, METRIC_REORDERED), 1);
}
END_TEST

START_TEST(prices_are_the_runs_and_no_groups) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1 effect:1@1 drained counter:0=7 counter:1=5", 2,
                      metrics);
  ck_assert_int_eq(metrics[METRIC_ROUND_TRIPS], 7);
  ck_assert_int_eq(metrics[METRIC_DURABLE_WRITES], 5);
  for (uint32_t group = 0; group < 2; group++) ck_assert_int_eq(of_group(group, METRIC_ROUND_TRIPS), 0);
}
END_TEST

START_TEST(times_are_those_of_all_groups) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1>11 effect:1>101@1 at:200 drained", 2, metrics);
  ck_assert_int_eq(metrics[METRIC_DRAIN], 199);
  ck_assert_int_eq(of_group(0, METRIC_LATENCY_P99), 10);
  ck_assert_int_eq(of_group(0, METRIC_LATENCY_MEAN), 10);
  ck_assert_int_eq(of_group(1, METRIC_LATENCY_MEAN), 100);
  ck_assert_int_eq(metrics[METRIC_LATENCY_MEAN], 55);
  const struct batches *batches = ledger_latencies(ledger); /* of both, in the order of their facts */
  ck_assert_uint_eq(batches->count, 2);
  ck_assert_int_eq((int64_t)batches->sums[0], 10);
  ck_assert_int_eq((int64_t)batches->sums[1], 100);
  ck_assert_int_eq(metrics[METRIC_LATENCY_P50], 10);
  ck_assert_int_ge(metrics[METRIC_LATENCY_P99], 100);
  ck_assert_int_eq(metrics[METRIC_GOODPUT], 2 * NS_PER_S * SCHEMA_RATE_SCALE / 100);
}
END_TEST

START_TEST(the_timeline_counts_what_is_open_in_each) {
  size_t count;
  int64_t width;
  script_judge_groups(ledger, "intended:1 at:15 effect:1 at:25 effect:1@1 drained", 2, metrics);
  const struct timeline_bucket *cells = ledger_timeline(ledger, &count, &width);
  ck_assert(count == 3 && width == SCRIPT_BUCKET_NS);
  ck_assert_int_eq(cells[0].open, 2);
  ck_assert_int_eq(cells[1].open, 1);
  ck_assert_int_eq(cells[2].open, 0);
  ck_assert_uint_eq(cells[0].intended, 2);
}
END_TEST

START_TEST(one_run_after_another_with_other_numbers_of_groups) {
  for (uint32_t groups = 1; groups <= 4; groups++) {
    script_judge_groups(ledger, "intended:1 ok:1 effect:1 drained", groups, metrics);
    ck_assert_int_eq(metrics[METRIC_ONCE], 1);
    ck_assert_int_eq(metrics[METRIC_LOST], groups - 1);
  }
  script_judge(ledger, "intended:1 ok:1 effect:1 drained", metrics);
  ck_assert_int_eq(metrics[METRIC_INTENDED], 1);
  ck_assert_int_eq(metrics[METRIC_LOST], 0);
}
END_TEST

#define MANY UINT64_C(200000)

static void state(enum fact kind, uint64_t intent, uint32_t group, uint64_t *number) {
  struct trace_record record = {.at = (int64_t)*number, .kind = kind, .intent = intent, .detail = group,
                                .value = kind == FACT_INTENDED ? 1 : *number};
  feed_ledger(ledger, &record, 1, (*number)++);
}

START_TEST(memory_follows_the_open_window_and_not_the_messages) {
  uint64_t number = 0;
  ledger_reset(ledger, SCRIPT_KEYS, 3, 1000000);
  size_t bytes = 0;
  for (uint64_t intent = 1; intent <= MANY; intent++) {
    state(FACT_INTENDED, intent, 0, &number);
    state(FACT_OK, intent, 0, &number);
    for (uint32_t group = 0; group < 3; group++) state(FACT_EFFECT, intent, group, &number);
    if (intent == MANY / 10) bytes = ledger_bytes(ledger);
  }
  ck_assert_uint_eq(ledger_bytes(ledger), bytes);
  ledger_finish(ledger, metrics);
  ck_assert_int_eq(metrics[METRIC_ONCE], 3 * (int64_t)MANY);
}
END_TEST

START_TEST(a_group_that_is_not_there_is_refused) {
  script_judge_groups(ledger, "intended:1 ok:1 effect:1@2", 2, metrics);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ledger with groups");
  TCase *tests = tcase_create("groups");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, an_operation_is_an_obligation_to_each_group);
  tcase_add_test(tests, what_one_group_misses_is_lost_there_alone);
  tcase_add_test(tests, what_one_group_does_twice_is_doubled_there_alone);
  tcase_add_test(tests, a_group_disposes_suppresses_and_sets_aside_for_itself);
  tcase_add_test(tests, a_phantom_and_an_undone_effect_are_of_their_group);
  tcase_add_test(tests, each_store_is_compared_with_its_own_effects);
  tcase_add_test(tests, order_is_judged_within_a_group);
  tcase_add_test(tests, prices_are_the_runs_and_no_groups);
  tcase_add_test(tests, times_are_those_of_all_groups);
  tcase_add_test(tests, the_timeline_counts_what_is_open_in_each);
  tcase_add_test(tests, one_run_after_another_with_other_numbers_of_groups);
  tcase_add_test(tests, memory_follows_the_open_window_and_not_the_messages);
  tcase_add_test_raise_signal(tests, a_group_that_is_not_there_is_refused, SIGABRT);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
