/* dgsim explain: the causal story of one operation, from running again with recording.
 *
 *   explain_find  --> row, seed, operation --> explain_tell --> text, diagram, Perfetto, ShiViz
 *
 * Nothing is kept from a campaign: runs are deterministic, so the run that showed an anomaly shows it
 * again. What a story says is derived from that one run; the counts of a result are the ledger's.
 */
#ifndef SIM_RUNNER_EXPLAIN_H
#define SIM_RUNNER_EXPLAIN_H

#include "sim/base/err.h"
#include "sim/runner/explain_story.h"
#include "sim/runner/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLAIN_OPERATIONS_MAX UINT64_C(20000000) /* operations, and keys, times groups: more would not fit in memory */

struct explain_wanted {
  const char *row;    /* label of one that there is; NULL = any */
  const char *prefer; /* label of a row to look at first; NULL */
  uint64_t intent;    /* 0 = the first that did not end as it should */
  const char *command;
};

struct explain_target {
  size_t row; /* index into scenario->plans */
  uint64_t seed, intent;
  bool anomalous; /* it did not end as it should */
};

enum explain_found { EXPLAIN_FOUND, EXPLAIN_NOTHING, EXPLAIN_REFUSED };

/* Runs the scenario's rows and seeds in order until one shows an anomaly, the worse kinds first (FATES).
 * With an operation given: until it is anomalous there; else its first run. REFUSED: *err is set; also of more than EXPLAIN_OPERATIONS_MAX. */
enum explain_found explain_find(const struct scenario *scenario, const struct explain_wanted *wanted,
                                struct explain_target *out, struct err *err);

struct explanation {
  struct explain_record record;
  struct story story;
  char title[512];
};

/* Runs it again and tells its story; explain_deinit frees it. */
void explain_tell(const struct scenario *scenario, const struct explain_target *target,
                  const char *command, struct explanation *out);
/* The same of the first operation of one run that ended so, and returns which that is; 0: none did, and *out is as it
 * was. Two runs, whose operations and keys, times groups, are at most EXPLAIN_OPERATIONS_MAX. */
uint64_t explain_tell_first(const struct scenario *scenario, size_t plan, uint64_t seed, enum fate fate,
                            const char *command, struct explanation *out);
void explain_deinit(struct explanation *explanation);

/* Writes DIRECTORY/anomalies/<operation>.{txt,svg,perfetto.json,shiviz.log}, each whole or not at all (fresh_file.h),
 * and none when one could not be written to its end. A signal (interrupt.h) that comes while they are written ends the
 * process at once, with nothing left of them and what stood there before in its place; it waits while they take their
 * places. `repeat` as in story_print. DIRECTORY exists. False: a clear error. */
bool explain_write(const struct explanation *explanation, const char *directory, const char *repeat,
                   struct err *err);

/* A results directory: its scenario's path, and the label of the first row of its manifest that broke its
 * contract, "" when none did or nothing says so. False: *err is set. */
bool explain_results(const char *directory, char out_path[1024], char out_row[256], struct err *err);

#endif
