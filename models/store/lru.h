/* A set of at most so many keys: the least recently used one goes when another one comes.
 *
 *   newest [key] <-> [key] <-> ... <-> [key] oldest      and chains of a hash table through them
 *
 * [L1] It holds the `entries` keys that were looked up with success or marked last, and no others.
 * [L2] Memory is in the arena and nowhere else; nothing is allocated later.
 * [L3] Each key that it holds is accounted with LRU_ENTRY_BYTES.
 */
#ifndef MODELS_STORE_LRU_H
#define MODELS_STORE_LRU_H

#include "sim/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRU_ENTRIES_MAX (1 << 20)
/* An entry with two links and its chain, and two heads of chains at most. */
#define LRU_ENTRY_BYTES 32

struct lru_entry {
  uint64_t key;
  uint32_t newer, older, next; /* next: of its chain */
};
struct lru {
  struct lru_entry *entries; /* [1..capacity]; 0 = none */
  uint32_t *heads;           /* of chains */
  uint32_t capacity, count, newest, oldest, mask;
};

size_t lru_bytes(uint32_t capacity); /* that lru_init takes from an arena */
void lru_init(struct lru *lru, struct arena *arena, uint32_t capacity);

/* Whether it holds the key, which is then the newest. */
bool lru_seen(struct lru *lru, uint64_t key);
/* Adds the key as the newest, in place of the oldest where it is full. */
void lru_mark(struct lru *lru, uint64_t key);

#endif
