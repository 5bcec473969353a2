#include "sim/runner/output.h"
#include "sim/runner/series.h"
#include "sim/runner/tables.h"
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <csv.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEDS 3
#define ROWS 2
#define SECOND INT64_C(1000000000)

static const char scenario_text[] =
    "format: 1\n"
    "name: output-test\n"
    "seeds: 3\n"
    "compare: [{label: first + 100% (a), system: at-most-once}, at-least-once]\n"
    "faults:\n"
    "  - {name: cut, at: 1s, for: 2s, partition: consumer.1}\n"
    "  - {name: crash, at: 1s, kill: consumer.1}\n";

struct fixture {
  char directory[64], scenario_path[128], out[128];
  struct scenario scenario;
  struct campaign campaign;
};

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

static void fabricate(struct run_result *result, uint32_t row, uint64_t seed) {
  *result =
      (struct run_result){.row = row, .seed = seed, .digest = 0x0123456789abcde0u + seed + row * 4};
  for (int metric = 0; metric < METRIC__COUNT; metric++)
    result->metrics[metric] = (int64_t)(row * 1000 + seed * 10) + metric;
  result->metrics[METRIC_LOST] = INT64_C(9007199254740993); /* no double holds it */
  result->metrics[METRIC_GOODPUT] *= SCHEMA_RATE_SCALE;
  result->fault_hits = calloc(2, sizeof *result->fault_hits);
  result->fault_applies = calloc(2, 1);
  result->fault_hits[0] = 4;
  result->fault_applies[0] = 1;
  result->windows = calloc(1, sizeof *result->windows);
  result->windows[0] = (struct fault_window){0, SECOND, 3 * SECOND + 500};
  result->window_count = 1;
  struct histogram latency = {0};
  for (int64_t i = 1; i <= 10; i++) histogram_add(&latency, i);
  result->latency = series_of_latency(&latency);
  /* Seed 1 has cells of 1 s, the others of 2 s: the same base width, doubled. */
  result->timeline_width = seed == 1 ? SECOND : 2 * SECOND;
  result->timeline_count = seed == 1 ? 3 : 2;
  struct timeline_bucket cells[3];
  for (size_t i = 0; i < result->timeline_count; i++)
    cells[i] = (struct timeline_bucket){.first_effects = 6, .duplicate_effects = 3, .open = (int64_t)i + 1};
  result->timeline = series_of_timeline(cells, result->timeline_count);
  result->end_ns = 4 * SECOND;
}

static struct fixture fixture_new(void) {
  struct fixture f = {.directory = "/tmp/dgsim-output-XXXXXX"};
  struct err err = {0};
  ck_assert_ptr_nonnull(mkdtemp(f.directory));
  snprintf(f.scenario_path, sizeof f.scenario_path, "%s/x.yaml", f.directory);
  snprintf(f.out, sizeof f.out, "%s/results", f.directory);
  write_text(f.scenario_path, scenario_text);
  ck_assert_msg(scenario_load(f.scenario_path, &fake_registry, NULL, 0, 0, &f.scenario, &err), "%s",
                err.message);
  struct campaign *campaign = &f.campaign;
  campaign->seed_count = SEEDS;
  campaign->result_count = ROWS * SEEDS;
  campaign->results = calloc(ROWS * SEEDS, sizeof *campaign->results);
  for (uint32_t i = 0; i < ROWS * SEEDS; i++)
    fabricate(&campaign->results[i], i / SEEDS, i % SEEDS + 1);
  campaign->capacity = calloc(ROWS, sizeof *campaign->capacity);
  campaign->capacity[0] = INT64_C(1234567) * SCHEMA_RATE_SCALE;
  campaign->capacity[1] = -1;
  campaign->fault_hits = calloc(2, sizeof *campaign->fault_hits);
  campaign->fault_applicable = calloc(2, 1);
  campaign->expectations = calloc(1, sizeof *campaign->expectations);
  campaign->contract_held = calloc(ROWS, 1);
  campaign->violations = calloc(ROWS, sizeof *campaign->violations);
  campaign->command = "dgsim run x.yaml";
  campaign->workers = 2;
  return f;
}

static void fixture_free(struct fixture *f) {
  char command[160];
  campaign_free(&f->campaign);
  scenario_free(&f->scenario);
  snprintf(command, sizeof command, "rm -r %s", f->directory);
  ck_assert_int_eq(system(command), 0);
}

static bool write_out(struct fixture *f, struct err *err) {
  char directory[512];
  f->campaign.scenario = &f->scenario; /* the fixture is a value: it has moved */
  const struct output_options options = {.out = f->out, .version = "0.0.0"};
  return output_write(&f->campaign, &options, directory, err);
}

