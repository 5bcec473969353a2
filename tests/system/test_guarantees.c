/* What holds of every scenario and every system, whatever the luck. */
#include "tests/system/rig.h"

#include <glob.h>

static void check_run(struct rig *rig, size_t row, uint64_t seed, const char *path) {
  struct run_result result = rig_run(rig, row, seed);
  const char *wrong = rig_conservation(&result);
  ck_assert_msg(wrong[0] == '\0', "%s, row %zu, seed %llu: %s", path, row,
                (unsigned long long)seed, wrong);
  ck_assert_msg(result.drained, "%s, row %zu, seed %llu is stuck", path, row,
                (unsigned long long)seed);
  ck_assert_msg(result.violations == 0, "%s, row %zu, seed %llu breaks its contract", path, row,
                (unsigned long long)seed);
  run_result_deinit(&result);
}

/* Whether a scenario shows a contract that is broken, and says so. */
static bool shows_a_breach(const char *path) {
  char line[512];
  bool shows = false;
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  while (fgets(line, sizeof line, file))
    if (strstr(line, "violates: [")) shows = true;
  fclose(file);
  return shows;
}

START_TEST(every_obligation_ends_in_exactly_one_class_and_every_contract_holds) {
  glob_t files = {.gl_pathc = 0};
  ck_assert_int_eq(glob("scenarios/*.yaml", 0, NULL, &files), 0);
  ck_assert_int_eq(glob("scenarios/tutorial/*.yaml", GLOB_APPEND, NULL, &files), 0);
  ck_assert_uint_ge(files.gl_pathc, 8);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    if (shows_a_breach(files.gl_pathv[i])) continue;
    struct rig rig;
    rig_open(&rig, files.gl_pathv[i]);
    for (size_t row = 0; row < rig.scenario.plan_count; row++)
      for (uint64_t seed = 101; seed <= 103; seed++)
        check_run(&rig, row, seed, files.gl_pathv[i]);
    rig_close(&rig);
  }
  globfree(&files);
}
END_TEST

START_TEST(without_faults_nothing_is_lost_and_nothing_is_doubled) {
  static const struct {
    int brokers, partitions, consumers;
  } shapes[] = {{1, 1, 1}, {1, 3, 2}, {3, 7, 5}, {4, 4, 1}, {2, 1, 3}};
  const char *system = registry_systems[_i]->name;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    struct rig_text text = {.length = 0};
    rig_add(&text,
            "format: 1\nname: quiet\nmeasure_capacity: false\nworkload: {messages: 600, rate: 200/s}\n"
            "topology: {producers: 2, brokers: %d, partitions: %d, consumers: %d}\n"
            "compare: [{label: own, system: %s}, {label: dedup, system: %s, handler: dedup-table}, "
            "{label: naive, system: %s, handler: naive}]\n",
            shapes[i].brokers, shapes[i].partitions, shapes[i].consumers, system, system, system);
    struct rig rig;
    rig_load(&rig, text.bytes);
    for (size_t row = 0; row < rig.scenario.plan_count; row++) {
      struct run_result result = rig_run(&rig, row, 7);
      ck_assert_int_eq(result.metrics[METRIC_ONCE], 600);
      ck_assert_int_eq(result.metrics[METRIC_DUPLICATE_DELIVERIES], 0);
      ck_assert_int_eq(result.violations, 0);
      run_result_deinit(&result);
    }
    rig_close(&rig);
  }
}
END_TEST

/* --- Repeating, and shared luck --- */

static const char faulty[] =
    "format: 1\nname: luck\nseeds: 4\nmeasure_capacity: false\n"
    "workload: {messages: 2000, rate: 500/s}\ntopology: {producers: 2, brokers: 2, consumers: 3}\n"
    "compare:\n%s"
    "faults:\n  - {name: crashes, every: exponential mean=1s, kill: consumer.any, for: 300ms}\n"
    "  - {name: resets, every: exponential mean=700ms, reset: producer.any_to_broker}\n";
#define ROW_A "  - {label: a, system: {name: at-most-once, session.timeout.ms: 6s}}\n"
#define ROW_B "  - {label: b, system: {name: at-least-once, session.timeout.ms: 6s}}\n"
#define ROW_C "  - {label: c, system: {name: exactly-once, session.timeout.ms: 6s}}\n"

static void load_rows(struct rig *rig, const char *rows) {
  struct rig_text text = {.length = 0};
  rig_add(&text, faulty, rows);
  rig_load(rig, text.bytes);
}

START_TEST(a_row_s_digest_does_not_depend_on_the_rows_beside_it) {
  struct rig all, turned;
  load_rows(&all, ROW_A ROW_B ROW_C);
  load_rows(&turned, ROW_C ROW_B);
  for (uint64_t seed = 1; seed <= 3; seed++) {
    struct run_result b = rig_run(&all, 1, seed), c = rig_run(&all, 2, seed);
    struct run_result other_c = rig_run(&turned, 0, seed), other_b = rig_run(&turned, 1, seed);
    ck_assert_uint_eq(b.digest, other_b.digest);
    ck_assert_uint_eq(c.digest, other_c.digest);
    ck_assert_uint_ne(b.digest, c.digest);
    run_result_deinit(&b), run_result_deinit(&c);
    run_result_deinit(&other_b), run_result_deinit(&other_c);
  }
  rig_close(&all), rig_close(&turned);
}
END_TEST

