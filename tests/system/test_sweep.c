/* A campaign over swept values: each point is what a file with these values would be, and what is written of
 * it depends on nothing else. */
#include "sim/runner/charts_sweep.h"
#include "sim/runner/output.h"
#include "sim/runner/tables.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#include <unistd.h>

#define WORLD                                                                                        \
  "format: 1\n"                                                                                      \
  "name: swept\n"                                                                                    \
  "seeds: 3\n"                                                                                       \
  "workload: {messages: 60, rate: 200/s, service_time: uniform min=10ms max=60ms}\n"                 \
  "faults: [{name: crash, at: 100ms, for: %s, kill: consumer.1}]\n"                                  \
  "compare:\n"                                                                                       \
  "  - {label: queue, system: {name: sqs-standard%s}}\n"                                             \
  "  - {label: log, system: kafka-acks-all}\n"

#define SWEEP                                                                                        \
  "sweep: {system/visibility_timeout: [400ms, 50ms], faults/crash/for: [1s, 200ms]}\n"               \
  "expect:\n"                                                                                        \
  "  - {row: queue, where: {system/visibility_timeout: 50ms}, duplicate_effects: some}\n"            \
  "  - {row: log, lost: none}\n"

static void run(struct rig *rig, unsigned workers, struct campaign *out) {
  const struct campaign_options options = {.workers = workers, .command = "a test"};
  campaign_run(&rig->scenario, &options, out);
}

static struct rig swept(const char *sweep) {
  struct rig_text text = {.length = 0};
  struct rig rig;
  rig_add(&text, WORLD, "9s", "");
  rig_add(&text, "%s", sweep);
  rig_load(&rig, text.bytes);
  return rig;
}

static char *written(const struct campaign *campaign, table_writer *write) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  ck_assert(write(campaign, file));
  fclose(file);
  return text;
}

START_TEST(a_point_is_the_scenario_with_its_values) {
  static const char *const timeouts[] = {"50ms", "400ms"}, *const spans[] = {"200ms", "1s"};
  struct rig rig = swept(SWEEP);
  struct campaign campaign;
  run(&rig, 1, &campaign);
  ck_assert_uint_eq(rig.scenario.plan_count, 6);
  for (size_t plan = 0; plan < 6; plan++) {
    const bool queue = plan < 4;
    struct rig_text text = {.length = 0}, timeout = {.length = 0};
    struct rig alone;
    rig_add(&timeout, ", visibility_timeout: %s", timeouts[queue ? plan / 2 : 0]);
    rig_add(&text, WORLD, spans[plan % 2], timeout.bytes);
    rig_load(&alone, text.bytes);
    for (uint64_t seed = 1; seed <= 3; seed++) {
      struct run_result result = rig_run(&alone, queue ? 0 : 1, seed);
      const struct run_result *found = campaign_result(&campaign, plan, seed - 1);
      ck_assert_uint_eq(found->digest, result.digest);
      ck_assert_uint_eq(found->seed, seed);
      ck_assert_mem_eq(found->metrics, result.metrics, sizeof result.metrics);
      run_result_deinit(&result);
    }
    ck_assert_int_eq(run_capacity(alone.run, &alone.scenario.plans[queue ? 0 : 1], 1, "a test"),
                     campaign.capacity[plan]);
    rig_close(&alone);
  }
  ck_assert_int_eq(campaign.verdict, VERDICT_HELD);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

START_TEST(files_are_the_same_for_any_number_of_workers) {
  static table_writer *const tables[] = {tables_runs, tables_aggregate, tables_timeline, tables_latency,
                                         tables_faults};
  struct rig rig = swept(SWEEP);
  struct campaign one, two;
  run(&rig, 1, &one);
  run(&rig, 2, &two);
  ck_assert_uint_eq(campaign_digest(&one), campaign_digest(&two));
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    char *a = written(&one, tables[i]), *b = written(&two, tables[i]);
    ck_assert_str_eq(a, b);
    free(a), free(b);
  }
  campaign_free(&one);
  campaign_free(&two);
  rig_close(&rig);
}
END_TEST

