#include "sim/cli/write_files.h"

#include "sim/base/printable.h"
#include "sim/cli/terminal.h"
#include "sim/runner/output.h"

enum status write_files(const struct campaign *campaign, const struct options *options, struct report *report,
                        const char *safe) {
  char directory[512];
  struct err err = {0};
  const bool human = options->format == REPORT_HUMAN;
  const struct output_options output = {.out = options->out, .version = DGSIM_VERSION, .charts = !options->no_charts};
  if (human)
    output_summary(campaign, terminal_colour(), stdout);
  else
    report_campaign(report, campaign);
  enum status status = (enum status)campaign_exit_status(campaign);
  if (!output_write(campaign, &output, directory, &err)) {
    err_note(&err, "%s", safe);
    err_print(&err, stderr);
    status = status_worse(status, STATUS_USAGE);
  } else if (human) {
    printf("files    %s (summary.txt, *.csv, resolved.yaml, manifest.json, charts/)\n", PRINTABLE(directory));
  }
  return status;
}
