/* Charts over swept values, instead of those of a campaign at one point:
 *
 *   one axis    a line for each row with its 95 % band; rows without the key are lines across
 *   two axes    a map for each row; a row without one of the keys has stripes
 *   more        none: aggregate.csv has a column for each key
 *
 * An axis is a key of the sweep with more than one value. There is a chart for each metric that `expect`
 * names, for lost and duplicate_effects, and for prices, of those that are not the same everywhere: at most
 * SWEEP_CHARTS_MAX.
 */
#ifndef SIM_RUNNER_CHARTS_SWEEP_H
#define SIM_RUNNER_CHARTS_SWEEP_H

#include "sim/base/err.h"
#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SWEEP_CHARTS_MAX 6

/* The metrics that are drawn, EXPECT_CAPACITY among them; returns how many. 0 without axes, or with more
 * than two. */
size_t charts_sweep_metrics(const struct campaign *campaign, unsigned out[SWEEP_CHARTS_MAX]);

/* "sweep-capacity" */
void charts_sweep_name(unsigned metric, char *out, size_t size);

/* Writes sweep-METRIC.gp for each. False with an error. */
bool charts_sweep_write(const struct campaign *campaign, const char *directory, struct err *err);

/* A line for the summary: what is drawn, what is the same everywhere. Nothing where nothing is swept. */
void charts_sweep_summary(const struct campaign *campaign, FILE *out);
/* Of it, as a sentence, what is the same everywhere. Nothing where nothing is. */
void charts_sweep_same(const struct campaign *campaign, FILE *out);

#endif
