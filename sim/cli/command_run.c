/* dgsim run: loads every file first, so that a mistake in the last one is told before the first has
 * run for minutes; then runs, prints and writes one after the other. */
#include "sim/base/assert.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/options.h"
#include "sim/cli/run_record.h"
#include "sim/cli/run_trace.h"
#include "sim/cli/shell.h"
#include "sim/cli/terminal.h"
#include "sim/runner/output.h"

#include <stdlib.h>
#include <string.h>

struct file {
  const char *path;
  struct scenario scenario;
  bool loaded;
  struct err err;
};

/* --seed N is `seeds: [N]`, so that the resolved form says what was run. */
static bool load(struct file *file, const struct registry *registry,
                 const struct options *options) {
  file->loaded = load_scenario(file->path, registry, options, &file->scenario, &file->err);
  return file->loaded;
}

/* Two scenarios of one name would overwrite each other's results. */
static void refuse_same_names(struct file *files, size_t count) {
  for (size_t i = 1; i < count; i++)
    for (size_t j = 0; j < i && files[i].loaded; j++) {
      if (!files[j].loaded || strcmp(files[i].scenario.name, files[j].scenario.name) != 0) continue;
      err_set(&files[i].err, ERR_CONFLICT, "the scenario's name '%s' is also that of %s",
              files[i].scenario.name, files[j].path);
      err_note(&files[i].err, "their results would be in the same place: give one another 'name'");
      err_place(&files[i].err, files[i].path, 0, 0, NULL);
      scenario_free(&files[i].scenario);
      files[i].loaded = false;
    }
}

static enum status write_files(const struct campaign *campaign, const struct options *options) {
  char directory[512];
  struct err err = {0};
  const struct output_options output = {
      .out = options->out, .version = DGSIM_VERSION, .charts = !options->no_charts};
  if (!output_write(campaign, &output, directory, &err)) {
    err_print(&err, stderr);
    return STATUS_USAGE;
  }
  if (options->format == REPORT_HUMAN)
    printf("files    %s (summary.txt, *.csv, resolved.yaml, manifest.json, charts/)\n", directory);
  return STATUS_HELD;
}

static enum status run_campaign(const struct file *file, const struct options *options,
                                const char *command, struct report *report) {
  struct err err = {0};
  if (!output_check(options->out, file->scenario.name, &err)) {
    err_print(&err, stderr);
    if (options->format != REPORT_HUMAN) report_error(report, file->path, &err);
    return STATUS_USAGE;
  }
  char *reproduce = shell_reproduce(file->path, options);
  const struct campaign_options campaign_options = {.workers = options->workers,
                                                    .verify = options->verify,
                                                    .progress = true,
                                                    .command = command,
                                                    .reproduce = reproduce};
  struct campaign campaign;
  campaign_run(&file->scenario, &campaign_options, &campaign);
  if (options->format == REPORT_HUMAN)
    output_summary(&campaign, terminal_colour(), stdout);
  else
    report_campaign(report, &campaign);
  const enum status written = write_files(&campaign, options);
  const enum status status = status_worse((enum status)campaign_exit_status(&campaign), written);
  campaign_free(&campaign);
  free(reproduce);
  return status;
}

static enum status run_files(struct file *files, const struct options *options,
                             const char *command) {
  enum status status = STATUS_HELD;
  struct report report;
  if (options->format != REPORT_HUMAN) report_begin(&report, options->format, stdout);
  for (size_t i = 0; i < options->file_count; i++) {
    if (!files[i].loaded) {
      if (options->format != REPORT_HUMAN) report_error(&report, files[i].path, &files[i].err);
      continue;
    }
    if (i > 0 && options->format == REPORT_HUMAN) putchar('\n');
    status = status_worse(status, run_campaign(&files[i], options, command, &report));
    fflush(stdout);
  }
  if (options->format != REPORT_HUMAN) report_end(&report);
  return status;
}

static enum status act(struct file *files, const struct registry *registry,
                       const struct options *options, const char *command) {
  if (options->trace || options->record) {
    if (!files[0].loaded) return STATUS_HELD; /* what is wrong with it has been said */
    if (options->record)
      return run_record_file(&files[0].scenario, registry, options, command);
    return run_trace(&files[0].scenario, options, command);
  }
  if (!options->dry_run) return run_files(files, options, command);
  for (size_t i = 0; i < options->file_count; i++) {
    if (i > 0) puts("---");
    if (files[i].loaded) scenario_print_resolved(&files[i].scenario, stdout);
  }
  return STATUS_HELD;
}

static enum status run(const struct registry *registry, const struct options *options,
                       const char *command) {
  struct file *files = calloc(options->file_count, sizeof *files);
  ASSERT(files != NULL);
  enum status status = STATUS_HELD;
  for (size_t i = 0; i < options->file_count; i++) {
    files[i].path = options->files[i];
    load(&files[i], registry, options);
  }
  if (!options->dry_run) refuse_same_names(files, options->file_count);
  for (size_t i = 0; i < options->file_count; i++) {
    if (files[i].loaded) continue;
    err_print(&files[i].err, stderr);
    status = STATUS_USAGE;
  }
  status = status_worse(status, act(files, registry, options, command));
  for (size_t i = 0; i < options->file_count; i++)
    if (files[i].loaded) scenario_free(&files[i].scenario);
  free(files);
  return status;
}

int command_run(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  char *command = shell_command(argc, argv); /* before getopt_long permutes it */
  int status = STATUS_HELD;
  if (!options_parse(OPTIONS_RUN, argc, argv, &options, &err)) {
    status = STATUS_USAGE;
  } else if (options.help) {
    command_help(command_run, stdout);
  } else if (options.file_count == 0) {
    err_set(&err, ERR_USAGE, "'run' needs a scenario file");
    status = STATUS_USAGE;
  } else if ((options.trace || options.record) && options.file_count > 1) {
    err_set(&err, ERR_USAGE, "--%s needs exactly one scenario file",
            options.trace ? "trace" : "record");
    status = STATUS_USAGE;
  } else {
    status = (int)run(registry, &options, command);
  }
  if (err.code != ERR_NONE) {
    err_note(&err, "dgsim run --help lists the options");
    err_print(&err, stderr);
  }
  options_free(&options);
  free(command);
  return status;
}
