#include "models/sqs/store.h"
#include "models/sqs/wire.h"
#include "models/store/database.h"
#include "sim/base/grow.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_sqs_standard;
extern const struct handler handler_naive, handler_dedup_table;

#define MS NS_PER_MS
#define S NS_PER_S

/* Ten operations a second from 100 ms on. */
static struct tiny *queue_of(const struct handler *handler, uint64_t messages) {
  struct tiny *tiny = tiny_new(&system_sqs_standard, handler, &store_transactional);
  tiny->plan.workload.messages = messages;
  return tiny;
}

static void set(struct tiny *tiny, enum sqs_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

static int64_t total(const struct tiny *tiny) {
  int64_t sum = 0;
  for (uint32_t key = 1; key <= tiny->plan.workload.keys; key++) sum += tiny_balance(tiny, key);
  return sum;
}

static void check_drained(const struct tiny *tiny) {
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  const struct node *broker = &tiny->world->nodes[tiny->world->first[ROLE_BROKER]];
  const struct sqs_store *store = broker->disk[0];
  for (int place = 0; place < PLACE__COUNT; place++) ck_assert_uint_eq(store->counts[place], 0);
}

START_TEST(without_faults_everything_happens_once) {
  struct tiny *tiny = queue_of(&handler_naive, 20);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 20);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 20);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 20);
  ck_assert_int_eq(total(tiny), 20);
  check_drained(tiny);
  /* send, receive, statement, delete */
  ck_assert_uint_eq(tiny->world->counters[COUNTER_ROUND_TRIPS], 4 * 20);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 3 * 20);
  ck_assert(tiny->world->now.ns < 3 * S); /* parked polls hold nothing up */
  tiny_free(tiny);
}
END_TEST

START_TEST(lost_delete_is_redelivered_after_the_visibility_timeout) {
  struct tiny *tiny = queue_of(&handler_naive, 5);
  struct fault_plan *fault = tiny_trigger(tiny, VERB_DROP, POINT_ACK_SENT, 2);
  fault->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 6);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 2), 2);
  int64_t gap = tiny_at(tiny, FACT_DELIVERED, 2, 1) - tiny_at(tiny, FACT_DELIVERED, 2, 0);
  ck_assert(gap >= 30 * S && gap < 30 * S + 5 * MS);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 2), 2);
  ck_assert_int_eq(total(tiny), 6);
  ck_assert_uint_eq(tiny->world->faults.items[0].hits, 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(the_same_with_a_dedup_table_has_one_effect) {
  struct tiny *tiny = queue_of(&handler_dedup_table, 5);
  tiny_trigger(tiny, VERB_DROP, POINT_ACK_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 2), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 2), 1);
  ck_assert_int_eq(total(tiny), 5);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(quick_retry_of_a_lost_delete_saves_the_redelivery) {
  struct tiny *tiny = queue_of(&handler_naive, 5);
  set(tiny, KEY_SQS_REQUEST_TIMEOUT, 2 * S);
  tiny_trigger(tiny, VERB_DROP, POINT_ACK_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 5);
  ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, 2), 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(slow_handler_is_overtaken_and_its_late_delete_still_deletes) { /* [I2] */
  struct tiny *tiny = queue_of(&handler_naive, 1);
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 2 * S);
  tiny_service_time(tiny, 3 * S);
  tiny_run(tiny);
  /* received at 0, visible and received again at 2, deleted at 3 with the first receipt */
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EXPIRED, 1), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), 2);
  ck_assert(tiny_nth(tiny, FACT_DELIVERED, 1, 0)->node != tiny_nth(tiny, FACT_DELIVERED, 1, 1)->node);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(lost_answer_to_a_send_stores_it_twice) {
  struct tiny *tiny = queue_of(&handler_naive, 3);
  tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_ACK_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 2), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 2), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 2), 2);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(lost_request_to_send_is_sent_again) {
  struct tiny *tiny = queue_of(&handler_naive, 3);
  tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 2), 1);
  int64_t ok = tiny_at(tiny, FACT_OK, 2, 0);
  ck_assert(ok > 30 * S && ok < 31 * S);
  tiny_free(tiny);
}
END_TEST

