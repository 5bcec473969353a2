/* dgsim judge: what a trace says of its run, without running it. */
#include "sim/base/input.h"
#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/cli/run_trace.h"
#include "sim/cli/terminal.h"
#include "sim/runner/judge_trace.h"
#include "sim/runner/output.h"

#include <string.h>

static bool read_trace(const char *path, const struct registry *registry,
                       struct scenario *out_scenario, struct campaign *out_campaign,
                       struct err *err) {
  const char *why;
  FILE *file = input_open(path, &why);
  if (!file) return err_set(err, ERR_IO, "cannot read '%s': %s", path, why);
  const bool good = judge_trace(file, path, registry, out_scenario, out_campaign, err);
  fclose(file);
  return good;
}

static enum status judge_one(const char *path, const struct registry *registry,
                             struct report *report) {
  struct scenario scenario;
  struct campaign campaign;
  struct err err = {0};
  const bool human = report->format == REPORT_HUMAN;
  if (!read_trace(path, registry, &scenario, &campaign, &err)) {
    err_print(&err, stderr);
    if (!human) report_error(report, path, &err);
    return STATUS_USAGE;
  }
  if (human) {
    run_trace_line(path, &scenario.plans[0], &campaign.results[0], stdout);
    output_summary(&campaign, terminal_colour(), stdout);
  } else {
    report_trace(report, &campaign, path);
  }
  const enum status status = (enum status)campaign_exit_status(&campaign);
  campaign_free(&campaign);
  scenario_free(&scenario);
  return status;
}

static enum status judge(const struct registry *registry, const struct options *options) {
  enum status status = STATUS_HELD;
  struct report report = {.format = options->format};
  if (options->format != REPORT_HUMAN) report_begin(&report, options->format, stdout);
  for (size_t i = 0; i < options->file_count; i++) {
    if (i > 0 && options->format == REPORT_HUMAN) putchar('\n');
    status = status_worse(status, judge_one(options->files[i], registry, &report));
    fflush(stdout);
  }
  if (options->format != REPORT_HUMAN) report_end(&report);
  return status;
}

int command_judge(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  int status = STATUS_USAGE;
  if (options_parse(OPTIONS_JUDGE, argc, argv, &options, &err)) {
    if (options.help) {
      command_help(command_judge, stdout);
      status = STATUS_HELD;
    } else if (options.file_count == 0) {
      err_set(&err, ERR_USAGE, "'judge' needs a trace");
      err_note(&err, "dgsim run FILE --trace TRACE writes one");
    } else {
      status = (int)judge(registry, &options);
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  return status;
}
