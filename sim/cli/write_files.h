/* What `run` and `merge` leave behind of a campaign: on the terminal, in a report, in files. */
#ifndef SIM_CLI_WRITE_FILES_H
#define SIM_CLI_WRITE_FILES_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/runner/campaign.h"
#include "sim/runner/report.h"

/* Where runs are when their files could not be written. */
struct write_files_safe {
  const char *journal; /* of this campaign; NULL = in those that were merged */
};

/* Prints, writes, and returns the exit status. Told to end meanwhile, it replaces no file and ends the process. */
enum status write_files(const struct campaign *campaign, const struct options *options, struct report *report,
                        const struct write_files_safe *safe);

#endif
