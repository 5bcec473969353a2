#include "sim/oracle/statistics.h"

#include "sim/base/assert.h"
#include "sim/oracle/batches.h"
#include "sim/oracle/mutants.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* Integer rows are summed exactly, so that a mean does not depend on how values are grouped. */
__extension__ typedef __int128 wide;

#define CONFIDENCE 0.95
#define CONFIDENCE_UPPER 0.975 /* two-sided */

static struct estimate student_at(double upper, double mean, double squares, size_t n) {
  struct estimate estimate = {.mean = mean, .low = mean, .high = mean, .n = n};
  if (n < 2) return estimate;
  double degrees = (double)(n - 1);
  double half = gsl_cdf_tdist_Pinv(upper, degrees) * sqrt(squares / degrees / (double)n);
  estimate.low -= half;
  estimate.high += half;
  return estimate;
}

static struct estimate student(double mean, double squares, size_t n) {
  return student_at(CONFIDENCE_UPPER, mean, squares, n);
}

static wide sum_of(const int64_t *values, size_t n) {
  wide sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  return sum;
}

static double mean_of(wide sum, size_t n) { return n ? (double)sum / (double)n : 0; }

/* How far a value is from the mean; exactly 0 where all are equal, however large. */
static double off_mean(wide value, wide sum, size_t n) { return (double)(value * (wide)n - sum) / (double)n; }

struct estimate statistics_mean(const int64_t *values, size_t n, int bounded) {
  const wide sum = sum_of(values, n);
  double squares = 0;
  for (size_t i = 0; i < n; i++) {
    double off = off_mean(values[i], sum, n);
    squares += off * off;
  }
  struct estimate estimate = student(mean_of(sum, n), squares, n);
  if (bounded && estimate.low < 0) estimate.low = 0;
  return estimate;
}

/* Of the values above 0: each of two intervals has half of what is left of certainty. */
static struct estimate sizes_of(const int64_t *values, size_t n, int64_t most) {
  wide sum = 0;
  size_t seen = 0;
  double squares = 0;
  struct estimate sizes = {.low = 0, .high = (double)most};
  for (size_t i = 0; i < n; i++) {
    if (values[i] <= 0) continue;
    sum += values[i];
    seen++;
    if ((double)values[i] > sizes.high) sizes.high = (double)values[i];
  }
  if (seen < STATISTICS_SIZES_MIN) {
    sizes.mean = mean_of(sum, seen);
    sizes.n = seen;
    return sizes;
  }
  for (size_t i = 0; i < n; i++)
    if (values[i] > 0) squares += off_mean(values[i], sum, seen) * off_mean(values[i], sum, seen);
  const double highest = sizes.high;
  sizes = student_at(1 - (1 - CONFIDENCE_UPPER) / 2, mean_of(sum, seen), squares, seen);
  if (sizes.low < 0) sizes.low = 0;
  if (sizes.high > highest) sizes.high = highest;
  return sizes;
}

struct estimate statistics_counts(const int64_t *values, size_t n, int64_t most) {
  const struct estimate sizes = sizes_of(values, n, most);
  const struct estimate share = statistics_proportion(sizes.n, n, (1 - CONFIDENCE) / 2);
  return (struct estimate){.mean = share.mean * sizes.mean,
                           .low = share.low * sizes.low,
                           .high = share.high * sizes.high,
                           .n = n};
}

/* Where the beta distribution reaches `tail` from below or from above, by bisection. Not
 * gsl_cdf_beta_Pinv: in GSL 2.7 it fails to converge for common arguments (1 of 1000 at 99.9 %) and
 * then calls the error handler, which aborts. NAN where gsl_cdf_beta_P itself gives up. */
static double beta_quantile(double tail, double a, double b, int from_above) {
  double low = 0, high = 1;
  for (;;) {
    double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    double share = from_above ? gsl_cdf_beta_Q(middle, a, b) : gsl_cdf_beta_P(middle, a, b);
    if (isnan(share)) return NAN;
    if (from_above ? share > tail : share < tail)
      low = middle;
    else
      high = middle;
  }
}

/* One end of Wilson's score interval. */
static double wilson(double share, double trials, double z) {
  double z2 = z * z / trials;
  double root = sqrt(share * (1 - share) / trials + z2 / (4 * trials));
  return (share + z2 / 2 + z * root) / (1 + z2);
}

