#include "sim/runner/pool.h"

#include "sim/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 << 10)
#define ALIGNMENT 16

struct chunk {
  struct chunk *next;
  size_t used, capacity;
  _Alignas(ALIGNMENT) char bytes[];
};
struct adopted {
  struct adopted *next;
  void *item;
  void (*release)(void *item);
};
struct pool {
  struct chunk *chunks; /* the one in use first */
  struct adopted *adopted;
};

struct pool *pool_new(void) {
  struct pool *pool = calloc(1, sizeof *pool);
  ASSERT_MSG(pool, "out of memory");
  return pool;
}

void pool_free(struct pool *pool) {
  if (!pool) return;
  for (struct adopted *item = pool->adopted; item; item = item->next) item->release(item->item);
  for (struct chunk *chunk = pool->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  free(pool);
}

static struct chunk *chunk_add(struct pool *pool, size_t capacity) {
  struct chunk *chunk = calloc(1, sizeof *chunk + capacity);
  ASSERT_MSG(chunk, "out of memory: %zu bytes", capacity);
  chunk->capacity = capacity;
  /* A large block of its own goes behind, so that the room left in the first is not lost. */
  if (pool->chunks && capacity > CHUNK_BYTES) {
    chunk->next = pool->chunks->next;
    pool->chunks->next = chunk;
  } else {
    chunk->next = pool->chunks;
    pool->chunks = chunk;
  }
  return chunk;
}

void *pool_alloc(struct pool *pool, size_t size) {
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct chunk *chunk = pool->chunks;
  if (!chunk || chunk->capacity - chunk->used < size)
    chunk = chunk_add(pool, size > CHUNK_BYTES ? size : CHUNK_BYTES);
  void *place = chunk->bytes + chunk->used;
  chunk->used += size;
  return place;
}

void *pool_grow(struct pool *pool, void *items, size_t count, size_t *capacity,
                size_t element_size) {
  size_t room = *capacity ? *capacity * 2 : 4;
  void *moved = pool_alloc(pool, room * element_size);
  if (count) memcpy(moved, items, count * element_size);
  *capacity = room;
  return moved;
}

const char *pool_text(struct pool *pool, const char *text, size_t length) {
  char *copy = pool_alloc(pool, length + 1);
  memcpy(copy, text, length);
  return copy;
}

const char *pool_print(struct pool *pool, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  ASSERT(length >= 0);
  char *text = pool_alloc(pool, (size_t)length + 1);
  va_start(arguments, format);
  vsnprintf(text, (size_t)length + 1, format, arguments);
  va_end(arguments);
  return text;
}

const char *pool_join(struct pool *pool, const char *const *items, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += strlen(items[i]) + 2;
  char *text = pool_alloc(pool, length + 1), *at = text;
  for (size_t i = 0; i < count; i++) at = stpcpy(stpcpy(at, i ? ", " : ""), items[i]);
  return text;
}

void pool_adopt(struct pool *pool, void *item, void (*release)(void *item)) {
  struct adopted *adopted = POOL_NEW(pool, struct adopted, 1);
  *adopted = (struct adopted){pool->adopted, item, release};
  pool->adopted = adopted;
}
