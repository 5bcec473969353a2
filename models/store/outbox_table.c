#include "models/store/outbox_table.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

#define ROOM_FIRST 64

void outbox_reset(struct outbox_table *table) {
  table->first = table->next = table->waiting_from = 1;
  table->cursor = table->held = table->count = table->bytes = 0;
}

void outbox_free(struct outbox_table *table) {
  free(table->rows);
  *table = (struct outbox_table){0};
}

static struct outbox_row *place_of(const struct outbox_table *table, uint64_t id) {
  return &table->rows[id & (table->room - 1)];
}

/* Doubles the ring: an id takes one bit more of itself as its place. */
static void widen(struct outbox_table *table) {
  size_t old = table->room, room = old ? old * 2 : ROOM_FIRST;
  GROW(table->rows, table->capacity, room);
  for (uint64_t id = table->first; id < table->next; id++)
    table->rows[id & (room - 1)] = table->rows[id & (old - 1)];
  table->room = room;
}

uint64_t outbox_draw_id(struct outbox_table *table) {
  if (table->next == 0) outbox_reset(table);
  if (table->next - table->first == table->room) widen(table);
  *place_of(table, table->next) = (struct outbox_row){.state = OUTBOX_UNKNOWN};
  return table->next++;
}

struct outbox_row *outbox_row(struct outbox_table *table, uint64_t id) {
  if (id < table->first || id >= table->next) return NULL;
  return place_of(table, id);
}

bool outbox_is_done(const struct outbox_table *table, const struct outbox_row *row, uint64_t id) {
  return row->state == OUTBOX_PUBLISHED || id <= table->cursor;
}

/* [I2] */
static void hold(struct world *world, struct outbox_table *table, bool on) {
  if (on) {
    table->held++;
    world_hold(world, NULL);
  } else {
    ASSERT(table->held > 0);
    table->held--;
    world_unhold(world, NULL);
  }
}

static void note_peak(struct world *world, enum counter counter, uint64_t value) {
  if (value > world->counters[counter]) world->counters[counter] = value;
}

static void account(struct world *world, struct outbox_table *table, const struct outbox_row *row,
                    bool comes) {
  uint64_t bytes = OUTBOX_ROW_BYTES + row->size;
  table->count += comes ? 1 : UINT64_MAX;
  table->bytes += comes ? bytes : -bytes;
  note_peak(world, COUNTER_OUTBOX_ROWS_PEAK, table->count);
  note_peak(world, COUNTER_OUTBOX_BYTES_PEAK, table->bytes);
}

/* Lets go of places in front. Never of the cursor's side: ids only rise. */
static void advance(struct outbox_table *table) {
  while (table->first < table->next && place_of(table, table->first)->state == OUTBOX_GONE) table->first++;
  if (table->waiting_from < table->first) table->waiting_from = table->first;
}

void outbox_set(struct world *world, struct outbox_table *table, uint64_t id, enum outbox_state state) {
  struct outbox_row *row = outbox_row(table, id);
  ASSERT(row);
  bool was_there = outbox_is_there(row), held = row->state == OUTBOX_WAITING && id > table->cursor;
  row->state = (uint8_t)state;
  bool is_there = outbox_is_there(row), holds = state == OUTBOX_WAITING && id > table->cursor;
  if (was_there != is_there) account(world, table, row, is_there);
  if (held != holds) hold(world, table, holds);
  if (state == OUTBOX_WAITING && id < table->waiting_from) table->waiting_from = id;
  if (state == OUTBOX_GONE) advance(table);
}

void outbox_restore(struct world *world, struct outbox_table *table, uint64_t id,
                    const struct outbox_row *row) {
  while (id < table->first) { /* back in front of what is there */
    if (table->next - table->first == table->room) widen(table);
    *place_of(table, --table->first) = (struct outbox_row){.state = OUTBOX_GONE};
  }
  struct outbox_row *place = outbox_row(table, id);
  enum outbox_state state = (enum outbox_state)row->state;
  ASSERT(place);
  *place = *row;
  place->state = OUTBOX_GONE;
  outbox_set(world, table, id, state);
}

void outbox_move_cursor(struct world *world, struct outbox_table *table, uint64_t id) {
  uint64_t old = table->cursor, low = old < id ? old : id, high = old < id ? id : old;
  for (uint64_t at = low + 1; at <= high; at++) {
    const struct outbox_row *row = outbox_row(table, at);
    if (row && row->state == OUTBOX_WAITING) hold(world, table, id < old);
  }
  table->cursor = id;
}

void outbox_forget_unknown(struct outbox_table *table) {
  for (uint64_t id = table->first; id < table->next; id++)
    if (place_of(table, id)->state == OUTBOX_UNKNOWN) place_of(table, id)->state = OUTBOX_GONE;
  if (table->room) advance(table);
}
