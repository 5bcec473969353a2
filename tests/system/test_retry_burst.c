/* A burst of copies when a partition heals. */
#include "sim/runner/series.h"
#include "tests/system/rig.h"

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
  TCase *tests = tcase_create("burst");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, buffered_retries_come_in_a_burst_at_the_heal);
  return rig_main(suite_create("retry burst"), tests);
}
