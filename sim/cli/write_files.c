#include "sim/cli/write_files.h"

#include "sim/base/printable.h"
#include "sim/cli/terminal.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/output.h"

#include <unistd.h>

/* What is to be done now that files could not be written. */
static void note(const struct write_files_safe *safe, struct err *err) {
  if (safe->journal && access(safe->journal, F_OK) != 0)
    err_note(err, "'%s' was removed meanwhile, so --resume has nothing to go on with: run it again", safe->journal);
  else if (safe->journal)
    err_note(err, "all runs are safe in '%s': make room if it lacks, then --resume writes the files", safe->journal);
  else
    err_note(err, "all runs are safe in the journals: make room if it lacks, and merge again");
}

enum status write_files(const struct campaign *campaign, const struct options *options, struct report *report,
                        const struct write_files_safe *safe) {
  char directory[512];
  struct err err = {0};
  const bool human = options->format == REPORT_HUMAN;
  struct interrupt interrupt;
  const struct output_options output = {.out = options->out,
                                        .version = DGSIM_VERSION,
                                        .charts = !options->no_charts,
                                        .report = !options->no_report,
                                        .chart_limit_ms = options->chart_limit_ns / 1000000,
                                        .interrupt = &interrupt};
  if (human)
    output_summary(campaign, terminal_colour(), stdout);
  else
    report_campaign(report, campaign);
  enum status status = (enum status)campaign_exit_status(campaign);
  interrupt_begin(&interrupt);
  if (!output_write(campaign, &output, directory, &err)) {
    note(safe, &err);
    err_print(&err, stderr);
    status = status_worse(status, STATUS_USAGE);
  } else if (human) {
    printf("files    %s (%ssummary.txt, *.csv, resolved.yaml, manifest.json, charts/)\n", PRINTABLE(directory),
           options->no_report ? "" : "report.html, ");
  }
  if (interrupt_seen(&interrupt) != 0) {
    fflush(stdout);
    interrupt_die(interrupt.signal);
  }
  interrupt_end(&interrupt);
  return status;
}
