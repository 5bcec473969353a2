/* What a provider remembers of idempotency keys: a record for each, from its first request until it is
 * pruned.
 *
 *            begin                  settle
 *   (none) --------> [under way] -----------> [settled] --older than the retention--> (none)
 *      ^                  | forget: the execution came to nothing that is kept
 *      '------------------'
 *
 * [K1] Records stand in the order of their beginning, which is that in which they are pruned.
 * [K2] A record is pruned when it is as old as the retention, settled or forgotten, and first in line.
 *
 * Memory is grown and kept; a record takes 56 bytes, two words of the map with it.
 */
#ifndef MODELS_STORE_IDEMPOTENCY_KEYS_H
#define MODELS_STORE_IDEMPOTENCY_KEYS_H

#include "sim/base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDEMPOTENCY_NONE UINT64_MAX

enum idempotency_state { IDEMPOTENCY_GONE, IDEMPOTENCY_UNDER_WAY, IDEMPOTENCY_SETTLED };

struct idempotency_record {
  uint64_t owner, key; /* whose key: each owner has keys of its own */
  uint64_t parameters; /* hash of the first request's */
  int64_t begun_at;    /* ns */
  int64_t result;
  int status; /* enum dg_status: what is answered again */
  enum idempotency_state state;
};
struct idempotency_keys {
  struct idempotency_record *ring; /* [number & (capacity - 1)] */
  size_t capacity;
  uint64_t first, last; /* numbers that stand: first .. last - 1 */
  struct map by_key;    /* hash of owner and key -> number + 1 */
};

void idempotency_clear(struct idempotency_keys *keys); /* keeps memory */
void idempotency_deinit(struct idempotency_keys *keys);

/* Drops what began at or before `before_ns`, as far as [K2] goes. */
void idempotency_prune(struct idempotency_keys *keys, int64_t before_ns);

/* Number of a key's record, or IDEMPOTENCY_NONE. Numbers are good until the record is pruned. */
uint64_t idempotency_find(const struct idempotency_keys *keys, uint64_t owner, uint64_t key);
struct idempotency_record *idempotency_at(const struct idempotency_keys *keys, uint64_t number);

/* A record under way, of a key that has none. */
uint64_t idempotency_begin(struct idempotency_keys *keys, uint64_t owner, uint64_t key,
                           uint64_t parameters, int64_t now_ns);
void idempotency_settle(struct idempotency_keys *keys, uint64_t number, int status, int64_t result);
/* As if the key had never come. */
void idempotency_forget(struct idempotency_keys *keys, uint64_t number);

#endif
