/* What the pool of messages promises. */
#include "sim/base/grow.h"
#include "sim/world/message.h"
#include "tests/run_suite.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#define MANY 1000

static struct message_pool pool;
static struct message *messages[MANY];

static void setup(void) { message_pool_init(&pool); }
static void teardown(void) { message_pool_deinit(&pool); }

static void check_zeroed(const struct message *message) {
  struct message zeroed;
  memset(&zeroed, 0, sizeof zeroed);
  ck_assert_int_eq(memcmp(message, &zeroed, offsetof(struct message, one)), 0);
}

/* Fills a message's records with what only it has. */
static void fill(struct message *message, uint32_t count) {
  struct record *records = message_records(&pool, message, count);
  ck_assert_ptr_eq(records, message->records);
  ck_assert_uint_eq(message->record_count, count);
  for (uint32_t i = 0; i < count; i++)
    records[i] = (struct record){.intent = (uint64_t)message->id << 32 | i, .handle = i};
}

static void check_filled(const struct message *message) {
  for (uint32_t i = 0; i < message->record_count; i++) {
    ck_assert_uint_eq(message->records[i].intent, (uint64_t)message->id << 32 | i);
    ck_assert_uint_eq(message->records[i].handle, i);
  }
}

START_TEST(a_new_message_is_zeroed_and_found_by_its_id) {
  for (size_t i = 0; i < MANY; i++) {
    messages[i] = message_new(&pool);
    check_zeroed(messages[i]);
    ck_assert_uint_eq(messages[i]->in_use, true);
    ck_assert_ptr_eq(message_at(&pool, messages[i]->id), messages[i]);
    for (size_t other = 0; other < i; other++) ck_assert_ptr_ne(messages[i], messages[other]);
  }
  ck_assert_uint_eq(pool.used, MANY);
}
END_TEST

START_TEST(a_used_place_is_zeroed_again) {
  for (int again = 0; again < 5; again++) {
    struct message *message = message_new(&pool);
    check_zeroed(message);
    uint32_t id = message->id;
    memset(message, 0xee, offsetof(struct message, record_count));
    message->kind = 7;
    message->taken = message->is_reply = message->dropped = true;
    fill(message, 5);
    message_free(&pool, message);
    ck_assert_uint_eq(message_at(&pool, id)->in_use, false);
  }
  ck_assert_uint_eq(pool.used, 0);
}
END_TEST

START_TEST(messages_stay_where_they_are_when_the_pool_grows) {
  struct message *first = message_new(&pool);
  fill(first, 3);
  for (size_t i = 0; i < MANY; i++) messages[i] = message_new(&pool);
  ck_assert_ptr_eq(message_at(&pool, first->id), first);
  check_filled(first);
}
END_TEST

START_TEST(records_come_in_classes_of_powers_of_four) {
  static const struct {
    uint32_t count, record_class;
  } examples[] = {{1, 0}, {2, 1}, {4, 1}, {5, 2}, {16, 2}, {17, 3}, {64, 3}, {65, 4}, {256, 4},
                  {257, 5}, {1023, 5}, {1024, 5}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    messages[i] = message_new(&pool);
    fill(messages[i], examples[i].count);
    ck_assert_uint_eq(messages[i]->record_class, examples[i].record_class);
  }
  ck_assert_ptr_eq(messages[0]->records, &messages[0]->one); /* one needs no block */
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) check_filled(messages[i]);
}
END_TEST

/* Messages of random sizes come and go; nobody's records are another's. */
START_TEST(no_two_messages_share_records) {
  uint64_t luck = 1;
  for (int step = 0; step < 20000; step++) {
    luck = luck * 6364136223846793005u + 1442695040888963407u;
    size_t place = (luck >> 33) % 64;
    if (messages[place]) {
      check_filled(messages[place]);
      message_free(&pool, messages[place]);
      messages[place] = NULL;
    } else {
      messages[place] = message_new(&pool);
      fill(messages[place], 1 + (uint32_t)(luck >> 45) % (place < 4 ? 1024 : 20));
    }
  }
}
END_TEST

START_TEST(a_steady_state_allocates_nothing) {
  for (int round = 0; round < 10; round++) {
    uint64_t grown = grow_count();
    for (size_t i = 0; i < MANY; i++) {
      messages[i] = message_new(&pool);
      fill(messages[i], 1 + (uint32_t)i % 40);
    }
    for (size_t i = 0; i < MANY; i++) message_free(&pool, messages[(i * 7) % MANY]);
    if (round > 0) ck_assert_uint_eq(grow_count(), grown);
  }
}
END_TEST

START_TEST(a_reset_frees_every_message_and_keeps_the_memory) {
  for (size_t i = 0; i < MANY; i++) fill(message_new(&pool), 1 + (uint32_t)i % 100);
  size_t pieces = pool.memory_count;
  message_pool_reset(&pool);
  ck_assert_uint_eq(pool.used, 0);
  for (size_t i = 0; i < MANY; i++) {
    messages[i] = message_new(&pool);
    check_zeroed(messages[i]);
    fill(messages[i], 1 + (uint32_t)i % 100);
  }
  ck_assert_uint_eq(pool.memory_count, pieces);
  for (size_t i = 0; i < MANY; i++) check_filled(messages[i]);
}
END_TEST

START_TEST(more_records_than_the_most_abort) {
  message_records(&pool, message_new(&pool), MESSAGE_RECORDS_MAX + 1);
}
END_TEST

START_TEST(records_are_given_once) {
  struct message *message = message_new(&pool);
  message_records(&pool, message, 3);
  message_records(&pool, message, 3);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("message");
  tcase_set_timeout(tests, 30); /* millions of checks; the default, 4 s, is short on a busy machine */
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, a_new_message_is_zeroed_and_found_by_its_id);
  tcase_add_test(tests, a_used_place_is_zeroed_again);
  tcase_add_test(tests, messages_stay_where_they_are_when_the_pool_grows);
  tcase_add_test(tests, records_come_in_classes_of_powers_of_four);
  tcase_add_test(tests, no_two_messages_share_records);
  tcase_add_test(tests, a_steady_state_allocates_nothing);
  tcase_add_test(tests, a_reset_frees_every_message_and_keeps_the_memory);
  tcase_add_test_raise_signal(tests, more_records_than_the_most_abort, SIGABRT);
  tcase_add_test_raise_signal(tests, records_are_given_once, SIGABRT);
  Suite *suite = suite_create("world/message");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
