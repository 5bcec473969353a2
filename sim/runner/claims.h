/* The claims of the source as a table that is measured: a folder with
 *
 *   claims.csv     claim,text,finding                    a claim in one line; where the measured order is
 *                                                        not the source's, what was found instead
 *   verdicts.csv   claim,scenario,row,verdict,anomalies  what must come of a row of SCENARIO.yaml
 *
 * `anomalies` are names of metrics with blanks between them: where the verdict is `holds` each of them is
 * 0 over all seeds, where it is `breaks` each is above 0. Nothing here knows what a claim means: a verdict
 * is counts, and the scenario's own expectations.
 *
 * [CL1] A row is as expected only if its whole scenario is: every expectation met, no fault ineffective.
 * [CL2] A scenario is run once, with at least CLAIMS_SEEDS_MIN seeds, whatever it says itself.
 * [CL3] A claim is complete when it has rows that hold and rows that break.
 * [CL4] A scenario of the folder that no line names is found, and counts as a mistake.
 */
#ifndef SIM_RUNNER_CLAIMS_H
#define SIM_RUNNER_CLAIMS_H

#include "sim/runner/scenario.h"

#define CLAIMS_SEEDS_MIN 20
#define CLAIMS_ANOMALIES_MAX 8

enum claim_verdict {
  CLAIM_HOLDS,
  CLAIM_BREAKS,
  CLAIM_MIXED,        /* some of the anomalies are there and some are not */
  CLAIM_INCONCLUSIVE, /* a declared fault of the scenario had no effect */
  CLAIM_UNEXPECTED,   /* an expectation of the scenario is not met */
  CLAIM__COUNT
};
extern const char *const claim_verdict_names[CLAIM__COUNT];

/* A line of verdicts.csv. */
struct claim_row {
  uint32_t claim; /* index into claims */
  const char *scenario, *row;
  enum claim_verdict expected; /* HOLDS or BREAKS */
  enum metric anomalies[CLAIMS_ANOMALIES_MAX];
  size_t anomaly_count;
  int line; /* in the file */
  /* as measured */
  enum claim_verdict measured;
  int64_t found[CLAIMS_ANOMALIES_MAX];
  const char *why; /* UNEXPECTED: the expectation and what was found; else NULL */
};

/* A line of claims.csv. */
struct claim {
  const char *id, *text, *finding; /* finding: "" = the source's order was found */
};

struct claims {
  const char *folder;
  struct claim *items;
  size_t count, capacity;
  struct claim_row *rows;
  size_t row_count, row_capacity;
  const char **unnamed; /* scenarios that no line names */
  size_t unnamed_count, unnamed_capacity;
  struct pool *pool;
  const struct yaml_source *verdicts; /* where rows stand, for errors */
};

/* Reads both tables. False with *err set: nothing to free. */
bool claims_load(const char *folder, struct claims *out, struct err *err);
void claims_free(struct claims *claims);

/* Runs every scenario that is named and fills what is measured. `workers`: 0 = one for each core. False
 * with *err set: a scenario does not load, or has no such row. */
bool claims_measure(struct claims *claims, const struct registry *registry, unsigned workers,
                    const char *command, struct err *err);

/* How many rows of a claim are expected to hold or to break. */
size_t claims_expected(const struct claims *claims, size_t claim, enum claim_verdict verdict);

/* [CL1, CL3] Whether a claim is complete and all its rows are as expected. */
bool claims_confirmed(const struct claims *claims, size_t claim);

/* All of it: every claim confirmed, no scenario unnamed. */
bool claims_all_confirmed(const struct claims *claims);

#endif
