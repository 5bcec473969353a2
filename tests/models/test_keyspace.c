/* A keyspace against its naive twin: a list of keys that is searched from end to end. */
#include "models/store/keyspace.h"
#include "sim/base/hash.h"
#include "tests/run_suite.h"

#define KEYS 40

static struct keyspace_value twin[2][KEYS];

static struct keyspace_value twin_get(uint64_t name, uint64_t key, int64_t now) {
  struct keyspace_value value = twin[name][key];
  if (value.expires && value.expires <= now) value.exists = false;
  return value;
}

static void compare(const struct keyspace *keyspace, int64_t now) {
  for (uint64_t name = 0; name < 2; name++)
    for (uint64_t key = 0; key < KEYS; key++) {
      struct keyspace_value found = keyspace_get(keyspace, name, key, now);
      struct keyspace_value expected = twin_get(name, key, now);
      ck_assert_int_eq(found.exists, expected.exists);
      if (found.exists) ck_assert_int_eq(found.value, expected.value);
      if (found.exists) ck_assert_int_eq(found.expires, expected.expires);
    }
}

/* What is stored after keyspace_expire: exactly what is there. */
static void check_memory(const struct keyspace *keyspace, int64_t now) {
  int64_t bytes = 0, next = INT64_MAX;
  uint64_t live = 0;
  for (uint64_t name = 0; name < 2; name++)
    for (uint64_t key = 0; key < KEYS; key++) {
      struct keyspace_value value = twin_get(name, key, now);
      if (!value.exists) continue;
      live++;
      bytes += KEYSPACE_KEY_BYTES + (value.expires ? KEYSPACE_EXPIRY_BYTES : 0);
      if (value.expires && value.expires < next) next = value.expires;
    }
  ck_assert_uint_eq(keyspace->live, live);
  ck_assert_int_eq(keyspace->bytes, bytes);
  struct keyspace copy = *keyspace;
  ck_assert_int_eq(keyspace_next_expiry(&copy), next);
}

START_TEST(it_is_what_its_twin_is) {
  struct keyspace keyspace = {0};
  int64_t now = 0;
  for (uint64_t round = 0; round < 20000; round++) {
    uint64_t draw = hash_pair((uint64_t)_i, round);
    uint64_t name = draw & 1, key = (draw >> 1) % KEYS;
    now += (int64_t)(draw >> 8 & 7);
    struct keyspace_value value = {.exists = (draw >> 12 & 7) != 0, .value = (int64_t)round};
    if (draw >> 16 & 3) value.expires = now + (int64_t)(draw >> 20 & 127);
    keyspace_put(&keyspace, name, key, value, now);
    twin[name][key] = value;
    if (round % 50 == 0) compare(&keyspace, now);
    if (round % 70 == 0) keyspace_expire(&keyspace, now), check_memory(&keyspace, now);
    if (round % 9000 == 8999) {
      keyspace_clear(&keyspace);
      for (size_t i = 0; i < KEYS; i++) twin[0][i] = twin[1][i] = (struct keyspace_value){.exists = false};
    }
  }
  keyspace_free(&keyspace);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("keyspace");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, it_is_what_its_twin_is, 1, 4);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
