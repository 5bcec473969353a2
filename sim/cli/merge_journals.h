/* Which journals `merge` is to read: those that are named, and all shards of a directory. */
#ifndef SIM_CLI_MERGE_JOURNALS_H
#define SIM_CLI_MERGE_JOURNALS_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct merge_journals {
  const char **paths; /* [count], owned with their texts; at least 1 */
  size_t count, capacity;
};

/* False: a clear error, and nothing to free. */
bool merge_journals_find(char *const *names, size_t name_count, struct merge_journals *out, struct err *err);
void merge_journals_free(struct merge_journals *journals);

#endif
