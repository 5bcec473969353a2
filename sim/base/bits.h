/* Sets of small numbers, as bits: who has something to do, found in rising order without asking the others.
 *
 * A set is an array of bits_words(count) words, all 0 when empty; the caller's own. Members may come and go
 * while the set is walked: bits_next looks at it as it is then. */
#ifndef SIM_BASE_BITS_H
#define SIM_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_NONE UINT32_MAX

/* Words that a set of numbers below `count` needs. */
static inline size_t bits_words(size_t count) { return (count + 63) / 64; }

static inline void bits_put(uint64_t *set, uint32_t n) { set[n / 64] |= UINT64_C(1) << (n % 64); }
static inline void bits_take(uint64_t *set, uint32_t n) { set[n / 64] &= ~(UINT64_C(1) << (n % 64)); }
static inline bool bits_has(const uint64_t *set, uint32_t n) { return (set[n / 64] >> (n % 64)) & 1; }

/* The least member from `from` on, or BITS_NONE when there is none below `count`. */
static inline uint32_t bits_next(const uint64_t *set, uint32_t from, uint32_t count) {
  if (from >= count) return BITS_NONE;
  uint32_t word = from / 64, words = (uint32_t)bits_words(count);
  uint64_t left = set[word] & (UINT64_MAX << (from % 64));
  while (left == 0) {
    if (++word == words) return BITS_NONE;
    left = set[word];
  }
  return word * 64 + (uint32_t)__builtin_ctzll(left);
}

#endif