START_TEST(a_column_for_each_path_stands_behind_the_label) {
  struct rig rig = swept(SWEEP);
  struct campaign campaign;
  run(&rig, 2, &campaign);
  char *text = written(&campaign, tables_aggregate);
  ck_assert_ptr_eq(strstr(text, "\"label\",\"system_visibility_timeout_ns\",\"faults_crash_for_ns\",\"metric\","
                                "\"unit\",\"n\",\"mean\",\"low\",\"high\",\"sum\",\"interval\",\"runs_with\",\"share\","
                                "\"share_low\",\"share_high\"\n"
                                "\"queue\",\"50000000\",\"200000000\",\"intended\",\"count\",\"3\",\"60\",\"60\","
                                "\"60\",\"180\",\"runs\",\"3\",\"1\",\"0.292402\",\"1\"\n"),
                   text);
  static const char *const rows[] = {"\n\"queue\",\"50000000\",\"1000000000\",\"capacity\",",
                                     "\n\"queue\",\"400000000\",\"200000000\",\"lost\",",
                                     "\n\"log\",\"\",\"200000000\",\"lost\",",
                                     "\n\"log\",\"\",\"1000000000\",\"events\","};
  const char *at = text;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    at = strstr(at, rows[i]);
    ck_assert_msg(at != NULL, "%s", rows[i]); /* and in this order */
  }
  free(text);
  text = written(&campaign, tables_runs);
  ck_assert_ptr_eq(strstr(text, "\"label\",\"system_visibility_timeout_ns\",\"faults_crash_for_ns\",\"system\","
                                "\"handler\",\"seed\",\"intended\","),
                   text);
  ck_assert_ptr_nonnull(strstr(text, "\n\"log\",\"\",\"1000000000\",\"kafka-acks-all\",\"naive\",\"3\",\"60\","));
  free(text);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

START_TEST(points_of_different_lengths_have_timelines_of_their_own) {
  struct rig rig = swept("sweep: {workload/rate: [10/s, 7/s, 123/s]}\n");
  struct campaign campaign;
  run(&rig, 2, &campaign);
  char *text = written(&campaign, tables_timeline);
  ck_assert_ptr_nonnull(strstr(text, "\n\"log\",\"123000000\",\"0\","));
  ck_assert_ptr_nonnull(strstr(text, "\n\"log\",\"7000000\",\"0\","));
  free(text);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

/* Whether the directory has a chart of this name; its script is read into *out. */
static bool chart(const char *directory, const char *name, char *out, size_t size) {
  char path[600];
  snprintf(path, sizeof path, "%s/charts/%s.gp", directory, name);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  out[fread(out, 1, size - 1, file)] = '\0';
  fclose(file);
  return true;
}

static void write_all(const struct campaign *campaign, char out[32], char *directory) {
  struct err err = {.code = ERR_NONE};
  snprintf(out, 32, "/tmp/dgsim-sweep-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(out));
  const struct output_options options = {.out = out, .version = "0", .charts = false};
  ck_assert_msg(output_write(campaign, &options, directory, &err), "%s", err.message);
}

START_TEST(one_axis_is_lines_two_are_maps_and_more_are_not_drawn) {
  static const struct {
    const char *sweep, *has, *text, *says;
  } table[] = {
      {"sweep: {system/visibility_timeout: [400ms, 50ms, 10s]}\n", "sweep-duplicate_effects",
       "array SWEPT[2] = [1, 0]", "charts   duplicate_effects"},
      {SWEEP, "sweep-duplicate_effects", "PANELS = 2", "charts   duplicate_effects"},
      {"sweep: {system/visibility_timeout: [400ms, 50ms], faults/crash/for: [1s, 200ms], workload/rate: [50/s, "
       "100/s]}\n",
       NULL, NULL, "charts   none of 3 swept paths together"},
      {"sweep: {system/visibility_timeout: [50ms]}\n", "timeline", "ROWS = 2", NULL},
  };
  static char script[1 << 16];
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rig rig = swept(table[i].sweep);
    struct campaign campaign;
    char directory[512], out[32], command[64];
    run(&rig, 2, &campaign);
    write_all(&campaign, out, directory);
    ck_assert_int_eq(chart(directory, "sweep-duplicate_effects", script, sizeof script), i < 2);
    ck_assert_int_eq(chart(directory, "timeline", script, sizeof script), i == 3);
    if (table[i].has) {
      ck_assert(chart(directory, table[i].has, script, sizeof script));
      ck_assert_ptr_nonnull(strstr(script, table[i].text));
    }
    char *summary = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&summary, &size);
    output_summary(&campaign, false, file);
    fclose(file);
    if (table[i].says) ck_assert_ptr_nonnull(strstr(summary, table[i].says));
    if (!table[i].says) ck_assert_ptr_null(strstr(summary, "charts"));
    free(summary);
    snprintf(command, sizeof command, "rm -r %s", out);
    ck_assert_int_eq(system(command), 0);
    campaign_free(&campaign);
    rig_close(&rig);
  }
}
END_TEST

