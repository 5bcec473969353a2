/* Items of a campaign that are taken, given back and done twice: [W1] of campaign_work.h. */
#include "sim/runner/campaign_work.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#define PATH "scenarios/tutorial/03-lost-ack.yaml"

struct fixture {
  struct rig rig;
  struct campaign_options options;
  struct campaign campaign;
  struct work work;
};

static void open_work(struct fixture *fixture) {
  const struct scenario *scenario = &fixture->rig.scenario;
  *fixture = (struct fixture){.options = {.command = "a test"}};
  rig_open(&fixture->rig, PATH);
  fixture->campaign = (struct campaign){.scenario = scenario,
                                        .seed_count = scenario->seed_count,
                                        .result_count = scenario->plan_count * scenario->seed_count};
  fixture->campaign.results = calloc(fixture->campaign.result_count, sizeof *fixture->campaign.results);
  fixture->campaign.capacity = calloc(scenario->plan_count, sizeof *fixture->campaign.capacity);
  work_init(&fixture->work, scenario, &fixture->options, &fixture->campaign);
}

static void close_work(struct fixture *fixture) {
  work_deinit(&fixture->work);
  campaign_free(&fixture->campaign);
  rig_close(&fixture->rig);
}

static void execute(struct fixture *fixture, size_t item) {
  struct work_outcome outcome;
  work_execute(&fixture->work, item, fixture->rig.run, NULL, &outcome);
  work_done(&fixture->work, item, &outcome);
}

START_TEST(what_is_given_back_is_taken_again_first) {
  struct fixture fixture;
  size_t first, second, again;
  open_work(&fixture);
  ck_assert_uint_ge(fixture.work.items, 3);
  ck_assert(work_take(&fixture.work, &first) && work_take(&fixture.work, &second));
  ck_assert_uint_ne(first, second);
  work_return(&fixture.work, first);
  ck_assert(work_take(&fixture.work, &again));
  ck_assert_uint_eq(again, first);
  for (size_t other; work_take(&fixture.work, &other);) ck_assert(other != first && other != second);
  close_work(&fixture);
}
END_TEST

START_TEST(what_is_done_is_not_taken_again_though_it_is_given_back) {
  struct fixture fixture;
  size_t item;
  open_work(&fixture);
  ck_assert(work_take(&fixture.work, &item));
  execute(&fixture, item);
  work_return(&fixture.work, item);
  for (size_t other; work_take(&fixture.work, &other);) ck_assert_uint_ne(other, item);
  close_work(&fixture);
}
END_TEST

START_TEST(what_is_done_twice_counts_once) {
  struct fixture fixture;
  size_t item, again, left;
  open_work(&fixture);
  ck_assert(work_take(&fixture.work, &item));
  work_return(&fixture.work, item); /* its taker is thought to be gone, and is not */
  ck_assert(work_take(&fixture.work, &again));
  left = work_left(&fixture.work);
  execute(&fixture, item);
  ck_assert_uint_eq(work_left(&fixture.work), left - 1);
  execute(&fixture, again); /* drops what it owns: a leak for AddressSanitizer otherwise */
  ck_assert_uint_eq(work_left(&fixture.work), left - 1);
  ck_assert_uint_eq(work_progress(&fixture.work).done, 1);
  close_work(&fixture);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("campaign_work");
  TCase *items = tcase_create("items");
  tcase_add_test(items, what_is_given_back_is_taken_again_first);
  tcase_add_test(items, what_is_done_is_not_taken_again_though_it_is_given_back);
  tcase_add_test(items, what_is_done_twice_counts_once);
  suite_add_tcase(suite, items);
  return run_suite(suite);
}
