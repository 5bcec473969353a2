/* The outbox table of a service's database: events that an application has written beside its business
 * rows, until a relay has published them and a cleanup has removed them.
 *
 *   id drawn -----> [unknown] --commit--> [waiting] --published--> [published] --cleanup--> [gone]
 *   (at the insert)     |                     '----------- age-only cleanup ----------------^
 *                       '-- rollback, crash --> [gone]
 *
 * Ids come from a sequence: they are drawn when the row is inserted and never given back, so a row with a
 * smaller id may be committed later, and ids may have gaps (PostgreSQL, CREATE SEQUENCE).
 *
 * What is committed and waits for its relay is held, so that a run is not over while it does: a row behind
 * the relay's cursor waits for nobody, and is not.
 *
 * [I1] `count`, `bytes` are of the rows that are waiting or published.
 * [I2] `held` rows are waiting and before the cursor: as many durable holds of the world.
 * LIMIT: created_at is the time of the commit (PostgreSQL's now(): of the transaction's beginning).
 */
#ifndef MODELS_STORE_OUTBOX_TABLE_H
#define MODELS_STORE_OUTBOX_TABLE_H

#include "sim/world/world.h"

/* 24 bytes tuple header, 4 line pointer, 8 id, 8 key, 8 created_at, 8 published and padding; the index
 * entry of its id 12 more. The payload comes on top. */
#define OUTBOX_ROW_BYTES 72

enum outbox_state { OUTBOX_UNKNOWN, OUTBOX_WAITING, OUTBOX_PUBLISHED, OUTBOX_GONE };

struct outbox_row {
  uint64_t intent;
  int64_t created_ns;
  uint32_t key, size;
  uint16_t attempt; /* of its client */
  uint8_t state;
};
struct outbox_table {
  struct outbox_row *rows; /* a ring by id, of `room` places: a power of two */
  size_t capacity, room;
  uint64_t first, next;    /* ids first .. next - 1 have a place; those before are gone */
  uint64_t waiting_from;   /* no row before it waits */
  uint64_t cursor;         /* the relay's own note: up to which id it has read */
  uint64_t held;
  uint64_t count, bytes;
};

/* Empty; keeps memory. */
void outbox_reset(struct outbox_table *table);
void outbox_free(struct outbox_table *table);

/* nextval(): a place for a row that is not committed yet. */
uint64_t outbox_draw_id(struct outbox_table *table);
/* NULL: gone, or never drawn. */
struct outbox_row *outbox_row(struct outbox_table *table, uint64_t id);
/* Whether the row is there for readers: waiting or published. */
static inline bool outbox_is_there(const struct outbox_row *row) {
  return row && (row->state == OUTBOX_WAITING || row->state == OUTBOX_PUBLISHED);
}
/* Whether the relay has published it, as far as it notes: by flag, or by cursor. */
bool outbox_is_done(const struct outbox_table *table, const struct outbox_row *row, uint64_t id);

/* Puts a row into a state, with what follows for counts, holds and peaks. A row that is gone comes back
 * only through `row` as it was. */
void outbox_set(struct world *world, struct outbox_table *table, uint64_t id, enum outbox_state state);
void outbox_restore(struct world *world, struct outbox_table *table, uint64_t id,
                    const struct outbox_row *row);
void outbox_move_cursor(struct world *world, struct outbox_table *table, uint64_t id);
/* Ids whose transaction has died with the process. */
void outbox_forget_unknown(struct outbox_table *table);

#endif
