#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/base/map.h"
#include "tests/run_suite.h"

#include <signal.h>

#define TWIN_MAX 512

/* The naive twin: a list that is searched from the start. */
struct twin {
  struct map_entry entries[TWIN_MAX];
  size_t count;
};

static uint64_t *twin_get(struct twin *twin, uint64_t key) {
  for (size_t i = 0; i < twin->count; i++)
    if (twin->entries[i].key == key) return &twin->entries[i].value;
  return NULL;
}

static bool twin_remove(struct twin *twin, uint64_t key) {
  for (size_t i = 0; i < twin->count; i++)
    if (twin->entries[i].key == key) {
      twin->entries[i] = twin->entries[--twin->count];
      return true;
    }
  return false;
}

static void step(struct map *map, struct twin *twin, uint64_t number, uint64_t keys) {
  uint64_t draw = hash_mix(number), key = draw % keys + 1;
  uint64_t *expected = twin_get(twin, key);
  if (draw >> 60 < 7) {
    bool is_new;
    uint64_t *value = map_put(map, key, &is_new);
    ck_assert_int_eq(is_new, expected == NULL);
    if (!expected) {
      ck_assert_uint_eq(*value, 0);
      twin->entries[twin->count++] = (struct map_entry){.key = key};
      expected = &twin->entries[twin->count - 1].value;
    }
    ck_assert_uint_eq(*value, *expected);
    *value = *expected = number + 1;
  } else if (draw >> 60 < 12) {
    ck_assert_int_eq(map_remove(map, key), twin_remove(twin, key));
  } else {
    uint64_t *value = map_get(map, key);
    ck_assert_int_eq(value == NULL, expected == NULL);
    if (value) ck_assert_uint_eq(*value, *expected);
  }
  ck_assert_uint_eq(map->count, twin->count);
  uint64_t keys_now[TWIN_MAX + 1] = {0};
  if (number % 64 == 0) map_keys(map, keys_now);
  for (size_t i = 1; number % 64 == 0 && i < map->count; i++) ck_assert_uint_lt(keys_now[i - 1], keys_now[i]);
  ck_assert_uint_le(map->count * 2, map->capacity); /* [I1] */
  ck_assert_uint_eq(map->capacity & (map->capacity - 1), 0);
}

START_TEST(I1_agrees_with_a_list_under_many_operations) {
  static const uint64_t key_ranges[] = {3, 17, 100, TWIN_MAX};
  for (size_t r = 0; r < 4; r++) {
    struct map map = {0};
    struct twin twin = {.count = 0};
    for (uint64_t i = 0; i < 50000; i++) step(&map, &twin, i * 4 + r, key_ranges[r]);
    for (uint64_t key = 1; key <= key_ranges[r]; key++)
      ck_assert_int_eq(map_get(&map, key) == NULL, twin_get(&twin, key) == NULL);
    map_deinit(&map);
  }
}
END_TEST

START_TEST(an_empty_map_answers) {
  struct map map = {0};
  ck_assert_ptr_null(map_get(&map, 1));
  ck_assert(!map_remove(&map, 1));
  map_clear(&map);
  map_deinit(&map);
}
END_TEST

START_TEST(extreme_keys_are_keys) {
  struct map map = {0};
  *map_put(&map, UINT64_MAX, NULL) = 7;
  *map_put(&map, 1, NULL) = 8;
  ck_assert_uint_eq(*map_get(&map, UINT64_MAX), 7);
  ck_assert_uint_eq(*map_get(&map, 1), 8);
  map_deinit(&map);
}
END_TEST

START_TEST(I2_clear_keeps_the_memory) {
  struct map map = {0};
  for (uint64_t key = 1; key <= 1000; key++) *map_put(&map, key, NULL) = key;
  size_t capacity = map.capacity;
  uint64_t grown = grow_count();
  map_clear(&map);
  ck_assert_uint_eq(map.count, 0);
  for (uint64_t key = 1; key <= 1000; key++) {
    ck_assert_ptr_null(map_get(&map, key));
    ck_assert_uint_eq(*map_put(&map, key, NULL), 0);
  }
  ck_assert_uint_eq(map.capacity, capacity);
  ck_assert_uint_eq(grow_count(), grown);
  map_deinit(&map);
}
END_TEST

START_TEST(putting_key_zero_aborts) {
  struct map map = {0};
  map_put(&map, 0, NULL);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("map");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, I1_agrees_with_a_list_under_many_operations);
  tcase_add_test(tests, an_empty_map_answers);
  tcase_add_test(tests, extreme_keys_are_keys);
  tcase_add_test(tests, I2_clear_keeps_the_memory);
  tcase_add_test_raise_signal(tests, putting_key_zero_aborts, SIGABRT);
  Suite *suite = suite_create("base/map");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
