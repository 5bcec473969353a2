/* A claim rests on mechanisms: with each of them switched off, a scenario that holds is violated. */
#include "models/mutants.h"
#include "tests/system/claims.h"

#ifndef DGSIM_MUTANTS
#error "this test is for models built with DGSIM_MUTANTS"
#endif

static const struct {
  const char *name, *scenario;
} mutants[MUTANT__COUNT] = {
#define X(id, name, scenario, about) [MUTANT_##id] = {name, scenario},
    MUTANTS(X)
#undef X
};

static enum verdict verdict_with(enum mutant mutant) {
  struct rig rig;
  struct campaign campaign;
  mutant_on = mutant;
  claims_run(&rig, mutants[mutant].scenario, &campaign);
  mutant_on = MUTANT_NONE;
  enum verdict verdict = campaign.verdict;
  campaign_free(&campaign);
  rig_close(&rig);
  return verdict;
}

/* That they hold without is system/test_claims's to say. */
START_TEST(each_mechanism_switched_off_breaks_a_claim) {
  ck_assert_msg(strstr(mutants[_i].scenario, "-holds"), "%s names no scenario that holds",
                mutants[_i].name);
  ck_assert_msg(verdict_with((enum mutant)_i) == VERDICT_VIOLATED, "%s: %s is not violated",
                mutants[_i].name, mutants[_i].scenario);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("mutants");
  tcase_set_timeout(tests, 170);
  tcase_add_loop_test(tests, each_mechanism_switched_off_breaks_a_claim, MUTANT_NONE + 1,
                      MUTANT__COUNT);
  return rig_main(suite_create("mutants"), tests);
}
