/* Every fault that was put in on purpose is noticed, by who is named in its row (sim/base/mutant.h).
 *
 * Of a model: a claim rests on mechanisms, and with each of them switched off a scenario that holds is
 * violated, or a test program fails. Of the world and of the judge: a test program fails, or a scenario does not give
 * what it says. */
#include "models/mutants.h"
#include "sim/oracle/mutants.h"
#include "sim/world/mutants.h"
#include "tests/system/claims.h"

#ifndef DGSIM_MUTANTS
#error "this test is for what was built with DGSIM_MUTANTS"
#endif

static const struct row {
  int number;
  const char *name, *noticed_by;
} rows[] = {
#define X(id, name, noticed_by, about) {MUTANT_##id, name, noticed_by},
    WORLD_MUTANTS(X) ORACLE_MUTANTS(X) MUTANTS(X)
#undef X
};
#define ROWS (int)(sizeof rows / sizeof *rows)

static bool is_program(const char *noticed_by) { return strchr(noticed_by, '/') != NULL; }

/* The program fails: "world/test_link" is mutant_world_test_link, beside this one. */
static bool fails(const char *program, int mutant) {
  char command[512], name[64];
  snprintf(name, sizeof name, "%s", program);
  *strchr(name, '/') = '_';
  snprintf(command, sizeof command, "DGSIM_MUTANT=%d '%s/mutant_%s' >/dev/null 2>&1", mutant, PROGRAMS, name);
  const int status = system(command);
  ck_assert_msg(status != -1 && status != 127 << 8, "%s cannot be run", program);
  return status != 0;
}

/* A scenario that holds is violated; one that breaks does not give what it expects. */
static bool differs(const char *scenario, int mutant) {
  struct rig rig;
  struct campaign campaign;
  mutant_on = mutant;
  claims_run(&rig, scenario, &campaign);
  mutant_on = MUTANT_NONE;
  const bool holds = strstr(scenario, "-holds") != NULL;
  const bool differs = holds ? campaign.verdict == VERDICT_VIOLATED : campaign_exit_status(&campaign) != 0;
  campaign_free(&campaign);
  rig_close(&rig);
  return differs;
}

static bool noticed(const char *noticed_by, int mutant) {
  return is_program(noticed_by) ? fails(noticed_by, mutant) : differs(noticed_by, mutant);
}

START_TEST(each_fault_is_noticed) {
  const struct row *row = &rows[_i];
  ck_assert_msg(noticed(row->noticed_by, row->number), "%s: %s does not notice", row->name, row->noticed_by);
}
END_TEST

/* Of scenarios that hold it is system/test_claims that says so. */
START_TEST(without_a_fault_there_is_nothing_to_notice) {
  const struct row *row = &rows[_i];
  for (int i = 0; i < _i; i++)
    if (strcmp(rows[i].noticed_by, row->noticed_by) == 0) return;
  if (row->number >= MUTANT_MODELS_FIRST && !is_program(row->noticed_by)) {
    ck_assert_msg(strstr(row->noticed_by, "-holds"), "%s names no scenario that holds", row->name);
    return;
  }
  ck_assert_msg(!noticed(row->noticed_by, MUTANT_NONE), "%s fails without a fault", row->noticed_by);
}
END_TEST

START_TEST(names_are_different) {
  for (int i = 0; i < _i; i++) ck_assert_str_ne(rows[i].name, rows[_i].name);
}
END_TEST

/* As a table: name and who notices it. */
static int list(void) {
  puts("mutant,noticed_by");
  for (int i = 0; i < ROWS; i++) printf("%s,%s\n", rows[i].name, rows[i].noticed_by);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--list") == 0) return list();
  TCase *tests = tcase_create("mutants");
  tcase_set_timeout(tests, 170);
  tcase_add_loop_test(tests, each_fault_is_noticed, 0, ROWS);
  tcase_add_loop_test(tests, without_a_fault_there_is_nothing_to_notice, 0, ROWS);
  tcase_add_loop_test(tests, names_are_different, 0, ROWS);
  return rig_main(suite_create("mutants"), tests);
}
