/* A replication slot's part of the log: what is kept, confirmed, taken back and lost. */
#include "tests/models/tiny.h"

#include "models/registry.h"
#include "models/store/change_log.h"
#include "tests/run_suite.h"

static struct tiny *tiny;
static struct change_log log_;

static void set_up(void) {
  tiny = tiny_new(registry_systems[0], registry_handlers[0], registry_stores[0]);
  tiny_run(tiny); /* a world that holds can be counted in */
  change_log_reset(&log_, true);
}
static void tear_down(void) {
  change_log_free(&log_);
  tiny_free(tiny);
}

static void append(uint64_t intent, int64_t most) {
  const struct change change = {.intent = intent, .key = 1, .size = 100};
  change_log_append(tiny->world, &log_, &change, most);
}

START_TEST(keeps_what_is_not_confirmed_in_order) {
  for (uint64_t i = 1; i <= 200; i++) append(1000 + i, 0);
  ck_assert_uint_eq(log_.next, 201);
  for (uint64_t i = 1; i <= 200; i++) ck_assert_uint_eq(change_log_at(&log_, i)->intent, 1000 + i); /* [I1] */
  ck_assert_uint_eq(log_.bytes, 200 * (CHANGE_BYTES + 100));
  change_log_confirm(tiny->world, &log_, 150);
  ck_assert_uint_eq(log_.confirmed, 150);
  ck_assert_uint_eq(log_.bytes, 50 * (CHANGE_BYTES + 100));
  change_log_confirm(tiny->world, &log_, 100); /* never falls */
  ck_assert_uint_eq(log_.confirmed, 150);
  for (uint64_t i = 201; i <= 300; i++) append(1000 + i, 0); /* goes round its ring */
  for (uint64_t i = 151; i <= 300; i++) ck_assert_uint_eq(change_log_at(&log_, i)->intent, 1000 + i);
  change_log_confirm(tiny->world, &log_, 999);
  ck_assert_uint_eq(log_.confirmed, 300);
  ck_assert_uint_eq(log_.bytes, 0);
}
END_TEST

START_TEST(takes_back_the_latest) {
  append(1, 0);
  append(2, 0);
  change_log_take_back(tiny->world, &log_);
  ck_assert_uint_eq(log_.next, 2);
  ck_assert_uint_eq(log_.bytes, CHANGE_BYTES + 100);
  change_log_confirm(tiny->world, &log_, 1);
  change_log_take_back(tiny->world, &log_); /* though it was confirmed: who read it has been told in vain */
  ck_assert_uint_eq(log_.next, 1);
  ck_assert_uint_eq(log_.confirmed, 0);
  append(3, 0);
  ck_assert_uint_eq(change_log_at(&log_, 1)->intent, 3);
  change_log_confirm(tiny->world, &log_, 1);
}
END_TEST

START_TEST(a_lost_slot_keeps_nothing_and_a_new_one_begins_at_the_end) {
  append(1, 0);
  append(2, 0);
  change_log_confirm(tiny->world, &log_, 1);
  ck_assert_uint_eq(change_log_lose_slot(tiny->world, &log_), 1);
  ck_assert_uint_eq(change_log_lose_slot(tiny->world, &log_), 0); /* it is gone already */
  append(3, 0);
  ck_assert_uint_eq(log_.bytes, 0);
  ck_assert(!change_log_follows(tiny->world, &log_, 3)); /* there is none */
  ck_assert_uint_eq(change_log_create_slot(&log_), 3);
  append(4, 0);
  ck_assert_uint_eq(change_log_create_slot(&log_), 3); /* again: it begins where it begins */
  ck_assert_uint_eq(change_log_at(&log_, 4)->intent, 4);
  change_log_confirm(tiny->world, &log_, 4);
}
END_TEST

START_TEST(a_slot_that_keeps_too_much_is_lost) { /* [I3] */
  const int64_t most = 2 * (CHANGE_BYTES + 100);
  append(1, most);
  append(2, most);
  ck_assert(log_.slot);
  append(3, most);
  ck_assert(!log_.slot);
  ck_assert(log_.gap);
  ck_assert_uint_eq(log_.bytes, 0);
  uint64_t held = tiny->world->live;
  change_log_create_slot(&log_);
  ck_assert(!change_log_follows(tiny->world, &log_, 2)); /* who asks so does not know */
  ck_assert(log_.gap);
  ck_assert_uint_eq(tiny->world->live, held);
  ck_assert(change_log_follows(tiny->world, &log_, 3)); /* [I2] */
  ck_assert(!log_.gap);
  ck_assert_uint_eq(tiny->world->live, held - 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("change log");
  TCase *tests = tcase_create("all");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_test(tests, keeps_what_is_not_confirmed_in_order);
  tcase_add_test(tests, takes_back_the_latest);
  tcase_add_test(tests, a_lost_slot_keeps_nothing_and_a_new_one_begins_at_the_end);
  tcase_add_test(tests, a_slot_that_keeps_too_much_is_lost);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
