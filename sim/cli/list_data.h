/* What `dgsim list` knows, as sheets: from the tables that the program itself runs on. Each function adds the tables
 * of one list to a sheet that has begun. */
#ifndef SIM_CLI_LIST_DATA_H
#define SIM_CLI_LIST_DATA_H

#include "sim/cli/sheet.h"
#include "sim/runner/scenario.h"

#include <stddef.h>

typedef void list_data_fn(const struct registry *registry, struct sheet *sheet);
list_data_fn data_keys, data_values, data_links, data_systems, data_handlers, data_stores, data_clients, data_publishers,
    data_faults, data_points, data_metrics, data_anomalies, data_cases, data_commands, data_statuses, data_files, data_lists;

/* Words of `expect` that are no metric of a run. */
struct expect_word {
  const char *name, *unit, *about;
};
#define EXPECT_WORDS 2
extern const struct expect_word expect_words[EXPECT_WORDS];
extern const char *const metric_unit_names[]; /* [enum metric_unit] */

struct key;
/* Columns of a table of keys, and a row of it: the type with its words or limits, and whether it is needed. */
#define KEY_COLUMNS "key` type default` meaning source"
void data_key(struct sheet *sheet, const struct key *key);
void data_key_as(struct sheet *sheet, const struct key *key, const char *type); /* of what is no scalar */

#endif
