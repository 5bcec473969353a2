/* What the application above the producers promises: when it submits again, and that it is settled once. */
#include "tests/world/timeline.h"

#define SHOWN "intended sends got ok unknown rejected abandoned resubmitted down"

/* Waits 10 ms before each attempt but the first; values: timeout, attempts, resubmits unknown. */
enum { TIMEOUT, ATTEMPTS, UNKNOWN };

static struct span timeout(const struct settings *settings) { return span_of(settings->values[TIMEOUT].i); }
static bool again(const struct settings *settings, enum client_end end, uint32_t attempt, uint64_t draw,
                  struct span *out_wait) {
  (void)draw;
  *out_wait = span_of(10 * NS_PER_MS);
  return attempt < settings->values[ATTEMPTS].i && (end == CLIENT_REFUSED || settings->values[UNKNOWN].i);
}
static struct span longest_wait(const struct settings *settings) { return timeout(settings); }

static const struct client_policy policy = {.name = "of a test", .retries = true, .timeout = timeout,
                                            .again = again, .longest_wait = longest_wait};

static void client_runs(const char *script, int64_t timeout_ms, int64_t attempts, bool unknown,
                        const char *expected) {
  timeline_run(script);
  fake.plan.client = &policy;
  fake.plan.client_settings.values[TIMEOUT].i = timeout_ms * NS_PER_MS;
  fake.plan.client_settings.values[ATTEMPTS].i = attempts;
  fake.plan.client_settings.values[UNKNOWN].i = unknown;
  fake_run_seed(1);
  timeline_expect(SHOWN, expected);
  ck_assert_uint_eq(fake.world->clients.count, 0); /* [I2] */
  ck_assert_uint_eq(fake.world->live, 0);
}

START_TEST(what_is_confirmed_is_submitted_once) {
  client_runs("operations=1 every=10ms latency=1ms timeout=50ms", 0, 5, true,
              "10 producer.1 intended 1\n"
              "10 producer.1 sends 1\n"
              "11 broker.1 got 1\n"
              "12 producer.1 ok 1\n");
}
END_TEST

START_TEST(what_is_unknown_is_left_unless_the_policy_resubmits) {
  client_runs("operations=1 every=10ms latency=1ms timeout=50ms mute=1", 0, 5, false,
              "10 producer.1 intended 1\n"
              "10 producer.1 sends 1\n"
              "11 broker.1 got 1\n"
              "60 producer.1 unknown 1\n");
}
END_TEST

START_TEST(what_is_unknown_is_sent_as_something_new_as_often_as_there_are_attempts) {
  client_runs("operations=1 every=10ms latency=1ms timeout=50ms mute=1", 0, 2, true,
              "10 producer.1 intended 1\n"
              "10 producer.1 sends 1\n"
              "11 broker.1 got 1\n"
              "60 producer.1 unknown 1\n"
              "70 producer.1 resubmitted 1\n"
              "70 producer.1 sends 1\n"
              "71 broker.1 got 1\n"
              "120 producer.1 unknown 1\n");
  const struct trace_record *again = NULL;
  for (size_t i = 0; i < fake.count; i++)
    if (fake.records[i].kind == FACT_RESUBMITTED) again = &fake.records[i];
  ck_assert_ptr_nonnull(again);
  ck_assert_uint_eq(again->value, 2); /* says which attempt it is */
  ck_assert_uint_eq(again->detail, 0);
}
END_TEST

START_TEST(an_operation_for_a_dead_producer_was_not_stored_and_waits_for_it) {
  client_runs("operations=1 every=10ms latency=1ms timeout=50ms; kill producer.1 at=5ms for=18ms", 0, 5,
              false,
              "5 producer.1 down\n"
              "10 producer.1 intended 1\n"
              "10 producer.1 abandoned 1\n"
              "20 producer.1 resubmitted 1\n"
              "20 producer.1 abandoned 1\n"
              "30 producer.1 resubmitted 1\n"
              "30 producer.1 sends 1\n"
              "31 broker.1 got 1\n"
              "32 producer.1 ok 1\n");
}
END_TEST

START_TEST(what_dies_with_its_producer_is_unknown_and_the_next_producer_gets_it) {
  client_runs("operations=1 every=10ms latency=5ms timeout=50ms producers=2;"
              " kill producer.all at=12ms for=1ms", 0, 2, true,
              "10 producer.2 intended 1\n"
              "10 producer.2 sends 1\n"
              "12 producer.1 down\n"
              "12 producer.2 down\n"
              "12 producer.2 abandoned 1\n"
              "15 broker.1 got 1\n"
              "22 producer.1 resubmitted 1\n"
              "22 producer.1 sends 1\n"
              "27 broker.1 got 1\n"
              "32 producer.1 ok 1\n");
}
END_TEST

START_TEST(an_attempt_that_takes_too_long_is_unknown_and_a_late_answer_settles_it) {
  client_runs("operations=1 every=10ms latency=20ms timeout=500ms", 30, 5, true,
              "10 producer.1 intended 1\n"
              "10 producer.1 sends 1\n"
              "30 broker.1 got 1\n"
              "40 producer.1 unknown 1\n"
              "50 producer.1 ok 1\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("client");
  tcase_add_test(tests, what_is_confirmed_is_submitted_once);
  tcase_add_test(tests, what_is_unknown_is_left_unless_the_policy_resubmits);
  tcase_add_test(tests, what_is_unknown_is_sent_as_something_new_as_often_as_there_are_attempts);
  tcase_add_test(tests, an_operation_for_a_dead_producer_was_not_stored_and_waits_for_it);
  tcase_add_test(tests, what_dies_with_its_producer_is_unknown_and_the_next_producer_gets_it);
  tcase_add_test(tests, an_attempt_that_takes_too_long_is_unknown_and_a_late_answer_settles_it);
  return timeline_main("client", tests);
}
