#include "models/store/keyspace.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <stdlib.h>

void keyspace_clear(struct keyspace *keyspace) {
  map_clear(&keyspace->places);
  keyspace->entry_count = keyspace->heap_count = 0;
  keyspace->free_entry = 0;
  keyspace->live = 0;
  keyspace->bytes = 0;
}

void keyspace_free(struct keyspace *keyspace) {
  map_deinit(&keyspace->places);
  free(keyspace->entries);
  free(keyspace->heap);
}

/* --- The heap of instants --- */

static bool sooner(const struct keyspace_expiry *a, const struct keyspace_expiry *b) {
  return a->at != b->at ? a->at < b->at : a->entry < b->entry;
}

static void push(struct keyspace *keyspace, struct keyspace_expiry item) {
  GROW(keyspace->heap, keyspace->heap_capacity, keyspace->heap_count + 1);
  size_t at = keyspace->heap_count++;
  for (; at > 0 && sooner(&item, &keyspace->heap[(at - 1) / 2]); at = (at - 1) / 2)
    keyspace->heap[at] = keyspace->heap[(at - 1) / 2];
  keyspace->heap[at] = item;
}

static void pop(struct keyspace *keyspace) {
  struct keyspace_expiry *heap = keyspace->heap, last = heap[--keyspace->heap_count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < keyspace->heap_count) {
    if (child + 1 < keyspace->heap_count && sooner(&heap[child + 1], &heap[child])) child++;
    if (!sooner(&heap[child], &last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
}

/* Whether the earliest instant is that of a key as it is now. */
static bool current(const struct keyspace *keyspace) {
  const struct keyspace_value *held = &keyspace->entries[keyspace->heap[0].entry].held;
  return held->exists && held->expires == keyspace->heap[0].at;
}

int64_t keyspace_next_expiry(struct keyspace *keyspace) {
  while (keyspace->heap_count > 0 && !current(keyspace)) pop(keyspace);
  return keyspace->heap_count ? keyspace->heap[0].at : INT64_MAX;
}

/* --- Keys --- */

static uint64_t place_key(uint64_t name, uint64_t key) { return hash_pair(name, key) | 1; }

static struct keyspace_entry *find(const struct keyspace *keyspace, uint64_t name, uint64_t key) {
  const uint64_t *place = map_get(&keyspace->places, place_key(name, key));
  if (!place) return NULL;
  struct keyspace_entry *entry = &keyspace->entries[*place - 1];
  ASSERT_MSG(entry->name == name && entry->key == key, "two keys of a cache have one hash");
  return entry;
}

static struct keyspace_entry *make(struct keyspace *keyspace, uint64_t name, uint64_t key) {
  uint32_t place = keyspace->free_entry;
  if (place) {
    keyspace->free_entry = keyspace->entries[place - 1].next_free;
  } else {
    GROW(keyspace->entries, keyspace->entry_capacity, keyspace->entry_count + 1);
    place = (uint32_t)++keyspace->entry_count;
  }
  *map_put(&keyspace->places, place_key(name, key), NULL) = place;
  keyspace->entries[place - 1] = (struct keyspace_entry){.name = name, .key = key};
  keyspace->live++;
  return &keyspace->entries[place - 1];
}

static int64_t bytes_of(const struct keyspace_value *value) {
  if (!value->exists) return 0;
  return KEYSPACE_KEY_BYTES + (value->expires ? KEYSPACE_EXPIRY_BYTES : 0);
}

static void drop(struct keyspace *keyspace, struct keyspace_entry *entry) {
  keyspace->bytes -= bytes_of(&entry->held);
  map_remove(&keyspace->places, place_key(entry->name, entry->key));
  entry->held.exists = false;
  entry->next_free = keyspace->free_entry;
  keyspace->free_entry = (uint32_t)(entry - keyspace->entries) + 1;
  keyspace->live--;
}

static bool over(const struct keyspace_value *value, int64_t now) {
  return value->expires && value->expires <= now;
}

struct keyspace_value keyspace_get(const struct keyspace *keyspace, uint64_t name, uint64_t key,
                                   int64_t now) {
  const struct keyspace_entry *entry = find(keyspace, name, key);
  if (!entry || over(&entry->held, now)) return (struct keyspace_value){.exists = false};
  return entry->held;
}

void keyspace_put(struct keyspace *keyspace, uint64_t name, uint64_t key, struct keyspace_value value,
                  int64_t now) {
  struct keyspace_entry *entry = find(keyspace, name, key);
  if (!value.exists || over(&value, now)) {
    if (entry) drop(keyspace, entry);
    return;
  }
  if (!entry) entry = make(keyspace, name, key);
  keyspace->bytes += bytes_of(&value) - bytes_of(&entry->held);
  entry->held = value;
  if (value.expires)
    push(keyspace, (struct keyspace_expiry){value.expires, (uint32_t)(entry - keyspace->entries)});
}

void keyspace_expire(struct keyspace *keyspace, int64_t now) {
  while (keyspace_next_expiry(keyspace) <= now) {
    drop(keyspace, &keyspace->entries[keyspace->heap[0].entry]);
    pop(keyspace);
  }
}
