/* A producer whose broker goes away: what it has waits for a new connection, and expires on time. */
#include "models/kafka/wire.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_kafka_acks_0, system_kafka_acks_1, system_kafka_idempotent;
extern const struct handler handler_naive;

#define MS NS_PER_MS
#define S NS_PER_S

static void set(struct tiny *tiny, enum kafka_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

/* Ten operations a second for ten seconds, from 100 ms on, one a batch; the broker is away from 2 s on. */
static struct tiny *outage(const struct system *system, int64_t lasts) {
  struct tiny *tiny = tiny_new(system, &handler_naive, &store_transactional);
  tiny->plan.workload.messages = 100;
  set(tiny, KEY_LINGER, 0);
  set(tiny, KEY_BUFFER_MEMORY, 1 << 16);
  tiny_strike(tiny, VERB_KILL, 2 * S + 50 * MS, ROLE_BROKER, 1)->lasts = span_of(lasts);
  return tiny;
}

START_TEST(what_is_wanted_in_the_outage_is_stored_after_it) {
  static const struct system *const systems[] = {&system_kafka_acks_0, &system_kafka_acks_1, &system_kafka_idempotent};
  struct tiny *tiny = outage(systems[_i], 5 * S);
  if (systems[_i] == &system_kafka_acks_1) set(tiny, KEY_RETRIES, 1); /* it needs none */
  tiny_run(tiny);
  for (uint64_t intent = 1; intent <= 100; intent++) ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, intent), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), systems[_i] == &system_kafka_acks_0 ? 0 : 100);
  ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, 0), 0);
  /* The 22nd is wanted at 2.2 s. It comes with the next attempt to connect, which are a second apart by then. */
  ck_assert_int_ge(tiny_at(tiny, FACT_APPENDED, 22, 0), 7 * S + 50 * MS);
  ck_assert_int_le(tiny_at(tiny, FACT_APPENDED, 22, 0), 8 * S + 100 * MS);
  tiny_free(tiny);
}
END_TEST

static struct attempts {
  int64_t at[20];
  uint32_t count, answered;
} attempts;

static void note_attempt(void *context, const struct world *world, const struct message *message, int64_t at) {
  (void)context, (void)at;
  if (message->kind == WIRE_API_VERSIONS && attempts.count < 20) attempts.at[attempts.count++] = world->now.ns;
  attempts.answered += message->kind == WIRE_API_VERSIONS_ANSWER;
  if (message->kind == WIRE_PRODUCE) /* only while there is a connection */
    ck_assert(world->now.ns < 2 * S + 51 * MS + 1 || attempts.answered > 0);
}

START_TEST(attempts_come_after_growing_waits) { /* 50 ms, doubled up to 1 s, 2 ms for each refusal */
  struct tiny *tiny = outage(&system_kafka_acks_1, 5 * S);
  attempts = (struct attempts){0};
  const struct observer observer = {.sent = note_attempt};
  tiny->world->observer = &observer;
  tiny_run(tiny);
  const int64_t waits[] = {100, 200, 400, 800, 1000, 1000, 1000, 1000};
  ck_assert_int_eq(attempts.at[0], 2 * S + 51 * MS + 50 * MS);
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
    ck_assert_int_eq(attempts.at[i + 1] - attempts.at[i], waits[i] * MS + 2 * MS);
  ck_assert_uint_eq(attempts.count, 9);
  ck_assert_uint_eq(attempts.answered, 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(what_waits_expires_on_time) {
  static const struct system *const systems[] = {&system_kafka_acks_0, &system_kafka_acks_1, &system_kafka_idempotent};
  struct tiny *tiny = outage(systems[_i], 5 * S);
  set(tiny, KEY_REQUEST_TIMEOUT, 500 * MS);
  set(tiny, KEY_DELIVERY_TIMEOUT, 700 * MS);
  tiny_run(tiny);
  /* Wanted at 2.2 s to 6.3 s and so over before the broker is back at 7.05 s. */
  for (uint64_t intent = 22; intent <= 63; intent++) {
    ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, intent), 0);
    ck_assert_int_eq(tiny_at(tiny, FACT_UNKNOWN, intent, 0) - tiny_at(tiny, FACT_INTENDED, intent, 0), 700 * MS);
  }
  for (uint64_t intent = 80; intent <= 100; intent++) ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, intent), 1);
  tiny_free(tiny);
}
END_TEST

/* What was under way when the connection broke waits for its retry, and expires on time, too. */
START_TEST(what_was_sent_expires_on_time) {
  struct tiny *tiny = outage(&system_kafka_acks_1, 5 * S);
  tiny->faults[0].at = instant_of(2 * S + 500 * NS_PER_US); /* the 20th, wanted at 2 s, is on its way */
  set(tiny, KEY_REQUEST_TIMEOUT, 500 * MS);
  set(tiny, KEY_DELIVERY_TIMEOUT, 700 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, 20), 1);
  ck_assert_int_eq(tiny_at(tiny, FACT_UNKNOWN, 20, 0) - tiny_at(tiny, FACT_INTENDED, 20, 0), 700 * MS);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka connections");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, what_is_wanted_in_the_outage_is_stored_after_it, 0, 3);
  tcase_add_test(tests, attempts_come_after_growing_waits);
  tcase_add_loop_test(tests, what_waits_expires_on_time, 0, 3);
  tcase_add_test(tests, what_was_sent_expires_on_time);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
