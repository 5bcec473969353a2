/* Whoever breaks what it claims is named, and so is what it has broken: for each anomaly. */
#include "tests/system/lying_models.h"

static struct lying_models models;

static struct run_result run(const struct lie *lie, bool lies_now) {
  struct rig rig;
  struct rig_text text;
  lying_models_init(&models, lie, lies_now);
  lie_write(&text, lie);
  rig_load_with(&rig, text.bytes, &models.registry);
  struct run_result result = rig_run(&rig, 0, 1);
  rig_close(&rig);
  return result;
}

/* In words, as the report has it. */
static void check_set(const struct lie *lie, const char *what, uint32_t found, uint32_t expected) {
  char words[2][300];
  verdict_describe(found, words[0], sizeof words[0]);
  verdict_describe(expected, words[1], sizeof words[1]);
  ck_assert_msg(found == expected, "who %s %s %s, not %s", lie->about, what, words[0], words[1]);
}

START_TEST(a_liar_is_named_for_what_it_claimed) { /* [I1], [I2] */
  const struct lie *lie = &lies[_i];
  struct run_result result = run(lie, true);
  check_set(lie, "shows", verdict_violations(result.metrics, CLAIM_NOTHING), lie->shows);
  check_set(lie, "is told of", result.violations, lie->shows & lie->claims);
  ck_assert_int_eq(result.verdict, VERDICT_VIOLATED);
  ck_assert_uint_eq(result.drained, lie->anomaly != ANOMALY_STUCK);
  ck_assert_str_eq(rig_conservation(&result), "");
  run_result_deinit(&result);
}
END_TEST

START_TEST(who_tells_the_truth_is_not) { /* [I3] */
  const struct lie *lie = &lies[_i];
  struct run_result result = run(lie, false);
  check_set(lie, "shows without a lie", verdict_violations(result.metrics, CLAIM_NOTHING), CLAIM_NOTHING);
  ck_assert_int_eq(result.verdict, VERDICT_HELD);
  ck_assert_int_eq(result.metrics[METRIC_ONCE], result.metrics[METRIC_INTENDED]);
  run_result_deinit(&result);
}
END_TEST

START_TEST(there_is_a_liar_for_each_anomaly) {
  uint32_t lied = CLAIM_BIT(MISAPPLIED); /* only a check can show it */
  for (int i = 0; i < LIE_COUNT; i++) {
    ck_assert_uint_ne(lies[i].shows & lies[i].claims & (UINT32_C(1) << lies[i].anomaly), 0);
    lied |= UINT32_C(1) << lies[i].anomaly;
  }
  ck_assert_uint_eq(lied, (UINT32_C(1) << ANOMALY__COUNT) - 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, a_liar_is_named_for_what_it_claimed, 0, LIE_COUNT);
  tcase_add_loop_test(tests, who_tells_the_truth_is_not, 0, LIE_COUNT);
  tcase_add_test(tests, there_is_a_liar_for_each_anomaly);
  return rig_main(suite_create("system/lying_models"), tests);
}
