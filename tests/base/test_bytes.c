#include "sim/base/bytes.h"
#include "tests/run_suite.h"

#include <string.h>

static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX};
static const size_t lengths[] = {1, 1, 1, 2, 2, 3, 5, 9, 10, 10};
#define NUMBERS (sizeof numbers / sizeof *numbers)

START_TEST(reads_what_was_written) {
  struct bytes bytes = {0};
  for (size_t i = 0; i < NUMBERS; i++) {
    const size_t before = bytes.count;
    bytes_unsigned(&bytes, numbers[i]);
    ck_assert_uint_eq(bytes.count - before, lengths[i]);
    bytes_signed(&bytes, (int64_t)numbers[i]);
    bytes_signed(&bytes, -(int64_t)(numbers[i] / 2));
  }
  struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
  for (size_t i = 0; i < NUMBERS; i++) {
    ck_assert(!bytes_read_all(&reader));
    ck_assert_uint_eq(bytes_read_unsigned(&reader), numbers[i]);
    ck_assert_int_eq(bytes_read_signed(&reader), (int64_t)numbers[i]);
    ck_assert_int_eq(bytes_read_signed(&reader), -(int64_t)(numbers[i] / 2));
  }
  ck_assert(bytes_read_all(&reader));
  bytes_free(&bytes);
}
END_TEST

START_TEST(bytes_as_they_are) {
  struct bytes bytes = {0};
  bytes_add(&bytes, NULL, 0);
  bytes_add(&bytes, (const unsigned char *)"\xff\x00q", 3);
  struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
  ck_assert_mem_eq(bytes_read(&reader, 2), "\xff\x00", 2);
  ck_assert(!reader.bad);
  ck_assert_ptr_null(bytes_read(&reader, 2));
  ck_assert(reader.bad);
  ck_assert_ptr_null(bytes_read(&reader, 1)); /* stays so */
  bytes_free(&bytes);
}
END_TEST

START_TEST(small_ones_of_either_sign_are_short) {
  struct bytes bytes = {0};
  bytes_signed(&bytes, -64);
  bytes_signed(&bytes, 63);
  ck_assert_uint_eq(bytes.count, 2);
  bytes_signed(&bytes, INT64_MIN);
  struct bytes_reader reader = {.at = bytes.items + 2, .end = bytes.items + bytes.count};
  ck_assert_int_eq(bytes_read_signed(&reader), INT64_MIN);
  bytes_free(&bytes);
}
END_TEST

/* Every way in which a number can be cut off, or be none. */
START_TEST(what_is_cut_off_is_bad) {
  struct bytes bytes = {0};
  bytes_unsigned(&bytes, UINT64_MAX);
  for (size_t length = 0; length < bytes.count; length++) {
    struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + length};
    ck_assert_uint_eq(bytes_read_unsigned(&reader), 0);
    ck_assert(reader.bad && !bytes_read_all(&reader));
    ck_assert_uint_eq(bytes_read_unsigned(&reader), 0);
  }
  unsigned char endless[12];
  memset(endless, 0x80, sizeof endless);
  struct bytes_reader reader = {.at = endless, .end = endless + sizeof endless};
  bytes_read_unsigned(&reader);
  ck_assert(reader.bad);
  unsigned char large[10];
  memset(large, 0xff, sizeof large);
  large[9] = 2; /* bit 64 */
  reader = (struct bytes_reader){.at = large, .end = large + sizeof large};
  bytes_read_unsigned(&reader);
  ck_assert(reader.bad);
  bytes_free(&bytes);
}
END_TEST

START_TEST(a_limit_is_kept) {
  struct bytes bytes = {0};
  bytes_unsigned(&bytes, 7);
  struct bytes_reader reader = {.at = bytes.items, .end = bytes.items + bytes.count};
  ck_assert_uint_eq(bytes_read_up_to(&reader, 7), 7);
  ck_assert(bytes_read_all(&reader));
  reader = (struct bytes_reader){.at = bytes.items, .end = bytes.items + bytes.count};
  ck_assert_uint_eq(bytes_read_up_to(&reader, 6), 0);
  ck_assert(reader.bad);
  bytes_free(&bytes);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bytes");
  TCase *tcase = tcase_create("bytes");
  tcase_add_test(tcase, reads_what_was_written);
  tcase_add_test(tcase, bytes_as_they_are);
  tcase_add_test(tcase, small_ones_of_either_sign_are_short);
  tcase_add_test(tcase, what_is_cut_off_is_bad);
  tcase_add_test(tcase, a_limit_is_kept);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
