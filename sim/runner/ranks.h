/* Processes that were started together, as by `mpirun -n 64 dgsim run FILE`. Rank 0 leads, the others work
 * for it; each talks to rank 0 alone.
 *
 *      the caller's threads                     one thread of this module
 *      ranks_send      --> outbox -->  . . . . . . . . . . . . . . .  --> MPI -->
 *      ranks_receive   <-- inbox  <--  also says each second "I live"  <-- MPI <--
 *
 * Open MPI waits by spinning. Here nobody waits in MPI: that one thread looks, and sleeps up to LOOK_NS_MAX
 * when there is nothing, so that a process that waits leaves its core to one that works.
 *
 * A process that dies says nothing. Open MPI 4.1 by default then ends all of them; told not to (mpirun --mca
 * orte_enable_recovery 1), it tells nobody, and sends to the dead succeed or wait for ever. So who has not
 * been heard for `silence` counts as gone, until it is heard again: it may only have been stopped.
 *
 * [R1] ranks_send and ranks_receive may be called by any thread at any time, and ranks_send never waits.
 * [R2] Nothing waits for a rank that is gone, neither to work nor to end.
 * [R3] A death is noticed by silence alone; what the dead rank had taken waits so long.
 */
#ifndef SIM_RUNNER_RANKS_H
#define SIM_RUNNER_RANKS_H

#include "sim/base/bytes.h"
#include "sim/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RANKS_SILENCE_NS (INT64_C(30) * 1000000000)

/* What the environment says about how this process was started, before any MPI: variables of Open MPI,
 * PMIx (`srun --mpi=pmix`) and PMI (MPICH, `srun --mpi=pmi2`). Alone: rank 0 of 1. */
struct ranks_start {
  bool launched;        /* by something that starts processes together, be it a single one */
  unsigned rank, count; /* count 0: more than one, perhaps; only MPI knows */
};
struct ranks_start ranks_start(void);

/* Whether several were started, as far as the environment tells. */
bool ranks_several(const struct ranks_start *start);

struct ranks;

/* Starts MPI, in all of them; takes some tenths of a second. False: built without MPI, or of another kind
 * than what started them, so that each would be alone. */
bool ranks_begin(const struct ranks_start *start, int64_t silence_ns, struct ranks **out, struct err *err);

/* Ends together with the others: rank 0 says when, the others wait for it. After that nobody may be sent
 * anything. Never waits longer than `silence` for one of them. */
void ranks_end(struct ranks *ranks);

unsigned ranks_rank(const struct ranks *ranks);
unsigned ranks_count(const struct ranks *ranks);

/* To rank 0, or from it. Takes over the bytes. */
void ranks_send(struct ranks *ranks, unsigned to, struct bytes *message);

/* The next message, the caller's to free; waits for one up to wait_ns. False: there is none. */
bool ranks_receive(struct ranks *ranks, int64_t wait_ns, unsigned *out_from, struct bytes *out_message);

/* Whether a rank has not been heard for so long that it counts as gone. */
bool ranks_silent(struct ranks *ranks, unsigned rank);

#endif
