#include "sim/base/arena.h"

#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

void arena_init(struct arena *arena, size_t capacity, size_t base_offset, unsigned char fill) {
  base_offset += -base_offset % CACHE_LINE;
  const size_t size = base_offset + capacity;
  arena->block = aligned_alloc(CACHE_LINE, size + -size % CACHE_LINE);
  ASSERT_MSG(arena->block, "out of memory: %zu bytes", capacity);
  arena->base = arena->block + base_offset;
  arena->used = 0;
  arena->capacity = capacity;
  arena->fill = fill;
  if (fill) memset(arena->base, fill, capacity);
}

void arena_deinit(struct arena *arena) {
  free(arena->block);
  *arena = (struct arena){0};
}

void arena_reset(struct arena *arena) {
  /* Without a fill nothing need be written: arena_alloc zeroes what it hands out. */
  if (arena->fill) memset(arena->base, arena->fill, arena->used);
  arena->used = 0;
}

void *arena_alloc_raw(struct arena *arena, size_t size) {
  size = (size + 15) & ~(size_t)15;
  ASSERT_MSG(size <= arena->capacity - arena->used, "arena of %zu bytes is full: %zu used, %zu asked",
             arena->capacity, arena->used, size);
  void *memory = arena->base + arena->used;
  arena->used += size;
  return memory;
}

void arena_line(struct arena *arena) { arena_alloc_raw(arena, -arena->used % CACHE_LINE); }

void *arena_alloc(struct arena *arena, size_t size) {
  void *memory = arena_alloc_raw(arena, size);
  memset(memory, 0, size);
  return memory;
}
