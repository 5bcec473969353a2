#include "models/store/local.h"

#include "models/store/bloom.h"
#include "models/store/lru.h"
#include "sim/kernel/time.h"

/* --- Bloom filters --- */

static struct bloom_size size_of(const struct settings *settings) {
  const union value *values = settings->values;
  struct bloom_size size =
      bloom_size((uint64_t)values[KEY_BLOOM_ITEMS].i, values[KEY_BLOOM_ERROR_RATE].i);
  if (values[KEY_BLOOM_SIZE].i > 0) size.bits = (uint64_t)values[KEY_BLOOM_SIZE].i * 8;
  if (values[KEY_BLOOM_HASHES].i > 0) size.hashes = (uint32_t)values[KEY_BLOOM_HASHES].i;
  return size;
}

static uint32_t generations_of(const struct settings *settings) {
  return (uint32_t)settings->values[KEY_BLOOM_GENERATIONS].i;
}

static size_t bloom_room(const struct settings *settings, uint32_t generations) {
  return sizeof(struct bloom) + bloom_bytes(size_of(settings), generations) + 64;
}
static size_t single_room(const struct settings *settings) { return bloom_room(settings, 1); }
static size_t rotating_room(const struct settings *settings) {
  return bloom_room(settings, generations_of(settings));
}

static void *make_single(struct arena *arena, const struct settings *settings, uint64_t salt) {
  struct bloom *bloom = ARENA_NEW(arena, struct bloom, 1);
  bloom_init(bloom, arena, size_of(settings), 1, 0, salt);
  return bloom;
}
static void *make_rotating(struct arena *arena, const struct settings *settings, uint64_t salt) {
  struct bloom *bloom = ARENA_NEW(arena, struct bloom, 1);
  bloom_init(bloom, arena, size_of(settings), generations_of(settings),
             settings->values[KEY_BLOOM_WINDOW].i, salt);
  return bloom;
}

static bool bloom_memory_seen(void *memory, uint64_t key, int64_t now_ns) {
  return bloom_seen(memory, key, now_ns);
}
static void bloom_memory_mark(void *memory, uint64_t key, int64_t now_ns) {
  bloom_mark(memory, key, now_ns);
}
static int64_t bloom_held(const void *memory) {
  const struct bloom *bloom = memory;
  return (int64_t)bloom_bytes(bloom->size, bloom->generations);
}

const struct local_kind local_bloom = {single_room, make_single, bloom_memory_seen, bloom_memory_mark,
                                       bloom_held};
const struct local_kind local_bloom_rotating = {rotating_room, make_rotating, bloom_memory_seen,
                                                bloom_memory_mark, bloom_held};

/* Together no more than 256 MiB a consumer. */
#define ITEMS_MAX 1000000
#define SIZE_MAX_BYTES (INT64_C(16) << 20)

const struct key bloom_keys[KEY_BLOOM__COUNT] = {
    [KEY_BLOOM_ITEMS] = {"items", VALUE_COUNT, "100000", NULL, 1, ITEMS_MAX,
                         "how many keys the filter, or each generation of it, is made for",
                         "ours; RedisBloom begins with bf-initial-size 100 and adds filters, Guava asks for it"},
    [KEY_BLOOM_ERROR_RATE] = {"error_rate", VALUE_SHARE, "1%", NULL, 1, SCHEMA_SHARE_SCALE / 2,
                              "share of fresh keys taken for seen ones, with that many keys in it; "
                              "rounded down to 1/2, 1/4, 1/8, …",
                              "RedisBloom, bf-error-rate: 0.01"},
    [KEY_BLOOM_SIZE] = {"size", VALUE_SIZE, "0B", NULL, 0, SIZE_MAX_BYTES,
                        "bytes of the filter, or of each generation; 0B = what items and error_rate need",
                        NULL},
    [KEY_BLOOM_HASHES] = {"hashes", VALUE_COUNT, "0", NULL, 0, BLOOM_HASHES_MAX,
                          "hash functions; 0 = what error_rate needs", NULL},
    [KEY_BLOOM_WINDOW] = {"window", VALUE_TIME, "1h", NULL, NS_PER_MS, 366 * NS_PER_D,
                          "how long a key is remembered at least", "ours"},
    [KEY_BLOOM_GENERATIONS] = {"generations", VALUE_COUNT, "2", NULL, 2, BLOOM_GENERATIONS_MAX,
                               "filters that take turns of window / (generations - 1) each",
                               "ours: a pair is the least that forgets"},
};

/* --- The least recently used keys --- */

static size_t lru_room(const struct settings *settings) {
  return sizeof(struct lru) + lru_bytes((uint32_t)settings->values[KEY_LRU_ENTRIES].i) + 64;
}
static void *make_lru(struct arena *arena, const struct settings *settings, uint64_t salt) {
  (void)salt;
  struct lru *lru = ARENA_NEW(arena, struct lru, 1);
  lru_init(lru, arena, (uint32_t)settings->values[KEY_LRU_ENTRIES].i);
  return lru;
}
static bool lru_memory_seen(void *memory, uint64_t key, int64_t now_ns) {
  (void)now_ns;
  return lru_seen(memory, key);
}
static void lru_memory_mark(void *memory, uint64_t key, int64_t now_ns) {
  (void)now_ns;
  lru_mark(memory, key);
}
static int64_t lru_held(const void *memory) {
  return (int64_t)((const struct lru *)memory)->count * LRU_ENTRY_BYTES;
}

const struct local_kind local_lru = {lru_room, make_lru, lru_memory_seen, lru_memory_mark, lru_held};

const struct key lru_keys[KEY_LRU__COUNT] = {
    [KEY_LRU_ENTRIES] = {"entries", VALUE_COUNT, "10000", NULL, 1, LRU_ENTRIES_MAX,
                         "keys that it remembers: the least recently used one goes first", "ours"},
};
