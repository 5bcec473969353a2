/* What the table on the terminal says, cell by cell: for summary.txt and for report.html, which is laid out otherwise. */
#ifndef SIM_RUNNER_SUMMARY_CELLS_H
#define SIM_RUNNER_SUMMARY_CELLS_H

#include "sim/runner/campaign.h"

#include <stddef.h>
#include <stdio.h>

#define SUMMARY_CELL 40 /* bytes */

/* The table: a line a plan. The first cell, its label, is left to who prints. */
#define SUMMARY_COLUMNS 8
extern const char *const summary_heads[2][SUMMARY_COLUMNS]; /* headings are of two lines */
void summary_fill_row(const struct campaign *campaign, size_t row, char cells[SUMMARY_COLUMNS][SUMMARY_CELL]);

/* Of several runs: "19 (75 to 99.87 %)": in how many a count is above 0, and in what share of all runs. */
void summary_share(const struct campaign *campaign, size_t plan, enum metric metric, char cell[SUMMARY_CELL]);
/* "-32 ±23", and the pairs' correlation: what a plan has more than its base. */
#define SUMMARY_COMPARED 5
extern const enum metric summary_compared[SUMMARY_COMPARED];
extern const char *const summary_compared_heads[SUMMARY_COMPARED];
void summary_difference(const struct campaign *campaign, size_t plan, size_t base, enum metric metric,
                        char cell[SUMMARY_CELL]);
/* Of one run whose latencies are batched (summary_is_long): mean, batches, correlation, what is wrong with them. */
bool summary_is_long(const struct campaign *campaign);
void summary_latency(const struct campaign *campaign, size_t plan, char cells[4][SUMMARY_CELL]);

/* "never hit", and where it has no target; "" where there is nothing to say. */
struct summary_fault {
  char missed[80], where[80];
};
struct summary_fault summary_fault(const struct campaign *campaign, size_t fault);

enum verdict summary_expectation(const struct expectation_result *result);
/* Why the verdict is what it is, in half a line. */
void summary_reason(const struct campaign *campaign, FILE *out);
void summary_seeds(const struct campaign *campaign, FILE *out); /* "20 seeds" */
/* What `precision` asks for and all seeds did not give: a line, or nothing. */
void summary_gap(const struct campaign *campaign, FILE *out);
size_t summary_points(const struct scenario *scenario); /* of the sweep */

#endif
