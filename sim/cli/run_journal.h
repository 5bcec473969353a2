/* The journal of `run`: whose it is, where it is, and what is said of what was there. */
#ifndef SIM_CLI_RUN_JOURNAL_H
#define SIM_CLI_RUN_JOURNAL_H

#include "sim/cli/options.h"
#include "sim/runner/campaign.h"
#include "sim/runner/journal.h"

struct run_journal {
  char path[600]; /* <out>/<scenario>/runs.journal, or shard-I-of-N.journal there; output_check knows that it fits */
  struct journal *journal;
};

/* Opens it, and tells on stderr what was there. False: a clear error. */
bool run_journal_open(struct run_journal *out, const struct scenario *scenario, const struct options *options,
                      struct err *err);

/* For campaign_options: says how many runs are kept, and ends the process as the signal does. `context` is a
 * struct run_journal. */
void run_journal_interrupted(void *context, int signal, size_t kept, size_t of);

#endif
