/* Every claim of the source as something that runs: what scenarios/claims/verdicts.csv says is so. */
#include "sim/runner/claims.h"
#include "tests/system/rig.h"

static void load(const char *folder, struct claims *out) {
  struct err err = {.code = ERR_NONE};
  const struct registry registry = rig_registry();
  const bool good = claims_load(folder, out, &err) &&
                    claims_measure(out, &registry, 2, "a test", &err);
  if (!good) err_print(&err, stderr);
  ck_assert_msg(good, "%s: %s", folder, err.message);
}

START_TEST(every_claim_holds_and_breaks_as_the_table_says) {
  struct claims claims;
  load("scenarios/claims", &claims);
  for (size_t i = 0; i < claims.row_count; i++) {
    const struct claim_row *row = &claims.rows[i];
    ck_assert_msg(row->measured == row->expected, "%s, row %s: %s, not %s%s%s", row->scenario,
                  row->row, claim_verdict_names[row->measured],
                  claim_verdict_names[row->expected], row->why ? ": " : "",
                  row->why ? row->why : "");
  }
  for (size_t i = 0; i < claims.count; i++) {
    const bool any = claims_expected(&claims, i, CLAIM_HOLDS) ||
                     claims_expected(&claims, i, CLAIM_BREAKS);
    ck_assert_msg(!any || claims_confirmed(&claims, i), "%s lacks a row that holds or one that breaks",
                  claims.items[i].id);
  }
  for (size_t i = 0; i < claims.unnamed_count; i++)
    ck_abort_msg("verdicts.csv does not name %s", claims.unnamed[i]);
  claims_free(&claims);
}
END_TEST

/* ---- the table finds what is wrong: a folder with one mistake ---- */

#define FOLDER_MAX 64

static void write_file(const char *folder, const char *name, const char *text) {
  char path[FOLDER_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  fclose(file);
}

static void make_folder(char folder[FOLDER_MAX], const char *verdicts, const char *scenario) {
  snprintf(folder, FOLDER_MAX, "/tmp/dgsim-claims-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  write_file(folder, "claims.csv", "claim,text,finding\nC01,one,\nC02,\"two, too\",otherwise\n");
  write_file(folder, "verdicts.csv", verdicts);
  write_file(folder, "C01-holds.yaml", scenario);
}

static void remove_folder(const char *folder) {
  static const char *const names[] = {"claims.csv", "verdicts.csv", "C01-holds.yaml"};
  char path[FOLDER_MAX + 32];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    ck_assert_int_eq(remove(path), 0);
  }
  ck_assert_int_eq(remove(folder), 0);
}

#define HEAD "claim,scenario,row,verdict,anomalies\n"
#define CRASH                                                                                      \
  "format: 1\nseeds: 2\nmeasure_capacity: false\ncompare: [at-most-once, at-least-once]\n"         \
  "workload: {messages: 300, rate: 300/s}\n"                                                       \
  "faults:\n  - {at: 300ms, kill: consumer.1}\n"
#define LOSES "expect:\n  - {row: at-most-once, lost: some}\n"

START_TEST(a_row_is_measured_with_twenty_seeds) {
  char folder[FOLDER_MAX];
  struct claims claims;
  make_folder(folder,
              HEAD "C01,C01-holds,at-most-once,breaks,lost\n"
                   "C01,C01-holds,at-least-once,holds,lost stuck\n",
              CRASH LOSES);
  load(folder, &claims);
  ck_assert_int_eq(claims.rows[0].measured, CLAIM_BREAKS);
  ck_assert_int_ge(claims.rows[0].found[0], CLAIMS_SEEDS_MIN);
  ck_assert_int_eq(claims.rows[1].measured, CLAIM_HOLDS);
  ck_assert(claims_confirmed(&claims, 0));
  ck_assert_msg(!claims_confirmed(&claims, 1), "a claim without rows is confirmed");
  ck_assert(!claims_all_confirmed(&claims));
  ck_assert_str_eq(claims.items[1].text, "two, too");
  claims_free(&claims);
  remove_folder(folder);
}
END_TEST