START_TEST(lost_answer_to_a_receive_counts_as_a_receive) { /* [I4] */
  struct tiny *tiny = queue_of(&handler_naive, 1);
  tiny->plan.counts[ROLE_CONSUMER] = 2; /* the other's poll is parked when it becomes visible */
  set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 5 * S);
  tiny_trigger(tiny, VERB_DROP, POINT_DELIVERY_SENT, 1)->times = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), 1);
  int64_t delivered = tiny_at(tiny, FACT_DELIVERED, 1, 0);
  ck_assert(delivered > 5 * S && delivered < 6 * S);
  const struct node *broker = &tiny->world->nodes[tiny->world->first[ROLE_BROKER]];
  ck_assert_uint_eq(((const struct sqs_store *)broker->disk[0])->items[0].receives, 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(accepted_messages_survive_the_broker) {
  for (int power = 0; power < 2; power++) {
    struct tiny *tiny = queue_of(&handler_naive, 20);
    tiny_service_time(tiny, 150 * MS); /* a backlog */
    tiny_strike(tiny, power ? VERB_POWER_LOSS : VERB_KILL, 1050 * MS, ROLE_BROKER, 1)->lasts =
        span_of(5 * S);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 20);
    for (uint64_t intent = 1; intent <= 20; intent++)
      ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, intent), 1);
    check_drained(tiny);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(in_flight_deadlines_survive_the_broker) {
  struct tiny *tiny = queue_of(&handler_naive, 1);
  set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 10 * S);
  /* received at 0.1 s by a consumer that dies for good; the broker is down from 5 s to 6 s */
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  tiny_trigger(tiny, VERB_KILL, POINT_DELIVERED, 1)->lasts = span_of(100 * S);
  tiny_strike(tiny, VERB_KILL, 5 * S, ROLE_BROKER, 1)->lasts = span_of(1 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), 2);
  int64_t expired = tiny_at(tiny, FACT_EXPIRED, 1, 0);
  ck_assert(expired > 10 * S && expired < 10200 * MS);
  tiny_free(tiny);
}
END_TEST

START_TEST(producer_that_gives_up_does_not_know) {
  struct tiny *tiny = queue_of(&handler_naive, 1);
  set(tiny, KEY_SQS_REQUEST_TIMEOUT, 1 * S);
  tiny_strike(tiny, VERB_KILL, 50 * MS, ROLE_BROKER, 1)->lasts = span_of(60 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_UNKNOWN, 1), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, 1), 2); /* three attempts */
  /* 100 ms, then three times 1 s, with 50 and 100 ms between: medians */
  ck_assert_int_eq(tiny_at(tiny, FACT_UNKNOWN, 1, 0), 100 * MS + 3 * S + 50 * MS + 100 * MS);
  tiny_free(tiny);
}
END_TEST

