/* Every claim of the source as something that runs: what tests/models/claims.csv says is so. */
#include "tests/system/claims.h"

#include <glob.h>

static struct claims claims;

static void check(const struct campaign *campaign, size_t row, const struct claim *claim) {
  const char *list = claim->anomalies;
  for (int metric = claims_anomaly(&list); metric >= 0; metric = claims_anomaly(&list)) {
    int64_t found = campaign_pooled(campaign, row, (enum metric)metric);
    ck_assert_msg(claim_breaks(claim) == (found > 0), "%s, row %s, %s: %s = %lld", claim->scenario,
                  claim->row, claim->verdict, metric_rows[metric].name, (long long)found);
  }
}

static void run_scenario(const char *scenario) {
  struct rig rig;
  struct campaign campaign;
  claims_run(&rig, scenario, &campaign);
  ck_assert_msg(rig.scenario.seed_count >= 20, "%s has %zu seeds, not 20", scenario,
                rig.scenario.seed_count);
  ck_assert_msg(rig.scenario.expectation_count > 0, "%s expects nothing", scenario);
  for (size_t i = 0; i < rig.scenario.expectation_count; i++)
    ck_assert_msg(campaign.expectations[i].holds, "%s, expectation %zu: %s", scenario, i + 1,
                  campaign.expectations[i].found);
  ck_assert_msg(campaign.verdict == VERDICT_HELD, "%s: %s", scenario,
                campaign.verdict == VERDICT_VIOLATED ? "violated" : "inconclusive");
  for (size_t i = 0; i < claims.count; i++)
    if (strcmp(claims.items[i].scenario, scenario) == 0)
      check(&campaign, claims_row(&rig, &claims.items[i]), &claims.items[i]);
  campaign_free(&campaign);
  rig_close(&rig);
}

START_TEST(every_claim_holds_and_breaks_as_the_table_says) {
  claims_read(&claims);
  for (size_t i = 0; i < claims.count; i++) {
    bool seen = false;
    for (size_t j = 0; j < i; j++)
      seen |= strcmp(claims.items[j].scenario, claims.items[i].scenario) == 0;
    if (!seen) run_scenario(claims.items[i].scenario);
  }
}
END_TEST

START_TEST(no_file_is_missing_in_the_table) {
  claims_read(&claims);
  glob_t files;
  ck_assert_int_eq(glob("scenarios/claims/*.yaml", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    bool named = false;
    for (size_t j = 0; j < claims.count; j++) {
      char path[128];
      snprintf(path, sizeof path, "scenarios/claims/%s.yaml", claims.items[j].scenario);
      named |= strcmp(path, files.gl_pathv[i]) == 0;
    }
    ck_assert_msg(named, "tests/models/claims.csv does not name %s", files.gl_pathv[i]);
  }
  globfree(&files);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("claims");
  tcase_set_timeout(tests, 170);
  tcase_add_test(tests, every_claim_holds_and_breaks_as_the_table_says);
  tcase_add_test(tests, no_file_is_missing_in_the_table);
  return rig_main(suite_create("claims"), tests);
}
