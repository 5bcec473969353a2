#include "sim/runner/judge.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 2
#define SEEDS 4
#define FAULTS 2
#define SHARE(percent) ((int64_t)(percent) * (SCHEMA_SHARE_SCALE / 100))

/* A campaign of two rows and up to four seeds, with everything that judging reads. */
struct fixture {
  struct system system;
  struct plan plans[ROWS];
  uint64_t seeds[SEEDS];
  struct fault_plan faults[FAULTS];
  uint32_t rows[ROWS], others[ROWS];
  struct expectation expectation;
  struct scenario scenario;
  struct run_result results[ROWS * SEEDS];
  uint64_t hits[ROWS * SEEDS][FAULTS];
  uint8_t applies[ROWS * SEEDS][FAULTS];
  int64_t capacity[ROWS];
  uint64_t fault_hits[FAULTS];
  bool fault_applicable[FAULTS], contract_held[ROWS];
  uint32_t violations[ROWS];
  struct expectation_result found;
  struct campaign campaign;
};

static struct fixture *fixture_new(size_t seeds) {
  struct fixture *f = calloc(1, sizeof *f);
  f->plans[0].label = "first";
  f->plans[1].label = "second";
  f->faults[0] = (struct fault_plan){.name = "cut", .min_hits = 1};
  f->faults[1] = (struct fault_plan){.name = "crash", .min_hits = 3};
  f->scenario = (struct scenario){.path = "x.yaml",
                                  .name = "x",
                                  .seeds = f->seeds,
                                  .seed_count = seeds,
                                  .plans = f->plans,
                                  .plan_count = ROWS,
                                  .faults = f->faults,
                                  .expectations = &f->expectation};
  for (size_t i = 0; i < SEEDS; i++) f->seeds[i] = i + 1;
  for (size_t i = 0; i < ROWS * SEEDS; i++) {
    f->results[i] = (struct run_result){.fault_hits = f->hits[i], .fault_applies = f->applies[i]};
    f->results[i].metrics[METRIC_INTENDED] = f->results[i].metrics[METRIC_ONCE] = 1000;
  }
  f->campaign = (struct campaign){.scenario = &f->scenario,
                                  .results = f->results,
                                  .result_count = ROWS * seeds,
                                  .seed_count = seeds,
                                  .capacity = f->capacity,
                                  .fault_hits = f->fault_hits,
                                  .fault_applicable = f->fault_applicable,
                                  .expectations = &f->found,
                                  .contract_held = f->contract_held,
                                  .violations = f->violations,
                                  .reproduce = "dgsim run x.yaml"};
  return f;
}

static struct run_result *result(struct fixture *f, size_t row, size_t seed) {
  return &f->results[row * f->scenario.seed_count + seed];
}
static void set(struct fixture *f, size_t row, enum metric metric, const int64_t values[SEEDS]) {
  for (size_t seed = 0; seed < f->scenario.seed_count; seed++)
    result(f, row, seed)->metrics[metric] = values[seed];
}

/* Judges one expectation of the first row against `second`. */
static bool holds(struct fixture *f, struct expectation expectation) {
  f->expectation = expectation;
  f->expectation.rows = f->rows;
  if (f->expectation.row_count == 0) f->expectation.row_count = 1;
  f->rows[1] = 1;
  f->others[0] = f->others[1] = 1;
  f->expectation.others = f->others;
  f->scenario.expectation_count = 1;
  judge_campaign(&f->campaign);
  return f->found.holds;
}

