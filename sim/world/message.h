/* Messages and the records they carry, pooled: no allocation per message in steady state. */
#ifndef SIM_WORLD_MESSAGE_H
#define SIM_WORLD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One operation on its way. `handle`: an offset in a log, a receipt of a queue. */
struct record {
  uint64_t intent;
  uint64_t handle;
  uint32_t key;
  uint32_t size;   /* bytes */
  uint16_t count;  /* deliveries so far, where the broker counts */
  uint16_t flags;  /* the system's own */
  uint32_t extra;  /* the system's own */
  uint16_t attempt; /* of its client (sim/world/client.h): which send of the operation it is; 0 = it has none */
  uint32_t number;  /* of the message that a queue has stored, from 1: each time that one is sent it has another */
};

#define MESSAGE_RECORDS_MAX 1024

struct message {
  uint64_t intent;   /* lowest operation that it carries; 0 = control */
  uint64_t sequence; /* on its channel and direction */
  int64_t depart;    /* ns: when it leaves its sender */
  int64_t a, b, c, d; /* meaning by kind */
  struct record *records;
  uint32_t record_count, record_class;
  uint32_t correlation; /* of the request; an answer repeats it */
  uint32_t from_incarnation, to_incarnation;
  uint32_t channel, epoch;
  uint32_t transmission; /* n-th of its operation on this hop and direction, or of its API */
  uint32_t size;         /* bytes on the wire */
  uint16_t from, to;     /* node indexes */
  uint16_t kind;
  uint8_t port, reply_port;
  uint8_t direction; /* 0: from who connects, 1: back */
  uint8_t stalls;    /* retransmissions into a cut so far */
  bool is_reply, taken, dropped;
  bool duplicated; /* a fault wants a second copy */
  bool late;       /* a fault has put off its arrival to after its sender's death */
  bool in_use;
  uint32_t id; /* place in the pool */
  int64_t delay; /* ns: a fault holds it up in the network */
  /* From here on it is not zeroed. */
  _Alignas(16) struct record one; /* room for a single record */
};

struct message_pool {
  struct message **chunks;
  size_t chunk_count, chunk_capacity, used;
  uint32_t *free_ids;
  size_t free_count, free_capacity;
  struct record **blocks[8]; /* free record blocks by class: 4^class records */
  size_t block_count[8], block_capacity[8];
  void **memory; /* every malloc'ed piece, for deinit */
  size_t memory_count, memory_capacity;
};

void message_pool_init(struct message_pool *pool);
void message_pool_deinit(struct message_pool *pool);
void message_pool_reset(struct message_pool *pool); /* frees every message; keeps memory */

struct message *message_new(struct message_pool *pool); /* zeroed */
void message_free(struct message_pool *pool, struct message *message);
struct message *message_at(const struct message_pool *pool, uint32_t id);

/* Room for `count` records (1 to MESSAGE_RECORDS_MAX), to be filled in; sets record_count. */
struct record *message_records(struct message_pool *pool, struct message *message, uint32_t count);

#endif
