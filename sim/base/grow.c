#include "sim/base/grow.h"

#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t grown; /* a counter for profiles: never read by a run */

static size_t doubled(size_t capacity, size_t needed) {
  size_t room = capacity ? capacity : 16;
  while (room < needed) room *= 2;
  return room;
}

void *grow_elsewhere(size_t *capacity, size_t needed, size_t element_size) {
  *capacity = doubled(*capacity, needed);
  void *memory = malloc(*capacity * element_size);
  ASSERT_MSG(memory, "out of memory: %zu elements of %zu bytes", *capacity, element_size);
  grown++;
  return memory;
}

void *grow(void *items, size_t *capacity, size_t needed, size_t element_size) {
  const size_t room = doubled(*capacity, needed);
  void *moved = realloc(items, room * element_size);
  ASSERT_MSG(moved, "out of memory: %zu elements of %zu bytes", room, element_size);
  memset((char *)moved + *capacity * element_size, 0, (room - *capacity) * element_size);
  *capacity = room;
  grown++;
  return moved;
}

uint64_t grow_count(void) { return grown; }
