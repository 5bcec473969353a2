/* dgsim run --record: one run as a scenario that draws nothing of its faults and arrivals any more. */
#ifndef SIM_CLI_RUN_RECORD_H
#define SIM_CLI_RUN_RECORD_H

#include "sim/cli/commands.h"
#include "sim/cli/options.h"

/* Runs the one row and seed, writes arrivals.csv, faults.csv and scenario.yaml into options->record, runs
 * what it wrote and compares: a record that gives another digest is a mistake of ours. */
enum status run_record_file(const struct scenario *scenario, const struct registry *registry,
                            const struct options *options, const char *command);

#endif
