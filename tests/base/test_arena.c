#include "sim/base/arena.h"
#include "tests/run_suite.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CAPACITY 4096

static bool all_bytes(const void *memory, size_t size, unsigned char byte) {
  const unsigned char *bytes = memory;
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != byte) return false;
  return true;
}

START_TEST(I1_memory_is_zeroed_and_aligned_whatever_fill_and_base) {
  static const unsigned char fills[] = {0, 0xa5, 0xff};
  static const size_t offsets[] = {0, 1, 64, 4000};
  for (size_t f = 0; f < 3; f++)
    for (size_t o = 0; o < 4; o++) {
      struct arena arena;
      arena_init(&arena, CAPACITY, offsets[o], fills[f]);
      for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 70; size += 7) {
          unsigned char *memory = arena_alloc(&arena, size);
          ck_assert_uint_eq((uintptr_t)memory % 16, 0);
          ck_assert(all_bytes(memory, size, 0));
          memset(memory, 0x77, size);
        }
        arena_reset(&arena);
      }
      arena_deinit(&arena);
    }
}
END_TEST

START_TEST(I2_reset_gives_everything_back_and_restores_the_fill) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0xa5);
  void *first = arena_alloc(&arena, 100);
  memset(first, 1, 100);
  arena_alloc(&arena, CAPACITY - 112);
  ck_assert_uint_eq(arena.used, CAPACITY);
  arena_reset(&arena);
  ck_assert_uint_eq(arena.used, 0);
  ck_assert(all_bytes(arena.base, CAPACITY, 0xa5));
  void *last = arena_far(&arena, 100);
  memset(last, 1, 100);
  ck_assert_ptr_eq((char *)last + 128, arena.base + CAPACITY);
  ck_assert_ptr_eq(arena_alloc(&arena, 100), first);
  arena_reset(&arena);
  ck_assert(all_bytes(arena.base, CAPACITY, 0xa5));
  ck_assert_ptr_eq(arena_far(&arena, 100), last);
  arena_deinit(&arena);
}
END_TEST

START_TEST(I3_what_was_written_before_a_reset_is_zeroed_however_memory_is_cut_then) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0);
  memset(arena_alloc_raw(&arena, 1000), 0x77, 1000);
  arena_reset(&arena);
  memset(arena_alloc(&arena, 16), 0x77, 16); /* less than before: the rest of it is still as it was written */
  arena_reset(&arena);
  for (size_t size = 100; size < 1000; size += 300) ck_assert(all_bytes(arena_alloc(&arena, size), size, 0));
  ck_assert_uint_gt(arena.used, 1000);
  arena_deinit(&arena);
}
END_TEST

START_TEST(I3_one_end_is_zeroed_where_the_other_was_before) {
  for (size_t front = 0; front <= 3000; front += 500)
    for (size_t size = 500; size <= 4000; size += 700) {
      struct arena arena;
      arena_init(&arena, CAPACITY, 0, 0);
      memset(arena_alloc_raw(&arena, front), 0x77, front);
      memset(arena_far_raw(&arena, 3000 - front), 0x77, 3000 - front);
      arena_reset(&arena);
      ck_assert(all_bytes(arena_alloc(&arena, size), size, 0));
      arena_reset(&arena);
      ck_assert(all_bytes(arena_far(&arena, size), size, 0));
      arena_deinit(&arena);
    }
}
END_TEST

START_TEST(I3_memory_that_is_zero_is_not_written) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0);
  arena.base[500] = 0x77; /* by nobody who should: it would be gone if this were zeroed again */
  const char *memory = arena_alloc(&arena, 1000);
  ck_assert_int_eq(memory[500], 0x77);
  arena_reset(&arena);
  ck_assert(all_bytes(arena_alloc(&arena, 1000), 1000, 0));
  arena.base[CAPACITY - 500] = 0x77;
  arena_far(&arena, 1000);
  ck_assert_int_eq(arena.base[CAPACITY - 500], 0x77);
  arena_reset(&arena);
  ck_assert(all_bytes(arena_far(&arena, 1000), 1000, 0));
  arena_deinit(&arena);
}
END_TEST

START_TEST(I4_running_out_aborts) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0);
  arena_alloc(&arena, CAPACITY - 16);
  arena_alloc(&arena, 17);
}
END_TEST

START_TEST(I4_running_into_what_the_other_end_has_given_aborts) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0);
  arena_alloc(&arena, CAPACITY / 2);
  ck_assert_ptr_eq(arena_far(&arena, CAPACITY / 2), arena.base + CAPACITY / 2);
  arena_far(&arena, 1);
}
END_TEST

