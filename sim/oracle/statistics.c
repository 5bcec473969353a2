#include "sim/oracle/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Integer rows are summed exactly, so that a mean does not depend on how values are grouped. */
__extension__ typedef __int128 wide;

#define CONFIDENCE_UPPER 0.975 /* two-sided 95 % */

static struct estimate student(double mean, double squares, size_t n) {
  struct estimate estimate = {.mean = mean, .low = mean, .high = mean, .n = n};
  if (n < 2) return estimate;
  double degrees = (double)(n - 1);
  double half = gsl_cdf_tdist_Pinv(CONFIDENCE_UPPER, degrees) * sqrt(squares / degrees / (double)n);
  estimate.low -= half;
  estimate.high += half;
  return estimate;
}

static double mean_of(const int64_t *values, size_t n) {
  wide sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  return n ? (double)sum / (double)n : 0;
}

struct estimate statistics_mean(const int64_t *values, size_t n, int bounded) {
  double mean = mean_of(values, n), squares = 0;
  for (size_t i = 0; i < n; i++) {
    double off = (double)values[i] - mean;
    squares += off * off;
  }
  struct estimate estimate = student(mean, squares, n);
  if (bounded && estimate.low < 0) estimate.low = 0;
  return estimate;
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

/* One end of Wilson's score interval. Stands in for the exact one where that cannot be computed: with
 * more than a million successes and failures each, where the two differ by less than 1e-6 of the
 * smaller share. */
static double wilson(double share, double trials, double z) {
  double z2 = z * z / trials;
  double root = sqrt(share * (1 - share) / trials + z2 / (4 * trials));
  return (share + z2 / 2 + z * root) / (1 + z2);
}

struct estimate statistics_proportion(uint64_t successes, uint64_t trials, double alpha) {
  if (trials == 0) return (struct estimate){.mean = 0, .low = 0, .high = 1, .n = 0};
  double hits = (double)successes, misses = (double)(trials - successes), n = (double)trials;
  struct estimate estimate = {.mean = hits / n, .low = 0, .high = 1, .n = (size_t)trials};
  double z = gsl_cdf_ugaussian_Qinv(alpha / 2);
  if (hits > 0) {
    estimate.low = beta_quantile(alpha / 2, hits, misses + 1, 0);
    if (isnan(estimate.low)) estimate.low = wilson(estimate.mean, n, -z);
  }
  if (misses > 0) {
    estimate.high = beta_quantile(alpha / 2, hits + 1, misses, 1);
    if (isnan(estimate.high)) estimate.high = wilson(estimate.mean, n, z);
  }
  return estimate;
}

struct estimate statistics_paired(const int64_t *a, const int64_t *b, size_t n,
                                  double *out_correlation) {
  double mean_a = mean_of(a, n), mean_b = mean_of(b, n);
  wide sum = 0;
  for (size_t i = 0; i < n; i++) sum += (wide)a[i] - b[i];
  double mean = n ? (double)sum / (double)n : 0;
  double squares = 0, squares_a = 0, squares_b = 0, products = 0;
  for (size_t i = 0; i < n; i++) {
    double off = (double)((wide)a[i] - b[i]) - mean;
    double off_a = (double)a[i] - mean_a, off_b = (double)b[i] - mean_b;
    squares += off * off;
    squares_a += off_a * off_a;
    squares_b += off_b * off_b;
    products += off_a * off_b;
  }
  if (out_correlation) {
    double scale = sqrt(squares_a) * sqrt(squares_b);
    *out_correlation = scale > 0 ? products / scale : 0;
  }
  return student(mean, squares, n);
}
