/* Which journals `merge` is to read: those that are named, and all shards of a directory. */
#ifndef SIM_CLI_MERGE_JOURNALS_H
#define SIM_CLI_MERGE_JOURNALS_H

#include "sim/base/err.h"
#include "sim/runner/journal.h"

#include <stdbool.h>
#include <stddef.h>

struct merge_journals {
  const char **paths; /* [count], owned with their texts; at least 1 */
  size_t count, capacity;
};

/* False: a clear error; *out is to be freed either way. */
bool merge_journals_find(char *const *names, size_t name_count, struct merge_journals *out, struct err *err);
void merge_journals_free(struct merge_journals *journals);

/* What one of them says it is of, to be freed. False: a clear error; *out_torn: it has no row, and says nothing yet. */
bool merge_journals_head_of(const char *path, struct journal_head *out, bool *out_torn, struct err *err);
/* What the first says of those that say something. */
bool merge_journals_head(const struct merge_journals *journals, struct journal_head *out, struct err *err);

#endif
