/* A Bloom filter, alone or in generations: which keys were seen, in a few bits each. It never denies what
 * it has seen, and takes some that it has not for seen.
 *
 *   one generation    |0110100100...|               for ever
 *   g generations     |....|....|....|              each takes marks for window / (g-1), then the oldest is
 *                      now   before  oldest         emptied and takes the next
 *
 * Of m bits and k hash functions, n marked keys make a fresh one look seen with probability
 *
 *   (1 - e^(-kn/m))^k
 *
 * and, looked for in several generations, with 1 - (1-e_1)(1-e_2)... (Bloom 1970; Broder and
 * Mitzenmacher 2004; the exact value is slightly higher, Bose et al. 2008). The best k is (m/n) ln 2, and
 * then m/n is k / ln 2: this is how bloom_size chooses, with the first k for which 2^-k is small enough, as
 * RedisBloom does (BF.RESERVE: at 1 % 7 hash functions and 10.08 bits).
 *
 * The k places of a key come from two hashes: a, then a + b, a + 2b + 1, … (Kirsch and Mitzenmacher 2006;
 * with the quadratic term of Dillinger and Manolios 2004, without which small filters are worse than the
 * formula). Each is a fraction of 2^64, and its place that fraction of m. All is integer.
 *
 * [B1] What was marked is seen, as long as its generation stands: of g > 1 at least `window`, at most
 *      window * g / (g-1).
 * [B2] Places depend on key and salt only.
 * [B3] Memory is in the arena and nowhere else; nothing is allocated later.
 */
#ifndef MODELS_STORE_BLOOM_H
#define MODELS_STORE_BLOOM_H

#include "sim/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOOM_GENERATIONS_MAX 16
#define BLOOM_HASHES_MAX 64

struct bloom_size {
  uint64_t bits; /* of one generation */
  uint32_t hashes;
};
struct bloom {
  uint64_t salt;
  struct bloom_size size;
  uint32_t generations;
  int64_t period_ns; /* of one generation; 0 = they do not change */
  int64_t turn;      /* periods since time 0 at the last look */
  uint64_t *words;   /* of each generation, one behind the other, in whole words */
};

/* For `items` keys in one generation and an error of `error_share` (SCHEMA_SHARE_SCALE, above 0): the
 * smallest k with 2^-k <= error, and items * k / ln 2 bits. */
struct bloom_size bloom_size(uint64_t items, int64_t error_share);

/* Bytes that bloom_init takes from an arena. */
size_t bloom_bytes(struct bloom_size size, uint32_t generations);

/* Empty. window_ns counts with 2 generations or more only. */
void bloom_init(struct bloom *bloom, struct arena *arena, struct bloom_size size, uint32_t generations,
                int64_t window_ns, uint64_t salt);

/* Time must not go back. */
bool bloom_seen(struct bloom *bloom, uint64_t key, int64_t now_ns);
void bloom_mark(struct bloom *bloom, uint64_t key, int64_t now_ns);

#endif
