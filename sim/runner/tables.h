/* The CSV files of a campaign. Each function writes one, header line first; false: a write failed.
 *
 *   runs.csv       a row a run, integers only       aggregate.csv  a row a guarantee and metric
 *   paired.csv     the same of differences from the first guarantee
 *   timeline.csv   rates over virtual time          latency.csv    share of operations slower than
 *   faults.csv     a row a window of a fault; a row without times where a fault had none
 *
 * Where something is swept, there is a column for each path behind the label: `handler_window_ns`, the
 * path's slashes as underscores, with the unit in which the cell is exact; empty where the row lacks the key.
 *
 * All are functions of the results in their order, so they are equal for any number of workers.
 */
#ifndef SIM_RUNNER_TABLES_H
#define SIM_RUNNER_TABLES_H

#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stdio.h>

typedef bool table_writer(const struct campaign *campaign, FILE *file);

table_writer tables_runs, tables_aggregate, tables_timeline, tables_latency, tables_faults;
/* One line for each row but the first, point and metric: what it has more than the first row, by seed. Only
 * where intervals_are_paired. */
table_writer tables_paired;
/* As runs.csv, one line for each sink group of a run; without what is counted for all together. */
table_writer tables_groups;

/* Width of a cell of timeline.csv: the widest of all runs (of a sweep, of all seeds of a row at a point). 0 when
 * no run has a timeline. */
int64_t tables_timeline_width(const struct campaign *campaign);

/* Operations of a row that had an effect, by latency, over its seeds. */
void tables_latency_of(const struct campaign *campaign, size_t row, struct histogram *out);

/* What a handler is called in tables; "" for none, "by group" for one of each group. */
const char *tables_handler(const struct plan *plan);

#endif
