#include "models/store/lru.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/hash.h"

static uint32_t heads_for(uint32_t capacity) {
  uint32_t heads = 1;
  while (heads < capacity) heads *= 2;
  return heads;
}

size_t lru_bytes(uint32_t capacity) {
  return ((size_t)capacity + 1) * sizeof(struct lru_entry) + heads_for(capacity) * sizeof(uint32_t) + 32;
}

void lru_init(struct lru *lru, struct arena *arena, uint32_t capacity) {
  ASSERT(capacity >= 1 && capacity <= LRU_ENTRIES_MAX);
  *lru = (struct lru){.capacity = capacity, .mask = heads_for(capacity) - 1};
  lru->entries = ARENA_NEW(arena, struct lru_entry, (size_t)capacity + 1);
  lru->heads = ARENA_NEW(arena, uint32_t, heads_for(capacity));
}

static uint32_t *head_of(const struct lru *lru, uint64_t key) {
  return &lru->heads[hash_mix(key) & lru->mask];
}

static uint32_t find(const struct lru *lru, uint64_t key) {
  uint32_t at = *head_of(lru, key);
  while (at && lru->entries[at].key != key) at = lru->entries[at].next;
  return at;
}

/* --- Order of use --- */

static void unlink_entry(struct lru *lru, uint32_t at) {
  struct lru_entry *entries = lru->entries;
  uint32_t newer = entries[at].newer, older = entries[at].older;
  if (newer)
    entries[newer].older = older;
  else
    lru->newest = older;
  if (older)
    entries[older].newer = newer;
  else
    lru->oldest = newer;
}

static void make_newest(struct lru *lru, uint32_t at) {
  lru->entries[at].newer = 0;
  lru->entries[at].older = lru->newest;
  if (lru->newest)
    lru->entries[lru->newest].newer = at;
  else
    lru->oldest = at;
  lru->newest = at;
}

/* --- Keys --- */

static uint32_t take_oldest(struct lru *lru) {
  uint32_t at = lru->oldest;
  uint32_t *link = head_of(lru, lru->entries[at].key);
  while (*link != at) link = &lru->entries[*link].next;
  *link = lru->entries[at].next;
  unlink_entry(lru, at);
  return at;
}

bool lru_seen(struct lru *lru, uint64_t key) {
  uint32_t at = find(lru, key);
  if (!at) return false;
  unlink_entry(lru, at);
  make_newest(lru, at);
  return true;
}

void lru_mark(struct lru *lru, uint64_t key) {
  if (lru_seen(lru, key) || MUTANT(LRU_REMEMBERS_NOTHING)) return;
  uint32_t at = lru->count < lru->capacity ? ++lru->count : take_oldest(lru);
  lru->entries[at].key = key;
  lru->entries[at].next = *head_of(lru, key);
  *head_of(lru, key) = at;
  make_newest(lru, at);
}
