#include "sim/kernel/luck.h"

#include "sim/base/assert.h"

__extension__ typedef unsigned __int128 wide;

void luck_init(struct luck *luck, enum luck_mode mode, uint64_t seed) {
  /* A seed of 0 must not leave the first round of a draw without a key. */
  *luck = (struct luck){.mode = mode, .seed_key = hash_mix(seed + 0x9e3779b97f4a7c15u)};
}

uint64_t luck_threshold(int64_t parts, int64_t scale) {
  ASSERT_LE(0, parts);
  ASSERT_LT(0, scale);
  if (parts >= scale) return UINT64_MAX;
  return (uint64_t)(((wide)(uint64_t)parts << 64) / (uint64_t)scale);
}
