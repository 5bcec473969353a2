/* A reproducing scenario: a plan without luck, with its operations listed and its faults placed, written
 * as a short file that anybody can run, mail and keep. Only what differs from the defaults is said.
 *
 * Its `expect` says what should hold and does not: `METRIC: none`. Or it is a check's (check_repro.h): then it has
 * no handler and no `expect`, and a `check` block instead. */
#ifndef SIM_RUNNER_REPRO_H
#define SIM_RUNNER_REPRO_H

#include "sim/oracle/metric.h"
#include "sim/runner/placement.h"

#include <stdio.h>

struct repro {
  const struct plan *plan; /* with workload.intents; of its faults, only the placements are written */
  const struct placement *placements;
  unsigned count;
  enum metric metric;
  const char *name, *about;
  const char *check; /* lines of the block; NULL: not a check's */
  const char *body;  /* of a check: the file of workload's body, from where this one stands; NULL = none */
};

void repro_write(const struct repro *repro, FILE *out);

#endif
