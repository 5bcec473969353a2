/* Bounded exhaustive search, through whole runs: what it has to find, what it must not find, and that
 * neither pruning nor the number of workers changes what it says. */
#include "tests/system/variants.h"

#include "sim/runner/explore.h"
#include "tests/run_suite.h"

static struct broken_models models;

static const char world[] =
    "format: 1\nname: explored\nluck: none\nmeasure_capacity: false\n"
    "topology: {producers: 1, brokers: 1, partitions: 1, consumers: 2}\n";

static void load(struct rig *rig, int messages, const char *rest) {
  struct rig_text text = {.length = 0};
  rig_add(&text, "%sworkload: {messages: %d, rate: 10/s, arrivals: steady}\n%s", world, messages, rest);
  rig_load(rig, text.bytes);
}

static struct explore_options options(unsigned faults, unsigned workers) {
  return (struct explore_options){.faults = faults, .workers = workers, .prune = true,
                                  .limits = placement_limits_all(), .command = "a test"};
}

static uint32_t point(const struct rig *rig, const char *name) {
  uint32_t number = placement_find_point(&rig->scenario.plans[0], name);
  ck_assert_uint_ne(number, POINT_NONE);
  return number;
}

static uint32_t sorts(const struct explore_result *result, enum placement_kind kind, uint32_t at,
                      bool before) {
  for (size_t i = 0; i < result->sort_count; i++)
    if (result->sorts[i].first.kind == kind && result->sorts[i].first.point == at &&
        result->sorts[i].first.before == before)
      return result->sorts[i].count;
  return 0;
}