START_TEST(every_bound_on_a_count_at_its_edges) {
  static const struct {
    enum bound_kind kind;
    bool relative;
    int64_t low, high;
    int64_t lost[SEEDS]; /* of 4000 intended */
    bool holds;
  } table[] = {
      {BOUND_NONE, false, 0, 0, {0, 0, 0, 0}, true},
      {BOUND_NONE, false, 0, 0, {0, 0, 0, 1}, false},
      {BOUND_SOME, false, 0, 0, {0, 0, 0, 1}, true},
      {BOUND_SOME, false, 0, 0, {0, 0, 0, 0}, false},
      {BOUND_EXACTLY, false, 7, 7, {1, 2, 4, 0}, true},
      {BOUND_EXACTLY, false, 7, 7, {1, 2, 4, 1}, false},
      {BOUND_AT_LEAST, false, 8, 0, {2, 2, 2, 2}, true},
      {BOUND_AT_LEAST, false, 9, 0, {2, 2, 2, 2}, false},
      {BOUND_AT_MOST, false, 0, 8, {2, 2, 2, 2}, true},
      {BOUND_AT_MOST, false, 0, 7, {2, 2, 2, 2}, false},
      {BOUND_BETWEEN, false, 8, 8, {2, 2, 2, 2}, true},
      {BOUND_BETWEEN, false, 9, 12, {2, 2, 2, 2}, false},
      {BOUND_BETWEEN, false, 3, 7, {2, 2, 2, 2}, false},
      {BOUND_AT_MOST, true, 0, SHARE(1), {40, 0, 0, 0}, true},
      {BOUND_AT_MOST, true, 0, SHARE(1), {41, 0, 0, 0}, false},
      {BOUND_AT_LEAST, true, SHARE(1), 0, {39, 0, 0, 0}, false},
      {BOUND_EXACTLY, true, SHARE(2), SHARE(2), {20, 20, 20, 20}, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct fixture *f = fixture_new(SEEDS);
    set(f, 0, METRIC_LOST, table[i].lost);
    const bool held = holds(f, (struct expectation){.metric = METRIC_LOST,
                                                    .kind = table[i].kind,
                                                    .relative = table[i].relative,
                                                    .low = table[i].low,
                                                    .high = table[i].high});
    ck_assert_msg(held == table[i].holds, "row %zu of the table: found %s", i, f->found.found);
    free(f);
  }
}
END_TEST

static void check_repeats(const struct fixture *f, const char *expected) {
  char *command = judge_reproduce(&f->campaign);
  ck_assert_str_eq(command, expected);
  free(command);
}

START_TEST(J4_none_must_hold_in_each_seed_and_names_the_seed) {
  struct fixture *f = fixture_new(SEEDS);
  set(f, 0, METRIC_LOST, (const int64_t[SEEDS]){0, 0, 5, 9});
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_NONE}));
  ck_assert_str_eq(f->found.found, "seed 3: lost = 5");
  check_repeats(f, "dgsim run x.yaml --seed 3");
  free(f);
}
END_TEST

START_TEST(J4_times_and_rates_are_means) {
  struct fixture *f = fixture_new(SEEDS);
  set(f, 0, METRIC_LATENCY_P99, (const int64_t[SEEDS]){10, 20, 30, 40});
  set(f, 0, METRIC_GOODPUT, (const int64_t[SEEDS]){10000000, 10000000, 10000000, 11000000});
  ck_assert(holds(
      f, (struct expectation){.metric = METRIC_LATENCY_P99, .kind = BOUND_AT_MOST, .high = 25}));
  ck_assert(!holds(
      f, (struct expectation){.metric = METRIC_LATENCY_P99, .kind = BOUND_AT_MOST, .high = 24}));
  ck_assert(holds(
      f, (struct expectation){.metric = METRIC_GOODPUT, .kind = BOUND_EXACTLY, .low = 10250000}));
  ck_assert(!holds(
      f, (struct expectation){.metric = METRIC_GOODPUT, .kind = BOUND_AT_LEAST, .low = 10250001}));
  free(f);
}
END_TEST

START_TEST(a_latency_of_nothing_meets_no_bound_and_breaks_none) {
  const struct expectation quick = {.metric = METRIC_LATENCY_P99, .kind = BOUND_AT_MOST, .high = 1000};
  struct expectation both = quick;
  both.row_count = 2;
  struct fixture *f = fixture_new(SEEDS);
  ck_assert(holds(f, quick)); /* all at once */
  result(f, 0, 2)->metrics[METRIC_ONCE] = 0;
  ck_assert(!holds(f, quick));
  ck_assert_int_eq(f->campaign.verdict, VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(f->found.found, "seed 3: nothing had an effect, so there is no latency_p99");
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_NONE}));
  result(f, 0, 2)->metrics[METRIC_MANY] = 1;
  ck_assert(holds(f, quick));
  result(f, 1, 0)->metrics[METRIC_ONCE] = 0; /* the other row's counts as much */
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LATENCY_P99, .kind = BOUND_SAME_AS}));
  ck_assert_int_eq(f->campaign.verdict, VERDICT_INCONCLUSIVE);
  result(f, 0, 2)->metrics[METRIC_MANY] = 0;
  result(f, 1, 0)->metrics[METRIC_ONCE] = 1;
  set(f, 1, METRIC_LATENCY_P99, (const int64_t[SEEDS]){9999, 9999, 9999, 9999});
  ck_assert(!holds(f, both)); /* what does not hold says more than what is not known */
  ck_assert_int_eq(f->campaign.verdict, VERDICT_VIOLATED);
  free(f);
}
END_TEST

