/* What a search is after: one run of a row that is not as it should be.
 *
 * Where the scenario has `expect`, the negation of its statements about this row that no run may break:
 * `none`, `at most`, `violates`, and a number, which is then the most. Statements that ask for something
 * to be seen at least (`some`, `at least`, `between`) or that compare rows are about campaigns, and are
 * passed over; so are capacity and what is pooled by the mean.
 *
 * Without `expect`: an obligation that did not end exactly once. Absent is right where the client was
 * told so, and no loss where it knows that it has to look (SEMANTICS of sim/oracle/README.md).
 */
#ifndef SIM_RUNNER_GOAL_H
#define SIM_RUNNER_GOAL_H

#include "sim/oracle/metric.h"
#include "sim/runner/run.h"
#include "sim/runner/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct goal {
  const struct scenario *scenario; /* NULL: whatever shows in `only` */
  uint32_t row;
  enum metric only; /* METRIC__COUNT: any metric that is sought */
};

/* The metric that shows that a run is what is sought; METRIC__COUNT: it is not. `metrics` and
 * `violations`: what run_judge has just said of `run`. LIMIT: a search for one metric counts it over
 * all groups together. */
enum metric goal_reached(const struct goal *goal, const struct run *run,
                         const int64_t metrics[METRIC__COUNT], uint32_t violations);

/* Whether the scenario says anything that can be sought in this row. */
bool goal_is_expectation(const struct goal *goal);

#endif
