/* A campaign that ends when it is precise enough: the same, whoever did its runs and in whatever order. */
#include "sim/runner/campaign_work.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#define PRECISE(shares)                                                                                         \
  "format: 1\nname: precise\nseeds: 200\nprecision: {" shares "}\nmeasure_capacity: false\n"                    \
  "workload: {messages: 10, rate: 100/s, keys: 3}\ncompare: [at-most-once, at-least-once]\n"                    \
  "links: {default: {loss: 1%}}\nfaults: [{name: crash, at: 50ms, reset: producer.any_to_broker, chance: 50%}]\n"

static uint64_t finish(struct work *work, struct campaign *campaign) {
  work_finish(work);
  work_deinit(work);
  const uint64_t digest = campaign_digest(campaign);
  for (size_t plan = 0; plan < campaign->scenario->plan_count; plan++)
    for (size_t seed = 0; seed < campaign->seed_count; seed++) {
      const struct run_result *result = campaign_result(campaign, plan, seed);
      ck_assert_uint_eq(result->row, plan);
      ck_assert_uint_eq(result->seed, campaign->scenario->seeds[seed]);
    }
  ck_assert_uint_eq(campaign->result_count, campaign->seed_count * campaign->scenario->plan_count);
  return digest;
}

/* Executes all items that there could be and hands them back in another order. */
static uint64_t in_order(struct rig *rig, size_t step, struct campaign *campaign) {
  const struct campaign_options options = {.command = "a test"};
  struct work work;
  campaign_prepare(&rig->scenario, &options, campaign, &work);
  const size_t items = work.items;
  for (size_t i = 0, item = step == 1 ? 0 : items - 1; i < items; i++, item = (item + step) % items) {
    struct work_outcome outcome;
    work_execute(&work, item, rig->run, NULL, &outcome);
    work_done(&work, item, &outcome);
  }
  ck_assert_uint_eq(work_left(&work), 0);
  return finish(&work, campaign);
}

static uint64_t by_workers(struct rig *rig, unsigned workers, struct campaign *campaign) {
  const struct campaign_options options = {.workers = workers, .command = "a test"};
  campaign_run(&rig->scenario, &options, campaign);
  return campaign_digest(campaign);
}

START_TEST(the_end_is_the_same_in_any_order) {
  struct rig rig;
  struct campaign campaign;
  rig_load(&rig, PRECISE("latency_p50: 10%"));
  const uint64_t digest = by_workers(&rig, 1, &campaign);
  const size_t seeds = campaign.seed_count, looks = campaign.looks;
  ck_assert(campaign.precise);
  ck_assert_msg(seeds == 64 || seeds == 128, "%zu", seeds); /* neither at once nor at the end */
  ck_assert_uint_eq(looks, seeds == 64 ? 2 : 3);
  ck_assert_uint_eq(campaign.scenario->seed_count, 200);
  campaign_free(&campaign);
  static const size_t steps[] = {1, 7, 399, 171}; /* of 400 items: all are relatively prime; 399 is backwards */
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    ck_assert_uint_eq(in_order(&rig, steps[i], &campaign), digest);
    ck_assert_uint_eq(campaign.seed_count, seeds);
    ck_assert_uint_eq(campaign.looks, looks);
    campaign_free(&campaign);
  }
  for (unsigned workers = 2; workers <= 5; workers += 3) {
    ck_assert_uint_eq(by_workers(&rig, workers, &campaign), digest);
    ck_assert_uint_eq(campaign.seed_count, seeds);
    campaign_free(&campaign);
  }
  rig_close(&rig);
}
END_TEST

/* Its runs are those that the same number of seeds gives without a precision. */
START_TEST(what_counts_is_a_campaign_of_so_many_seeds) {
  struct rig precise, plain;
  struct campaign campaign, other;
  rig_load(&precise, PRECISE("latency_p50: 10%"));
  by_workers(&precise, 2, &campaign);
  char text[600];
  const char *rest = strstr(PRECISE(""), "\nmeasure");
  snprintf(text, sizeof text, "format: 1\nname: precise\nseeds: %zu%s", campaign.seed_count, rest);
  rig_load(&plain, text);
  ck_assert_uint_eq(by_workers(&plain, 2, &other), campaign_digest(&campaign));
  ck_assert_uint_eq(other.looks, 0);
  campaign_free(&campaign), campaign_free(&other);
  rig_close(&precise), rig_close(&plain);
}
END_TEST

START_TEST(what_is_not_reached_takes_all_seeds_and_is_said) {
  struct rig rig;
  struct campaign campaign;
  rig_load(&rig, PRECISE("latency_p50: 1ppm, lost: 100%"));
  by_workers(&rig, 2, &campaign);
  ck_assert_uint_eq(campaign.seed_count, 200);
  ck_assert_uint_eq(campaign.looks, 4); /* 32, 64, 128, 200 */
  ck_assert(!campaign.precise);
  ck_assert_uint_eq(campaign.gap.metric, METRIC_LATENCY_P50);
  ck_assert(campaign.gap.half > campaign.gap.goal);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

/* Nothing is lost where the system loses nothing; nine looks of ten at one another would have believed it at 32. */
START_TEST(nothing_seen_does_not_end_it_at_once) {
  struct rig rig;
  struct campaign campaign;
  rig_load(&rig, PRECISE("lost: 4%"));
  by_workers(&rig, 2, &campaign);
  ck_assert_int_eq(campaign_pooled(&campaign, 1, METRIC_LOST), 0);
  ck_assert_uint_eq(campaign.seed_count, 128); /* 4.4 / 128 = 3.4 % */
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("precision of campaigns");
  TCase *tcase = tcase_create("precision");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, the_end_is_the_same_in_any_order);
  tcase_add_test(tcase, what_counts_is_a_campaign_of_so_many_seeds);
  tcase_add_test(tcase, what_is_not_reached_takes_all_seeds_and_is_said);
  tcase_add_test(tcase, nothing_seen_does_not_end_it_at_once);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
