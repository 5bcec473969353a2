#include "models/store/change_log.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

#define ROOM_FIRST 64

void change_log_reset(struct change_log *log, bool slot) {
  log->next = 1;
  log->confirmed = log->bytes = 0;
  log->slot = slot;
  log->gap = false;
}

void change_log_free(struct change_log *log) {
  free(log->items);
  *log = (struct change_log){0};
}

/* Doubles the ring: a position takes one bit more of itself as its place. */
static void widen(struct change_log *log) {
  size_t old = log->room, room = old ? old * 2 : ROOM_FIRST;
  GROW(log->items, log->capacity, room);
  for (uint64_t at = log->confirmed + 1; at < log->next; at++)
    log->items[at & (room - 1)] = log->items[at & (old - 1)];
  log->room = room;
}

static uint64_t bytes_of(const struct change *change) { return CHANGE_BYTES + change->size; }

void change_log_append(struct world *world, struct change_log *log, const struct change *change,
                       int64_t most) {
  uint64_t position = log->next++;
  if (!log->slot) {
    log->confirmed = position;
    return;
  }
  if (log->next - log->confirmed > log->room) widen(log);
  log->items[position & (log->room - 1)] = *change;
  log->bytes += bytes_of(change);
  world_hold(world, NULL);
  if (log->bytes > world->counters[COUNTER_SLOT_BYTES_PEAK])
    world->counters[COUNTER_SLOT_BYTES_PEAK] = log->bytes;
  if (most > 0 && log->bytes > (uint64_t)most) change_log_lose_slot(world, log); /* [I3] */
}

/* One that is kept is not any more. */
static void forget(struct world *world, struct change_log *log, uint64_t position) {
  log->bytes -= bytes_of(change_log_at(log, position));
  world_unhold(world, NULL);
}

void change_log_take_back(struct world *world, struct change_log *log) {
  ASSERT(log->next > 1);
  uint64_t position = --log->next;
  if (position > log->confirmed)
    forget(world, log, position);
  else
    log->confirmed = position - 1;
}

void change_log_confirm(struct world *world, struct change_log *log, uint64_t position) {
  if (position >= log->next) position = log->next - 1;
  while (log->confirmed < position) forget(world, log, ++log->confirmed);
}

static void set_gap(struct world *world, struct change_log *log, bool gap) {
  if (gap && !log->gap) world_hold(world, NULL);
  if (!gap && log->gap) world_unhold(world, NULL);
  log->gap = gap;
}

uint64_t change_log_create_slot(struct change_log *log) {
  log->slot = true;
  return log->confirmed;
}

bool change_log_follows(struct world *world, struct change_log *log, uint64_t position) {
  if (!log->slot || position < log->confirmed) return false;
  set_gap(world, log, false);
  return true;
}

uint32_t change_log_lose_slot(struct world *world, struct change_log *log) {
  if (!log->slot) return 0;
  uint32_t count = (uint32_t)(log->next - 1 - log->confirmed);
  change_log_confirm(world, log, log->next - 1);
  log->slot = false;
  set_gap(world, log, true); /* [I2] */
  return count;
}
