/* Distributions of time: their text, their parameters, and their tables of integers, the same on every machine.
 *
 *   5ms | uniform min=1ms max=5ms | exponential mean=2ms | lognormal median=1ms p99=5ms |
 *   pareto min=1ms exponent=2.5 | mix 1ms=99% 500ms=1%
 */
#ifndef SIM_RUNNER_DISTRIBUTION_H
#define SIM_RUNNER_DISTRIBUTION_H

#include "sim/base/err.h"
#include "sim/base/schema.h"

/* Reads and builds; *out and its table are malloc'ed as one block, to be freed by the caller with
 * distribution_free. False with code, message and note set. The table's cell values are integer ns:
 * the cell means of the distribution, rounded to nearest; computed by sim/runner/elementary.h. */
bool distribution_parse(const char *text, struct distribution **out, struct err *err);
void distribution_free(struct distribution *distribution);

/* The exponential distribution of a mean in ns, as the gap of a Poisson process. */
struct distribution *distribution_exponential(int64_t mean_ns);
struct distribution *distribution_constant(int64_t ns);

#endif
