/* An exact set of ids, compact where they are dense: a bitmap in chunks of 512, found through a map.
 * Ten million ids in sequence take 1.3 MiB of bits and as much of map; an id far from all others takes
 * 64 bytes.
 *
 * Memory is kept when the set is cleared.
 */
#ifndef MODELS_STORE_ID_SET_H
#define MODELS_STORE_ID_SET_H

#include "sim/base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SET_CHUNK_WORDS 8

struct id_set {
  struct map chunks; /* id / 512 + 1 -> place of its chunk + 1 */
  uint64_t *words;   /* ID_SET_CHUNK_WORDS each */
  size_t chunk_count, word_capacity;
  uint64_t count;
};

void id_set_clear(struct id_set *set);
void id_set_free(struct id_set *set);
bool id_set_has(const struct id_set *set, uint64_t id);
/* Returns whether it was new. */
bool id_set_add(struct id_set *set, uint64_t id);
/* All ids, in rising order; room for `count` of them. */
void id_set_ids(const struct id_set *set, uint64_t *out);
/* Returns whether it was there. */
bool id_set_remove(struct id_set *set, uint64_t id);

#endif