START_TEST(what_is_small_is_near_by_and_what_is_large_at_the_far_end) {
  struct arena arena;
  arena_init(&arena, 4 * CAPACITY, 0, 0);
  ck_assert_ptr_eq(ARENA_BY_SIZE(&arena, char, ARENA_SMALL), arena.base);
  ck_assert_ptr_eq(ARENA_BY_SIZE(&arena, char, 4 * CAPACITY - ARENA_SMALL), arena.base + ARENA_SMALL);
  ck_assert_uint_eq(arena.used, ARENA_SMALL);
  arena_deinit(&arena);
}
END_TEST

START_TEST(a_list_that_is_widened_keeps_what_was_in_it) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 0, 0xa5);
  uint32_t *list = ARENA_NEW(&arena, uint32_t, 3);
  for (uint32_t i = 0; i < 3; i++) list[i] = i + 7;
  const size_t used = arena.used;
  list = arena_widen(&arena, list, 3, 512, sizeof *list);
  for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(list[i], i + 7);
  ck_assert_uint_eq(arena.used, used);
  ck_assert_ptr_eq((char *)(list + 512), arena.base + CAPACITY);
  arena_deinit(&arena);
}
END_TEST

START_TEST(a_base_without_an_offset_begins_a_page) {
  for (size_t capacity = 1; capacity < 3 * ARENA_PAGE; capacity += 1000) {
    struct arena arena;
    arena_init(&arena, capacity, 0, 0);
    ck_assert_uint_eq((uintptr_t)arena.base % ARENA_PAGE, 0);
    memset(arena_alloc_raw(&arena, capacity & ~(size_t)15), 1, capacity & ~(size_t)15);
    arena_deinit(&arena);
  }
}
END_TEST

START_TEST(allocations_do_not_overlap) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 32, 0xff);
  unsigned char *blocks[40];
  for (int i = 0; i < 40; i++) {
    blocks[i] = arena_alloc(&arena, (size_t)i + 1);
    memset(blocks[i], i, (size_t)i + 1);
  }
  for (int i = 0; i < 40; i++) ck_assert(all_bytes(blocks[i], (size_t)i + 1, (unsigned char)i));
  uint32_t *numbers = ARENA_NEW(&arena, uint32_t, 5);
  ck_assert(all_bytes(numbers, 20, 0));
  arena_deinit(&arena);
}
END_TEST

START_TEST(I1_a_cache_line_begins_where_it_is_asked_for) {
  struct arena arena;
  arena_init(&arena, CAPACITY, 32, 0xa5);
  for (size_t size = 1; size < 70; size += 7) {
    arena_line(&arena);
    ck_assert_uint_eq((uintptr_t)arena_alloc_raw(&arena, size) % CACHE_LINE, 0);
    ck_assert_uint_eq((uintptr_t)arena_far_raw(&arena, size) % CACHE_LINE, 0);
  }
  arena_deinit(&arena);
}
END_TEST

START_TEST(another_base_gives_other_offsets_in_the_block) {
  struct arena a, b;
  arena_init(&a, CAPACITY, 0, 0);
  arena_init(&b, CAPACITY, 48, 0);
  ck_assert_uint_eq((uintptr_t)b.base % ARENA_PAGE, CACHE_LINE);
  ck_assert_int_ge(b.base - b.block, CACHE_LINE);
  arena_deinit(&a);
  arena_deinit(&b);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("arena");
  tcase_add_test(tests, I1_memory_is_zeroed_and_aligned_whatever_fill_and_base);
  tcase_add_test(tests, I2_reset_gives_everything_back_and_restores_the_fill);
  tcase_add_test(tests, I3_what_was_written_before_a_reset_is_zeroed_however_memory_is_cut_then);
  tcase_add_test(tests, I3_one_end_is_zeroed_where_the_other_was_before);
  tcase_add_test(tests, I3_memory_that_is_zero_is_not_written);
  tcase_add_test_raise_signal(tests, I4_running_out_aborts, SIGABRT);
  tcase_add_test_raise_signal(tests, I4_running_into_what_the_other_end_has_given_aborts, SIGABRT);
  tcase_add_test(tests, what_is_small_is_near_by_and_what_is_large_at_the_far_end);
  tcase_add_test(tests, a_list_that_is_widened_keeps_what_was_in_it);
  tcase_add_test(tests, a_base_without_an_offset_begins_a_page);
  tcase_add_test(tests, allocations_do_not_overlap);
  tcase_add_test(tests, I1_a_cache_line_begins_where_it_is_asked_for);
  tcase_add_test(tests, another_base_gives_other_offsets_in_the_block);
  Suite *suite = suite_create("base/arena");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
