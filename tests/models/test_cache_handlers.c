/* Handlers with their marks in a cache, from both sides: what they suppress, and what they lose or double. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

extern const struct handler handler_cache_claim_first, handler_cache_effect_first, handler_cache_lease;

#define MS NS_PER_MS
#define OUTAGE_NS (500 * NS_PER_MS)
enum { KEY_TTL, KEY_LEASE }; /* of the handlers, in the order of their tables */

static const struct handler *const handlers[] = {&handler_cache_claim_first, &handler_cache_effect_first,
                                                 &handler_cache_lease};

START_TEST(a_copy_inside_the_ttl_is_suppressed) {
  struct tiny *tiny = script_with_cache(handlers[_i % 3], 1, 1);
  const bool inside = _i < 3;
  tiny->plan.handler_settings.values[KEY_TTL].i = NS_PER_S;
  script_add(10 * MS, 1, 5);
  script_add(inside ? NS_PER_S : NS_PER_S + 20 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), inside ? 1 : 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 5), inside ? 1 : 0);
  tiny_free(tiny);
}
END_TEST

/* Effects of a message whose consumer dies at the n-th call: just before it, and just after it. It comes
 * again half a second later, when its lease of 100 ms has run out. */
static const struct {
  const struct handler *handler;
  uint32_t calls;
  uint8_t before[4], after[4];
} deaths[] = {
    {&handler_cache_claim_first, 3, {1, 0, 0}, {0, 0, 1}},      /* claim work apply */
    {&handler_cache_effect_first, 4, {1, 1, 1, 2}, {1, 1, 2, 1}}, /* get work apply set */
    {&handler_cache_lease, 4, {1, 1, 1, 2}, {1, 1, 2, 1}},      /* claim work apply set */
};

static size_t effects_after_death(size_t i, enum verb verb, uint32_t n, bool before) {
  struct tiny *tiny = script_with_cache(deaths[i].handler, 1, 1);
  tiny_service_time(tiny, 3 * MS);
  tiny->plan.handler_settings.values[KEY_LEASE].i = 100 * MS;
  script.resubmit = true;
  script_add(10 * MS, 1, 5);
  struct fault_plan *fault = tiny_trigger(tiny, verb, POINT_HANDLER_STEP, 5);
  fault->nth = n;
  fault->before = before;
  fault->lasts = span_of(OUTAGE_NS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_uint_eq(tiny->world->faults.items[0].begun, 1);
  size_t effects = tiny_count(tiny, FACT_EFFECT, 5);
  ck_assert_int_eq(tiny_balance(tiny, 1), (int64_t)effects);
  tiny_free(tiny);
  return effects;
}

START_TEST(a_death_between_mark_and_effect_loses_or_doubles) {
  enum verb verb = _i & 1 ? VERB_KILL : VERB_POWER_LOSS;
  bool before = _i & 2;
  for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
    for (uint32_t n = 1; n <= deaths[i].calls; n++) {
      size_t effects = effects_after_death(i, verb, n, before);
      size_t expected = before ? deaths[i].before[n - 1] : deaths[i].after[n - 1];
      ck_assert_msg(effects == expected, "%s, dead %s call %u: %zu effects, not %zu",
                    deaths[i].handler->name, before ? "before" : "after", n, effects, expected);
    }
}
END_TEST

START_TEST(of_two_consumers_one_gets_the_claim) {
  static const size_t effects[] = {1, 2, 1};
  static const int status[] = {DG_OK, DG_OK, DG_FAILED};
  struct tiny *tiny = script_with_cache(handlers[_i], 2, 1);
  tiny_service_time(tiny, 20 * MS);
  script_add(10 * MS, 1, 5);
  script_add(15 * MS, 2, 5);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), effects[_i]);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, status[_i]); /* a lease: come again */
  tiny_free(tiny);
}
END_TEST

START_TEST(work_that_outlives_its_lease_is_done_twice) {
  struct tiny *tiny = script_with_cache(&handler_cache_lease, 2, 2);
  tiny_service_time(tiny, 200 * MS);
  tiny->plan.handler_settings.values[KEY_LEASE].i = 100 * MS;
  script_add(10 * MS, 1, 5);
  script_add(109 * MS, 2, 5); /* the lease was given at 11 ms */
  script_add(111 * MS, 2, 5);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED);
  ck_assert_int_eq(script.steps[2].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(what_is_done_outlives_its_lease) {
  struct tiny *tiny = script_with_cache(&handler_cache_lease, 1, 1);
  tiny->plan.handler_settings.values[KEY_LEASE].i = 100 * MS;
  script_add(10 * MS, 1, 5);
  script_add(NS_PER_S, 1, 5);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 5), 1);
  tiny_free(tiny);
}
END_TEST

/* Whoever waits for a lease is not stuck: the world's patience is twice the lease at least. */
START_TEST(a_lease_counts_among_the_timeouts) {
  struct tiny *tiny = script_with_cache(&handler_cache_lease, 1, 1);
  tiny->plan.handler_settings.values[KEY_LEASE].i = 2 * NS_PER_H;
  ck_assert_int_eq(plan_longest_timeout(&tiny->plan).ns, 2 * NS_PER_H);
  tiny->plan.handler_settings.values[KEY_LEASE].i = NS_PER_S;
  tiny->plan.cache.settings.values[KEY_CACHE_TIMEOUT].i = NS_PER_H;
  ck_assert_int_eq(plan_longest_timeout(&tiny->plan).ns, NS_PER_H);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("cache handlers");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, a_copy_inside_the_ttl_is_suppressed, 0, 6);
  tcase_add_loop_test(tests, a_death_between_mark_and_effect_loses_or_doubles, 0, 4);
  tcase_add_loop_test(tests, of_two_consumers_one_gets_the_claim, 0, 3);
  tcase_add_test(tests, work_that_outlives_its_lease_is_done_twice);
  tcase_add_test(tests, what_is_done_outlives_its_lease);
  tcase_add_test(tests, a_lease_counts_among_the_timeouts);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
