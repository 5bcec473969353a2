#include "models/store/id_set.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BITS 9

static uint64_t bit_of(uint64_t id) { return UINT64_C(1) << (id & 63); }
static size_t word_of(uint64_t id) { return (size_t)(id >> 6) & (ID_SET_CHUNK_WORDS - 1); }

void id_set_clear(struct id_set *set) {
  map_clear(&set->chunks);
  set->chunk_count = 0;
  set->count = 0;
}

void id_set_free(struct id_set *set) {
  map_deinit(&set->chunks);
  free(set->words);
  *set = (struct id_set){0};
}

bool id_set_has(const struct id_set *set, uint64_t id) {
  const uint64_t *place = map_get(&set->chunks, (id >> CHUNK_BITS) + 1);
  if (!place) return false;
  return set->words[(*place - 1) * ID_SET_CHUNK_WORDS + word_of(id)] & bit_of(id);
}

bool id_set_add(struct id_set *set, uint64_t id) {
  uint64_t *place = map_put(&set->chunks, (id >> CHUNK_BITS) + 1, NULL);
  if (*place == 0) {
    size_t needed = (set->chunk_count + 1) * ID_SET_CHUNK_WORDS;
    GROW(set->words, set->word_capacity, needed);
    memset(set->words + needed - ID_SET_CHUNK_WORDS, 0, ID_SET_CHUNK_WORDS * sizeof *set->words);
    *place = ++set->chunk_count;
  }
  uint64_t *word = &set->words[(*place - 1) * ID_SET_CHUNK_WORDS + word_of(id)];
  bool is_new = !(*word & bit_of(id));
  *word |= bit_of(id);
  set->count += is_new;
  return is_new;
}

bool id_set_remove(struct id_set *set, uint64_t id) {
  if (!id_set_has(set, id)) return false;
  const uint64_t *place = map_get(&set->chunks, (id >> CHUNK_BITS) + 1);
  set->words[(*place - 1) * ID_SET_CHUNK_WORDS + word_of(id)] &= ~bit_of(id);
  set->count--;
  return true;
}

void id_set_ids(const struct id_set *set, uint64_t *out) {
  if (set->count == 0) return;
  uint64_t *chunks = malloc(set->chunks.count * sizeof *chunks);
  ASSERT(chunks);
  map_keys(&set->chunks, chunks);
  uint64_t count = 0;
  for (size_t c = 0; c < set->chunks.count; c++) {
    const uint64_t first = (chunks[c] - 1) << CHUNK_BITS;
    for (uint64_t i = 0; i < UINT64_C(1) << CHUNK_BITS && count < set->count; i++)
      if (id_set_has(set, first + i)) out[count++] = first + i;
  }
  free(chunks);
  ASSERT_EQ(count, set->count);
}
