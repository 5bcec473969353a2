/* Intervals over independent runs, through GSL. One thread, over integer rows in run order; this is
 * the only place where results meet floating point, and it prints with 6 significant digits. */
#ifndef SIM_ORACLE_STATISTICS_H
#define SIM_ORACLE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

struct estimate {
  double mean, low, high; /* low = high = mean when n = 1 */
  size_t n;
};

/* Mean of n values with its two-sided 95 % Student-t interval. `bounded` != 0: clamped at 0 below.
 * All values 0: high is 3/n-like only for proportions, so here low = high = 0. */
struct estimate statistics_mean(const int64_t *values, size_t n, int bounded);

/* Share successes / trials with its exact (Clopper-Pearson) interval of confidence 1 - alpha. */
struct estimate statistics_proportion(uint64_t successes, uint64_t trials, double alpha);

/* Paired difference a - b by index: mean and 95 % interval, and the correlation of the pairs. */
struct estimate statistics_paired(const int64_t *a, const int64_t *b, size_t n, double *out_correlation);

#endif