/* Everything that libcsv reads from a file. */
struct cells {
  char text[512][80];
  size_t count, rows, columns;
};
static void take_cell(void *text, size_t size, void *context) {
  struct cells *cells = context;
  ck_assert_uint_lt(cells->count, 512);
  snprintf(cells->text[cells->count++], 80, "%.*s", (int)size, (const char *)text);
}
static void take_row(int end, void *context) {
  (void)end;
  struct cells *cells = context;
  if (cells->rows++ == 0) cells->columns = cells->count;
  ck_assert_uint_eq(cells->count, cells->columns * cells->rows);
}
static void read_csv(const struct fixture *f, const char *name, struct cells *cells) {
  char path[256], buffer[1 << 16];
  struct csv_parser parser;
  memset(cells, 0, sizeof *cells);
  snprintf(path, sizeof path, "%s/output-test/%s", f->out, name);
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s", path);
  const size_t size = fread(buffer, 1, sizeof buffer, file);
  fclose(file);
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  ck_assert_uint_eq(csv_parse(&parser, buffer, size, take_cell, take_row, cells), size);
  ck_assert_int_eq(csv_fini(&parser, take_cell, take_row, cells), 0);
  csv_free(&parser);
}
static const char *cell(const struct cells *cells, size_t row, const char *column) {
  for (size_t i = 0; i < cells->columns; i++)
    if (strcmp(cells->text[i], column) == 0) return cells->text[row * cells->columns + i];
  ck_abort_msg("no column %s", column);
}

START_TEST(runs_csv_reads_back_as_the_integers_that_went_in) {
  struct fixture f = fixture_new();
  struct err err = {0};
  static struct cells cells;
  ck_assert_msg(write_out(&f, &err), "%s", err.message);
  read_csv(&f, "runs.csv", &cells);
  ck_assert_uint_eq(cells.rows, 1 + ROWS * SEEDS);
  ck_assert_uint_eq(cells.columns, 4 + METRIC__COUNT + 2);
  for (size_t i = 0; i < ROWS * SEEDS; i++) {
    const struct run_result *result = &f.campaign.results[i];
    ck_assert_str_eq(cell(&cells, i + 1, "label"), f.scenario.plans[result->row].label);
    ck_assert_int_eq(atoll(cell(&cells, i + 1, "seed")), (long long)result->seed);
    for (int metric = 0; metric < METRIC__COUNT; metric++)
      ck_assert_int_eq(atoll(cell(&cells, i + 1, metric_rows[metric].column)),
                       result->metrics[metric]);
    ck_assert_uint_eq(strtoull(cell(&cells, i + 1, "digest"), NULL, 16), result->digest);
  }
  ck_assert_str_eq(cell(&cells, 1, "label"), "first + 100% (a)");
  ck_assert_str_eq(cell(&cells, 1, "digest"), "0123456789abcde1");
  fixture_free(&f);
}
END_TEST

START_TEST(aggregate_csv_has_intervals_and_only_measured_capacities) {
  struct fixture f = fixture_new();
  struct err err = {0};
  ck_assert(write_out(&f, &err));
  char path[256], line[256];
  size_t lines = 0, capacities = 0;
  snprintf(path, sizeof path, "%s/output-test/aggregate.csv", f.out);
  FILE *file = fopen(path, "r");
  while (fgets(line, sizeof line, file)) {
    lines++;
    if (strstr(line, "\"capacity\"")) {
      capacities++;
      ck_assert_str_eq(
          line, "\"first + 100% (a)\",\"capacity\",\"per_s\",\"1\",\"1.23457e+06\",\"1.23457e+06\","
                "\"1.23457e+06\",\"\",\"\",\"\",\"\",\"\",\"\"\n");
    }
    if (strstr(
            line,
            "\"at-least-once\",\"intended\"")) /* 1010, 1020, 1030: 1020 ± 4.303 * 10 / sqrt(3) */
      ck_assert_str_eq(line, "\"at-least-once\",\"intended\",\"count\",\"3\",\"1020\",\"995.159\","
                             "\"1044.84\",\"3060\",\"runs\",\"3\",\"1\",\"0.292402\",\"1\"\n");
  }
  fclose(file);
  ck_assert_uint_eq(lines, 1 + ROWS * METRIC__COUNT + 1);
  ck_assert_uint_eq(capacities, 1);
  fixture_free(&f);
}
END_TEST

