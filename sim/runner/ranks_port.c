#include "sim/runner/ranks_port.h"

#include "sim/base/assert.h"

#include <stdio.h>

#ifdef DGSIM_MPI

#include "sim/base/grow.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
  MPI_Request request;
  struct bytes message;
  unsigned peer;
  int tag;
};

struct transfers {
  struct transfer *items;
  size_t count, capacity;
};

struct port {
  struct transfers sending, receiving;
};

bool port_library(char *out, size_t size) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  text[strcspn(text, ",\n")] = '\0'; /* who packed it, and when, follows */
  snprintf(out, size, "%s", text);
  return true;
}

struct port *port_open(unsigned *out_rank, unsigned *out_count) {
  int level = 0, rank = 0, count = 0;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
  ASSERT_MSG(level >= MPI_THREAD_FUNNELED, "this MPI does not allow threads beside the one that calls it");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &count);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); /* a rank that is gone must not end this one */
  struct port *port = calloc(1, sizeof *port);
  ASSERT(port != NULL);
  *out_rank = (unsigned)rank;
  *out_count = (unsigned)count;
  return port;
}

static struct transfer *add(struct transfers *transfers) {
  GROW(transfers->items, transfers->capacity, transfers->count + 1);
  return &transfers->items[transfers->count++];
}

/* Keeps the order of the others. */
static void drop(struct transfers *transfers, size_t i) {
  transfers->count--;
  memmove(&transfers->items[i], &transfers->items[i + 1], (transfers->count - i) * sizeof *transfers->items);
}

static bool is_over(struct transfer *transfer) {
  int over = 0;
  return MPI_Test(&transfer->request, &over, MPI_STATUS_IGNORE) != MPI_SUCCESS || over;
}

static void forget_sent(struct port *port) {
  for (size_t i = port->sending.count; i-- > 0;) {
    if (!is_over(&port->sending.items[i])) continue;
    bytes_free(&port->sending.items[i].message);
    drop(&port->sending, i);
  }
}

void port_send(struct port *port, unsigned to, int tag, struct bytes *message) {
  struct transfer transfer = {.message = *message, .peer = to, .tag = tag};
  *message = (struct bytes){0};
  const int failed = MPI_Isend(transfer.message.items, (int)transfer.message.count, MPI_BYTE, (int)to, tag,
                               MPI_COMM_WORLD, &transfer.request);
  if (failed == MPI_SUCCESS)
    *add(&port->sending) = transfer;
  else
    bytes_free(&transfer.message); /* as if it were lost on its way */
}

size_t port_sending(struct port *port, unsigned to) {
  size_t count = 0;
  forget_sent(port);
  for (size_t i = 0; i < port->sending.count; i++) count += port->sending.items[i].peer == to;
  return count;
}

/* Begins to receive whatever is there. A large message comes in pieces: others may be done before it. */
static void begin_receiving(struct port *port) {
  for (;;) {
    int some = 0, count = 0;
    MPI_Message found;
    MPI_Status status;
    if (MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &some, &found, &status) != MPI_SUCCESS)
      return;
    if (!some) return;
    MPI_Get_count(&status, MPI_BYTE, &count);
    struct transfer transfer = {.peer = (unsigned)status.MPI_SOURCE, .tag = status.MPI_TAG};
    GROW(transfer.message.items, transfer.message.capacity, (size_t)count + 1);
    transfer.message.count = (size_t)count;
    if (MPI_Imrecv(transfer.message.items, count, MPI_BYTE, &found, &transfer.request) == MPI_SUCCESS)
      *add(&port->receiving) = transfer;
    else
      bytes_free(&transfer.message);
  }
}

bool port_receive(struct port *port, unsigned *out_from, int *out_tag, struct bytes *out_message) {
  begin_receiving(port);
  for (size_t i = 0; i < port->receiving.count; i++) {
    struct transfer *transfer = &port->receiving.items[i];
    if (!is_over(transfer)) continue;
    *out_from = transfer->peer;
    *out_tag = transfer->tag;
    *out_message = transfer->message;
    drop(&port->receiving, i);
    return true;
  }
  return false;
}

void port_close(struct port *port, bool orderly) {
  if (!orderly) return; /* MPI may still read from what is being sent */
  MPI_Finalize();
  for (size_t i = 0; i < port->sending.count; i++) bytes_free(&port->sending.items[i].message);
  for (size_t i = 0; i < port->receiving.count; i++) bytes_free(&port->receiving.items[i].message);
  free(port->sending.items);
  free(port->receiving.items);
  free(port);
}

#else

bool port_library(char *out, size_t size) {
  snprintf(out, size, "no MPI");
  return false;
}

#define WITHOUT() ASSERT_MSG(false, "built without MPI")

struct port *port_open(unsigned *out_rank, unsigned *out_count) {
  WITHOUT();
  *out_rank = *out_count = 0;
  return NULL;
}

void port_send(struct port *port, unsigned to, int tag, struct bytes *message) {
  (void)port, (void)to, (void)tag, (void)message;
  WITHOUT();
}

size_t port_sending(struct port *port, unsigned to) {
  (void)port, (void)to;
  WITHOUT();
  return 0;
}

bool port_receive(struct port *port, unsigned *out_from, int *out_tag, struct bytes *out_message) {
  (void)port, (void)out_from, (void)out_tag, (void)out_message;
  WITHOUT();
  return false;
}

void port_close(struct port *port, bool orderly) {
  (void)port, (void)orderly;
  WITHOUT();
}

#endif
