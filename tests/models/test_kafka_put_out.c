/* A consumer that its group has put out, as its loop did not poll in time: whether it works on depends on who hears of
 * the commit that is refused. */
#include "models/kafka/wire.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_kafka_acks_all;
extern const struct handler handler_naive, handler_transform;

#define MS NS_PER_MS
#define S NS_PER_S
#define MESSAGES 20

/* One poll returns nearly all; each takes a second, and five are the most. */
static struct tiny *slow(const struct handler *handler, int64_t commit, int64_t call) {
  struct tiny *tiny = tiny_new(&system_kafka_acks_all, handler, handler == &handler_naive ? &store_transactional : NULL);
  tiny->plan.workload.messages = MESSAGES;
  tiny->plan.workload.rate = UINT64_C(1000) * SCHEMA_RATE_SCALE;
  tiny->service_table.median = S;
  union value *values = tiny->plan.system_settings.values;
  values[KEY_BUFFER_MEMORY].i = 1 << 16;
  values[KEY_COMMIT].i = commit;
  values[KEY_COMMIT_CALL].i = call;
  values[KEY_COMMIT_INTERVAL].i = values[KEY_AUTO_COMMIT_INTERVAL].i = S;
  values[KEY_MAX_POLL_INTERVAL].i = 5 * S;
  values[KEY_SESSION_TIMEOUT].i = 6 * S;
  values[KEY_HEARTBEAT_INTERVAL].i = S;
  return tiny;
}

static const struct {
  int64_t commit, call;
} unheard[] = {{COMMIT_AFTER_PROCESSING, CALL_ASYNC_RETRIED},
               {COMMIT_AFTER_PROCESSING, CALL_ASYNC},
               {COMMIT_AUTO, CALL_ASYNC}};

START_TEST(what_was_polled_is_worked_on_to_the_end) {
  struct tiny *tiny = slow(&handler_naive, unheard[_i].commit, unheard[_i].call);
  tiny_run(tiny);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EXPIRED, 0), 2);
  /* An auto-commit is made by a poll: it is too late each time, and nothing gets done. */
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), unheard[_i].commit != COMMIT_AUTO);
  /* The last of the first long poll was done in it, at 20 s, and again in each that began before. */
  ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, MESSAGES), 2);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, 0), 2 * MESSAGES - 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(commit_that_is_waited_for_leaves_the_loop) {
  struct tiny *tiny = slow(&handler_naive, COMMIT_AFTER_PROCESSING, CALL_SYNC);
  tiny_run(tiny);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EXPIRED, 0), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, MESSAGES), 1);
  ck_assert_uint_lt(tiny_count(tiny, FACT_EFFECT, 0), MESSAGES + MESSAGES / 2);
  tiny_free(tiny);
}
END_TEST

/* Its producer is no member of any group. */
START_TEST(results_go_on_to_their_log) {
  struct tiny *tiny = slow(&handler_transform, COMMIT_AFTER_PROCESSING, CALL_ASYNC_RETRIED);
  tiny_run(tiny);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EXPIRED, 0), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, MESSAGES), 2);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka consumers that were put out");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, what_was_polled_is_worked_on_to_the_end, 0, sizeof unheard / sizeof *unheard);
  tcase_add_test(tests, commit_that_is_waited_for_leaves_the_loop);
  tcase_add_test(tests, results_go_on_to_their_log);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
