#include "sim/handler/fiber.h"
#include "tests/run_suite.h"

#include <string.h>

#define MANY 1000

struct job {
  struct fiber *fiber;
  int steps;     /* to yield so often */
  int done;      /* yields so far */
  double sum;    /* what its locals came to */
  char *journal; /* shared, NULL = none */
  char letter;
};

static void count_steps(void *argument) {
  struct job *job = argument;
  double half = 0.5, sum = 0;
  uint64_t a = 1, b = 2, c = 3, d = 4, e = 5;
  for (int i = 0; i < job->steps; i++) {
    sum += half * (double)(a + b + c + d + e);
    a += 1, b += 2, c += 3, d += 4, e += 5;
    if (job->journal) job->journal[strlen(job->journal)] = job->letter; /* zeroed behind */
    job->done++;
    fiber_yield(job->fiber);
  }
  job->sum = sum;
}

static double expected_sum(int steps) {
  double sum = 0;
  for (int i = 0; i < steps; i++) sum += 0.5 * (15.0 + 15.0 * i);
  return sum;
}

START_TEST(resume_and_yield_alternate) { /* [I1] */
  struct fiber_pool *pool = fiber_pool_new();
  char journal[32] = "";
  struct job jobs[2] = {{NULL, 3, 0, 0, journal, 'a'}, {NULL, 2, 0, 0, journal, 'b'}};
  for (int i = 0; i < 2; i++) jobs[i].fiber = fiber_start(pool, count_steps, &jobs[i]);
  ck_assert_str_eq(journal, ""); /* starting runs nothing */
  ck_assert(!fiber_resume(jobs[0].fiber));
  ck_assert(!fiber_resume(jobs[1].fiber));
  ck_assert(!fiber_resume(jobs[0].fiber));
  ck_assert(!fiber_resume(jobs[1].fiber));
  ck_assert(fiber_resume(jobs[1].fiber));
  ck_assert(!fiber_resume(jobs[0].fiber));
  ck_assert(fiber_resume(jobs[0].fiber));
  ck_assert_str_eq(journal, "ababa");
  ck_assert(!fiber_live(jobs[0].fiber));
  fiber_pool_free(pool);
}
END_TEST

START_TEST(locals_survive_switches) {
  struct fiber_pool *pool = fiber_pool_new();
  struct job job = {.steps = 200};
  job.fiber = fiber_start(pool, count_steps, &job);
  double mine = 1.25;
  int rounds = 0;
  while (!fiber_resume(job.fiber)) {
    mine *= 1.0;
    rounds++;
  }
  ck_assert_int_eq(rounds, 200);
  ck_assert(job.sum == expected_sum(200));
  ck_assert(mine == 1.25);
  fiber_pool_free(pool);
}
END_TEST

/* Leaves a large frame with a pattern behind when it is dropped. */
static void deep(void *argument) {
  struct job *job = argument;
  volatile char frame[16 * 1024];
  for (size_t i = 0; i < sizeof frame; i++) frame[i] = (char)i;
  fiber_yield(job->fiber);
  ck_abort_msg("a dropped fiber went on");
}

START_TEST(dropped_in_the_middle_never_goes_on) { /* [I2] */
  struct fiber_pool *pool = fiber_pool_new();
  for (int round = 0; round < 100; round++) {
    struct job job = {.steps = 5};
    job.fiber = fiber_start(pool, deep, &job);
    ck_assert(!fiber_resume(job.fiber));
    fiber_drop(job.fiber);
    ck_assert(!fiber_live(job.fiber));
    job.fiber = fiber_start(pool, count_steps, &job);
    for (int i = 0; i < round % 6; i++) ck_assert(!fiber_resume(job.fiber) == (i < 5));
    fiber_drop(job.fiber);
    job.done = 0;
    job.fiber = fiber_start(pool, count_steps, &job);
    while (!fiber_resume(job.fiber)) continue;
    ck_assert_int_eq(job.done, 5);
    ck_assert(job.sum == expected_sum(5));
  }
  fiber_pool_free(pool);
}
END_TEST

START_TEST(dropped_before_it_ran) {
  struct fiber_pool *pool = fiber_pool_new();
  struct job job = {.steps = 1};
  job.fiber = fiber_start(pool, deep, &job);
  fiber_drop(job.fiber);
  job.fiber = fiber_start(pool, count_steps, &job);
  ck_assert(!fiber_resume(job.fiber));
  ck_assert(fiber_resume(job.fiber));
  fiber_pool_free(pool);
}
END_TEST