struct estimate statistics_wilson(uint64_t successes, uint64_t trials, double alpha) {
  if (trials == 0) return (struct estimate){.mean = 0, .low = 0, .high = 1, .n = 0};
  double n = (double)trials, share = (double)successes / n, z = gsl_cdf_ugaussian_Qinv(alpha / 2);
  return (struct estimate){.mean = share,
                           .low = successes == 0 ? 0 : wilson(share, n, -z),
                           .high = successes == trials ? 1 : wilson(share, n, z),
                           .n = (size_t)trials};
}

double statistics_none_seen(uint64_t trials) {
  return trials == 0 ? 1 : -expm1(log(1 - CONFIDENCE) / (double)trials);
}

struct estimate statistics_proportion(uint64_t successes, uint64_t trials, double alpha) {
  if (trials == 0) return (struct estimate){.mean = 0, .low = 0, .high = 1, .n = 0};
  if (MUTANT(ORACLE_INTERVAL_ONE_SIDED)) alpha *= 2;
  double hits = (double)successes, misses = (double)(trials - successes), n = (double)trials;
  struct estimate estimate = {.mean = hits / n, .low = 0, .high = 1, .n = (size_t)trials};
  if (hits > 0) estimate.low = beta_quantile(alpha / 2, hits, misses + 1, 0);
  if (misses > 0) estimate.high = beta_quantile(alpha / 2, hits + 1, misses, 1);
  /* With more than a million successes and failures each the exact ends cannot be computed; there the two
   * differ by less than 1e-6 of the smaller share. */
  const struct estimate score = statistics_wilson(successes, trials, alpha);
  if (isnan(estimate.low)) estimate.low = score.low;
  if (isnan(estimate.high)) estimate.high = score.high;
  return estimate;
}

struct estimate statistics_paired(const int64_t *a, const int64_t *b, size_t n,
                                  double *out_correlation) {
  const wide sum_a = sum_of(a, n), sum_b = sum_of(b, n);
  double squares = 0, squares_a = 0, squares_b = 0, products = 0;
  for (size_t i = 0; i < n; i++) {
    double off = off_mean((wide)a[i] - b[i], sum_a - sum_b, n);
    double off_a = off_mean(a[i], sum_a, n), off_b = off_mean(b[i], sum_b, n);
    squares += off * off;
    squares_a += off_a * off_a;
    squares_b += off_b * off_b;
    products += off_a * off_b;
  }
  if (out_correlation) {
    double scale = sqrt(squares_a) * sqrt(squares_b);
    *out_correlation = scale > 0 && n > 2 ? products / scale : NAN;
  }
  return student(mean_of(sum_a - sum_b, n), squares, n);
}

struct estimate statistics_scaled(struct estimate estimate, double factor) {
  estimate.mean *= factor;
  estimate.low *= factor;
  estimate.high *= factor;
  return estimate;
}

struct estimate statistics_batch_means(const int64_t *means, size_t n, double *out_correlation) {
  const wide sum = sum_of(means, n);
  double squares = 0, products = 0, before = 0;
  for (size_t i = 0; i < n; i++) {
    double off = off_mean(means[i], sum, n);
    squares += off * off;
    products += off * before;
    before = off;
  }
  if (out_correlation) *out_correlation = squares > 0 ? products / squares : NAN;
  return student(mean_of(sum, n), squares, n);
}

/* The correlation that independent batches exceed in one series of ten: about normal, with mean -1/n and
 * variance 1/n. */
static bool go_together(double correlation, size_t n) {
  return !isnan(correlation) && correlation > -1.0 / (double)n + 1.2816 / sqrt((double)n);
}

struct series_estimate statistics_series(const int64_t *means, size_t n) {
  ASSERT_LE(n, BATCHES_MAX);
  int64_t joined[BATCHES_MAX];
  if (n > 0) memcpy(joined, means, n * sizeof *means);
  struct series_estimate series = {.joined = 1};
  for (;; n /= 2, series.joined *= 2) {
    series.estimate = statistics_batch_means(joined, n, &series.correlation);
    series.sound = n >= STATISTICS_BATCHES_MIN && !go_together(series.correlation, n);
    if (series.sound || n / 2 < STATISTICS_BATCHES_MIN) break;
    for (size_t i = 0; i < n / 2; i++)
      joined[i] = (int64_t)(((wide)joined[2 * i] + joined[2 * i + 1]) / 2);
  }
  if (!series.sound) series.estimate.low = series.estimate.high = series.estimate.mean;
  return series;
}
