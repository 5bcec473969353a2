#include "tests/system/formulas/formulas.h"

#include "sim/oracle/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Samples --- */

void sample_add(struct sample *sample, double value) {
  double before = value - sample->mean;
  sample->n++;
  sample->mean += before / (double)sample->n;
  sample->squares += before * (value - sample->mean);
}

double sample_variance(const struct sample *sample) {
  return sample->n < 2 ? 0 : sample->squares / (double)(sample->n - 1);
}

void series_add(struct series *series, double value) {
  series->sum += value;
  if (++series->count < series->length) return;
  sample_add(&series->sample, series->sum / (double)series->count);
  series_cut(series);
}

void series_cut(struct series *series) {
  series->count = 0;
  series->sum = 0;
}

/* --- Findings --- */

static struct finding *add(struct findings *findings, const struct trial *trial, const char *what,
                           va_list arguments) {
  if (findings->count == findings->capacity) {
    findings->capacity = findings->capacity ? 2 * findings->capacity : 64;
    findings->items = realloc(findings->items, findings->capacity * sizeof *findings->items);
    if (!findings->items) abort();
  }
  struct finding *finding = &findings->items[findings->count++];
  memset(finding, 0, sizeof *finding);
  finding->formula = findings->formula;
  vsnprintf(finding->quantity, sizeof finding->quantity, what, arguments);
  const char *name = strrchr(trial->path, '/');
  size_t length = (size_t)snprintf(finding->scenario, sizeof finding->scenario, "%s", name ? name + 1 : trial->path);
  if (trial->scenario.row_count > 1 && length < sizeof finding->scenario)
    length += (size_t)snprintf(finding->scenario + length, sizeof finding->scenario - length, " (%s)",
                               trial->scenario.rows[trial->row].label);
  for (size_t i = 0; i < trial->setting_count && length < sizeof finding->scenario; i++) {
    const char *last = trial->settings[i]; /* part of the path */
    for (const char *at = last; *at != '='; at++)
      if (*at == '/') last = at + 1;
    length += (size_t)snprintf(finding->scenario + length, sizeof finding->scenario - length, "%s%s",
                               i ? ", " : ": ", last);
  }
  return finding;
}

/* The smallest relative error of the formula that is refused whatever its sign. */
static double refuses(const struct finding *finding) {
  if (finding->expected == 0) return INFINITY;
  double up = finding->high / finding->expected - 1, down = 1 - finding->low / finding->expected;
  return up > down ? up : down;
}

static void judge(const struct findings *findings, struct finding *finding, double expected) {
  finding->expected = expected;
  finding->refuses = refuses(finding);
  double told = expected * (1 + findings->off);
  finding->agrees = finding->low <= told && told <= finding->high &&
                    finding->refuses <= FINDING_REFUSES_MOST;
}

#define BEGIN(kind_)                                                                               \
  va_list arguments;                                                                               \
  va_start(arguments, what);                                                                       \
  struct finding *finding = add(findings, trial, what, arguments);                                 \
  va_end(arguments);                                                                               \
  finding->kind = kind_

void find_share(struct findings *findings, const struct trial *trial, uint64_t count, uint64_t of,
                double expected, const char *what, ...) {
  BEGIN(FINDING_SHARE);
  struct estimate share = statistics_proportion(count, of, FINDING_ALPHA);
  finding->observed = (double)count / (double)of;
  finding->low = share.low;
  finding->high = share.high;
  finding->n = of;
  judge(findings, finding, expected);
}

/* Garwood 1936: quantiles of chi-squared with 2 count and 2 count + 2 degrees of freedom, halved. */
void find_count(struct findings *findings, const struct trial *trial, uint64_t count, double expected,
                const char *what, ...) {
  BEGIN(FINDING_COUNT);
  finding->observed = (double)count;
  finding->low = count ? gsl_cdf_chisq_Pinv(FINDING_ALPHA / 2, 2 * (double)count) / 2 : 0;
  finding->high = gsl_cdf_chisq_Qinv(FINDING_ALPHA / 2, 2 * (double)count + 2) / 2;
  judge(findings, finding, expected);
}

void find_mean(struct findings *findings, const struct trial *trial, const struct sample *sample,
               double expected, const char *what, ...) {
  BEGIN(FINDING_MEAN);
  double half = sample->n < 2 ? INFINITY
                              : gsl_cdf_tdist_Qinv(FINDING_ALPHA / 2, (double)(sample->n - 1)) *
                                    sqrt(sample_variance(sample) / (double)sample->n);
  finding->observed = sample->mean;
  finding->low = sample->mean - half;
  finding->high = sample->mean + half;
  finding->n = sample->n;
  judge(findings, finding, expected);
}

void find_exactly(struct findings *findings, const struct trial *trial, double observed, double expected,
                  const char *what, ...) {
  BEGIN(FINDING_EXACT);
  finding->expected = finding->expected_most = expected;
  finding->observed = finding->low = finding->high = observed;
  finding->agrees = observed == expected;
}

void find_within(struct findings *findings, const struct trial *trial, double low, double high, double least,
                 double most, const char *what, ...) {
  BEGIN(FINDING_EXACT);
  finding->expected = least;
  finding->expected_most = most;
  finding->low = low;
  finding->high = high;
  finding->agrees = least <= low && high <= most;
}