START_TEST(a_thousand_fibers_interleave) {
  struct fiber_pool *pool = fiber_pool_new();
  static struct job jobs[MANY];
  for (uint32_t i = 0; i < MANY; i++) {
    jobs[i] = (struct job){.steps = (int)(i % 17)};
    jobs[i].fiber = fiber_start(pool, count_steps, &jobs[i]);
  }
  int live = MANY;
  while (live > 0)
    for (uint32_t i = 0; i < MANY; i++)
      if (fiber_live(jobs[i].fiber) && fiber_resume(jobs[i].fiber)) live--;
  for (uint32_t i = 0; i < MANY; i++) ck_assert(jobs[i].sum == expected_sum((int)(i % 17)));
  fiber_pool_free(pool);
}
END_TEST

START_TEST(who_was_given_back_last_is_started_first) { /* [I3] */
  struct fiber_pool *pool = fiber_pool_new();
  struct job jobs[3] = {{.steps = 1}, {.steps = 1}, {.steps = 1}};
  for (int i = 0; i < 3; i++) jobs[i].fiber = fiber_start(pool, count_steps, &jobs[i]);
  struct fiber *returned = jobs[1].fiber, *dropped = jobs[2].fiber;
  ck_assert(!fiber_resume(returned) && fiber_resume(returned));
  fiber_drop(dropped);
  ck_assert_ptr_eq(fiber_start(pool, count_steps, &jobs[2]), dropped);
  ck_assert_ptr_eq(fiber_start(pool, count_steps, &jobs[1]), returned);
  struct fiber *another = fiber_start(pool, count_steps, &jobs[1]);
  for (int i = 0; i < 3; i++) ck_assert_ptr_ne(another, jobs[i].fiber);
  fiber_pool_free(pool);
}
END_TEST

START_TEST(a_pool_drops_what_is_alive) {
  struct fiber_pool *pool = fiber_pool_new();
  struct job jobs[2] = {{.steps = 1}, {.steps = 1}};
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 2; i++) jobs[i].fiber = fiber_start(pool, deep, &jobs[i]);
    ck_assert(!fiber_resume(jobs[0].fiber)); /* suspended, and only started */
    fiber_pool_drop(pool);
    for (int i = 0; i < 2; i++) ck_assert(!fiber_live(jobs[i].fiber));
  }
  fiber_pool_drop(pool); /* there is nothing */
  fiber_pool_free(pool);
}
END_TEST

/* A fiber that resumes another: a resumer may itself be a fiber. */
struct nest {
  struct job inner;
  struct fiber *fiber;
  struct fiber_pool *pool;
};
static void outer(void *argument) {
  struct nest *nest = argument;
  nest->inner.fiber = fiber_start(nest->pool, count_steps, &nest->inner);
  while (!fiber_resume(nest->inner.fiber)) fiber_yield(nest->fiber);
}

START_TEST(fibers_nest) {
  struct fiber_pool *pool = fiber_pool_new();
  struct nest nest = {.inner = {.steps = 4}, .pool = pool};
  nest.fiber = fiber_start(pool, outer, &nest);
  int rounds = 0;
  while (!fiber_resume(nest.fiber)) rounds++;
  ck_assert_int_eq(rounds, 4);
  ck_assert(nest.inner.sum == expected_sum(4));
  fiber_pool_free(pool);
}
END_TEST

START_TEST(most_of_the_stack_can_be_used) {
  ck_assert_uint_ge(fiber_stack_bytes(), 256 * 1024);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fiber");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, resume_and_yield_alternate);
  tcase_add_test(tests, locals_survive_switches);
  tcase_add_test(tests, dropped_in_the_middle_never_goes_on);
  tcase_add_test(tests, dropped_before_it_ran);
  tcase_add_test(tests, a_thousand_fibers_interleave);
  tcase_add_test(tests, who_was_given_back_last_is_started_first);
  tcase_add_test(tests, a_pool_drops_what_is_alive);
  tcase_add_test(tests, fibers_nest);
  tcase_add_test(tests, most_of_the_stack_can_be_used);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
