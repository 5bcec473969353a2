/* Closed forms against the whole simulator: what a formula says of a scenario file, and what was seen.
 *
 * A formula is a function that runs scenario files of this folder, the way `dgsim run --set` does, and makes
 * findings. A finding has an expected value, what was observed, and the interval of the observation at
 * alpha 1e-4; they agree when the expected value lies in the interval. Which interval:
 *
 *   share   of independent trials: exact (Clopper and Pearson)
 *   count   of a Poisson process: exact (Garwood)
 *   mean    of independent replications, or of batches long enough not to go together: Student
 *   exact   no chance in it: equal, down to the nanosecond or the message; of what must never be, 0
 *
 * Seeds are fixed, so a finding is the same each time: it cannot fail by chance, and passes each time that it
 * passes once.
 *
 * A test that agrees with anything proves nothing. So each finding but the exact ones is also told the formula with
 * errors of either sign, and `refuses` is the smallest of which both are refused. More than FINDING_REFUSES_MOST
 * is a finding that fails: it takes more samples.
 */
#ifndef TESTS_SYSTEM_FORMULAS_H
#define TESTS_SYSTEM_FORMULAS_H

#include "sim/runner/result.h"
#include "sim/runner/run.h"
#include "sim/runner/scenario.h"
#include "sim/world/fact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINDING_ALPHA 1e-4
#define FINDING_REFUSES_MOST 0.20

enum finding_kind { FINDING_SHARE, FINDING_COUNT, FINDING_MEAN, FINDING_EXACT };

struct finding {
  const char *formula; /* "2.1" */
  char quantity[96], scenario[200];
  enum finding_kind kind;
  double expected, expected_most; /* the latter of an exact one: a bound, or the same */
  double observed, low, high;     /* of an exact one within bounds: low and high were seen */
  uint64_t n;     /* trials, seconds or whatever was counted in (0: once), replications */
  double refuses; /* relative error of the formula; 0 of an exact one */
  bool agrees;    /* and refuses enough */
};

/* What is made, in order. */
struct findings {
  bool whole;          /* all samples; else the short form's */
  const char *formula; /* of what is made next */
  const char *only;    /* formulas that begin so; NULL = all */
  double off;          /* relative error that is put into every formula: for the test of the tests */
  struct finding *items;
  size_t count, capacity;
};

/* --- Runs --- */

/* What became of an operation. Times in ns, 0 = never. */
struct formula_operation {
  int64_t intended, answered, appended, delivered, effect; /* the first of each; effect: when it is visible */
  int64_t delivered_last;
  uint32_t key;
  uint16_t appends, deliveries, effects, retries, replays;
  uint16_t answer; /* enum fact */
  bool dead_lettered, disposed;
};

/* A scenario file with some settings, seed after seed:
 *
 *   struct trial trial;
 *   trial_open(&trial, findings, "copies.yaml", 20, 2000);        20 seeds, or 2000 in the long form
 *   trial_set(&trial, "system/retries=%d", 3);
 *   while (trial_next(&trial)) … trial.result, trial.operations …
 *   find_share(findings, &trial, …);
 *   trial_close(&trial);
 */
#define TRIAL_SETTINGS_MAX 12
#define TRIAL_FACTS_MAX 4096
struct trial {
  char path[120], settings[TRIAL_SETTINGS_MAX][100];
  size_t setting_count;
  uint64_t seeds, seed; /* how many; the one under way, from 1 */
  size_t row;           /* of compare; of the next run */
  struct scenario scenario;
  struct run *run; /* NULL = not loaded yet */
  /* of the seed under way */
  struct run_result result;
  bool has_result;
  struct formula_operation *operations; /* [operation_count + 1], by intent */
  size_t operation_count, operation_capacity;
  struct trace_record facts[TRIAL_FACTS_MAX]; /* that are about no operation: nodes, groups, faults, transactions */
  size_t fact_count;
};

void trial_open(struct trial *trial, const struct findings *findings, const char *file, uint64_t seeds,
                uint64_t whole);
__attribute__((format(printf, 2, 3))) void trial_set(struct trial *trial, const char *format, ...);
/* Runs the next seed; false when there is none left. Ends the program when the file is wrong, when a run is stuck, or
 * when an obligation has ended in no class or in two. */
bool trial_next(struct trial *trial);
void trial_close(struct trial *trial);
/* The first fact of a kind, from number `from` on; NULL = none. */
const struct trace_record *trial_fact(const struct trial *trial, enum fact kind, size_t from);

/* --- Findings --- */

/* A sample, and its moments. */
struct sample {
  uint64_t n;
  double mean, squares; /* squares: sum of squared deviations (Welford) */
};
void sample_add(struct sample *sample, double value);
double sample_variance(const struct sample *sample);

/* Consecutive values, joined in batches of `length`: the means of these are the sample. What is left over at the end of
 * a series is dropped with series_cut. */
struct series {
  struct sample sample;
  uint64_t length, count;
  double sum;
};
void series_add(struct series *series, double value);
void series_cut(struct series *series);

/* `what` is printf's of the arguments behind it. */
#define FINDING_FORMAT(n) __attribute__((format(printf, n, n + 1)))
FINDING_FORMAT(6) void find_share(struct findings *, const struct trial *, uint64_t count, uint64_t of,
                                  double expected, const char *what, ...);
/* `count` events; expected: how many. */
FINDING_FORMAT(5) void find_count(struct findings *, const struct trial *, uint64_t count, double expected,
                                  const char *what, ...);
FINDING_FORMAT(5) void find_mean(struct findings *, const struct trial *, const struct sample *,
                                 double expected, const char *what, ...);
FINDING_FORMAT(5) void find_exactly(struct findings *, const struct trial *, double observed, double expected,
                                    const char *what, ...);
/* Between two bounds that the formula gives, without exception: `low` to `high` were seen. */
FINDING_FORMAT(7) void find_within(struct findings *, const struct trial *, double low, double high, double least,
                                   double most, const char *what, ...);

/* --- The formulas: one function for each section --- */

#define FORMULAS(X)                                                                                \
  X("2.1", retransmission)                                                                         \
  X("2.2", bounded_retries)                                                                        \
  X("2.3", completion)                                                                             \
  X("2.4", crashes)                                                                                \
  X("2.5", detection)                                                                              \
  X("2.6", visibility)                                                                             \
  X("2.7", windows)                                                                                \
  X("2.8", queues)                                                                                 \
  X("2.9", bloom_filters)                                                                          \
  X("2.10", outboxes)

#define X(number, name) void formulas_##name(struct findings *findings);
FORMULAS(X)
#undef X

#endif
