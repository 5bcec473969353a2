/* A run that is judged twice: by the ledger, as always, and by the second judge (tests/oracle/second_judge.h)
 * from the same records. Every number that a run leaves behind is compared. */
#ifndef TESTS_SYSTEM_TWO_JUDGES_H
#define TESTS_SYSTEM_TWO_JUDGES_H

#include "sim/runner/run.h"
#include "tests/oracle/second_judge.h"

struct two_judges {
  struct second_judge second; /* zero before the first run */
  char said[300];             /* the first disagreement; "" = none */
  uint64_t unheard;           /* for their own test: number of a record that the second is not told of; 0 = none */
};

/* Executes a run and judges it twice; *out is the caller's. False: they disagree, and `said` says where. */
bool two_judges_run(struct two_judges *judges, struct run *run, const struct plan *plan, uint32_t row,
                    uint64_t seed, const char *command, struct run_result *out);
void two_judges_free(struct two_judges *judges);

#endif