START_TEST(paired_csv_has_differences_from_the_first_row) {
  struct fixture f = fixture_new();
  struct err err = {0};
  char path[256], line[256];
  size_t lines = 0;
  for (int seed = 0; seed < SEEDS; seed++) f.campaign.results[SEEDS + seed].metrics[METRIC_OK] += seed;
  ck_assert(write_out(&f, &err));
  snprintf(path, sizeof path, "%s/output-test/paired.csv", f.out);
  FILE *file = fopen(path, "r");
  while (fgets(line, sizeof line, file)) {
    lines++;
    if (strstr(line, "\"ok\"")) /* 1000, 1001, 1002: 1001 ± 4.303 / sqrt(3) */
      ck_assert_str_eq(line, "\"at-least-once\",\"first + 100% (a)\",\"ok\",\"count\",\"3\",\"1001\",\"998.516\","
                             "\"1003.48\",\"1\",\"paired\"\n");
    if (strstr(line, "\"lost\"")) /* the same in every run: nothing to correlate */
      ck_assert_str_eq(line, "\"at-least-once\",\"first + 100% (a)\",\"lost\",\"count\",\"3\",\"0\",\"0\",\"0\",\"\","
                             "\"paired\"\n");
  }
  fclose(file);
  ck_assert_uint_eq(lines, 1 + METRIC__COUNT);
  fixture_free(&f);
}
END_TEST

static char *summary_of(struct fixture *f) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  f->campaign.scenario = &f->scenario;
  output_summary(&f->campaign, false, out);
  fclose(out);
  return text;
}

START_TEST(a_summary_says_what_runs_say_of_others) {
  struct fixture f = fixture_new();
  for (int seed = 0; seed < SEEDS; seed++) f.campaign.results[SEEDS + seed].metrics[METRIC_LOST] = 0;
  f.campaign.results[0].metrics[METRIC_DUPLICATE_EFFECTS] = 0;
  char *text = summary_of(&f);
  static const char *const lines[] = {
      "in how many of 3 runs (and in what share of all runs: 95 % intervals)\n",
      "first + 100% (a)   3 (29 to 100 %)  2 (9.4 to 99.16 %)\n",
      "at-least-once     0 (at most 63 %)     3 (29 to 100 %)\n", /* 1 - 0.05^(1/3) */
      "differences from first + 100% (a), a run: paired by seed, 95 % intervals (and the pairs' correlation)\n",
      " +1000 (1.00) "};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    ck_assert_msg(strstr(text, lines[i]) != NULL, "no '%s' in\n%s", lines[i], text);
  ck_assert_ptr_null(strstr(text, "not paired"));
  free(text);
  f.scenario.faults[1].nth = 3;
  text = summary_of(&f);
  ck_assert_ptr_nonnull(strstr(text, "\nnot paired: fault crash strikes each row where its system happens to be\n"));
  free(text);
  fixture_free(&f);
}
END_TEST

START_TEST(a_summary_says_how_many_looks_there_were_and_what_is_missing) {
  struct fixture f = fixture_new();
  f.campaign.looks = 2;
  f.campaign.gap = (struct precision_gap){1, METRIC_LATENCY_P99, 0.123, 0.05};
  char *text = summary_of(&f);
  ck_assert_ptr_nonnull(strstr(text, ", 3 of at most 3 seeds, 2 looks, "));
  ck_assert_ptr_nonnull(strstr(text, "\nnot precise enough: latency_p99 of at-least-once to 12 % of its value, not to 5 %\n"));
  free(text);
  f.campaign.precise = true;
  text = summary_of(&f);
  ck_assert_ptr_null(strstr(text, "not precise enough"));
  free(text);
  fixture_free(&f);
}
END_TEST

START_TEST(timelines_of_different_widths_are_merged_to_the_widest) {
  struct fixture f = fixture_new();
  struct err err = {0};
  static struct cells cells;
  ck_assert(write_out(&f, &err));
  read_csv(&f, "timeline.csv", &cells);
  ck_assert_uint_eq(cells.rows, 1 + ROWS * 2);
  ck_assert_str_eq(cell(&cells, 1, "time_s"), "0");
  ck_assert_str_eq(cell(&cells, 2, "time_s"), "2");
  /* Seed 1: 12 effects in its first two cells; seeds 2 and 3: 6 each. 24 / 2 s / 3 seeds. */
  ck_assert_str_eq(cell(&cells, 1, "goodput_per_s"), "4");
  ck_assert_str_eq(cell(&cells, 1, "duplicates_per_s"), "2");
  ck_assert_str_eq(cell(&cells, 1, "open"), "1.33333"); /* 2, 1, 1 */
  ck_assert_str_eq(cell(&cells, 2, "open"), "2.33333"); /* 3 (its end), 2, 2 */
  ck_assert_str_eq(cell(&cells, 2, "goodput_per_s"), "3");
  fixture_free(&f);
}
END_TEST

