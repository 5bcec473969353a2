/* Messages and the records they carry, pooled: no allocation per message in steady state. */
#ifndef SIM_WORLD_MESSAGE_H
#define SIM_WORLD_MESSAGE_H

#include "sim/base/arena.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"

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

/* Word by word: a record is passed on soon after a part of it was written, and a compiler that copies sixteen bytes
 * at a time has to wait until that part has left the processor. */
static inline void record_copy(struct record *to, const struct record *from) {
  _Static_assert(sizeof *to == 5 * sizeof(uint64_t), "five words");
  const uint64_t *in = (const uint64_t *)from;
  uint64_t *out = (uint64_t *)to;
#pragma GCC unroll 5
  for (int i = 0; i < 5; i++) {
    out[i] = in[i];
    __asm__("" : : : "memory");
  }
}

#define MESSAGE_RECORDS_MAX 1024

/* Two cache lines that are zeroed for each message, and one that is not. */
struct message {
  _Alignas(CACHE_LINE) uint64_t intent; /* lowest operation that it carries; 0 = control */
  uint64_t sequence;            /* on its connection and direction */
  int64_t depart;               /* ns: when it leaves its sender */
  int64_t delay;                /* ns: a fault holds it up in the network */
  int64_t a, b, c, d;           /* meaning by kind */
  struct record *records;
  uint32_t record_count, record_class;
  uint32_t correlation; /* of the request; an answer repeats it */
  uint32_t from_incarnation, to_incarnation;
  uint32_t transmission; /* n-th of its operation on this hop and direction, or of its API */
  uint32_t channel, epoch;
  uint32_t size;         /* bytes on the wire */
  uint16_t from, to;     /* node indexes */
  uint16_t kind;
  uint8_t port, reply_port;
  uint8_t direction; /* 0: from who connects, 1: back */
  uint8_t stalls;    /* retransmissions into a cut so far */
  bool is_reply, taken, dropped;
  bool duplicated; /* a fault wants a second copy */
  bool late;       /* a fault has put off its arrival to after its sender's death */
  /* From here on it is not zeroed. */
  _Alignas(CACHE_LINE) struct record one; /* room for a single record */
  /* The pool's: of the place, whatever message is in it. */
  struct message *next_free;
  uint32_t id;
  bool in_use;
};

struct message_pool {
  struct message *free; /* last freed, first taken: it is still in the cache */
  struct message **chunks;
  size_t chunk_count, chunk_capacity, used;
  struct record **blocks[8]; /* free record blocks by class: 4^class records */
  size_t block_count[8], block_capacity[8];
  void **memory; /* every malloc'ed piece, for deinit */
  size_t memory_count, memory_capacity;
};

void message_pool_init(struct message_pool *pool);
void message_pool_deinit(struct message_pool *pool);
void message_pool_reset(struct message_pool *pool); /* frees every message; keeps memory */

struct message *message_at(const struct message_pool *pool, uint32_t id);
/* One after the other, all that are in use, in no order that means anything; `*id`: where to look, 0 at first.
 * NULL = no more. */
struct message *message_next(const struct message_pool *pool, uint32_t *id);
void message_pool_enlarge(struct message_pool *pool);
void message_give_back_records(struct message_pool *pool, struct message *message);
struct record *message_many_records(struct message_pool *pool, struct message *message, uint32_t count);

/* Zeroes what must be of a message. Written out, as a compiler that is given a loop or an assignment of this
 * size makes `rep stos` of it, which takes three times as long. */
typedef uint64_t message_line __attribute__((vector_size(64), aligned(16)));
_Static_assert(offsetof(struct message, one) == 2 * sizeof(message_line), "two whole lines");

static inline struct message *message_take_free(struct message_pool *pool) { /* there is one */
  struct message *message = pool->free;
  pool->free = message->next_free;
  message_line *lines = (message_line *)message;
  lines[0] = (message_line){0};
  lines[1] = (message_line){0};
  message->in_use = true;
  pool->used++;
  return message;
}

static inline struct message *message_new(struct message_pool *pool) { /* zeroed */
  if (UNLIKELY(!pool->free)) message_pool_enlarge(pool);
  return message_take_free(pool);
}

static inline void message_free(struct message_pool *pool, struct message *message) {
  ASSERT(message->in_use);
  if (UNLIKELY(message->record_class > 0)) message_give_back_records(pool, message);
  message->in_use = false;
  message->next_free = pool->free;
  pool->free = message;
  pool->used--;
}

/* Room for `count` records (1 to MESSAGE_RECORDS_MAX), to be filled in; sets record_count. */
static inline struct record *message_records(struct message_pool *pool, struct message *message,
                                             uint32_t count) {
  ASSERT(message->record_count == 0);
  if (UNLIKELY(count > 1)) return message_many_records(pool, message, count);
  message->record_count = count;
  return message->records = &message->one;
}

#endif
