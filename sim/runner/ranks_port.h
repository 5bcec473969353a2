/* Messages between processes through MPI: the only part that knows it (ranks_port.c alone includes mpi.h).
 * Nothing here waits: whoever calls it asks again. All of it belongs to one thread, the one that opened it,
 * so that MPI_THREAD_FUNNELED is enough.
 *
 * Built without MPI (CMake: DGSIM_MPI=OFF), port_library says so, and nothing else may be called.
 */
#ifndef SIM_RUNNER_RANKS_PORT_H
#define SIM_RUNNER_RANKS_PORT_H

#include "sim/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct port;

/* What was built in, as "Open MPI v4.1.4". False: nothing. */
bool port_library(char *out, size_t size);

/* Starts MPI, once a process. A failure is MPI's own: it says what it is, and ends the process. */
struct port *port_open(unsigned *out_rank, unsigned *out_count);

/* Takes over the bytes. Whether and when they arrive cannot be known here; one that is sent first arrives
 * first, unless it is much larger. */
void port_send(struct port *port, unsigned to, int tag, struct bytes *message);

/* Sends to a rank that are not over: of one that has died they never are. */
size_t port_sending(struct port *port, unsigned to);

/* A message that has arrived, the caller's to free; false = none. */
bool port_receive(struct port *port, unsigned *out_from, int *out_tag, struct bytes *out_message);

/* `orderly`: every process does the same now, and all are alive: MPI_Finalize, which waits for them all.
 * Otherwise the process ends without. */
void port_close(struct port *port, bool orderly);

#endif
