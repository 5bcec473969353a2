/* A row of a scenario by its label, as a user gives it. */
#ifndef SIM_CLI_ROW_H
#define SIM_CLI_ROW_H

#include "sim/runner/scenario.h"

/* Index of the row, or -1 with *err set (with the nearest label). NULL: the first. */
int row_find(const struct scenario *scenario, const char *label, struct err *err);

#endif
