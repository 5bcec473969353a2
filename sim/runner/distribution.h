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

/* The forms of the text, by number: name and an example; NULL: there are no more. */
const char *distribution_form(size_t index, const char **out_example);
/* A regular expression (of ECMAScript) that the text of each has. No room is an assertion: 1024 are enough. */
void distribution_pattern(char *out, size_t size);

/* The exponential distribution of a mean in ns, as the gap of a Poisson process. */
struct distribution *distribution_exponential(int64_t mean_ns);

#endif
