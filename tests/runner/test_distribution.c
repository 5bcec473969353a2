#include "sim/runner/distribution.h"

#include "sim/kernel/quantile.h"
#include "sim/kernel/time.h"
#include "tests/run_suite.h"

#include <regex.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#define MS ((double)NS_PER_MS)

static struct distribution *make(const char *text) {
  struct distribution *distribution = NULL;
  struct err err = {.code = ERR_NONE};
  bool made = distribution_parse(text, &distribution, &err);
  ck_assert_msg(made, "%s: %s", text, err.message);
  return distribution;
}

static double relative(double found, double expected) { return fabs(found - expected) / expected; }

static double lognormal_sigma(double median, double p99) {
  return log(p99 / median) / gsl_cdf_ugaussian_Pinv(0.99);
}

/* ---- the mean ---- */

START_TEST(the_table_s_mean_is_the_distribution_s) {
  static const struct {
    const char *text;
    double median, p99, mean; /* p99 0: mean is given */
  } cases[] = {
      {"exponential mean=2ms", 0, 0, 2e6},
      {"exponential mean=8s", 0, 0, 8e9},
      {"exponential mean=3min", 0, 0, 180e9},
      {"lognormal median=1ms p99=5ms", 1e6, 5e6, 0},
      {"lognormal median=100us p99=500us", 1e5, 5e5, 0},
      {"lognormal median=8s p99=40s", 8e9, 40e9, 0},
      {"lognormal median=30ms p99=3000ms", 3e7, 3e9, 0},
      {"uniform min=1ms max=5ms", 0, 0, 3e6},
      {"mix 1ms=99% 500ms=1%", 0, 0, 5.99e6},
      {"pareto min=1ms exponent=2.5", 0, 0, 1e6 * 2.5 / 1.5},
      {"5ms", 0, 0, 5e6},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct distribution *d = make(cases[i].text);
    double sigma = cases[i].p99 > 0 ? lognormal_sigma(cases[i].median, cases[i].p99) : 0;
    double mean = cases[i].p99 > 0 ? cases[i].median * exp(sigma * sigma / 2) : cases[i].mean;
    /* The mean is whole ns, of cells that are. */
    double error = fabs((double)d->table->mean - mean);
    ck_assert_msg(error < 0.6 || error < 1e-6 * mean, "%s: %lld, not %.3f", cases[i].text,
                  (long long)d->table->mean, mean);
    distribution_free(d);
  }
}
END_TEST

/* The mean of draws, without knowing how the table is made: every cell of every level by its width. */
START_TEST(the_mean_of_what_can_be_drawn_is_the_table_s) {
  struct distribution *d = make("lognormal median=1ms p99=5ms");
  double sum = 0;
  for (uint64_t i = 1; i < QUANTILE_CELLS - 1; i++)
    sum += (double)quantile_at(d->table, i << (64 - QUANTILE_BITS));
  sum /= QUANTILE_CELLS;
  double width = 1.0 / QUANTILE_CELLS;
  for (int level = 1; level <= QUANTILE_LEVELS; level++) {
    uint64_t step = UINT64_C(1) << (64 - QUANTILE_BITS * (level + 1));
    uint64_t top = -(step << QUANTILE_BITS); /* where the last cell of the level above begins */
    bool last = level == QUANTILE_LEVELS;
    double part = 0;
    for (uint64_t i = last ? 0 : 1; i < QUANTILE_CELLS; i++) {
      part += (double)quantile_at(d->table, i * step);
      part += (double)quantile_at(d->table, top + (QUANTILE_CELLS - 1 - i) * step);
    }
    width /= QUANTILE_CELLS;
    sum += part * width;
  }
  ck_assert_double_lt(relative(sum, (double)d->table->mean), 1e-6);
  distribution_free(d);
}
END_TEST

/* ---- quantiles ---- */

static double quantile_of(const char *text, double p) {
  if (text[0] == 'e') return gsl_cdf_exponential_Pinv(p, 2e6);
  if (text[0] == 'p') return gsl_cdf_pareto_Pinv(p, 2.5, 1e6);
  if (text[0] == 'u') return gsl_cdf_flat_Pinv(p, 1e6, 5e6);
  return gsl_cdf_lognormal_Pinv(p, log(1e6), lognormal_sigma(1e6, 5e6));
}