START_TEST(crash_of_a_consumer_redelivers_what_it_had) {
  struct tiny *tiny = queue_of(&handler_dedup_table, 10);
  tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
  tiny_service_time(tiny, 200 * MS);
  tiny_strike(tiny, VERB_KILL, 700 * MS, ROLE_CONSUMER, 1);
  tiny_run(tiny);
  for (uint64_t intent = 1; intent <= 10; intent++)
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, intent), 1);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EXPIRED, 0), 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(terminated_consumer_finishes_what_it_runs) {
  struct tiny *tiny = queue_of(&handler_naive, 10);
  tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
  tiny->plan.threads = 2;
  tiny_service_time(tiny, 200 * MS);
  struct fault_plan *fault = tiny_strike(tiny, VERB_TERMINATE, 350 * MS, ROLE_CONSUMER, 1);
  fault->grace = span_of(30 * S);
  tiny_run(tiny);
  /* nothing that ran is done twice; what was received and not begun reappears */
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 10);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 10);
  ck_assert_uint_ge(tiny_count(tiny, FACT_EXPIRED, 0), 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* --- Deleted before it is processed --- */

static struct tiny *early(uint64_t messages) {
  struct tiny *tiny = queue_of(&handler_naive, messages);
  set(tiny, KEY_SQS_DELETE, SQS_DELETE_BEFORE_PROCESSING);
  tiny_service_time(tiny, 20 * MS);
  return tiny;
}

START_TEST(early_delete_without_faults_is_as_good) {
  struct tiny *tiny = early(20);
  tiny->plan.workload.rate = 100 * SCHEMA_RATE_SCALE;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 20);
  ck_assert_int_eq(total(tiny), 20);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 3 * 20);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(early_delete_loses_what_its_consumer_dies_with) {
  struct tiny *tiny = early(5);
  tiny_trigger(tiny, VERB_KILL, POINT_DELIVERED, 2);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 2), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 2), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 2), 0);
  ck_assert_int_eq(total(tiny), 4);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* The handler waits for the answer to the delete, and goes without it only when there is none. */
START_TEST(early_delete_that_fails_leaves_the_message_alone) {
  struct tiny *tiny = early(5);
  set(tiny, KEY_SQS_REQUEST_TIMEOUT, 2 * S);
  set(tiny, KEY_SQS_MAX_ATTEMPTS, 1);
  tiny_trigger(tiny, VERB_DROP, POINT_ACK_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 2), 1);
  ck_assert(tiny_at(tiny, FACT_DELIVERED, 2, 0) > 30 * S); /* it reappeared */
  ck_assert(tiny_at(tiny, FACT_DELIVERED, 3, 0) > 2 * S);  /* one thread, which had waited */
  ck_assert_int_eq(total(tiny), 5);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(early_delete_and_a_terminated_consumer_finish_what_is_deleted) {
  for (int64_t at = 201 * MS; at < 240 * MS; at += MS) {
    struct tiny *tiny = early(5);
    tiny_strike(tiny, VERB_TERMINATE, at, ROLE_CONSUMER, 1)->grace = span_of(30 * S);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 5);
    ck_assert_int_eq(total(tiny), 5);
    check_drained(tiny);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(short_polls_are_answered_at_once) {
  struct tiny *tiny = queue_of(&handler_naive, 3);
  set(tiny, KEY_SQS_WAIT_TIME, 0);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 3);
  ck_assert_uint_gt(tiny->world->counters[COUNTER_ROUND_TRIPS], 3 * 4 + 100);
  tiny_free(tiny);
}
END_TEST

START_TEST(idle_consumers_ask_once_in_wait_time) {
  struct tiny *tiny = queue_of(&handler_naive, 2);
  tiny->plan.workload.rate = SCHEMA_RATE_SCALE / 100; /* one in 100 s */
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 2);
  ck_assert_uint_le(tiny->world->counters[COUNTER_EVENTS], 100);
  tiny_free(tiny);
}
END_TEST

START_TEST(ids_name_one_message_only) {
  struct sqs_store store = {0};
  sqs_store_clear(&store, &sqs_order_standard);
  uint32_t first = sqs_store_add(&store, &(struct record){.intent = 1}, 0);
  sqs_store_show(&store, first);
  uint64_t old = sqs_store_id(&store, first);
  ck_assert_uint_eq(sqs_store_find(&store, old), first);
  sqs_store_remove(&store, first);
  ck_assert_uint_eq(sqs_store_find(&store, old), SQS_NONE);
  uint32_t second = sqs_store_add(&store, &(struct record){.intent = 2}, 0);
  sqs_store_show(&store, second);
  ck_assert_uint_eq(second, first); /* in the same place */
  ck_assert_uint_eq(sqs_store_find(&store, old), SQS_NONE);
  ck_assert_uint_eq(sqs_store_find(&store, sqs_store_id(&store, second)), second);
  ck_assert_uint_eq(sqs_store_find(&store, UINT64_C(1) << 32 | 99), SQS_NONE);
  sqs_store_free(&store);
}
END_TEST

