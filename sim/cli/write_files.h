/* What `run` and `merge` leave behind of a campaign: on the terminal, in a report, in files. */
#ifndef SIM_CLI_WRITE_FILES_H
#define SIM_CLI_WRITE_FILES_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/runner/campaign.h"
#include "sim/runner/report.h"

/* Prints, writes, and returns the exit status. `safe`: what to do when the files cannot be written, for a note. */
enum status write_files(const struct campaign *campaign, const struct options *options, struct report *report,
                        const char *safe);

#endif