START_TEST(cells_lie_between_gsl_s_quantiles_at_their_edges) {
  static const char *const texts[] = {"exponential mean=2ms", "lognormal median=1ms p99=5ms",
                                      "pareto min=1ms exponent=2.5", "uniform min=1ms max=5ms"};
  for (size_t t = 0; t < 4; t++) {
    struct distribution *d = make(texts[t]);
    for (uint64_t i = 1; i < QUANTILE_CELLS - 1; i++) {
      double low = quantile_of(texts[t], (double)i / QUANTILE_CELLS);
      double high = quantile_of(texts[t], (double)(i + 1) / QUANTILE_CELLS);
      double cell = (double)d->table->body[i];
      ck_assert_msg(cell >= low - 1 && cell <= high + 1, "%s: cell %d", texts[t], (int)i);
    }
    /* One level down: the first cell in a thousand, cut in a thousand. */
    for (uint64_t i = 1; i < QUANTILE_CELLS - 1; i++) {
      double cell = (double)d->table->low[0][i], scale = (double)QUANTILE_CELLS * QUANTILE_CELLS;
      ck_assert_double_ge(cell, quantile_of(texts[t], (double)i / scale) - 1);
      ck_assert_double_le(cell, quantile_of(texts[t], (double)(i + 1) / scale) + 1);
    }
    distribution_free(d);
  }
}
END_TEST

START_TEST(p99_and_median_are_what_was_asked_for) {
  struct distribution *d = make("lognormal median=1ms p99=5ms");
  uint64_t p99 = (uint64_t)(0.99 * 18446744073709551616.0);
  /* A cell holds its mean, and is some per cent wide there. */
  ck_assert_double_lt(relative((double)quantile_at(d->table, p99), 5e6), 12.0 / QUANTILE_CELLS);
  ck_assert_int_eq(d->table->median, NS_PER_MS);
  distribution_free(d);
}
END_TEST

START_TEST(medians) {
  static const struct {
    const char *text;
    int64_t median;
  } cases[] = {
      {"7us", 7000},
      {"uniform min=1ms max=5ms", 3000000},
      {"exponential mean=1s", 693147181},
      {"lognormal median=1ms p99=1ms", 1000000},
      {"pareto min=1ms exponent=2", 1414214},
      {"mix 1ms=50% 500ms=50%", 1000000},
      {"mix 500ms=60% 1ms=40%", 500000000},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct distribution *d = make(cases[i].text);
    ck_assert_msg(d->table->median == cases[i].median, "%s: %lld", cases[i].text,
                  (long long)d->table->median);
    distribution_free(d);
  }
}
END_TEST

START_TEST(cells_never_fall) {
  static const char *const texts[] = {"exponential mean=2ms",
                                      "exponential mean=3ns",
                                      "lognormal median=1ms p99=5ms",
                                      "lognormal median=8s p99=40min",
                                      "pareto min=1us exponent=1.1",
                                      "pareto min=1ms exponent=7.25",
                                      "uniform min=0s max=1h",
                                      "mix 5ms=0.1% 1ms=99.8% 500ms=0.1%",
                                      "3ms"};
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    struct distribution *d = make(texts[t]);
    const struct quantile_table *table = d->table;
    const int64_t *rows[] = {table->low[2],  table->low[1],  table->low[0], table->body,
                             table->high[0], table->high[1], table->high[2]};
    int64_t last = 0;
    for (int r = 0; r < 7; r++) {
      /* The cell that is cut again lies at its row's beginning or end, and is not drawn from. */
      int from = r == 0   ? 0
                 : r <= 3 ? 1
                          : 0,
          to = r == 6   ? QUANTILE_CELLS
               : r >= 3 ? QUANTILE_CELLS - 1
                        : QUANTILE_CELLS;
      for (int i = from; i < to; i++) {
        ck_assert_msg(rows[r][i] >= last, "%s: row %d cell %d", texts[t], r, i);
        last = rows[r][i];
      }
    }
    distribution_free(d);
  }
}
END_TEST

START_TEST(a_mix_draws_nothing_but_its_values_away_from_the_edge) {
  struct distribution *d = make("mix 1ms=99% 500ms=1%");
  int between = 0;
  for (uint64_t i = 1; i < QUANTILE_CELLS - 1; i++) {
    int64_t cell = d->table->body[i];
    between += cell != NS_PER_MS && cell != 500 * NS_PER_MS;
  }
  ck_assert_int_le(between, 1); /* the cell that holds the edge is their mean */
  distribution_free(d);
}
END_TEST

