/* What `merge` says where runs are missing: how many of each shard, and the commands that do them. */
#ifndef SIM_CLI_MERGE_MISSING_H
#define SIM_CLI_MERGE_MISSING_H

#include "sim/cli/merge_journals.h"
#include "sim/runner/campaign_journal.h"

/* On stderr. `file`: where the scenario is now. A command goes on with the shard's own journal, where that stands in
 * DIR/<scenario>, as `run` leaves it. */
void merge_missing_tell(const struct merged *merged, const struct journal_head *head,
                        const struct merge_journals *journals, const char *file);

#endif
