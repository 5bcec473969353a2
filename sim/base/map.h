/* Map from uint64 keys (not 0) to uint64 values: open addressing, linear probing, backward shift on
 * removal. There is no iteration on purpose: its order would reach a result. map_keys sorts.
 *
 * [I1] count <= capacity / 2; capacity is a power of two.
 * [I2] map_clear keeps the memory.
 */
#ifndef SIM_BASE_MAP_H
#define SIM_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
  uint64_t key, value;
};
struct map {
  struct map_entry *entries;
  size_t count, capacity;
};

void map_deinit(struct map *map);
void map_clear(struct map *map);

/* Value of a key, or NULL. Valid until the next put or remove. */
uint64_t *map_get(const struct map *map, uint64_t key);

/* Value of a key, made 0 when new; *out_new (may be NULL) tells which. Valid until the next call. */
uint64_t *map_put(struct map *map, uint64_t key, bool *out_new);

/* All keys, in rising order; room for `count` of them. For the end of a run: it sorts. */
void map_keys(const struct map *map, uint64_t *out);

/* Returns whether it was there. */
bool map_remove(struct map *map, uint64_t key);

#endif
