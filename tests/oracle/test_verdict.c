#include "sim/oracle/verdict.h"

#include "sim/world/plan.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

#define EVERYTHING ((UINT32_C(1) << ANOMALY__COUNT) - 1)

START_TEST(a_run_without_anomalies_violates_nothing) {
  int64_t metrics[METRIC__COUNT] = {0};
  metrics[METRIC_INTENDED] = metrics[METRIC_OK] = metrics[METRIC_ONCE] = 100;
  metrics[METRIC_ABSENT_UNKNOWN] = metrics[METRIC_ABSENT_REJECTED] = 3;
  ck_assert_uint_eq(verdict_violations(metrics, CLAIM_NOTHING), 0);
}
END_TEST

START_TEST(each_anomaly_violates_unless_it_is_allowed) {
  for (uint32_t i = 0; i < ANOMALY__COUNT; i++) {
    uint32_t bit = UINT32_C(1) << i;
    int64_t metrics[METRIC__COUNT] = {0};
    metrics[metric_find(anomaly_names[i])] = 1;
    ck_assert_uint_eq(verdict_violations(metrics, CLAIM_NOTHING), bit);
    ck_assert_uint_eq(verdict_violations(metrics, EVERYTHING & ~bit), bit);
    ck_assert_uint_eq(verdict_violations(metrics, bit), 0);
    ck_assert_uint_eq(verdict_violations(metrics, EVERYTHING), 0);
  }
}
END_TEST

START_TEST(allowing_one_does_not_excuse_another) {
  int64_t metrics[METRIC__COUNT] = {0};
  metrics[METRIC_LOST_ACKED] = 2;
  metrics[METRIC_PHANTOMS] = 1;
  ck_assert_uint_eq(verdict_violations(metrics, CLAIM_BIT(LOST_ACKED)), CLAIM_BIT(PHANTOMS));
}
END_TEST

START_TEST(a_set_is_described_in_words) {
  char text[512];
  verdict_describe(CLAIM_NOTHING, text, sizeof text);
  ck_assert_str_eq(text, "none");
  verdict_describe(CLAIM_BIT(PHANTOMS) | CLAIM_BIT(LOST_ACKED), text, sizeof text);
  ck_assert_str_eq(text, "lost_acked, phantoms");
  verdict_describe(EVERYTHING, text, sizeof text);
  ck_assert_ptr_nonnull(strstr(text, "stuck"));
}
END_TEST

START_TEST(a_description_never_overruns_its_place) {
  char full[512];
  verdict_describe(EVERYTHING, full, sizeof full);
  for (size_t size = 1; size <= strlen(full) + 1; size++) {
    char text[512];
    memset(text, '#', sizeof text);
    verdict_describe(EVERYTHING, text, size);
    ck_assert_uint_eq(strlen(text), size - 1);
    ck_assert_int_eq(strncmp(text, full, size - 1), 0);
    ck_assert_int_eq(text[size], '#');
  }
  verdict_describe(EVERYTHING, NULL, 0);
}
END_TEST

START_TEST(where_losing_is_allowed_a_handler_cannot_forbid_the_wrong_state) {
  const uint32_t state = CLAIM_BIT(STATE_ERRORS), twice = CLAIM_BIT(DUPLICATE_EFFECTS);
  const uint32_t lost = CLAIM_BIT(LOST_UNACKED);
  ck_assert_uint_eq(claim_allowed(state | twice, state | twice), 0);
  ck_assert_uint_eq(claim_allowed(state | twice | lost, state | twice), state | lost);
  ck_assert_uint_eq(claim_allowed(lost, state), lost);
}
END_TEST

START_TEST(what_may_come_late_or_again_may_overwrite_what_is_newer) {
  const uint32_t again = CLAIM_BIT(REEXECUTIONS), late = CLAIM_BIT(REORDERED);
  const uint32_t stale = CLAIM_BIT(STALE_OVERWRITES);
  ck_assert_uint_eq(claim_allowed(again, 0), again | stale);
  ck_assert_uint_eq(claim_allowed(again | late, again), late | stale);
  ck_assert_uint_eq(claim_allowed(again, again), 0);
}
END_TEST

/* A handler that does nothing twice, on a system that may deliver out of order. */
START_TEST(no_handler_puts_in_order_what_overwrites) {
  const uint32_t state = CLAIM_BIT(STATE_ERRORS);
  const struct system system = {.allows = state | CLAIM_BIT(REORDERED) | CLAIM_BIT(REEXECUTIONS)};
  const struct system in_order = {.allows = state | CLAIM_BIT(REEXECUTIONS)};
  const struct handler handler = {.forbids = state | CLAIM_BIT(REEXECUTIONS)};
  const struct intent_plan mixed[] = {{.operation = OPERATION_INCREMENT}, {.operation = OPERATION_PUT}};
  struct plan plan = {.system = &system, .handler = &handler};
  ck_assert_uint_eq(plan_allows(&plan, 0) & state, 0); /* increments come to the same in any order */
  plan.workload.operation = OPERATION_SET;
  ck_assert_uint_eq(plan_allows(&plan, 0) & state, state);
  plan.workload = (struct workload_plan){.intents = mixed, .messages = 2};
  ck_assert_uint_eq(plan_allows(&plan, 0) & state, state);
  plan.workload.messages = 1;
  ck_assert_uint_eq(plan_allows(&plan, 0) & state, 0);
  plan.workload = (struct workload_plan){.operation = OPERATION_SET};
  plan.system = &in_order;
  ck_assert_uint_eq(plan_allows(&plan, 0) & state, 0);
}
END_TEST

START_TEST(violated_outweighs_inconclusive_outweighs_held) {
  ck_assert_int_lt(VERDICT_HELD, VERDICT_INCONCLUSIVE);
  ck_assert_int_lt(VERDICT_INCONCLUSIVE, VERDICT_VIOLATED);
  ck_assert_str_eq(verdict_names[VERDICT_HELD], "held");
  ck_assert_str_eq(verdict_names[VERDICT_INCONCLUSIVE], "inconclusive");
  ck_assert_str_eq(verdict_names[VERDICT_VIOLATED], "violated");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("verdict");
  TCase *tcase = tcase_create("verdict");
  tcase_add_test(tcase, a_run_without_anomalies_violates_nothing);
  tcase_add_test(tcase, each_anomaly_violates_unless_it_is_allowed);
  tcase_add_test(tcase, allowing_one_does_not_excuse_another);
  tcase_add_test(tcase, a_set_is_described_in_words);
  tcase_add_test(tcase, a_description_never_overruns_its_place);
  tcase_add_test(tcase, where_losing_is_allowed_a_handler_cannot_forbid_the_wrong_state);
  tcase_add_test(tcase, what_may_come_late_or_again_may_overwrite_what_is_newer);
  tcase_add_test(tcase, no_handler_puts_in_order_what_overwrites);
  tcase_add_test(tcase, violated_outweighs_inconclusive_outweighs_held);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
