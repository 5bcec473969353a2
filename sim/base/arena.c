#include "sim/base/arena.h"

#include "sim/base/assert.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void arena_init(struct arena *arena, size_t capacity, size_t base_offset, unsigned char fill) {
  base_offset += -base_offset % CACHE_LINE;
  arena->block = calloc(1, base_offset + CACHE_LINE + capacity);
  ASSERT_MSG(arena->block, "out of memory: %zu bytes", capacity);
  arena->base = arena->block + base_offset;
  arena->base += -(uintptr_t)arena->base % CACHE_LINE;
  arena->used = 0;
  arena->dirty = fill ? capacity : 0;
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
  if (arena->dirty < arena->used) arena->dirty = arena->used;
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
  const size_t left = arena->dirty > arena->used ? arena->dirty - arena->used : 0;
  void *memory = arena_alloc_raw(arena, size);
  memset(memory, 0, size < left ? size : left);
  return memory;
}
