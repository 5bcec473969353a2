/* A log loses its tail, and has grown past its readers before they ask again: they are sent back to where it has gone
 * on without what they read, and every operation has its effect. KIP-320. */
#include "models/kafka/consumer.h"
#include "models/kafka/coordinator.h"
#include "models/kafka/replica.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_at_least_once, system_kafka_transactional;
extern const struct handler handler_naive, handler_transform;

#define MS NS_PER_MS
#define S NS_PER_S
#define MESSAGES 200 /* ten a second */

static void set(struct tiny *tiny, enum kafka_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

static uint64_t read_before; /* offset behind the last record that a reader was sent before the loss */
static int64_t lost_at;      /* ns */
static uint32_t sent_back;   /* readers */
static uint64_t back_to;

static void sent(void *context, const struct world *world, const struct message *message, int64_t at) {
  (void)context;
  if (at < 0 || world->nodes[message->to].role != ROLE_CONSUMER || !message->is_reply) return;
  if (world->nodes[message->from].role != ROLE_BROKER || message->kind != WIRE_FETCHED) return;
  if (message->a > 0) {
    sent_back++;
    back_to = (uint64_t)message->b;
  }
  if (message->record_count > 0 && world->now.ns < lost_at)
    read_before = message->records[message->record_count - 1].handle + 1;
}
static const struct observer observer = {.sent = sent};

/* How a reader goes by what it has read. */
struct way {
  const struct system *system;
  int64_t commit, call, processing;
};
static const struct way ways[] = {
    {&system_at_least_once, COMMIT_AFTER_PROCESSING, CALL_ASYNC_RETRIED, PROCESSING_IN_POLL_LOOP},
    {&system_at_least_once, COMMIT_AFTER_PROCESSING, CALL_SYNC, PROCESSING_IN_POLL_LOOP},
    {&system_at_least_once, COMMIT_AUTO, CALL_ASYNC, PROCESSING_IN_POLL_LOOP},
    {&system_at_least_once, COMMIT_AFTER_PROCESSING, CALL_ASYNC, PROCESSING_HANDED_OFF},
    {&system_at_least_once, COMMIT_BEFORE_PROCESSING, CALL_ASYNC, PROCESSING_IN_POLL_LOOP},
    {&system_kafka_transactional, COMMIT_IN_TRANSACTION, CALL_ASYNC, PROCESSING_IN_POLL_LOOP},
};
#define WAYS ((int)(sizeof ways / sizeof *ways))

static struct tiny *reading(const struct way *way) {
  const bool output = way->commit == COMMIT_IN_TRANSACTION;
  struct tiny *tiny = tiny_new(way->system, output ? &handler_transform : &handler_naive,
                               output ? NULL : &store_transactional);
  tiny->plan.workload.messages = MESSAGES;
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  set(tiny, KEY_COMMIT, way->commit);
  set(tiny, KEY_COMMIT_CALL, way->call);
  set(tiny, KEY_PROCESSING, way->processing);
  set(tiny, KEY_AUTO_COMMIT_INTERVAL, 10 * MS);
  set(tiny, KEY_COMMIT_INTERVAL, 10 * MS);
  set(tiny, KEY_INITIAL_REBALANCE_DELAY, 0);
  set(tiny, KEY_LINGER, 0);
  set(tiny, KEY_REQUEST_TIMEOUT, S);
  if (way->processing == PROCESSING_HANDED_OFF) tiny->plan.threads = 4;
  tiny->world->observer = &observer;
  return tiny;
}

/* The reader sleeps while the log grows, or is gone, so that another process takes its partition over. */
static void away(struct tiny *tiny, int64_t from, bool gone) {
  set(tiny, KEY_SESSION_TIMEOUT, gone ? 3 * S : 60 * S);
  set(tiny, KEY_HEARTBEAT_INTERVAL, S);
  for (uint32_t consumer = 1; consumer <= 2; consumer++) /* one of them has it; both come back */
    tiny_strike(tiny, gone ? VERB_KILL : VERB_PAUSE, from, ROLE_CONSUMER, consumer)->lasts = span_of(9 * S);
}

static void run(struct tiny *tiny, int64_t loss) {
  read_before = back_to = 0;
  sent_back = 0;
  lost_at = loss;
  tiny_run(tiny);
}

static const struct partition_log *log_of(const struct tiny *tiny, uint32_t broker) {
  return &broker_disk(&tiny->world->nodes[tiny->world->first[ROLE_BROKER] + broker - 1])->input[0];
}

static void check(const struct tiny *tiny, uint64_t kept) {
  ck_assert_uint_gt(read_before, kept);
  ck_assert_uint_eq(sent_back, 1);
  ck_assert_uint_eq(back_to, kept);
  for (uint64_t intent = 1; intent <= MESSAGES; intent++)
    ck_assert_msg(tiny_count(tiny, FACT_EFFECT, intent) > 0, "operation %d has no effect", (int)intent);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
}

/* --- One copy --- */

/* Flushed is what was there at the checkpoint before the last. */
static void power_loss(int way, bool gone) {
  struct tiny *tiny = reading(&ways[way]);
  set(tiny, KEY_LOG_FLUSH_INTERVAL, 2 * S);
  tiny_strike(tiny, VERB_POWER_LOSS, 5070 * MS, ROLE_BROKER, 1)->lasts = span_of(500 * MS);
  away(tiny, 5060 * MS, gone);
  run(tiny, 5070 * MS);
  const struct partition_log *log = log_of(tiny, 1);
  ck_assert_uint_eq(log->epoch_count, 1);
  check(tiny, log->epochs[0].offset);
  tiny_free(tiny);
}

START_TEST(a_reader_goes_back_where_the_only_copy_lost_its_tail) { power_loss(_i, false); }
END_TEST

START_TEST(who_begins_at_a_committed_offset_goes_back_where_the_only_copy_lost_its_tail) { power_loss(_i, true); }
END_TEST

/* Meanwhile the log is looked at several times, and flushed beyond where its readers were. */
START_TEST(what_is_to_be_read_again_is_not_forgotten) { /* [I1] of retention.h */
  struct tiny *tiny = reading(&ways[0]);
  tiny->plan.workload.messages = 8000;
  tiny->plan.workload.rate = UINT64_C(400) * SCHEMA_RATE_SCALE;
  set(tiny, KEY_LOG_FLUSH_INTERVAL, 2 * S);
  tiny_strike(tiny, VERB_POWER_LOSS, 5070 * MS, ROLE_BROKER, 1)->lasts = span_of(500 * MS);
  away(tiny, 5060 * MS, _i);
  run(tiny, 5070 * MS);
  const struct partition_log *log = log_of(tiny, 1);
  ck_assert_uint_gt(log->start, read_before); /* it forgets, later */
  ck_assert_uint_eq(sent_back, 1);
  ck_assert_uint_eq(back_to, log->epochs[0].offset);
  tiny_free(tiny);
}
END_TEST

/* --- Replicas --- */

/* Brokers 2 and 3 have what was there after a second; then broker 1 goes, and 2 leads. */
static void unclean_election(int way, bool gone) {
  struct tiny *tiny = reading(&ways[way]);
  tiny->plan.counts[ROLE_BROKER] = 3;
  set(tiny, KEY_BUFFER_MEMORY, 1 << 16);
  set(tiny, KEY_REPLICATION_FACTOR, 3);
  set(tiny, KEY_MIN_INSYNC_REPLICAS, 1);
  set(tiny, KEY_UNCLEAN_ELECTION, true);
  set(tiny, KEY_BROKER_HEARTBEAT_INTERVAL, 100 * MS);
  set(tiny, KEY_BROKER_SESSION_TIMEOUT, 300 * MS);
  tiny_strike(tiny, VERB_KILL, 1010 * MS, ROLE_BROKER, 2)->lasts = span_of(4200 * MS);
  tiny_strike(tiny, VERB_KILL, 1010 * MS, ROLE_BROKER, 3)->lasts = span_of(4500 * MS);
  tiny_strike(tiny, VERB_KILL, 5070 * MS, ROLE_BROKER, 1)->lasts = span_of(5 * S);
  away(tiny, 5060 * MS, gone);
  run(tiny, 5070 * MS);
  uint64_t kept;
  log_end_of_epoch(log_of(tiny, 2), 1, &kept);
  check(tiny, kept);
  tiny_free(tiny);
}

START_TEST(a_reader_goes_back_where_a_leader_has_less) { unclean_election(_i, false); }
END_TEST

START_TEST(who_begins_at_a_committed_offset_goes_back_where_a_leader_has_less) { unclean_election(_i, true); }
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka truncation");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, a_reader_goes_back_where_the_only_copy_lost_its_tail, 0, WAYS);
  tcase_add_loop_test(tests, who_begins_at_a_committed_offset_goes_back_where_the_only_copy_lost_its_tail, 0, WAYS);
  tcase_add_loop_test(tests, what_is_to_be_read_again_is_not_forgotten, 0, 2);
  tcase_add_loop_test(tests, a_reader_goes_back_where_a_leader_has_less, 0, WAYS);
  tcase_add_loop_test(tests, who_begins_at_a_committed_offset_goes_back_where_a_leader_has_less, 0, WAYS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