START_TEST(bounds_on_another_row_compare_pooled_values) {
  struct fixture *f = fixture_new(SEEDS);
  set(f, 0, METRIC_LOST, (const int64_t[SEEDS]){9, 0, 0, 0});
  set(f, 1, METRIC_LOST, (const int64_t[SEEDS]){0, 0, 5, 5});
  ck_assert(holds(f, (struct expectation){
                         .metric = METRIC_LOST, .kind = BOUND_AT_LEAST_OF, .share = SHARE(90)}));
  ck_assert(!holds(f, (struct expectation){
                          .metric = METRIC_LOST, .kind = BOUND_AT_LEAST_OF, .share = SHARE(91)}));
  ck_assert(!holds(f, (struct expectation){
                          .metric = METRIC_LOST, .kind = BOUND_AT_MOST_OF, .share = SHARE(89)}));
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_SAME_AS}));
  set(f, 0, METRIC_LOST, (const int64_t[SEEDS]){10, 0, 0, 0});
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_SAME_AS}));
  f->capacity[0] = 900, f->capacity[1] = 1000;
  ck_assert(holds(f, (struct expectation){.metric = EXPECT_CAPACITY,
                                          .kind = BOUND_AT_LEAST_OF,
                                          .share = SHARE(90)}));
  ck_assert(holds(f, (struct expectation){.metric = EXPECT_CAPACITY, .kind = BOUND_LESS_THAN}));
  free(f);
}
END_TEST

START_TEST(J5_less_and_more_need_the_paired_interval_with_several_seeds) {
  struct fixture *f = fixture_new(SEEDS);
  set(f, 0, METRIC_LOST, (const int64_t[SEEDS]){10, 50, 90, 130});
  set(f, 1, METRIC_LOST,
      (const int64_t[SEEDS]){8, 49, 87, 128}); /* always a little less: paired, sure */
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_MORE_THAN}));
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_LESS_THAN}));
  set(f, 1, METRIC_LOST, (const int64_t[SEEDS]){130, 90, 40, 10}); /* less in sum, but by chance */
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_MORE_THAN}));
  free(f);
  f = fixture_new(1);
  set(f, 0, METRIC_LOST, (const int64_t[SEEDS]){11});
  set(f, 1, METRIC_LOST, (const int64_t[SEEDS]){10});
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_MORE_THAN}));
  free(f);
}
END_TEST

START_TEST(violates_is_the_union_over_seeds) {
  const uint32_t lost = CLAIM_BIT(LOST_ACKED), twice = CLAIM_BIT(DUPLICATE_EFFECTS),
                 unacked = CLAIM_BIT(LOST_UNACKED);
  struct fixture *f = fixture_new(SEEDS);
  result(f, 0, 1)->violations = lost;
  result(f, 0, 3)->violations = twice;
  ck_assert(holds(f, (struct expectation){.metric = EXPECT_VIOLATES, .violations = lost | twice}));
  ck_assert(!holds(f, (struct expectation){.metric = EXPECT_VIOLATES, .violations = lost}));
  ck_assert_uint_eq(f->found.seed_index, 3);
  ck_assert(!holds(f, (struct expectation){.metric = EXPECT_VIOLATES}));
  ck_assert(holds(f, (struct expectation){.metric = EXPECT_VIOLATES,
                                          .violations = twice,
                                          .violations_either = lost | unacked}));
  ck_assert(!holds(f, (struct expectation){.metric = EXPECT_VIOLATES,
                                           .violations = lost | twice,
                                           .violations_either = unacked}));
  free(f);
}
END_TEST

START_TEST(a_statement_holds_for_each_of_its_rows) {
  struct fixture *f = fixture_new(SEEDS);
  set(f, 1, METRIC_LOST, (const int64_t[SEEDS]){0, 1, 0, 0});
  ck_assert(
      !holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_NONE, .row_count = 2}));
  ck_assert_str_eq(f->found.found, "second: seed 2: lost = 1");
  free(f);
}
END_TEST

