/* A campaign's items in a journal: a row's bytes are those of work_pack. */
#ifndef SIM_RUNNER_CAMPAIGN_JOURNAL_H
#define SIM_RUNNER_CAMPAIGN_JOURNAL_H

#include "sim/runner/campaign_work.h"
#include "sim/runner/journal.h"

/* Takes over all rows that count. False: a clear error; a row is of no such item, or of one that has another outcome. */
bool campaign_remember(struct work *work, struct journal_reader *reader, struct err *err);

/* What a merge found, beside the campaign. */
struct merged {
  bool programs_differ; /* not all journals are of one build of the program */
  unsigned shards;      /* the most that a journal is one of */
  const char *cut;      /* the first journal whose end is cut off or damaged, borrowed; NULL = none */
  uint64_t cut_after;   /* so many rows of it */
  size_t missing, items;
  size_t *missing_of; /* [shards]: of them, by shard; owned */
};
void merged_free(struct merged *merged);

/* The campaign that journals are of, as campaign_try would have left it. `head` says which campaign that is; its
 * `program` is not compared. False: a clear error, and no campaign to free: a journal cannot be read, is of another
 * campaign, contradicts another one, or items are missing. *merged is to be freed either way. */
bool campaign_merge(const struct scenario *scenario, const struct campaign_options *options,
                    const struct journal_head *head, const char *const *paths, size_t path_count,
                    struct campaign *out, struct merged *merged, struct err *err);

#endif
