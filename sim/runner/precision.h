/* When a campaign knows enough. With `precision`, runs are looked at when the first 32, 64, 128… seeds are there in
 * every row and at every point, and after the last; where each metric is as precise as asked for, the
 * campaign has these seeds and no others.
 *
 * [N1] What is decided depends on the runs of the first n seeds alone: not on workers, ranks, shards or resumption,
 *      nor on runs of later seeds that are there already.
 * [N2] All rows and points have the same seeds, or nothing could be paired.
 * [N3] A count that was never seen is not therefore known: sim/oracle/README.md, "Precision".
 */
#ifndef SIM_RUNNER_PRECISION_H
#define SIM_RUNNER_PRECISION_H

#include "sim/runner/result.h"
#include "sim/runner/scenario.h"

#include <stdbool.h>
#include <stddef.h>

/* After how many seeds, of at most so many, the look is that follows the one after `after` (0: the first). */
size_t precision_next_look(size_t seeds, size_t after);

/* What is furthest from its goal. */
struct precision_gap {
  size_t plan;
  enum metric metric;
  double half, goal; /* shares: half of the interval, and what was asked for */
};

/* Whether all is known well enough from the first so many seeds. `results`: of plan 0 `stride` seeds, then of plan 1…
 * *out_gap: the worst, also when it is good enough. */
bool precision_reached(const struct scenario *scenario, const struct run_result *results, size_t stride, size_t seeds,
                       struct precision_gap *out_gap);

#endif
