/* Inside of the tables: what tables*.c share. */
#ifndef SIM_RUNNER_TABLES_PARTS_H
#define SIM_RUNNER_TABLES_PARTS_H

#include "sim/runner/csv_out.h"
#include "sim/runner/tables.h"

/* The first line's cells: "label", a column for each swept path, the others. */
void tables_heads(const struct campaign *campaign, const char *const *others, size_t count, struct csv_out *csv);
/* A plan's under the first two. */
void tables_label_cells(const struct campaign *campaign, size_t plan, struct csv_out *csv);

#endif
