/* The part of a database's write-ahead log that its replication slot keeps: events of the outbox table, in
 * the order of their commits.
 *
 *   position   1 ........... confirmed | confirmed + 1 ............ next - 1
 *              may be forgotten        | kept, as somebody may still ask
 *
 * A position stands for an LSN. Whoever reads asks for what is behind a position, and confirms up to which
 * one it is done: from there on the log may be forgotten (confirmed_flush_lsn; PostgreSQL, Logical Decoding
 * Concepts). Without a slot nothing is kept, and one that is created begins behind what there is. Who then asks
 * for what is before that is told that there is a gap.
 *
 * [I1] Changes are in the order of commits, whatever ids their rows have.
 * [I2] What is kept is held (world_hold): a run is not over while somebody may still be told. Of a lost slot
 *      one hold stays until whoever reads asks for what is behind the beginning of another: until then nobody
 *      may know of the gap.
 * [I3] A slot that keeps more than max_slot_wal_keep_size is lost.
 * LIMIT: it counts events of the outbox table only: what else a database writes fills the log of real ones.
 * LIMIT: a slot that keeps too much is lost at once (PostgreSQL: at the next checkpoint).
 */
#ifndef MODELS_STORE_CHANGE_LOG_H
#define MODELS_STORE_CHANGE_LOG_H

#include "sim/world/world.h"

/* A record of the log: header 24 bytes, block reference and tuple header 40. The payload comes on top. */
#define CHANGE_BYTES 64

struct change {
  uint64_t intent;
  uint32_t key, size;
  uint16_t attempt; /* of its client */
};
struct change_log {
  struct change *items; /* a ring by position, of `room` places: a power of two */
  size_t capacity, room;
  uint64_t next, confirmed;
  uint64_t bytes; /* kept */
  bool slot;
  bool gap; /* a slot was lost, and whoever reads may not know yet where the one behind it begins */
};

/* Empty; keeps memory. `slot`: there is one from the beginning on. */
void change_log_reset(struct change_log *log, bool slot);
void change_log_free(struct change_log *log);

/* A commit's event; `most`: max_slot_wal_keep_size in bytes, 0 = no limit. */
void change_log_append(struct world *world, struct change_log *log, const struct change *change,
                       int64_t most);
/* The latest commit did not outlive the disk. */
void change_log_take_back(struct world *world, struct change_log *log);
void change_log_confirm(struct world *world, struct change_log *log, uint64_t position);
/* Of one that is there already (the answer to its creation was lost) nothing changes. Returns the position
 * behind which it begins. */
uint64_t change_log_create_slot(struct change_log *log);
/* Whether the slot has all that is behind this position. Whoever asks knows of a gap before it. */
bool change_log_follows(struct world *world, struct change_log *log, uint64_t position);
/* The slot is gone, and with it what it kept. Returns how many changes nobody had confirmed. */
uint32_t change_log_lose_slot(struct world *world, struct change_log *log);

static inline const struct change *change_log_at(const struct change_log *log, uint64_t position) {
  return &log->items[position & (log->room - 1)];
}

#endif
