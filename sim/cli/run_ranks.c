#include "sim/cli/run_ranks.h"

#include "sim/cli/program.h"

#include <inttypes.h>
#include <stdio.h>

bool run_ranks_begin(struct run_ranks *out, const struct options *options, struct err *err) {
  const struct ranks_start start = ranks_start();
  *out = (struct run_ranks){.leads = true};
  if (!ranks_several(&start) || options->has_shard) return true; /* shards are told apart by who starts them */
  out->leads = start.rank == 0;
  if (options->trace || options->record) {
    err_set(err, ERR_USAGE, "--%s is for one run: it does not use MPI", options->trace ? "trace" : "record");
    return err_note(err, "start it without mpirun");
  }
  if (options->dry_run) return true; /* each sees whether it can load them; one prints */
  if (!ranks_begin(&start, options->mpi_silence_ns, &out->ranks, err)) return false;
  out->leads = ranks_rank(out->ranks) == 0;
  return true;
}

bool run_ranks_agree(const struct run_ranks *together, const struct options *options,
                     const struct campaign_mpi_file *files, struct err *err) {
  char program[64];
  snprintf(program, sizeof program, DGSIM_VERSION " build %016" PRIx64, program_hash());
  const struct campaign_mpi_greeting greeting = {
      .program = program, .verify = options->verify, .files = files, .file_count = options->file_count};
  if (!together->ranks) return true;
  if (together->leads) return campaign_mpi_agree(together->ranks, &greeting, err);
  return campaign_mpi_hello(together->ranks, &greeting);
}

void run_ranks_end(struct run_ranks *together) {
  if (!together->ranks) return;
  if (together->leads) campaign_mpi_dismiss(together->ranks);
  ranks_end(together->ranks);
  together->ranks = NULL;
}

bool run_ranks_refuse(const char *command, struct err *err) {
  const struct ranks_start start = ranks_start();
  if (!ranks_several(&start)) return true;
  err_set(err, ERR_USAGE, "'%s' does not use MPI: all processes that were started would do the same",
          command);
  return err_note(err, "start it without mpirun; 'run' shares its work out");
}
