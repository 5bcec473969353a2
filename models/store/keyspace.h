/* What a cache holds: keys with a value and an instant from which they are not there any more.
 *
 *   (a name's hash, a number)  ->  value, expires
 *
 * A key is found through a map; a heap has the instants, the earliest first. What was in the heap and has
 * been set anew or deleted since stays there until its instant comes, and then is passed over.
 *
 * [I1] From its instant on a key is not found, whether or not keyspace_expire was called (lazily, as Redis
 *      does; exactly, where Redis counts in milliseconds).
 * [I2] `bytes` is what the keys take that are stored, also of those that have run out and were not removed
 *      yet: KEYSPACE_KEY_BYTES each, and KEYSPACE_EXPIRY_BYTES more with an expiry.
 *
 * Memory is kept when the keyspace is cleared.
 */
#ifndef MODELS_STORE_KEYSPACE_H
#define MODELS_STORE_KEYSPACE_H

#include "sim/base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Redis FAQ: a million small keys with small values take about 85 MB. */
#define KEYSPACE_KEY_BYTES 85
/* The key's entry in the dictionary of expiries: 24 bytes, 32 as allocated, and its place in the table. */
#define KEYSPACE_EXPIRY_BYTES 40

/* What a key is set to. */
struct keyspace_value {
  bool exists;
  int64_t value;
  int64_t expires; /* ns; 0 = never */
};
struct keyspace_entry {
  uint64_t name, key;
  struct keyspace_value held;
  uint32_t next_free;
};
struct keyspace_expiry {
  int64_t at;
  uint32_t entry;
};
struct keyspace {
  struct map places; /* hash of name and key -> place of its entry + 1 */
  struct keyspace_entry *entries;
  struct keyspace_expiry *heap;
  size_t entry_count, entry_capacity, heap_count, heap_capacity;
  uint32_t free_entry; /* place + 1; 0 = none */
  uint64_t live;       /* stored keys */
  int64_t bytes;
};

void keyspace_clear(struct keyspace *keyspace);
void keyspace_free(struct keyspace *keyspace);
/* What is there at an instant (ns). */
struct keyspace_value keyspace_get(const struct keyspace *keyspace, uint64_t name, uint64_t key, int64_t now);
/* Makes a key what `value` says: also absent, and with an expiry that is over absent too. */
void keyspace_put(struct keyspace *keyspace, uint64_t name, uint64_t key, struct keyspace_value value,
                  int64_t now);
/* Removes what has run out. */
void keyspace_expire(struct keyspace *keyspace, int64_t now);
/* When the next key runs out, ns; INT64_MAX = none will. */
int64_t keyspace_next_expiry(struct keyspace *keyspace);

#endif
