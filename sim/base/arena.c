#include "sim/base/arena.h"

#include "sim/base/assert.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void arena_init(struct arena *arena, size_t capacity, size_t base_offset, unsigned char fill) {
  base_offset += -base_offset % CACHE_LINE;
  size_t bytes = ARENA_PAGE + base_offset + capacity;
  /* An odd number of pages: the first pages of many arenas lie in all sets of a table of pages then. */
  bytes += -bytes % (2 * ARENA_PAGE) + ARENA_PAGE / 2;
  arena->block = calloc(1, bytes);
  ASSERT_MSG(arena->block, "out of memory: %zu bytes", capacity);
  arena->base = arena->block + -(uintptr_t)arena->block % ARENA_PAGE + base_offset;
  arena->capacity = capacity;
  arena->fill = fill;
  arena->used = arena->dirty = 0;
  arena->far = arena->far_dirty = capacity & ~(size_t)15;
  if (!fill) return;
  arena->dirty = capacity;
  memset(arena->base, fill, capacity);
}

void arena_deinit(struct arena *arena) {
  free(arena->block);
  *arena = (struct arena){0};
}

void arena_reset(struct arena *arena) {
  /* Without a fill nothing need be written: what is handed out is zeroed. */
  if (arena->fill) {
    memset(arena->base, arena->fill, arena->used);
    memset(arena->base + arena->far, arena->fill, arena->capacity - arena->far);
  }
  if (arena->dirty < arena->used) arena->dirty = arena->used;
  if (arena->far_dirty > arena->far) arena->far_dirty = arena->far;
  arena->used = 0;
  arena->far = arena->capacity & ~(size_t)15;
}

static size_t take(const struct arena *arena, size_t size) {
  size = (size + 15) & ~(size_t)15;
  ASSERT_MSG(size <= arena->far - arena->used, "arena of %zu bytes is full: %zu used, %zu asked", arena->capacity,
             arena->used + arena->capacity - arena->far, size);
  return size;
}

void *arena_alloc_raw(struct arena *arena, size_t size) {
  size = take(arena, size);
  arena->used += size;
  return arena->base + arena->used - size;
}

void *arena_far_raw(struct arena *arena, size_t size) {
  size += (arena->far - size) % CACHE_LINE;
  arena->far -= take(arena, size);
  return arena->base + arena->far;
}

void arena_line(struct arena *arena) { arena_alloc_raw(arena, -arena->used % CACHE_LINE); }

static void zero(const struct arena *arena, size_t begin, size_t end) {
  if (begin < end) memset(arena->base + begin, 0, end - begin);
}

/* Zeroes what was ever taken of it [I3]: what lies before the middle, and what lies behind it. */
static void *clean(const struct arena *arena, char *memory, size_t size) {
  const size_t begin = (size_t)(memory - arena->base), end = begin + size;
  zero(arena, begin, end < arena->dirty ? end : arena->dirty);
  const size_t behind = arena->far_dirty > arena->dirty ? arena->far_dirty : arena->dirty;
  zero(arena, begin > behind ? begin : behind, end);
  return memory;
}

void *arena_alloc(struct arena *arena, size_t size) { return clean(arena, arena_alloc_raw(arena, size), size); }

void *arena_far(struct arena *arena, size_t size) { return clean(arena, arena_far_raw(arena, size), size); }

void *arena_widen(struct arena *arena, const void *items, size_t room, size_t full, size_t element_size) {
  void *wide = arena_far_raw(arena, full * element_size);
  memcpy(wide, items, room * element_size);
  return wide;
}