START_TEST(at_most_six_metrics_are_drawn_and_none_twice) {
  struct rig rig = swept("sweep: {system/visibility_timeout: [400ms, 50ms]}\n"
                         "expect:\n"
                         "  - {goodput: some, latency_p50: some, latency_p999: some, drain: some, events: some}\n"
                         "  - {duplicate_effects: at most 100%, reexecutions: at most 100%, goodput: some}\n");
  struct campaign campaign;
  unsigned metrics[SWEEP_CHARTS_MAX];
  run(&rig, 2, &campaign);
  const size_t count = charts_sweep_metrics(&campaign, metrics);
  ck_assert_uint_eq(count, SWEEP_CHARTS_MAX);
  ck_assert_uint_eq(metrics[0], METRIC_GOODPUT); /* in the order in which they are expected */
  ck_assert_uint_eq(metrics[1], METRIC_LATENCY_P50);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++) ck_assert_uint_ne(metrics[i], metrics[j]);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

START_TEST(a_violation_is_repeated_at_its_point) {
  struct rig rig = swept("sweep: {system/visibility_timeout: [10s, 50ms]}\n"
                         "expect: [{row: queue, duplicate_effects: none}]\n");
  struct campaign campaign;
  const struct campaign_options options = {.workers = 1, .command = "a test", .reproduce = "dgsim run x.yaml"};
  campaign_run(&rig.scenario, &options, &campaign);
  ck_assert_int_eq(campaign.verdict, VERDICT_VIOLATED);
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  output_summary(&campaign, false, file);
  fclose(file);
  ck_assert_ptr_nonnull(
      strstr(text, "again    dgsim run x.yaml --set system/visibility_timeout=50ms --seed 1\n"));
  ck_assert_ptr_nonnull(strstr(text, "found queue at system/visibility_timeout 50ms: seed 1: duplicate_effects = "));
  free(text);
  campaign_free(&campaign);
  rig_close(&rig);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sweep");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, a_point_is_the_scenario_with_its_values);
  tcase_add_test(tests, files_are_the_same_for_any_number_of_workers);
  tcase_add_test(tests, a_column_for_each_path_stands_behind_the_label);
  tcase_add_test(tests, points_of_different_lengths_have_timelines_of_their_own);
  tcase_add_test(tests, one_axis_is_lines_two_are_maps_and_more_are_not_drawn);
  tcase_add_test(tests, at_most_six_metrics_are_drawn_and_none_twice);
  tcase_add_test(tests, a_violation_is_repeated_at_its_point);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
