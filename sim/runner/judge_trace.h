/* Judging a trace again: its text says which run it is, its records what happened, and nothing else is
 * asked: files that the scenario reads are in it. The simulation is not run.
 *
 * [T1] Result and verdict are those of the run that wrote it (sim/runner/collect.h).
 * [T2] A file that is no whole trace of this format, or whose facts no run could have stated, is an
 *      error with its place, and never an assertion of the ledger's.
 */
#ifndef SIM_RUNNER_JUDGE_TRACE_H
#define SIM_RUNNER_JUDGE_TRACE_H

#include "sim/runner/campaign.h"

/* Reads `file` to its end; `path` is what errors print. *out_campaign is of the one run, without
 * capacity. Both are to be freed, the campaign first. False with *err set: nothing to free. */
bool judge_trace(FILE *file, const char *path, const struct registry *registry,
                 struct scenario *out_scenario, struct campaign *out_campaign, struct err *err);

/* Writes the header of a run's trace, by the indexes of row and seed; the records go behind it. */
bool judge_trace_begin(FILE *file, const struct scenario *scenario, size_t row, size_t seed,
                       struct err *err);

#endif
