/* A campaign over processes that MPI started: rank 0 leads, hands out items, and takes back what came of each
 * as bytes (work_pack); it alone has results, a journal, files and a voice. The others execute.
 *
 *      rank k                                     rank 0
 *      HELLO   who, of which program and files →  is it the same campaign?
 *              ...                             ←  BEGIN   when all have said so
 *      WANT    so many items                   →
 *              ...                             ←  ITEMS   so many or fewer, when there are some
 *      RESULT  of an item, as soon as it is there →  journal, results
 *                                              ←  OVER    this campaign needs no more of you
 *
 * No reductions, no collective operations: results land by number, as those of threads do, so every file is
 * byte-equal for any number of ranks. Rank 0 executes items too.
 *
 * [C1] What a rank that is gone had taken is given to others; what comes of an item twice counts once.
 * [C2] A rank without rank 0 ends.
 */
#ifndef SIM_RUNNER_CAMPAIGN_MPI_H
#define SIM_RUNNER_CAMPAIGN_MPI_H

#include "sim/runner/campaign_work.h"
#include "sim/runner/ranks.h"

/* What has to be the same on all ranks. */
struct campaign_mpi_file {
  const char *path;
  uint64_t hash;     /* of what was read */
  const char *error; /* why it was not; NULL = it was */
};

struct campaign_mpi_greeting {
  const char *program; /* version and build */
  bool verify;
  const struct campaign_mpi_file *files;
  size_t file_count;
};

/* Other ranks than 0: says what this one has, and waits for rank 0. False: nothing is to be done. */
bool campaign_mpi_hello(struct ranks *ranks, const struct campaign_mpi_greeting *greeting);

/* Rank 0: waits for all of them; false: one has something else, or could not load what rank 0 could. Ranks
 * that are gone are left out. */
bool campaign_mpi_agree(struct ranks *ranks, const struct campaign_mpi_greeting *greeting, struct err *err);

/* Rank 0: as campaign_threads, with what the ranks of the options do. */
void campaign_mpi_lead(struct work *work, unsigned workers);

/* Rank 0, after the last campaign, also where there was none: no more are to come. */
void campaign_mpi_dismiss(struct ranks *ranks);

/* The others: executes what rank 0 hands out of this campaign, until it is over. False: no more are to come.
 * Where rank 0 is gone the process ends here, with status 70. */
bool campaign_mpi_serve(const struct scenario *scenario, const struct campaign_options *options);

#endif
