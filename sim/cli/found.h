/* What is done with a violation that explore or shrink has: made small, written down, told. */
#ifndef SIM_CLI_FOUND_H
#define SIM_CLI_FOUND_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/runner/shrink.h"

/* Prints how small it became, and writes the reproducing scenario, which is read again and run before
 * it is told of. It is called by row and metric, lower-case-hyphens, and with a number where an earlier row of the
 * scenario would be called the same. False: a clear error. */
bool found_shrink(const struct registry *registry, const struct shrink_case *violation,
                  const struct explore_options *search, const struct options *options,
                  struct err *err);

#endif
