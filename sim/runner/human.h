/* Numbers as people read them: three significant digits and a unit. For terminals and reasons; files
 * that machines read have plain integers in base units. */
#ifndef SIM_RUNNER_HUMAN_H
#define SIM_RUNNER_HUMAN_H

#include "sim/oracle/metric.h"
#include "sim/oracle/statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HUMAN_MAX 48 /* room that every text of these functions needs at most */

void human_time(double ns, char *out, size_t size);      /* "1.23 ms" */
void human_number(double value, char *out, size_t size); /* "0.25", "12.3", "98712", "1.204M" */
void human_value(enum metric_unit unit, double value, char *out, size_t size);

/* Of a mean, "12.3 ±4.5"; without the interval when it is a point. */
void human_estimate(enum metric_unit unit, struct estimate estimate, char *out, size_t size);

/* Of a difference, with its sign: "-31.6 ±23", "+4.1 ±0.2 ms", "0". Rates and bytes without their unit. */
void human_difference(enum metric_unit unit, struct estimate difference, char *out, size_t size);

/* Columns that a UTF-8 text takes on a terminal. */
size_t human_width(const char *text);
/* Writes a text in so many of them, at the left or at the right. */
void human_pad(FILE *out, const char *text, size_t width, bool right);

#endif