START_TEST(rows_see_the_same_faults_at_the_same_times) {
  struct rig rig;
  load_rows(&rig, ROW_A ROW_B);
  struct run_result a = rig_run(&rig, 0, 5), b = rig_run(&rig, 1, 5);
  ck_assert_uint_gt(a.window_count, 3);
  ck_assert_uint_eq(a.window_count, b.window_count);
  for (size_t i = 0; i < a.window_count; i++) {
    ck_assert_uint_eq(a.windows[i].fault, b.windows[i].fault);
    ck_assert_int_eq(a.windows[i].begin, b.windows[i].begin);
  }
  run_result_deinit(&a), run_result_deinit(&b);
  rig_close(&rig);
}
END_TEST

START_TEST(other_memory_gives_the_same_run) {
  struct rig rig;
  load_rows(&rig, ROW_A ROW_B ROW_C);
  struct run *other = run_new(4096, 0xa5);
  for (size_t row = 0; row < 3; row++) {
    struct run_result first = rig_run(&rig, row, 9), second;
    run_execute(other, &rig.scenario.plans[row], (uint32_t)row, 9, NULL, "a test", &second);
    ck_assert_uint_eq(first.digest, second.digest);
    ck_assert_mem_eq(first.metrics, second.metrics, sizeof first.metrics);
    run_result_deinit(&first), run_result_deinit(&second);
  }
  run_free(other);
  rig_close(&rig);
}
END_TEST

START_TEST(any_number_of_workers_gives_the_same_results) {
  struct rig rig;
  load_rows(&rig, ROW_A ROW_B ROW_C);
  struct campaign one, two;
  campaign_run(&rig.scenario, &(struct campaign_options){.workers = 1, .command = "a test"}, &one);
  campaign_run(&rig.scenario, &(struct campaign_options){.workers = 2, .command = "a test"}, &two);
  ck_assert_uint_eq(one.result_count, 12);
  for (size_t i = 0; i < one.result_count; i++) {
    ck_assert_uint_eq(one.results[i].digest, two.results[i].digest);
    ck_assert_mem_eq(one.results[i].metrics, two.results[i].metrics, sizeof one.results[i].metrics);
  }
  campaign_free(&one), campaign_free(&two);
  rig_close(&rig);
}
END_TEST

/* --- Regressions --- */

/* The last output of all was lost when its broker died between writing the commit marker and showing the
 * record: nothing came any more that would have made the broker look again. */
START_TEST(a_broker_that_dies_before_it_shows_an_output_shows_it_when_it_is_back) {
  static const char *const isolations[] = {"read_committed", "read_uncommitted"};
  for (size_t i = 0; i < sizeof isolations / sizeof *isolations; i++) {
    struct rig_text text = {.length = 0};
    rig_add(&text,
            "format: 1\nname: shown\nmeasure_capacity: false\nworkload: {messages: 2, rate: 2/s}\n"
            "topology: {partitions: 1, consumers: 1}\n"
            "system: {name: exactly-once, isolation.level: %s}\nfaults:\n"
            "  - {when: before effect, intent: 2, attempt: 1, kill: this}\n"
            "  - {when: before effect, intent: 2, attempt: 2, kill: this}\n",
            isolations[i]);
    struct rig rig;
    rig_load(&rig, text.bytes);
    struct run_result result = rig_run(&rig, 0, 1);
    ck_assert_int_eq(result.metrics[METRIC_LOST], 0);
    ck_assert(result.drained);
    run_result_deinit(&result);
    rig_close(&rig);
  }
}
END_TEST

/* --- No vacuous pass --- */

static int exit_status(const char *faults) {
  struct rig_text text = {.length = 0};
  rig_add(&text,
          "format: 1\nname: vacuous\nmeasure_capacity: false\nworkload: {messages: 100, rate: 100/s}\n"
          "system: at-least-once\nfaults:\n%s",
          faults);
  struct rig rig;
  rig_load(&rig, text.bytes);
  struct campaign campaign;
  campaign_run(&rig.scenario, &(struct campaign_options){.workers = 1, .command = "a test"}, &campaign);
  int status = campaign_exit_status(&campaign);
  campaign_free(&campaign);
  rig_close(&rig);
  return status;
}

START_TEST(a_fault_that_hits_nothing_makes_the_result_inconclusive) {
  ck_assert_int_eq(exit_status("  - {at: 30s, kill: producer.1}\n"), 2);
  ck_assert_int_eq(exit_status("  - {at: 30s, kill: producer.1, min_hits: 0}\n"), 0);
  ck_assert_int_eq(exit_status("  - {when: ack-sent, intent: 50, attempt: 40, drop: this}\n"), 2);
  ck_assert_int_eq(exit_status("  - {at: 500ms, kill: consumer.1}\n"), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("system/guarantees");
  TCase *tests = tcase_create("promises");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, every_obligation_ends_in_exactly_one_class_and_every_contract_holds);
  tcase_add_loop_test(tests, without_faults_nothing_is_lost_and_nothing_is_doubled, 0,
                      (int)registry_system_count);
  tcase_add_test(tests, a_row_s_digest_does_not_depend_on_the_rows_beside_it);
  tcase_add_test(tests, rows_see_the_same_faults_at_the_same_times);
  tcase_add_test(tests, other_memory_gives_the_same_run);
  tcase_add_test(tests, any_number_of_workers_gives_the_same_results);
  tcase_add_test(tests, a_broker_that_dies_before_it_shows_an_output_shows_it_when_it_is_back);
  tcase_add_test(tests, a_fault_that_hits_nothing_makes_the_result_inconclusive);
  return rig_main(suite, tests);
}
