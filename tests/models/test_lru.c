#include "models/store/lru.h"
#include "sim/base/hash.h"
#include "tests/run_suite.h"

#include <string.h>

/* The same, as a list in order of use. */
struct naive {
  uint64_t keys[64];
  size_t count, capacity;
};
static bool naive_seen(struct naive *naive, uint64_t key) {
  for (size_t i = 0; i < naive->count; i++) {
    if (naive->keys[i] != key) continue;
    memmove(naive->keys + 1, naive->keys, i * sizeof key);
    naive->keys[0] = key;
    return true;
  }
  return false;
}
static void naive_mark(struct naive *naive, uint64_t key) {
  if (naive_seen(naive, key)) return;
  if (naive->count < naive->capacity) naive->count++;
  memmove(naive->keys + 1, naive->keys, (naive->count - 1) * sizeof key);
  naive->keys[0] = key;
}

START_TEST(L1_agrees_with_a_list_under_many_operations) {
  static const uint32_t capacities[] = {1, 2, 3, 7, 8, 33, 64};
  for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
    struct arena arena;
    struct lru lru;
    struct naive naive = {.capacity = capacities[c]};
    arena_init(&arena, lru_bytes(capacities[c]), 0, 0x5a); /* [L2] */
    lru_init(&lru, &arena, capacities[c]);
    for (uint64_t step = 0; step < 20000; step++) {
      uint64_t draw = hash_pair(c, step), key = draw % (capacities[c] + capacities[c] / 2 + 2);
      if (draw >> 63) {
        ck_assert_int_eq(lru_seen(&lru, key), naive_seen(&naive, key));
      } else {
        lru_mark(&lru, key);
        naive_mark(&naive, key);
      }
      ck_assert_uint_eq(lru.count, naive.count);
    }
    arena_deinit(&arena);
  }
}
END_TEST

START_TEST(an_entry_is_no_larger_than_it_is_accounted) { /* [L3] */
  for (uint32_t capacity = 1; capacity < 5000; capacity += 17)
    ck_assert_uint_le(lru_bytes(capacity), (size_t)(capacity + 4) * LRU_ENTRY_BYTES);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("lru");
  tcase_add_test(tests, L1_agrees_with_a_list_under_many_operations);
  tcase_add_test(tests, an_entry_is_no_larger_than_it_is_accounted);
  Suite *suite = suite_create("lru");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
