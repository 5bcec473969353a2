/* What a consumer's process can remember keys in, by itself: kinds, as rows of functions.
 *
 * A handler's row names its kind (struct handler, `local`) and has that kind's keys; dg_local_seen and
 * dg_local_mark go to it. It is volatile memory of one process: a crash forgets it, and a key that moves
 * to another consumer is new there. That is not a flaw of the model.
 *
 * LIMIT: looking up and marking take no time.
 */
#ifndef MODELS_STORE_LOCAL_H
#define MODELS_STORE_LOCAL_H

#include "sim/base/arena.h"
#include "sim/base/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct closed_form;

struct local_kind {
  size_t (*arena_bytes)(const struct settings *); /* that `make` takes */
  /* Empty. `salt`: what the ids of this run's messages are like; they are random, so hashes of them are. */
  void *(*make)(struct arena *, const struct settings *, uint64_t salt);
  bool (*seen)(void *memory, uint64_t key, int64_t now_ns);
  void (*mark)(void *memory, uint64_t key, int64_t now_ns);
  int64_t (*held)(const void *memory); /* bytes that it holds now */
};

enum bloom_key {
  KEY_BLOOM_ITEMS,
  KEY_BLOOM_ERROR_RATE,
  KEY_BLOOM_SIZE,
  KEY_BLOOM_HASHES,
  KEY_BLOOM_SINGLE__COUNT,
  KEY_BLOOM_WINDOW = KEY_BLOOM_SINGLE__COUNT,
  KEY_BLOOM_GENERATIONS,
  KEY_BLOOM__COUNT
};
enum lru_key { KEY_LRU_ENTRIES, KEY_LRU__COUNT };

extern const struct key bloom_keys[KEY_BLOOM__COUNT]; /* of one filter the first KEY_BLOOM_SINGLE__COUNT */
extern const struct key lru_keys[KEY_LRU__COUNT];

extern const struct closed_form bloom_losses; /* of one filter, against its size */
extern const struct local_kind local_bloom, local_bloom_rotating, local_lru;

#endif
