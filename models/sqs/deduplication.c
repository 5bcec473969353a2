#include "models/sqs/deduplication.h"

#include "sim/base/grow.h"

#include <stdlib.h>

void deduplication_clear(struct deduplication *memory) {
  map_clear(&memory->ids);
  memory->head = memory->count = 0;
}

void deduplication_free(struct deduplication *memory) {
  map_deinit(&memory->ids);
  free(memory->ring);
  *memory = (struct deduplication){0};
}

size_t deduplication_purge(struct deduplication *memory, int64_t now, int64_t interval) {
  size_t purged = 0;
  for (; memory->count > 0 && now - memory->ring[memory->head].at > interval; purged++) {
    map_remove(&memory->ids, memory->ring[memory->head].id);
    memory->head = (memory->head + 1) & (memory->capacity - 1);
    memory->count--;
  }
  return purged;
}

bool deduplication_accept(struct deduplication *memory, uint64_t id, int64_t now) {
  bool fresh;
  map_put(&memory->ids, id, &fresh);
  if (!fresh) return false;
  if (memory->count == memory->capacity) {
    size_t old = memory->capacity;
    GROW(memory->ring, memory->capacity, old + 1);
    for (size_t i = 0; i < memory->head; i++) memory->ring[old + i] = memory->ring[i];
  }
  size_t at = (memory->head + memory->count++) & (memory->capacity - 1);
  memory->ring[at] = (struct accepted){.id = id, .at = now};
  return true;
}
