/* What consumers publish: idempotent where the key says so. */
#include "models/kafka/wire.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_kafka_acks_all, system_kafka_idempotent;
extern const struct handler handler_transform;

#define MS NS_PER_MS
#define S NS_PER_S

static struct tiny *stream(const struct system *system) {
  struct tiny *tiny = tiny_new(system, &handler_transform, NULL);
  tiny->plan.workload.messages = 40;
  tiny->plan.system_settings.values[KEY_BUFFER_MEMORY].i = 1 << 16;
  return tiny;
}

START_TEST(result_whose_answer_is_lost_is_stored_once) {
  struct tiny *tiny = stream(_i ? &system_kafka_idempotent : &system_kafka_acks_all);
  struct fault_plan *fault = tiny_trigger(tiny, VERB_DROP, (enum point)POINT_OUTPUT_ANSWERED, 0);
  fault->nth = 5;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_FAULT_HIT, 0), 1);
  if (_i)
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 40);
  else
    ck_assert_uint_gt(tiny_count(tiny, FACT_EFFECT, 0), 40);
  tiny_free(tiny);
}
END_TEST

static uint32_t epochs; /* that batches of results have had */

static void note_epoch(void *context, const struct world *world, const struct message *message, int64_t at) {
  (void)context, (void)world, (void)at;
  if (message->kind != WIRE_OUTPUT) return;
  const struct batch batch = unpack_producer(message->b, message->c);
  ck_assert_uint_ne(batch.producer, NO_PRODUCER);
  epochs |= 1u << batch.epoch;
}

/* The log forgets what it has not flushed, and with it the latest sequences: the consumer goes on in a new
 * epoch. */
START_TEST(log_that_has_lost_sequences_takes_a_new_epoch) {
  struct tiny *tiny = stream(&system_kafka_idempotent);
  const struct observer observer = {.sent = note_epoch};
  tiny->plan.system_settings.values[KEY_LOG_FLUSH_INTERVAL].i = 150 * MS; /* a few batches at most */
  tiny_strike(tiny, VERB_POWER_LOSS, 2 * S, ROLE_BROKER, 1)->lasts = span_of(100 * MS);
  tiny->world->observer = &observer;
  epochs = 0;
  tiny_run(tiny);
  ck_assert_uint_eq(epochs, 3);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_REBALANCED, 0), 1); /* it stays in its group */
  for (uint64_t intent = 22; intent <= 40; intent++) ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, intent), 1);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka outputs");
  TCase *tests = tcase_create("all");
  tcase_add_loop_test(tests, result_whose_answer_is_lost_is_stored_once, 0, 2);
  tcase_add_test(tests, log_that_has_lost_sequences_takes_a_new_epoch);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
