#include "sim/base/map.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <stdlib.h>
#include <string.h>

static size_t home(const struct map *map, uint64_t key) {
  return (size_t)hash_mix(key) & (map->capacity - 1);
}

void map_deinit(struct map *map) {
  free(map->entries);
  *map = (struct map){0};
}

void map_clear(struct map *map) {
  if (map->count) memset(map->entries, 0, map->capacity * sizeof *map->entries);
  map->count = 0;
}

uint64_t *map_get(const struct map *map, uint64_t key) {
  ASSERT(key != 0);
  if (map->count == 0) return NULL;
  for (size_t i = home(map, key);; i = (i + 1) & (map->capacity - 1)) {
    if (map->entries[i].key == key) return &map->entries[i].value;
    if (map->entries[i].key == 0) return NULL;
  }
}

static void enlarge(struct map *map) {
  struct map old = *map;
  *map = (struct map){0};
  map->entries = grow(NULL, &map->capacity, old.capacity ? old.capacity * 2 : 16,
                      sizeof *map->entries);
  for (size_t i = 0; i < old.capacity; i++)
    if (old.entries[i].key) *map_put(map, old.entries[i].key, NULL) = old.entries[i].value;
  free(old.entries);
}

uint64_t *map_put(struct map *map, uint64_t key, bool *out_new) {
  ASSERT(key != 0);
  if ((map->count + 1) * 2 > map->capacity) enlarge(map);
  size_t i = home(map, key);
  while (map->entries[i].key != 0 && map->entries[i].key != key) i = (i + 1) & (map->capacity - 1);
  bool is_new = map->entries[i].key == 0;
  if (is_new) {
    map->entries[i] = (struct map_entry){.key = key};
    map->count++;
  }
  if (out_new) *out_new = is_new;
  return &map->entries[i].value;
}

bool map_remove(struct map *map, uint64_t key) {
  ASSERT(key != 0);
  if (map->count == 0) return false;
  size_t mask = map->capacity - 1, hole = home(map, key);
  while (map->entries[hole].key != key) {
    if (map->entries[hole].key == 0) return false;
    hole = (hole + 1) & mask;
  }
  /* Close the hole: pull back every later entry of the cluster that may stand there. */
  for (size_t i = (hole + 1) & mask; map->entries[i].key != 0; i = (i + 1) & mask) {
    size_t distance_home = (i - home(map, map->entries[i].key)) & mask;
    if (distance_home >= ((i - hole) & mask)) {
      map->entries[hole] = map->entries[i];
      hole = i;
    }
  }
  map->entries[hole] = (struct map_entry){0};
  map->count--;
  return true;
}

static int by_key(const void *a, const void *b) {
  const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
  return (one > other) - (one < other);
}

void map_keys(const struct map *map, uint64_t *out) {
  size_t count = 0;
  for (size_t i = 0; i < map->capacity && count < map->count; i++)
    if (map->entries[i].key) out[count++] = map->entries[i].key;
  ASSERT_EQ(count, map->count);
  if (count) qsort(out, count, sizeof *out, by_key);
}
