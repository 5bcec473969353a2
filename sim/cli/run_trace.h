/* dgsim run --trace: one run, written down record by record, for dgsim judge and diff. */
#ifndef SIM_CLI_RUN_TRACE_H
#define SIM_CLI_RUN_TRACE_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/runner/result.h"

#include <stdio.h>

/* The one row of an option that writes one run, or -1 with *err set: too many rows or seeds. */
int run_trace_row(const struct scenario *scenario, const struct options *options,
                  const char *option, struct err *err);

/* Runs the one row and seed, writes options->trace beside its place and renames it, and says in a line
 * what is in it, on the error stream where the trace is the standard output. Judges nothing: held when it could be
 * written. */
enum status run_trace(const struct scenario *scenario, const struct options *options,
                      const char *command);

/* Prints that line: file, row, seed, records, digest. */
void run_trace_line(const char *path, const struct plan *plan, const struct run_result *result, FILE *out);

#endif
