/* Intervals over independent runs, and over one long run; through GSL. One thread, over integer rows in run
 * order; this is the only place where results meet floating point, and it prints with 6 significant digits.
 *
 * Sources: Clopper and Pearson 1934 (exact shares), Wilson 1927 (score interval), Hanley and Lippman-Hand
 * 1983 (none seen: the rule of three), Law and Kelton, Simulation Modeling and Analysis (batch means).
 */
#ifndef SIM_ORACLE_STATISTICS_H
#define SIM_ORACLE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct estimate {
  double mean, low, high; /* low = high = mean when n = 1 */
  size_t n;
};

/* Mean of n values with its two-sided 95 % Student-t interval. `bounded` != 0: clamped at 0 below.
 * All values 0: low = high = 0; of how often something may happen that was never seen,
 * statistics_none_seen speaks. */
struct estimate statistics_mean(const int64_t *values, size_t n, int bounded);

/* Fewest runs with something in them from which it is learnt how much that is. */
#define STATISTICS_SIZES_MIN 8

/* Mean of counts that are 0 in many runs, or in all, where Student's interval knows nothing: how many runs show
 * any, exactly, times how many these show, by Student; each at 97.5 %, so that both hold at 95 %. With
 * fewer than STATISTICS_SIZES_MIN such runs each may show anything up to `most`, or the largest that was seen. So n
 * zeros are between 0 and about 4.4 most / n. LIMIT: something rare and large among runs that all show a
 * little is not expected. */
struct estimate statistics_counts(const int64_t *values, size_t n, int64_t most);

/* Share successes / trials with its exact (Clopper-Pearson) interval of confidence 1 - alpha. */
struct estimate statistics_proportion(uint64_t successes, uint64_t trials, double alpha);

/* The same share with Wilson's score interval: right on average over the shares where the exact one is at
 * least right for each, so it is narrower. */
struct estimate statistics_wilson(uint64_t successes, uint64_t trials, double alpha);

/* Seen in none of `trials`: the largest share that this does not speak against at 95 % (one-sided, as
 * there is but one end), 1 - 0.05^(1/trials). Always below 3/trials. 1 when there were no trials. */
double statistics_none_seen(uint64_t trials);

/* Paired difference a - b by index: mean and 95 % interval, and the correlation of the pairs; NAN where one
 * side has no spread, and of two pairs, whose correlation is 1 or -1 whatever they are. */
struct estimate statistics_paired(const int64_t *a, const int64_t *b, size_t n, double *out_correlation);

/* In another unit. */
struct estimate statistics_scaled(struct estimate estimate, double factor);

/* Mean of a series from the means of its n consecutive batches, all equally long: the interval of
 * independent batches, and how far each batch goes with the next (lag-1 correlation; NAN without a spread).
 * The interval is right when the batches are so long that this is near 0. */
struct estimate statistics_batch_means(const int64_t *means, size_t n, double *out_correlation);

/* Fewest batches that an interval is made from. */
#define STATISTICS_BATCHES_MIN 8

struct series_estimate {
  struct estimate estimate; /* n = batches, after joining; `mean` is theirs */
  double correlation;       /* of neighbours among these */
  size_t joined;            /* of the batches given, how many are one of these: 1, 2, 4… */
  bool sound; /* false: too few, or still correlated where no more can be joined. Then low = high = mean */
};

/* The same with batches that are long enough: while neighbours correlate (lag-1 above what one in ten
 * series of independent batches would show), pairs are joined, as long as STATISTICS_BATCHES_MIN are left.
 * An odd one at the end is left out. At most 64 batches; their means are rounded to whole units. */
struct series_estimate statistics_series(const int64_t *means, size_t n);

#endif
