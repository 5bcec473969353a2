#include "sim/kernel/luck.h"

#include "sim/base/assert.h"

__extension__ typedef unsigned __int128 wide;

void luck_init(struct luck *luck, enum luck_mode mode, uint64_t seed) {
  /* A seed of 0 must not leave the first round of a draw without a key. */
  *luck = (struct luck){.mode = mode, .plain = mode == LUCK_DRAWN, .seed_key = hash_mix(seed + 0x9e3779b97f4a7c15u)};
}

void luck_override(struct luck *luck, const struct luck_override *overrides, size_t count) {
  luck->overrides = overrides;
  luck->override_count = count;
  luck->plain = luck->mode == LUCK_DRAWN && count == 0;
}

uint64_t luck_threshold(int64_t parts, int64_t scale) {
  ASSERT_LE(0, parts);
  ASSERT_LT(0, scale);
  if (parts >= scale) return UINT64_MAX;
  return (uint64_t)(((wide)(uint64_t)parts << 64) / (uint64_t)scale);
}

bool luck_overridden(const struct luck *luck, uint64_t address, uint64_t *out_answer) {
  size_t low = 0, high = luck->override_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (luck->overrides[middle].address < address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == luck->override_count || luck->overrides[low].address != address) return false;
  *out_answer = luck->overrides[low].answer;
  return true;
}

bool luck_chance_slow(const struct luck *luck, uint64_t address, uint64_t threshold) {
  uint64_t answer;
  if (luck_overridden(luck, address, &answer)) return answer != 0;
  if (luck->mode == LUCK_NONE) return threshold == UINT64_MAX;
  return luck_draw(luck, address) < threshold || threshold == UINT64_MAX;
}

uint64_t luck_choice_slow(const struct luck *luck, uint64_t address, uint64_t bound) {
  uint64_t answer;
  if (!luck_overridden(luck, address, &answer))
    return luck->mode == LUCK_NONE ? 0 : luck_choice_drawn(luck, address, bound);
  ASSERT_MSG(answer < bound, "address %llx is overridden with %llu, but has %llu possibilities",
             (unsigned long long)address, (unsigned long long)answer, (unsigned long long)bound);
  return answer;
}