/* Many messages through lossy links with chances on: the promise holds, memory is that of what is
 * under way, and a second run in the same memory, or one elsewhere, is the same run. */
START_TEST(many_messages_with_losses) {
  struct tiny *tiny = queue_of(&handler_dedup_table, 5000);
  struct plan *plan = &tiny->plan;
  plan->luck_none = false;
  plan->workload.rate = 1000 * SCHEMA_RATE_SCALE;
  plan->workload.keys = 100;
  plan->counts[ROLE_CONSUMER] = plan->counts[ROLE_PRODUCER] = 3;
  plan->threads = plan->cores = 4;
  set(tiny, KEY_SQS_REQUEST_TIMEOUT, 3 * S);
  set(tiny, KEY_SQS_MAX_ATTEMPTS, 20);
  set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 5 * S);
  for (int i = 0; i < LINK__COUNT; i++)
    plan->links[i].request_loss = plan->links[i].reply_loss = SCHEMA_SHARE_SCALE / 50;
  struct fault_plan *fault = tiny_strike(tiny, VERB_KILL, 2 * S, ROLE_CONSUMER, 2);
  fault->lasts = span_of(500 * MS);
  tiny_strike(tiny, VERB_POWER_LOSS, 3 * S, ROLE_DATABASE, 1);
  tiny_strike(tiny, VERB_KILL, 4 * S, ROLE_BROKER, 1);
  tiny_strike(tiny, VERB_TERMINATE, 4500 * MS, ROLE_CONSUMER, 3)->grace = span_of(10 * S);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 5000);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 5000);
  ck_assert_int_eq(total(tiny), 5000);
  ck_assert_uint_gt(tiny_count(tiny, FACT_DELIVERED, 0), 5000);
  check_drained(tiny);
  uint64_t grown = grow_count();
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  ck_assert_uint_eq(grow_count(), grown);
  struct world *other = world_new(4096, 0xa5);
  world_reset(other, plan, 1);
  world_run(other);
  ck_assert_uint_eq(trace_digest(&other->trace), digest);
  world_free(other);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sqs");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60); /* thread sanitizer */
  tcase_add_test(tests, without_faults_everything_happens_once);
  tcase_add_test(tests, lost_delete_is_redelivered_after_the_visibility_timeout);
  tcase_add_test(tests, the_same_with_a_dedup_table_has_one_effect);
  tcase_add_test(tests, quick_retry_of_a_lost_delete_saves_the_redelivery);
  tcase_add_test(tests, slow_handler_is_overtaken_and_its_late_delete_still_deletes);
  tcase_add_test(tests, lost_answer_to_a_send_stores_it_twice);
  tcase_add_test(tests, lost_request_to_send_is_sent_again);
  tcase_add_test(tests, lost_answer_to_a_receive_counts_as_a_receive);
  tcase_add_test(tests, accepted_messages_survive_the_broker);
  tcase_add_test(tests, in_flight_deadlines_survive_the_broker);
  tcase_add_test(tests, producer_that_gives_up_does_not_know);
  tcase_add_test(tests, crash_of_a_consumer_redelivers_what_it_had);
  tcase_add_test(tests, terminated_consumer_finishes_what_it_runs);
  tcase_add_test(tests, early_delete_without_faults_is_as_good);
  tcase_add_test(tests, early_delete_loses_what_its_consumer_dies_with);
  tcase_add_test(tests, early_delete_that_fails_leaves_the_message_alone);
  tcase_add_test(tests, early_delete_and_a_terminated_consumer_finish_what_is_deleted);
  tcase_add_test(tests, short_polls_are_answered_at_once);
  tcase_add_test(tests, idle_consumers_ask_once_in_wait_time);
  tcase_add_test(tests, ids_name_one_message_only);
  tcase_add_test(tests, many_messages_with_losses);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