/* The source's seven steps: each of five acknowledgements, lost alone, is a duplicate. */
START_TEST(on_a_queue_one_lost_ack_is_a_duplicate) {
  struct rig rig;
  struct explore_result result;
  load(&rig, 5, "system: sqs-standard\n");
  const struct explore_options search = options(1, 1);
  explore_row(&rig.scenario, 0, &search, NULL, &result);
  ck_assert(result.violated);
  ck_assert_uint_eq(result.count, 1);
  ck_assert_int_eq(result.metric, METRIC_DUPLICATE_EFFECTS);
  ck_assert_uint_eq(sorts(&result, PLACED_DROP, POINT_ACK_SENT, false), 5);
  explore_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

START_TEST(on_a_log_one_lost_ack_heals) {
  struct rig rig;
  struct explore_result result;
  load(&rig, 5, "system: at-least-once\n");
  struct explore_options search = options(1, 1);
  search.limits.point = POINT_ACK_SENT;
  memset(search.limits.kinds, 0, sizeof search.limits.kinds);
  search.limits.kinds[ROLE_CONSUMER] = PLACEMENT_KIND(PLACED_DROP);
  explore_row(&rig.scenario, 0, &search, NULL, &result);
  ck_assert(!result.violated);
  ck_assert_uint_ge(result.levels[1].executed, 1);
  explore_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

/* Lost commit and lost position: with the commit lost, a crash before the next one doubles what a crash
 * at that place leaves alone when the commit has come. */
START_TEST(on_a_log_it_takes_a_crash_as_well) {
  static const char *const texts[] = {
      "system: at-least-once\n",
      "system: at-least-once\nfaults: [{when: ack-sent, intent: 1, attempt: 1, drop: this}]\n"};
  uint32_t found[2];
  for (int with = 0; with < 2; with++) {
    struct rig rig;
    struct explore_result result;
    load(&rig, 1, texts[with]);
    struct explore_options search = options(1, 1);
    search.limits.point = POINT_ACK_SENT;
    memset(search.limits.kinds, 0, sizeof search.limits.kinds);
    search.limits.kinds[ROLE_CONSUMER] = PLACEMENT_KIND(PLACED_KILL);
    explore_row(&rig.scenario, 0, &search, NULL, &result);
    found[with] = sorts(&result, PLACED_KILL, POINT_ACK_SENT, true);
    explore_result_deinit(&result);
    rig_close(&rig);
  }
  ck_assert_uint_eq(found[0], 1); /* before the only commit */
  ck_assert_uint_eq(found[1], 2); /* and before the one that is sent again */
}
END_TEST

static const struct {
  int messages;
  const char *system;
} held[] = {
    {2, "system: sqs-standard\nhandler: dedup-table\n"},
    {1, "system: at-least-once\nhandler: dedup-table\n"},
    {1, "system: exactly-once\n"},
};

START_TEST(no_two_faults_break_dedup_table_or_exactly_once) {
  struct rig rig;
  struct explore_result result;
  load(&rig, held[_i].messages, held[_i].system);
  const struct explore_options search = options(2, 2);
  explore_row(&rig.scenario, 0, &search, NULL, &result);
  ck_assert_msg(!result.violated, "%s%s", held[_i].system, metric_rows[result.metric].name);
  ck_assert_uint_eq(result.reached, 2);
  ck_assert_uint_ge(explore_covered(&result), 10000);
  explore_result_deinit(&result);
  rig_close(&rig);
}
END_TEST

static void explore_variant(size_t index, uint32_t row, unsigned faults, struct explore_result *out) {
  struct rig rig;
  struct rig_text text;
  broken_models_init(&models);
  variant_write(&text, &variants[index], "");
  rig_load_with(&rig, text.bytes, &models.registry);
  const struct goal goal = {.only = variants[index].anomaly};
  const struct explore_options search = options(faults, 2);
  explore_plan(&rig.scenario.plans[row], &goal, 1, &search, NULL, out);
  rig_close(&rig);
}

START_TEST(every_broken_variant_is_found) {
  struct explore_result result;
  explore_variant((size_t)_i, VARIANT_BROKEN, 2, &result);
  ck_assert_msg(result.violated, "%s is not found", variants[_i].name);
  explore_result_deinit(&result);
}
END_TEST

START_TEST(no_twin_of_a_variant_is_taken_for_broken) {
  struct explore_result result;
  explore_variant((size_t)_i, VARIANT_TWIN, 1, &result);
  ck_assert_msg(!result.violated, "the twin of %s breaks", variants[_i].name);
  explore_result_deinit(&result);
}
END_TEST

/* [X2] Whole level, with and without: the same sorts of violation in the same numbers, or none. */
static const char *const pruned[] = {
    "system: sqs-standard\n", "system: at-least-once\n", "system: at-most-once\n",
    "system: sqs-standard\nhandler: mark-first\n", "system: sqs-standard\nhandler: dedup-table\n"};

START_TEST(pruning_does_not_change_the_verdict) { /* [X2] */
  struct rig rig;
  struct explore_result with, without;
  load(&rig, 1, pruned[_i]);
  for (unsigned faults = 1; faults <= 2; faults++) {
    struct explore_options search = options(faults, 2);
    if (faults == 2) /* what would be found with one fault is out of the way */
      memset(search.limits.kinds, 0, sizeof search.limits.kinds),
          search.limits.kinds[ROLE_BROKER] = PLACEMENT_KIND(PLACED_KILL) | PLACEMENT_KIND(PLACED_PAUSE);
    explore_row(&rig.scenario, 0, &search, NULL, &with);
    search.prune = false;
    explore_row(&rig.scenario, 0, &search, NULL, &without);
    ck_assert_int_eq(with.violated, without.violated);
    ck_assert_uint_eq(with.count, without.count);
    ck_assert_int_eq(with.metric, without.metric);
    ck_assert_uint_ge(without.levels[1].executed, with.levels[1].executed);
    if (!with.violated && faults == 1)
      ck_assert_uint_eq(explore_covered(&with), explore_covered(&without));
    explore_result_deinit(&with), explore_result_deinit(&without);
  }
  rig_close(&rig);
}
END_TEST

START_TEST(any_number_of_workers_finds_the_same) { /* [X1] */
  struct explore_result results[2];
  struct rig rig;
  load(&rig, 2, "system: at-least-once\n");
  for (unsigned workers = 1; workers <= 2; workers++) {
    struct explore_options search = options(2, workers);
    memset(search.limits.kinds, 0, sizeof search.limits.kinds);
    search.limits.kinds[ROLE_CONSUMER] = PLACEMENT_KIND(PLACED_DROP);
    search.limits.kinds[ROLE_BROKER] = PLACEMENT_KIND(PLACED_KILL);
    search.limits.point = point(&rig, "ack-sent");
    explore_row(&rig.scenario, 0, &search, NULL, &results[workers - 1]);
  }
  ck_assert_int_eq(results[0].violated, results[1].violated);
  ck_assert_uint_eq(results[0].count, results[1].count);
  ck_assert_mem_eq(results[0].placements, results[1].placements, sizeof results[0].placements);
  ck_assert_mem_eq(results[0].levels, results[1].levels, sizeof results[0].levels);
  explore_result_deinit(&results[0]), explore_result_deinit(&results[1]);
  rig_close(&rig);
}
END_TEST

/* [P1] A placement that is put into a plan strikes: once, where it was seen. */
START_TEST(a_placement_strikes_where_it_was_seen) {
  struct rig rig;
  struct placements placements;
  const struct placement_limits limits = placement_limits_all();
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  load(&rig, 1, "system: sqs-standard\n");
  const struct plan *plan = &rig.scenario.plans[0];
  placements_init(&placements, &limits);
  placements_begin(&placements, NULL, true);
  run_observe(rig.run, &placements.observer, NULL, NULL);
  run_judge(rig.run, plan, 1, "a test", metrics, &digest);
  run_observe(rig.run, NULL, NULL, NULL);
  ck_assert_uint_gt(placements.count, 50);
  uint64_t bare;
  run_judge(rig.run, plan, 1, "a test", metrics, &bare);
  ck_assert_uint_eq(bare, digest); /* who looks on changes nothing */
  for (size_t i = 0; i < placements.count; i++) {
    struct fault_plan fault = placement_fault(plan, &placements.items[i], "placed");
    struct plan with = *plan;
    struct run_result result;
    with.faults = &fault;
    with.fault_count = 1;
    run_execute(rig.run, &with, 0, 1, NULL, "a test", &result);
    ck_assert_uint_eq(result.window_count, 1); /* began once */
    run_result_deinit(&result);
  }
  placements_deinit(&placements);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/explore");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, on_a_queue_one_lost_ack_is_a_duplicate);
  tcase_add_test(tests, on_a_log_one_lost_ack_heals);
  tcase_add_test(tests, on_a_log_it_takes_a_crash_as_well);
  tcase_add_loop_test(tests, no_two_faults_break_dedup_table_or_exactly_once, 0,
                      sizeof held / sizeof *held);
  tcase_add_loop_test(tests, every_broken_variant_is_found, 0, sizeof variants / sizeof *variants);
  tcase_add_loop_test(tests, no_twin_of_a_variant_is_taken_for_broken, 0,
                      sizeof variants / sizeof *variants);
  tcase_add_loop_test(tests, pruning_does_not_change_the_verdict, 0, sizeof pruned / sizeof *pruned);
  tcase_add_test(tests, any_number_of_workers_finds_the_same);
  tcase_add_test(tests, a_placement_strikes_where_it_was_seen);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
