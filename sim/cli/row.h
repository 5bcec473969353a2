/* A row of a scenario by its label, as a user gives it, and its one point. */
#ifndef SIM_CLI_ROW_H
#define SIM_CLI_ROW_H

#include "sim/runner/scenario.h"

/* Index of the row's first plan, or -1 with *err set (with the nearest label). NULL: the first. */
int row_find(const struct scenario *scenario, const char *label, struct err *err);

/* For what is done with one plan: the row of this plan has no other point of the sweep; -1: no row has.
 * `what` begins the error, and its note says how a point is picked. */
bool row_has_one_point(const struct scenario *scenario, int plan, const char *what, struct err *err);

#endif
