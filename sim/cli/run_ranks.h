/* `run` under mpirun: which processes there are, and that all have the same before them. */
#ifndef SIM_CLI_RUN_RANKS_H
#define SIM_CLI_RUN_RANKS_H

#include "sim/base/err.h"
#include "sim/cli/options.h"
#include "sim/runner/campaign_mpi.h"

struct run_ranks {
  bool leads;          /* prints and writes: rank 0, or there are no others */
  struct ranks *ranks; /* NULL = this process is alone */
};

/* Joins the others that were started with this one. False: this build or these options cannot. */
bool run_ranks_begin(struct run_ranks *out, const struct options *options, struct err *err);

/* After loading. False: nothing is to be run; for rank 0 with *err set, the others are silent. */
bool run_ranks_agree(const struct run_ranks *together, const struct options *options,
                     const struct campaign_mpi_file *files, struct err *err);

void run_ranks_end(struct run_ranks *together);

/* Of other commands: false, with *err set, when several of this were started together, for nothing. */
bool run_ranks_refuse(const char *command, struct err *err);

#endif