static const struct {
  const char *verdicts, *scenario;
  enum claim_verdict measured; /* of the first row */
} wrong[] = {
    {HEAD "C01,C01-holds,at-most-once,holds,lost\n", CRASH LOSES, CLAIM_BREAKS},
    {HEAD "C01,C01-holds,at-least-once,breaks,lost\n", CRASH LOSES, CLAIM_HOLDS},
    {HEAD "C01,C01-holds,at-most-once,breaks,lost phantoms\n", CRASH LOSES, CLAIM_MIXED},
    {HEAD "C01,C01-holds,at-most-once,breaks,lost\n", CRASH, CLAIM_UNEXPECTED},
    {HEAD "C01,C01-holds,at-most-once,breaks,lost\n", CRASH "expect:\n  - {lost: none}\n",
     CLAIM_UNEXPECTED},
    {HEAD "C01,C01-holds,at-most-once,breaks,lost\n",
     CRASH "  - {at: 9min, reset: consumer_to_broker}\n" LOSES, CLAIM_INCONCLUSIVE},
};
#define WRONG (int)(sizeof wrong / sizeof *wrong)

START_TEST(a_row_that_is_otherwise_is_told) {
  char folder[FOLDER_MAX];
  struct claims claims;
  make_folder(folder, wrong[_i].verdicts, wrong[_i].scenario);
  load(folder, &claims);
  ck_assert_str_eq(claim_verdict_names[claims.rows[0].measured],
                   claim_verdict_names[wrong[_i].measured]);
  ck_assert(claims.rows[0].measured != claims.rows[0].expected);
  ck_assert(!claims_confirmed(&claims, 0));
  claims_free(&claims);
  remove_folder(folder);
}
END_TEST

START_TEST(a_scenario_that_no_line_names_is_found) {
  char folder[FOLDER_MAX];
  struct claims claims;
  make_folder(folder, HEAD, CRASH LOSES);
  load(folder, &claims);
  ck_assert_uint_eq(claims.unnamed_count, 1);
  ck_assert_str_eq(claims.unnamed[0], "C01-holds");
  claims_free(&claims);
  remove_folder(folder);
}
END_TEST

static const struct {
  const char *verdicts, *says;
  int line;
} bad[] = {
    {"claim,scenario,row,anomalies,verdict\n", "column 'anomalies' where 'verdict' should be", 1},
    {HEAD "C01,C01-holds,at-most-once,holds\n", "4 cells, not 5", 2},
    {HEAD "C03,C01-holds,at-most-once,holds,lost\n", "claims.csv has no claim 'C03'", 2},
    {HEAD "C01,C01-holds,at-most-once,hold,lost\n", "'hold' is neither holds nor breaks", 2},
    {HEAD "C01,C01-holds,at-most-once,holds,losst\n", "no metric is called 'losst'", 2},
    {HEAD "C01,C01-holds,at-most-once,holds,\n", "no anomaly", 2},
    {HEAD "C01,C01-holds,at-most-once,holds,lost\nC01,C01-holds,none,holds,lost\n",
     "C01-holds has no row 'none'", 3},
    {HEAD "C01,C01-nothing,at-most-once,holds,lost\n", "cannot open", 0},
};
#define BAD (int)(sizeof bad / sizeof *bad)

START_TEST(a_mistake_in_the_table_is_placed) {
  char folder[FOLDER_MAX];
  struct claims claims;
  struct err err = {.code = ERR_NONE};
  const struct registry registry = rig_registry();
  make_folder(folder, bad[_i].verdicts, CRASH LOSES);
  if (claims_load(folder, &claims, &err)) {
    ck_assert(!claims_measure(&claims, &registry, 1, "a test", &err));
    claims_free(&claims);
  }
  ck_assert_msg(strstr(err.message, bad[_i].says), "'%s' does not say '%s'", err.message, bad[_i].says);
  ck_assert_int_eq(err.line, bad[_i].line);
  remove_folder(folder);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("claims");
  tcase_set_timeout(tests, 170);
  tcase_add_test(tests, every_claim_holds_and_breaks_as_the_table_says);
  tcase_add_test(tests, a_row_is_measured_with_twenty_seeds);
  tcase_add_loop_test(tests, a_row_that_is_otherwise_is_told, 0, WRONG);
  tcase_add_test(tests, a_scenario_that_no_line_names_is_found);
  tcase_add_loop_test(tests, a_mistake_in_the_table_is_placed, 0, BAD);
  return rig_main(suite_create("claims"), tests);
}