START_TEST(J2_the_contracts_decide_without_expectations) {
  struct fixture *f = fixture_new(2);
  judge_campaign(&f->campaign);
  ck_assert_int_eq(f->campaign.verdict, VERDICT_HELD);
  result(f, 1, 1)->violations = CLAIM_BIT(PHANTOMS);
  judge_campaign(&f->campaign);
  ck_assert_int_eq(f->campaign.verdict, VERDICT_VIOLATED);
  ck_assert(f->contract_held[0] && !f->contract_held[1]);
  check_repeats(f, "dgsim run x.yaml --seed 2");
  /* An expectation that holds outweighs a contract that does not: a file that shows how it breaks. */
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_NONE}));
  ck_assert_int_eq(f->campaign.verdict, VERDICT_HELD);
  free(f);
}
END_TEST

START_TEST(J3_a_fault_with_too_few_hits_is_inconclusive) {
  struct fixture *f = fixture_new(2);
  f->scenario.fault_count = FAULTS;
  judge_campaign(&f->campaign);
  ck_assert_msg(f->campaign.verdict == VERDICT_HELD,
                "no row has a target: no effect on the verdict");
  f->applies[1][0] = f->applies[2][1] = 1;
  f->hits[0][0] = 1;
  f->hits[2][1] = 2;
  judge_campaign(&f->campaign);
  ck_assert_int_eq(f->campaign.verdict, VERDICT_INCONCLUSIVE);
  ck_assert(!judge_fault_missed(&f->campaign, 0) && judge_fault_missed(&f->campaign, 1));
  ck_assert_int_eq(campaign_exit_status(&f->campaign), 2);
  f->hits[0][1] = 1; /* hits add up over the campaign */
  judge_campaign(&f->campaign);
  ck_assert_int_eq(f->campaign.verdict, VERDICT_HELD);
  free(f);
}
END_TEST

START_TEST(J1_violated_beats_inconclusive_beats_held) {
  struct fixture *f = fixture_new(2);
  f->scenario.fault_count = FAULTS;
  memset(f->applies, 1, sizeof f->applies);
  ck_assert(holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_NONE}));
  ck_assert_int_eq(f->campaign.verdict, VERDICT_INCONCLUSIVE);
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_SOME}));
  ck_assert_int_eq(f->campaign.verdict, VERDICT_VIOLATED);
  ck_assert_int_eq(campaign_exit_status(&f->campaign), 1);
  f->campaign.verify_mismatches = 1;
  ck_assert_int_eq(campaign_exit_status(&f->campaign), 70);
  free(f);
}
END_TEST

START_TEST(a_capacity_that_was_not_measured_is_inconclusive) {
  struct fixture *f = fixture_new(2);
  f->capacity[0] = -1;
  ck_assert(
      !holds(f, (struct expectation){.metric = EXPECT_CAPACITY, .kind = BOUND_AT_LEAST, .low = 1}));
  ck_assert(f->found.unknown);
  ck_assert_int_eq(f->campaign.verdict, VERDICT_INCONCLUSIVE);
  free(f);
}
END_TEST

START_TEST(all_seeds_repeat_what_no_single_seed_shows) {
  struct fixture *f = fixture_new(3);
  ck_assert(!holds(f, (struct expectation){.metric = METRIC_LOST, .kind = BOUND_SOME}));
  check_repeats(f, "dgsim run x.yaml --seeds 3");
  f->seeds[2] = 77; /* a list that stands in the file */
  check_repeats(f, "dgsim run x.yaml");
  f->campaign.verdict = VERDICT_HELD;
  ck_assert_ptr_null(judge_reproduce(&f->campaign));
  free(f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("judge");
  TCase *tcase = tcase_create("judge");
  tcase_add_test(tcase, every_bound_on_a_count_at_its_edges);
  tcase_add_test(tcase, J4_none_must_hold_in_each_seed_and_names_the_seed);
  tcase_add_test(tcase, J4_times_and_rates_are_means);
  tcase_add_test(tcase, a_latency_of_nothing_meets_no_bound_and_breaks_none);
  tcase_add_test(tcase, bounds_on_another_row_compare_pooled_values);
  tcase_add_test(tcase, J5_less_and_more_need_the_paired_interval_with_several_seeds);
  tcase_add_test(tcase, violates_is_the_union_over_seeds);
  tcase_add_test(tcase, a_statement_holds_for_each_of_its_rows);
  tcase_add_test(tcase, J2_the_contracts_decide_without_expectations);
  tcase_add_test(tcase, J3_a_fault_with_too_few_hits_is_inconclusive);
  tcase_add_test(tcase, J1_violated_beats_inconclusive_beats_held);
  tcase_add_test(tcase, a_capacity_that_was_not_measured_is_inconclusive);
  tcase_add_test(tcase, all_seeds_repeat_what_no_single_seed_shows);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