START_TEST(latency_csv_is_complementary_and_ends_at_zero) {
  struct fixture f = fixture_new();
  struct err err = {0};
  static struct cells cells;
  ck_assert(write_out(&f, &err));
  read_csv(&f, "latency.csv", &cells);
  ck_assert_uint_eq(cells.rows, 1 + ROWS * 10);
  for (size_t i = 1; i <= 10; i++) {
    ck_assert_int_eq(atoll(cell(&cells, i, "latency_ns")), (long long)i);
    ck_assert_str_eq(cell(&cells, i, "count"), "3");
    ck_assert_double_eq_tol(atof(cell(&cells, i, "share_above")), 1.0 - (double)i / 10, 1e-6);
  }
  fixture_free(&f);
}
END_TEST

START_TEST(faults_csv_has_windows_and_a_row_for_each_fault_without) {
  struct fixture f = fixture_new();
  struct err err = {0};
  static struct cells cells;
  ck_assert(write_out(&f, &err));
  read_csv(&f, "faults.csv", &cells);
  ck_assert_uint_eq(cells.rows, 1 + ROWS * SEEDS * 2);
  ck_assert_str_eq(cell(&cells, 1, "fault"), "cut");
  ck_assert_str_eq(cell(&cells, 1, "verb"), "partition");
  ck_assert_str_eq(cell(&cells, 1, "begin_s"), "1");
  ck_assert_str_eq(cell(&cells, 1, "end_s"), "3.0000005");
  ck_assert_str_eq(cell(&cells, 1, "hits"), "4");
  ck_assert_str_eq(cell(&cells, 2, "fault"), "crash");
  ck_assert_str_eq(cell(&cells, 2, "begin_s"), "");
  ck_assert_str_eq(cell(&cells, 2, "hits"), ""); /* this row has no such target */
  fixture_free(&f);
}
END_TEST

START_TEST(the_manifest_is_json_with_every_digest) {
  struct fixture f = fixture_new();
  struct err err = {0};
  char path[256];
  ck_assert(write_out(&f, &err));
  snprintf(path, sizeof path, "%s/output-test/manifest.json", f.out);
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
  ck_assert_ptr_nonnull(root);
  ck_assert_str_eq(json_string_value(json_object_get(root, "scenario")), "output-test");
  const json_t *rows = json_object_get(root, "rows");
  ck_assert_uint_eq(json_array_size(rows), ROWS);
  const json_t *digests = json_object_get(json_array_get(rows, 1), "digests");
  ck_assert_uint_eq(json_array_size(digests), SEEDS);
  ck_assert_str_eq(json_string_value(json_array_get(digests, 0)), "0123456789abcde5");
  ck_assert_uint_eq(json_array_size(json_object_get(root, "faults")), 2);
  json_decref(root);
  fixture_free(&f);
}
END_TEST

static bool same_file(const struct fixture *f, const char *name, const char *expected) {
  char path[256], text[256] = "";
  snprintf(path, sizeof path, "%s/output-test/%s", f->out, name);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return strcmp(text, expected) == 0;
}

/* What is in the directory of the results, without . and .. */
static int entries(const struct fixture *f) {
  char command[256];
  int count = -1;
  snprintf(command, sizeof command, "ls -A %s/output-test | wc -l", f->out);
  FILE *pipe = popen(command, "r");
  ck_assert_int_eq(fscanf(pipe, "%d", &count), 1);
  pclose(pipe);
  return count;
}

START_TEST(files_appear_by_rename_and_latest_points_to_them) {
  struct fixture f = fixture_new();
  struct err err = {0};
  char path[256], target[64] = "";
  ck_assert(write_out(&f, &err));
  ck_assert_int_eq(entries(&f), 10); /* nine files and charts/, nothing half done */
  snprintf(path, sizeof path, "%s/latest", f.out);
  ck_assert_int_gt(readlink(path, target, sizeof target - 1), 0);
  ck_assert_str_eq(target, "output-test");
  /* A reader that has a file open keeps the old one; a chart of other numbers goes away. */
  snprintf(path, sizeof path, "%s/output-test/runs.csv", f.out);
  struct stat before, after;
  ck_assert_int_eq(stat(path, &before), 0);
  FILE *reader = fopen(path, "r");
  snprintf(path, sizeof path, "%s/output-test/charts/latency.svg", f.out);
  write_text(path, "old");
  ck_assert(write_out(&f, &err));
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_assert_int_eq(fstat(fileno(reader), &after), 0);
  ck_assert_uint_eq(after.st_nlink, 0);
  ck_assert_int_eq(after.st_size, before.st_size);
  fclose(reader);
  fixture_free(&f);
}
END_TEST

