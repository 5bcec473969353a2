/* Luck: every chance is the answer to a question with an address, never a step of a stream.
 *
 * An address is a 64-bit hash of names and numbers (what, where, which operation, which attempt). The
 * answer is a counter-based hash of (seed, address), so removing a message or adding a node moves
 * nobody else's luck, and the same uniform is compared with every probability: what is lost at 1 % is
 * among what is lost at 5 %.
 *
 *   LUCK_DRAWN      answers by hash
 *   LUCK_NONE       every chance answers "nothing bad", every distribution its median
 *
 * `check` and what is shrunk take LUCK_NONE, and name what does happen as faults.
 */
#ifndef SIM_KERNEL_LUCK_H
#define SIM_KERNEL_LUCK_H

#include "sim/base/assert.h"
#include "sim/base/hash.h"
#include "sim/base/likely.h"
#include "sim/kernel/quantile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum luck_mode { LUCK_DRAWN, LUCK_NONE };

struct luck {
  enum luck_mode mode;
  uint64_t seed_key; /* hash of the seed */
};

void luck_init(struct luck *luck, enum luck_mode mode, uint64_t seed);

/* Uniform 64-bit number of an address. */
static inline uint64_t luck_draw(const struct luck *luck, uint64_t address) {
  return hash_mix(luck->seed_key ^ (address * 0x9e3779b97f4a7c15u));
}

/* Threshold for luck_chance: parts of `scale` (0 = never, scale or more = always = UINT64_MAX). */
uint64_t luck_threshold(int64_t parts, int64_t scale);

/* Whether something of probability threshold / 2^64 happens. */
static inline bool luck_chance(const struct luck *luck, uint64_t address, uint64_t threshold) {
  if (threshold - 1 >= UINT64_MAX - 1) return threshold != 0; /* never or always: nothing to draw */
  return LIKELY(luck->mode == LUCK_DRAWN) && UNLIKELY(luck_draw(luck, address) < threshold);
}

/* One of `bound` possibilities, 0 to bound - 1; 0 is "nothing bad". Multiply-shift, no modulo bias
 * worth speaking of. bound >= 1. */
static inline uint64_t luck_choice(const struct luck *luck, uint64_t address, uint64_t bound) {
  __extension__ typedef unsigned __int128 wide;
  ASSERT(bound >= 1);
  if (UNLIKELY(luck->mode == LUCK_NONE)) return 0;
  return (uint64_t)((wide)luck_draw(luck, address) * bound >> 64);
}

/* A time from a distribution. */
static inline int64_t luck_time(const struct luck *luck, uint64_t address,
                                const struct quantile_table *table) {
  if (UNLIKELY(table->constant || luck->mode == LUCK_NONE)) return table->median;
  return quantile_at(table, luck_draw(luck, address));
}

#endif
