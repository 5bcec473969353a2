/* Charts of a campaign: one gnuplot script each, and the SVG that gnuplot makes of it.
 *
 *   loss-and-duplication   lost operations and duplicate effects per run, with intervals
 *   capacity-and-goodput   the two rates side by side: without faults, and under them
 *   timeline               goodput, lag and duplicates over time; windows of faults are shaded
 *   latency                share of operations slower than a time, both axes logarithmic
 *
 * A script is data of this campaign (labels, ranges: charts.c) followed by a text that is always the
 * same (chart_scripts.c). It reads ../NAME.csv by column name and can be run by hand from its folder.
 */
#ifndef SIM_RUNNER_CHARTS_H
#define SIM_RUNNER_CHARTS_H

#include "sim/base/err.h"
#include "sim/runner/campaign.h"
#include "sim/runner/interrupt.h"

#include <stdbool.h>
#include <stddef.h>

/* Every name that a chart of any campaign may have, by number from 0; false: there are no more. */
#define CHART_NAME_MAX 64
#define CHARTS_MAX 128
bool charts_name(size_t number, char out[CHART_NAME_MAX]);

/* Writes NAME.gp into `directory`: the above, or where values are swept those of charts_sweep.h. False: *err says which file could not be written. */
bool charts_write_scripts(const struct campaign *campaign, const char *directory, struct err *err);

/* Runs gnuplot on all scripts in `directory`, each at most so long (wall-clock). What goes wrong is one warning line
 * on stderr, never an error; a chart that failed is not there. gnuplot is ended with all that it started, also when
 * this process is killed. `interrupt`: has begun, and ends it when a signal was seen; may be NULL. */
void charts_render(const char *directory, int64_t limit_ms, struct interrupt *interrupt);

#endif
