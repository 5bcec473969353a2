#include "models/store/bloom.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/hash.h"
#include "sim/base/schema.h"

#include <string.h>

/* 1 / ln 2, in millionths. */
#define INVERSE_LN2_PPM 1442695

__extension__ typedef unsigned __int128 wide;

struct bloom_size bloom_size(uint64_t items, int64_t error_share) {
  uint32_t hashes = 1;
  while (hashes < BLOOM_HASHES_MAX && ((wide)error_share << hashes) < SCHEMA_SHARE_SCALE) hashes++;
  uint64_t bits = (uint64_t)((wide)items * hashes * INVERSE_LN2_PPM / 1000000) + 1;
  return (struct bloom_size){.bits = (bits + 7) & ~UINT64_C(7), .hashes = hashes};
}

static uint64_t words_of(struct bloom_size size) { return (size.bits + 63) / 64; }

size_t bloom_bytes(struct bloom_size size, uint32_t generations) {
  return (size_t)words_of(size) * 8 * generations;
}

void bloom_init(struct bloom *bloom, struct arena *arena, struct bloom_size size, uint32_t generations,
                int64_t window_ns, uint64_t salt) {
  ASSERT(size.bits > 0);
  ASSERT(size.hashes >= 1 && size.hashes <= BLOOM_HASHES_MAX);
  ASSERT(generations >= 1 && generations <= BLOOM_GENERATIONS_MAX);
  *bloom = (struct bloom){.salt = salt, .size = size, .generations = generations};
  if (generations > 1) {
    bloom->period_ns = (window_ns + generations - 2) / (generations - 1);
    ASSERT_MSG(bloom->period_ns > 0, "a window of %lld ns in %u generations", (long long)window_ns,
               generations);
  }
  bloom->words = ARENA_NEW(arena, uint64_t, words_of(size) * generations);
}

static uint64_t *generation(const struct bloom *bloom, int64_t turn) {
  return bloom->words + (uint64_t)(turn % bloom->generations) * words_of(bloom->size);
}

/* Empties the generations whose turn has come since the last look. */
static void rotate(struct bloom *bloom, int64_t now_ns) {
  if (bloom->period_ns == 0) return;
  int64_t turn = now_ns / bloom->period_ns;
  int64_t first = bloom->turn + 1;
  if (turn - first >= bloom->generations) first = turn - bloom->generations + 1;
  for (int64_t i = first; i <= turn && !MUTANT(BLOOM_NEVER_ROTATES); i++)
    memset(generation(bloom, i), 0, words_of(bloom->size) * 8);
  if (turn > bloom->turn) bloom->turn = turn;
}

/* The places of a key, one after the other. */
struct places {
  uint64_t a, b;
};
static struct places places_of(const struct bloom *bloom, uint64_t key) {
  uint64_t a = hash_pair(bloom->salt, key);
  return (struct places){a, hash_mix(a + 0x9e3779b97f4a7c15u) | 1};
}
static uint64_t next_place(struct places *places, uint64_t bits, uint32_t i) {
  uint64_t place = (uint64_t)(((wide)places->a * bits) >> 64);
  places->a += places->b;
  places->b += i;
  return place;
}

static bool has(const struct bloom *bloom, const uint64_t *words, uint64_t key) {
  struct places places = places_of(bloom, key);
  for (uint32_t i = 1; i <= bloom->size.hashes; i++) {
    uint64_t place = next_place(&places, bloom->size.bits, i);
    if (!(words[place / 64] >> (place % 64) & 1)) return false;
  }
  return true;
}

bool bloom_seen(struct bloom *bloom, uint64_t key, int64_t now_ns) {
  rotate(bloom, now_ns);
  for (uint32_t i = 0; i < bloom->generations; i++)
    if (has(bloom, generation(bloom, i), key)) return true;
  return false;
}

void bloom_mark(struct bloom *bloom, uint64_t key, int64_t now_ns) {
  rotate(bloom, now_ns);
  uint64_t *words = generation(bloom, bloom->turn);
  struct places places = places_of(bloom, key);
  for (uint32_t i = 1; i <= bloom->size.hashes; i++) {
    uint64_t place = next_place(&places, bloom->size.bits, i);
    words[place / 64] |= UINT64_C(1) << (place % 64);
  }
}
