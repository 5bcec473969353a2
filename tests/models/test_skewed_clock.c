/* A handler's clock, and faults that put it wrong. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define HOUR (3600 * NS_PER_S)

static int64_t reads[16];
static size_t read_count;

/* Reads, waits 50 ms, reads twice; the second operation never looks. */
static int act(struct dg_context *c, const struct dg_message *m) {
  if (m->id == 2) return dg_sleep(c, 50 * MS);
  reads[read_count++] = dg_now(c);
  dg_sleep(c, 50 * MS);
  reads[read_count++] = dg_now(c);
  reads[read_count++] = dg_now(c);
  return DG_OK;
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static struct fault_plan *skew(struct tiny *tiny, int64_t at, int64_t lasts, int64_t offset, enum skew direction) {
  struct fault_plan *fault = tiny_strike(tiny, VERB_SKEW_CLOCK, at, ROLE_CONSUMER, 1);
  fault->lasts = span_of(lasts);
  fault->skew = span_of(offset);
  fault->skew_direction = direction;
  return fault;
}

static struct tiny *start(void) {
  read_count = 0;
  return script_new(&handler_act, 2, 1);
}

START_TEST(a_right_clock_is_the_run_s) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 1);
  tiny_run(tiny);
  ck_assert_int_eq(reads[0], 100 * MS);
  ck_assert_int_eq(reads[1], 150 * MS);
  ck_assert_int_eq(reads[2], 150 * MS);
  tiny_free(tiny);
}
END_TEST

/* In the middle of a handler: what it waits for is as long as before. Once for each time at which it looks. */
START_TEST(it_jumps_and_is_right_again) {
  const enum skew direction = _i ? SKEW_BACK : SKEW_FORWARD;
  struct tiny *tiny = start();
  skew(tiny, 120 * MS, 100 * MS, HOUR, direction);
  script_add(100 * MS, 1, 1);
  script_add(200 * MS, 1, 3);
  tiny_run(tiny);
  const int64_t by = _i ? -HOUR : HOUR;
  ck_assert_int_eq(reads[0], 100 * MS);
  ck_assert_int_eq(reads[1], 150 * MS + by);
  ck_assert_int_eq(reads[2], reads[1]);
  ck_assert_int_eq(reads[3], 200 * MS + by);
  ck_assert_int_eq(reads[4], 250 * MS);
  ck_assert_int_eq(script.steps[0].handled_at, 150 * MS);
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(who_does_not_look_is_not_hit_nor_is_another_node) {
  struct tiny *tiny = start();
  skew(tiny, 50 * MS, NS_PER_S, HOUR, SKEW_FORWARD);
  script_add(100 * MS, 1, 2);
  script_add(200 * MS, 2, 1);
  tiny_run(tiny);
  ck_assert_int_eq(reads[0], 200 * MS);
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, 0);
  tiny_free(tiny);
}
END_TEST

/* It is the machine's clock: a process that was killed meanwhile finds it as wrong as before. */
START_TEST(two_add_up_and_outlive_a_process) {
  struct tiny *tiny = start();
  skew(tiny, 50 * MS, NS_PER_S, HOUR, SKEW_FORWARD);
  skew(tiny, 60 * MS, NS_PER_S, 3 * HOUR, SKEW_BACK);
  tiny_strike(tiny, VERB_KILL, 70 * MS, ROLE_CONSUMER, 1)->lasts = span_of(10 * MS);
  script.resubmit = true;
  script_add(300 * MS, 1, 1);
  tiny_run(tiny);
  ck_assert_int_eq(reads[0], 300 * MS - 2 * HOUR);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("skewed clock");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, a_right_clock_is_the_run_s);
  tcase_add_loop_test(tests, it_jumps_and_is_right_again, 0, 2);
  tcase_add_test(tests, who_does_not_look_is_not_hit_nor_is_another_node);
  tcase_add_test(tests, two_add_up_and_outlive_a_process);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