START_TEST(the_same_campaign_writes_the_same_bytes) {
  static const char *const names[] = {"runs.csv",    "aggregate.csv", "paired.csv",    "timeline.csv",      "latency.csv",
                                      "faults.csv",  "summary.txt",   "resolved.yaml", "charts/timeline.gp"};
  struct fixture f = fixture_new();
  struct err err = {0};
  char command[512];
  ck_assert(write_out(&f, &err));
  snprintf(command, sizeof command, "cp -r %s/output-test %s/first", f.out, f.directory);
  ck_assert_int_eq(system(command), 0);
  f.campaign.workers = 7;
  f.campaign.wall_s = 99;
  ck_assert(write_out(&f, &err));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(command, sizeof command, "cmp %s/first/%s %s/output-test/%s", f.directory, names[i],
             f.out, names[i]);
    ck_assert_msg(system(command) == 0, "%s", names[i]);
  }
  fixture_free(&f);
}
END_TEST

START_TEST(a_place_that_cannot_be_written_is_a_clear_error) {
  struct fixture f = fixture_new();
  struct err err = {0};
  snprintf(f.out, sizeof f.out, "%s/file", f.directory);
  write_text(f.out, "not a directory");
  ck_assert(!write_out(&f, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_ptr_nonnull(strstr(err.message, f.out));
  ck_assert_ptr_nonnull(strstr(err.message, "Not a directory"));
  err = (struct err){0};
  ck_assert(!output_check(f.out, "output-test", &err));
  ck_assert_int_eq(err.code, ERR_IO);
  fixture_free(&f);
}
END_TEST

START_TEST(a_file_that_cannot_be_replaced_leaves_all_old_ones) {
  struct fixture f = fixture_new();
  struct err err = {0};
  char path[256];
  ck_assert(output_check(f.out, "output-test", &err));
  snprintf(path, sizeof path, "%s/output-test/runs.csv", f.out);
  write_text(path, "old");
  snprintf(path, sizeof path, "%s/output-test/manifest.json", f.out);
  ck_assert_int_eq(mkdir(path, 0777), 0); /* a directory in the way */
  ck_assert(!write_out(&f, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert(same_file(&f, "runs.csv", "old"));
  ck_assert_int_eq(entries(&f), 2);
  fixture_free(&f);
}
END_TEST

START_TEST(a_disk_that_fills_up_leaves_all_old_files) {
  struct fixture f = fixture_new();
  struct err err = {0};
  char path[256];
  ck_assert(output_check(f.out, "output-test", &err));
  snprintf(path, sizeof path, "%s/output-test/runs.csv", f.out);
  write_text(path, "old");
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit, small;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  small = limit;
  small.rlim_cur = 1500;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool written = write_out(&f, &err);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(!written);
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_ptr_nonnull(strstr(err.message, "File too large"));
  ck_assert(same_file(&f, "runs.csv", "old"));
  ck_assert_int_eq(entries(&f), 1);
  fixture_free(&f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("output");
  TCase *tcase = tcase_create("output");
  tcase_add_test(tcase, runs_csv_reads_back_as_the_integers_that_went_in);
  tcase_add_test(tcase, aggregate_csv_has_intervals_and_only_measured_capacities);
  tcase_add_test(tcase, paired_csv_has_differences_from_the_first_row);
  tcase_add_test(tcase, a_summary_says_what_runs_say_of_others);
  tcase_add_test(tcase, a_summary_says_how_many_looks_there_were_and_what_is_missing);
  tcase_add_test(tcase, timelines_of_different_widths_are_merged_to_the_widest);
  tcase_add_test(tcase, latency_csv_is_complementary_and_ends_at_zero);
  tcase_add_test(tcase, faults_csv_has_windows_and_a_row_for_each_fault_without);
  tcase_add_test(tcase, the_manifest_is_json_with_every_digest);
  tcase_add_test(tcase, files_appear_by_rename_and_latest_points_to_them);
  tcase_add_test(tcase, the_same_campaign_writes_the_same_bytes);
  tcase_add_test(tcase, a_place_that_cannot_be_written_is_a_clear_error);
  tcase_add_test(tcase, a_file_that_cannot_be_replaced_leaves_all_old_ones);
  tcase_add_test(tcase, a_disk_that_fills_up_leaves_all_old_files);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
