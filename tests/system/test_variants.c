/* Each broken variant breaks, and what it was made from does not. */
#include "tests/system/variants.h"

#include <glob.h>

static struct broken_models models;

static void load(struct rig *rig, const struct flaw *variant, const char *faults) {
  struct rig_text text;
  broken_models_init(&models);
  variant_write(&text, variant, faults);
  rig_load_with(rig, text.bytes, &models.registry);
  ck_assert_uint_eq(rig->scenario.plan_count, VARIANT_ROWS);
}

/* Holds: its contract stands, and nothing of what the variant is about has happened. */
static void check_held(const struct flaw *variant, struct rig *rig, size_t row) {
  struct run_result result = rig_run(rig, row, 1);
  char violations[200];
  verdict_describe(result.violations, violations, sizeof violations);
  ck_assert_msg(result.violations == 0 && result.drained &&
                    result.metrics[variant->anomaly] == 0 &&
                    result.metrics[METRIC_ONCE] == result.metrics[METRIC_INTENDED],
                "%s, row %zu violates %s%s", variant->name, row, violations,
                result.drained ? "" : ", stuck");
  const char *wrong = rig_conservation(&result);
  ck_assert_msg(wrong[0] == '\0', "%s: %s", variant->name, wrong);
  run_result_deinit(&result);
}

static void check_hits(const struct flaw *variant, const struct rig *rig,
                       const struct run_result *result) {
  ck_assert_msg(result->metrics[METRIC_FAULTS_EFFECTIVE] == (int64_t)rig->scenario.fault_count,
                "%s: a fault hit nothing", variant->name);
}

/* The metric is also the anomaly of that name. */
static bool violates(const struct run_result *result, enum metric metric) {
  for (uint32_t i = 0; i < ANOMALY__COUNT; i++)
    if (strcmp(anomaly_names[i], metric_rows[metric].name) == 0) return (result->violations >> i) & 1;
  return false;
}

START_TEST(without_faults_both_hold) { /* [I1] */
  const struct flaw *variant = &variants[_i];
  struct rig rig;
  load(&rig, variant, "");
  check_held(variant, &rig, VARIANT_BROKEN);
  check_held(variant, &rig, VARIANT_TWIN);
  rig_close(&rig);
}
END_TEST

START_TEST(under_the_same_faults_only_the_variant_breaks) { /* [I2] */
  const struct flaw *variant = &variants[_i];
  struct rig rig;
  load(&rig, variant, variant->faults);
  ck_assert_uint_le(rig.scenario.fault_count, 2);
  struct run_result broken = rig_run(&rig, VARIANT_BROKEN, 1), twin = rig_run(&rig, VARIANT_TWIN, 1);
  ck_assert_msg(broken.metrics[variant->anomaly] > 0 && violates(&broken, variant->anomaly),
                "%s does not show %s", variant->name, metric_rows[variant->anomaly].name);
  check_hits(variant, &rig, &broken);
  check_hits(variant, &rig, &twin);
  run_result_deinit(&broken), run_result_deinit(&twin);
  check_held(variant, &rig, VARIANT_TWIN);
  rig_close(&rig);
}
END_TEST

START_TEST(the_faults_are_drops_and_kills_at_points) { /* [I3] */
  const struct flaw *variant = &variants[_i];
  struct rig rig;
  load(&rig, variant, variant->faults);
  for (size_t i = 0; i < rig.scenario.fault_count; i++) {
    const struct fault_plan *fault = &rig.scenario.faults[i];
    ck_assert(fault->verb == VERB_DROP || fault->verb == VERB_KILL);
    ck_assert(fault->timing == TIMING_WHEN && fault->intent > 0);
    ck_assert(fault->target.items[0].which == WHICH_THIS);
  }
  rig_close(&rig);
}
END_TEST

START_TEST(scenarios_of_patterns_meet_their_expectations) {
  glob_t files = {.gl_pathc = 0};
  ck_assert_int_eq(glob("scenarios/patterns/*.yaml", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    struct rig rig;
    rig_open(&rig, files.gl_pathv[i]);
    ck_assert_uint_gt(rig.scenario.expectation_count, 0);
    struct campaign campaign;
    campaign_run(&rig.scenario, &(struct campaign_options){.workers = 2, .command = "a test"},
                 &campaign);
    ck_assert_msg(campaign_exit_status(&campaign) == 0, "%s", files.gl_pathv[i]);
    campaign_free(&campaign);
    rig_close(&rig);
  }
  globfree(&files);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, without_faults_both_hold, 0, VARIANT_COUNT);
  tcase_add_loop_test(tests, under_the_same_faults_only_the_variant_breaks, 0, VARIANT_COUNT);
  tcase_add_loop_test(tests, the_faults_are_drops_and_kills_at_points, 0, VARIANT_COUNT);
  tcase_add_test(tests, scenarios_of_patterns_meet_their_expectations);
  tcase_set_timeout(tests, 60);
  return rig_main(suite_create("system/variants"), tests);
}
