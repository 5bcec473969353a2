/* Inside of the charts: what charts.c and charts_sweep.c share. */
#ifndef SIM_RUNNER_CHARTS_PARTS_H
#define SIM_RUNNER_CHARTS_PARTS_H

#include "sim/base/err.h"
#include "sim/runner/campaign.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A text in gnuplot's double quotes; `tic`: wrapped, and % doubled, because tics are formats. */
void charts_put_text(FILE *out, const char *text, bool tic);
/* The rows' labels as an array. */
void charts_put_labels(const struct scenario *scenario, const char *array, bool tic, FILE *out);

/* What is counted: "operations", or where there are groups "obligations". */
const char *charts_things(const struct scenario *scenario);

/* Smallest positive and largest value of what a chart shows. */
struct chart_range {
  double least, most;
};
#define CHART_RANGE_EMPTY ((struct chart_range){INFINITY, 0})
void chart_range_widen(struct chart_range *range, double value);

/* Lines that a key of `entries` takes, each as wide as the widest label and `more` characters; *out_columns
 * beside each other. */
size_t charts_key_lines(const struct scenario *scenario, size_t entries, size_t more, size_t *out_columns);

/* What a sweep draws: a metric, or EXPECT_CAPACITY. In base units; capacity is measured once, everything else
 * over the seeds. */
const char *charts_metric_word(unsigned metric);
enum metric_unit charts_metric_unit(unsigned metric);
struct estimate charts_estimate(const struct campaign *campaign, size_t plan, unsigned metric);

/* Opens NAME.gp, lets `put` write it, closes it. False with an error. */
bool charts_write_one(const char *directory, const char *name, const struct campaign *campaign,
                      unsigned which, void (*put)(const struct campaign *, unsigned which, FILE *),
                      struct err *err);

#endif