START_TEST(a_bare_time_is_constant_everywhere) {
  struct distribution *d = make("5ms");
  ck_assert(d->table->constant);
  ck_assert_int_eq(quantile_at(d->table, 0), 5 * NS_PER_MS);
  ck_assert_int_eq(quantile_at(d->table, UINT64_MAX), 5 * NS_PER_MS);
  distribution_free(d);
}
END_TEST

START_TEST(an_exponential_gap_is_the_one_that_is_written) {
  struct distribution *d = distribution_exponential(500000), *e = make("exponential mean=500us");
  ck_assert_str_eq(d->text, "exponential mean=500us");
  ck_assert(memcmp(d->table, e->table, sizeof *d->table) == 0);
  distribution_free(d);
  distribution_free(e);
}
END_TEST

/* ---- text ---- */

START_TEST(text_is_canonical_and_reads_back) {
  static const char *const cases[][2] = {
      {"1000us", "1ms"},
      {"lognormal p99=5000us median=1ms", "lognormal median=1ms p99=5ms"},
      {"uniform  min=0.001s   max=5ms ", "uniform min=1ms max=5ms"},
      {"pareto exponent=2.50 min=1ms", "pareto min=1ms exponent=2.5"},
      {"pareto min=1ms exponent=3", "pareto min=1ms exponent=3"},
      {"mix 500ms=1% 1ms=99%", "mix 1ms=99% 500ms=1%"},
      {"exponential mean=60s", "exponential mean=1min"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct distribution *d = make(cases[i][0]), *e = make(cases[i][1]);
    ck_assert_str_eq(d->text, cases[i][1]);
    ck_assert_str_eq(e->text, cases[i][1]);
    ck_assert(memcmp(d->table, e->table, sizeof *d->table) == 0);
    distribution_free(d);
    distribution_free(e);
  }
}
END_TEST

START_TEST(bad_text_is_refused) {
  static const struct {
    const char *text;
    enum err_code code;
    const char *message;
  } cases[] = {
      {"", ERR_BAD_DISTRIBUTION, "'' is not a distribution"},
      {"5", ERR_NO_UNIT, "'5' has no unit"},
      {"5m", ERR_UNKNOWN_UNIT, "unknown unit"},
      {"5ms 6ms", ERR_BAD_DISTRIBUTION, "is not a distribution"},
      {"normal mean=1ms", ERR_BAD_DISTRIBUTION, "is not a distribution"},
      {"lognormal(median=1ms", ERR_BAD_DISTRIBUTION,
       "'lognormal(median=1ms' is not a distribution"},
      {"uniform(min=1ms, max=2ms)", ERR_BAD_DISTRIBUTION, "is not a distribution"},
      {"exponentiall mean=1ms", ERR_BAD_DISTRIBUTION, "(did you mean 'exponential'?)"},
      {"exponential", ERR_BAD_DISTRIBUTION, "does not say its mean"},
      {"exponential 2ms", ERR_BAD_DISTRIBUTION, "'2ms' in"},
      {"exponential mean=2ms mean=2ms", ERR_BAD_DISTRIBUTION, "'mean=2ms' in"},
      {"exponential mean=2", ERR_NO_UNIT, "'2' has no unit"},
      {"lognormal median=1ms p90=5ms", ERR_BAD_DISTRIBUTION, "'p90=5ms' in"},
      {"lognormal median=0s p99=5ms", ERR_BAD_DISTRIBUTION, "median"},
      {"lognormal median=5ms p99=1ms", ERR_BAD_DISTRIBUTION, "p99"},
      {"lognormal median=1ns p99=1d", ERR_OUT_OF_RANGE, "tail"},
      {"uniform min=2ms max=1ms", ERR_BAD_DISTRIBUTION, "above"},
      {"pareto min=1ms exponent=1", ERR_OUT_OF_RANGE, "no mean"},
      {"pareto min=1ms exponent=99999999999999999999", ERR_BAD_DISTRIBUTION, "exponent"},
      {"pareto min=1ms exponent=2.", ERR_BAD_DISTRIBUTION, "exponent"},
      {"pareto min=1ms exponent=1e3", ERR_BAD_DISTRIBUTION, "exponent"},
      {"pareto min=0s exponent=2", ERR_BAD_DISTRIBUTION, "min"},
      {"pareto min=1h exponent=1.1", ERR_OUT_OF_RANGE, "tail"},
      {"mix", ERR_BAD_DISTRIBUTION, "sum to 0%"},
      {"mix 1ms=50%", ERR_BAD_DISTRIBUTION, "sum to 50%"},
      {"mix 1ms=60% 2ms=60%", ERR_BAD_DISTRIBUTION, "sum to 120%"},
      {"mix 1ms", ERR_BAD_DISTRIBUTION, "'1ms' in"},
      {"mix 1ms=0.5", ERR_NO_UNIT, "has no unit"},
      {"mix 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% 1ms=1% "
       "1ms=1% 1ms=1% 1ms=1% 1ms=1% "
       "1ms=84%",
       ERR_LIMIT, "at most 16"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct distribution *d = (struct distribution *)&i;
    struct err err = {.code = ERR_NONE};
    ck_assert_msg(!distribution_parse(cases[i].text, &d, &err), "%s", cases[i].text);
    ck_assert_ptr_eq(d, &i);
    ck_assert_msg(err.code == cases[i].code && strstr(err.message, cases[i].message), "%s: %s: %s",
                  cases[i].text, err_code_name(err.code), err.message);
  }
}
END_TEST

static uint64_t mixed(uint64_t hash, int64_t value) {
  return (hash ^ (uint64_t)value) * UINT64_C(0x9e3779b97f4a7c15);
}

/* 1 ns of an hour is a few last bits of a double: these tables show what rounds otherwise on another processor, or on
 * this one without FMA (the test runs a second time so). */
START_TEST(long_times_have_the_same_table_on_every_machine) {
  static const struct {
    const char *text;
    uint64_t hash;
  } cases[] = {
      {"exponential mean=30d", 0xa5d7d05572109b7e},
      {"lognormal median=1h p99=2d", 0xbf76d7bf6dc031ce},
      {"pareto min=1h exponent=2.5", 0x441e8a3be09d7a6b},
      {"uniform min=1us max=30d", 0x212122d246a23ddd},
  };
  for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
    struct distribution *d = make(cases[t].text);
    uint64_t hash = (uint64_t)d->table->median;
    for (size_t i = 0; i < QUANTILE_CELLS; i++) hash = mixed(hash, d->table->body[i]);
    for (size_t level = 0; level < QUANTILE_LEVELS; level++)
      for (size_t i = 0; i < QUANTILE_CELLS; i++)
        hash = mixed(mixed(hash, d->table->low[level][i]), d->table->high[level][i]);
    ck_assert_msg(hash == cases[t].hash, "%s: 0x%016llx", cases[t].text, (unsigned long long)hash);
    distribution_free(d);
  }
}
END_TEST

/* As editors check it: see distribution_pattern. */
START_TEST(every_form_has_the_pattern_and_what_is_none_has_not) {
  static const char *const wrong[] = {"uniform min=1ms", "lognormal", "exponential mean=2", "mix", "mix 1ms=99",
                                      "lognormal(median=1ms", "normal mean=1ms", "5", "pareto min=1ms exponent=2.5s"};
  char pattern[1024], whole[1032];
  const char *example;
  regex_t regex;
  size_t forms = 0;
  distribution_pattern(pattern, sizeof pattern);
  snprintf(whole, sizeof whole, "^(%s)$", pattern);
  ck_assert_int_eq(regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB), 0);
  for (; distribution_form(forms, &example); forms++) {
    struct distribution *distribution;
    struct err err = {0};
    ck_assert_msg(distribution_parse(example, &distribution, &err), "%s", example);
    distribution_free(distribution);
    ck_assert_msg(regexec(&regex, example, 0, NULL, 0) == 0, "%s", example);
  }
  ck_assert_uint_eq(forms, 6);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_msg(regexec(&regex, wrong[i], 0, NULL, 0) != 0, "%s", wrong[i]);
  regfree(&regex);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("distribution");
  TCase *tcase = tcase_create("all");
  tcase_set_timeout(tcase, 60);
  const TTest *const tests[] = {
      the_table_s_mean_is_the_distribution_s,
      the_mean_of_what_can_be_drawn_is_the_table_s,
      cells_lie_between_gsl_s_quantiles_at_their_edges,
      p99_and_median_are_what_was_asked_for,
      medians,
      cells_never_fall,
      a_mix_draws_nothing_but_its_values_away_from_the_edge,
      a_bare_time_is_constant_everywhere,
      an_exponential_gap_is_the_one_that_is_written,
      text_is_canonical_and_reads_back,
      bad_text_is_refused,
      long_times_have_the_same_table_on_every_machine,
      every_form_has_the_pattern_and_what_is_none_has_not,
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
