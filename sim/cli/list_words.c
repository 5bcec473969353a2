/* Metrics, anomalies, cases of a check; and of the program itself: commands, exit statuses, files. */
#include "sim/cli/commands.h"
#include "sim/cli/list_data.h"
#include "sim/cli/options.h"
#include "sim/runner/check.h"
#include "sim/runner/output.h"

const char *const metric_unit_names[] = {
    [UNIT_COUNT] = "count", [UNIT_NS] = "time", [UNIT_RATE] = "rate", [UNIT_BYTES] = "size"};

const struct expect_word expect_words[EXPECT_WORDS] = {
    {"capacity", "rate", "the most obligations ended once per second, saturated, without faults"},
    {"violates", "list", "none, or exactly the anomalies by which the row's contract is violated"},
};

void data_metrics(const struct registry *registry, struct sheet *sheet) {
  (void)registry;
  sheet_table(sheet, "", "", "metric` value column` meaning");
  for (int i = 0; i < METRIC__COUNT; i++)
    SHEET_ROW(sheet, metric_rows[i].name, metric_unit_names[metric_rows[i].unit], metric_rows[i].column, metric_rows[i].about);
  for (int i = 0; i < EXPECT_WORDS; i++)
    SHEET_ROW(sheet, expect_words[i].name, expect_words[i].unit, NULL, expect_words[i].about);
}

/* Whose contract allows it. */
static void describe_allowing(const struct registry *registry, enum anomaly anomaly, char *out, size_t size) {
  size_t length = 0, count = 0;
  out[0] = '\0';
  for (size_t i = 0; i < registry->system_count && length < size; i++) {
    if (!((registry->systems[i]->allows >> anomaly) & 1)) continue;
    length += (size_t)snprintf(out + length, size - length, "%s%s", length ? ", " : "", registry->systems[i]->name);
    count++;
  }
  if (count == registry->system_count) snprintf(out, size, "all");
}

void data_anomalies(const struct registry *registry, struct sheet *sheet) {
  char systems[512];
  sheet_table(sheet, "", "", "anomaly` meaning systems");
  for (int i = 0; i < ANOMALY__COUNT; i++) {
    describe_allowing(registry, (enum anomaly)i, systems, sizeof systems);
    SHEET_ROW(sheet, anomaly_names[i], anomaly_abouts[i], systems);
  }
}

void data_cases(const struct registry *registry, struct sheet *sheet) {
  (void)registry;
  sheet_table(sheet, "", "", "class` contract` meaning");
  for (int i = 0; i < CHECK_CLASS__COUNT; i++)
    SHEET_ROW(sheet, check_class_rows[i].name, check_class_rows[i].needs, check_class_rows[i].about);
}

void data_commands(const struct registry *registry, struct sheet *sheet) {
  (void)registry;
  for (size_t i = 0; i < command_count; i++) {
    char usage[128], name[64];
    struct option_view option;
    snprintf(usage, sizeof usage, "dgsim %s [OPTION...] %s", commands[i].name, commands[i].arguments);
    sheet_table(sheet, commands[i].name, commands[i].about, "option` value` meaning");
    sheet_fact(sheet, "usage", usage);
    for (size_t place = 0; options_next(commands[i].options, &place, &option);) {
      const char letter[] = {',', ' ', '-', option.letter, '\0'};
      snprintf(name, sizeof name, "--%s%s", option.name, option.letter ? letter : "");
      SHEET_ROW(sheet, name, option.argument, option.help);
    }
  }
}

void data_statuses(const struct registry *registry, struct sheet *sheet) {
  (void)registry;
  sheet_table(sheet, "", "Of several the worst counts: 70, 64, 1, 2, 0.", "status` name meaning");
  for (size_t i = 0; i < status_count; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", (int)status_rows[i].status);
    SHEET_ROW(sheet, number, status_rows[i].name, status_rows[i].about);
  }
}

/* Of other commands, or of each chart and story. */
static const struct {
  const char *name, *by, *about;
} more_files[] = {
    {"charts/NAME.gp", "run, merge", "the script of a chart: gnuplot makes it again from the tables beside it"},
    {"charts/NAME.svg", "run, merge", "the chart"},
    {"runs.journal", "run", "each run as it was done, with wall times: --resume goes on from it"},
    {"shard-I-of-N.journal", "run --shard", "the same of one part, for merge"},
    {"anomalies/NAME.yaml", "explore, shrink, check", "a scenario that shows what was found, as small as it goes"},
    {"anomalies/ID.txt", "explain", "the story of one operation, step by step"},
    {"anomalies/ID.svg", "explain", "the same as a diagram of space and time"},
    {"anomalies/ID.perfetto.json", "explain", "the same for ui.perfetto.dev"},
    {"anomalies/ID.shiviz.log", "explain", "the same for ShiViz"},
};

void data_files(const struct registry *registry, struct sheet *sheet) {
  const char *name, *about;
  (void)registry;
  sheet_table(sheet, "", "", "file` by contents");
  for (size_t i = 0; (name = output_name(i, &about)) != NULL; i++) SHEET_ROW(sheet, name, "run, merge", about);
  for (size_t i = 0; i < sizeof more_files / sizeof *more_files; i++)
    SHEET_ROW(sheet, more_files[i].name, more_files[i].by, more_files[i].about);
}
