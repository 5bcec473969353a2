#include "models/store/idempotency_keys.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <stdlib.h>

#define CAPACITY_FIRST 64

static uint64_t hash_of(uint64_t owner, uint64_t key) {
  uint64_t hash = hash_pair(owner, key);
  return hash ? hash : 1; /* a map has no key 0 */
}

struct idempotency_record *idempotency_at(const struct idempotency_keys *keys, uint64_t number) {
  ASSERT(number >= keys->first && number < keys->last);
  return &keys->ring[number & (keys->capacity - 1)];
}

void idempotency_clear(struct idempotency_keys *keys) {
  map_clear(&keys->by_key);
  keys->first = keys->last = 0;
}

void idempotency_deinit(struct idempotency_keys *keys) {
  map_deinit(&keys->by_key);
  free(keys->ring);
  *keys = (struct idempotency_keys){0};
}

uint64_t idempotency_find(const struct idempotency_keys *keys, uint64_t owner, uint64_t key) {
  const uint64_t *number = map_get(&keys->by_key, hash_of(owner, key));
  if (!number) return IDEMPOTENCY_NONE;
  const struct idempotency_record *record = idempotency_at(keys, *number - 1);
  ASSERT_MSG(record->owner == owner && record->key == key, "two idempotency keys have one hash");
  return *number - 1;
}

void idempotency_forget(struct idempotency_keys *keys, uint64_t number) {
  struct idempotency_record *record = idempotency_at(keys, number);
  ASSERT(record->state != IDEMPOTENCY_GONE);
  map_remove(&keys->by_key, hash_of(record->owner, record->key));
  record->state = IDEMPOTENCY_GONE;
}

void idempotency_prune(struct idempotency_keys *keys, int64_t before_ns) {
  for (; keys->first < keys->last; keys->first++) {
    const struct idempotency_record *record = idempotency_at(keys, keys->first);
    if (record->begun_at > before_ns || record->state == IDEMPOTENCY_UNDER_WAY) return;
    if (record->state == IDEMPOTENCY_SETTLED) idempotency_forget(keys, keys->first);
  }
}

/* Twice the room. Records keep their numbers, so that each moves by at most the old capacity. */
static void make_room(struct idempotency_keys *keys) {
  size_t old = keys->capacity;
  if (keys->last - keys->first < old) return;
  GROW(keys->ring, keys->capacity, old ? 2 * old : CAPACITY_FIRST);
  ASSERT((keys->capacity & (keys->capacity - 1)) == 0);
  for (uint64_t number = keys->first; number < keys->last; number++) {
    size_t from = number & (old - 1), to = number & (keys->capacity - 1);
    if (from != to) keys->ring[to] = keys->ring[from];
  }
}

uint64_t idempotency_begin(struct idempotency_keys *keys, uint64_t owner, uint64_t key,
                           uint64_t parameters, int64_t now_ns) {
  bool fresh;
  make_room(keys);
  uint64_t number = keys->last++;
  *map_put(&keys->by_key, hash_of(owner, key), &fresh) = number + 1;
  ASSERT(fresh);
  *idempotency_at(keys, number) =
      (struct idempotency_record){.owner = owner, .key = key, .parameters = parameters,
                                  .begun_at = now_ns, .state = IDEMPOTENCY_UNDER_WAY};
  return number;
}

void idempotency_settle(struct idempotency_keys *keys, uint64_t number, int status, int64_t result) {
  struct idempotency_record *record = idempotency_at(keys, number);
  ASSERT_EQ(record->state, IDEMPOTENCY_UNDER_WAY);
  record->status = status;
  record->result = result;
  record->state = IDEMPOTENCY_SETTLED;
}
