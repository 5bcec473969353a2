/* RabbitMQ as its clients see it: confirms, acknowledgements, limits, restarts. */
#include "models/rabbitmq/broker.h"
#include "models/rabbitmq/wire.h"
#include "models/store/database.h"
#include "sim/handler/dgsim.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_rabbitmq_auto_ack, system_rabbitmq_confirms, system_rabbitmq_quorum;
extern const struct handler handler_naive, handler_dedup_table;

#define MS NS_PER_MS
#define S NS_PER_S

/* A handler that fails as often as the test says, and notes what it was told. */
static struct {
  int64_t share;       /* of deliveries fail, of 1000 */
  uint64_t intent;     /* 0 = all intents fail so */
  int64_t sleep_ns;    /* before it returns, the first time */
  uint32_t calls, redelivered;
  uint32_t delivery;   /* of the last call */
} script;

static int scripted(struct dg_context *context, const struct dg_message *message) {
  script.calls++;
  script.redelivered += message->redelivered;
  script.delivery = message->delivery;
  if (script.sleep_ns && script.calls == 1) dg_sleep(context, script.sleep_ns);
  bool meant = script.intent == 0 || script.intent == message->id;
  uint64_t place = hash_pair(message->id, script.calls) >> 32;
  if (meant && (int64_t)(place * 1000 >> 32) < script.share) return DG_FAILED;
  return dg_apply(context);
}
static const struct handler handler_scripted = {.name = "scripted", .handle = scripted,
                                                .uses = HANDLER_USES(DATABASE)};

/* Ten operations a second from 100 ms on; three brokers for a quorum queue. */
static struct tiny *rabbit(const struct system *system, const struct handler *handler,
                           uint64_t messages) {
  struct tiny *tiny = tiny_new(system, handler, &store_transactional);
  tiny->plan.workload.messages = messages;
  memset(&script, 0, sizeof script);
  if (system == &system_rabbitmq_quorum) tiny->plan.counts[ROLE_BROKER] = 3;
  return tiny;
}

static void set(struct tiny *tiny, enum rabbit_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

/* How many operations had an effect at all. */
static uint64_t done(const struct tiny *tiny) {
  uint64_t count = 0;
  for (uint64_t i = 1; i <= tiny->plan.workload.messages; i++)
    count += tiny_count(tiny, FACT_EFFECT, i) > 0;
  return count;
}

static const struct system *const systems[] = {&system_rabbitmq_auto_ack, &system_rabbitmq_confirms,
                                               &system_rabbitmq_quorum};

START_TEST(without_faults_everything_happens_once) {
  for (int brokers = 1; brokers <= 5; brokers += 2) {
    struct tiny *tiny = rabbit(systems[_i], &handler_naive, 20);
    tiny->plan.counts[ROLE_BROKER] = (uint32_t)brokers;
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, _i == 0 ? FACT_NONE : FACT_OK, 0), 20);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 20);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 20);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    tiny_free(tiny);
  }
}
END_TEST

/* --- Confirms --- */

START_TEST(confirm_comes_when_the_message_is_as_safe_as_it_gets) { /* [C1], [Q1] */
  static const struct {
    int queue, mode, durable, fsync, brokers;
    int64_t more_ns; /* than two latencies and the work of one request */
  } rows[] = {
      {RABBIT_CLASSIC, RABBIT_TRANSIENT, 1, 1, 1, 0},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 0, 1, 1, 0},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 0, 1, 0},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 1, 1, 700 * NS_PER_US},
      {RABBIT_QUORUM, RABBIT_TRANSIENT, 1, 0, 1, 700 * NS_PER_US},
      {RABBIT_QUORUM, RABBIT_PERSISTENT, 1, 0, 3, 2700 * NS_PER_US},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 1);
    tiny->plan.counts[ROLE_BROKER] = (uint32_t)rows[i].brokers;
    set(tiny, KEY_RABBIT_QUEUE_TYPE, rows[i].queue);
    set(tiny, KEY_RABBIT_DELIVERY_MODE, rows[i].mode);
    set(tiny, KEY_RABBIT_DURABLE, rows[i].durable);
    set(tiny, KEY_RABBIT_FSYNC, rows[i].fsync);
    tiny_run(tiny);
    int64_t took = tiny_at(tiny, FACT_OK, 1, 0) - tiny_at(tiny, FACT_INTENDED, 1, 0);
    int64_t expected = 2 * TINY_LATENCY_NS + rows[i].more_ns;
    ck_assert_msg(took >= expected && took < expected + 100 * NS_PER_US, "row %zu: %lld ns", i,
                  (long long)took);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(busy_queue_writes_and_confirms_in_batches) { /* multiple */
  struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 200);
  tiny->plan.workload.rate = INT64_C(1000000) * SCHEMA_RATE_SCALE;
  set(tiny, KEY_RABBIT_SYNC_INTERVAL, 2 * MS);
  tiny_run(tiny);
  size_t times = 0;
  for (uint64_t i = 1; i <= 200; i++)
    times += i == 1 || tiny_at(tiny, FACT_OK, i, 0) != tiny_at(tiny, FACT_OK, i - 1, 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 200);
  ck_assert_uint_ge(times, 2);
  ck_assert_uint_le(times, 8); /* 200 requests of 20 us, a batch each 2 ms */
  tiny_free(tiny);
}
END_TEST

START_TEST(what_no_binding_matches_is_confirmed_returned_or_silent) { /* [I4] */
  static const struct {
    int confirms, mandatory;
    enum fact outcome;
    size_t disposed;
  } rows[] = {{1, 0, FACT_OK, 1}, {1, 1, FACT_REJECTED, 0}, {0, 0, FACT_NONE, 1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 1);
    set(tiny, KEY_RABBIT_BOUND_KEYS, 0);
    set(tiny, KEY_RABBIT_CONFIRMS, rows[i].confirms);
    set(tiny, KEY_RABBIT_MANDATORY, rows[i].mandatory);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, rows[i].outcome, 1), 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, 1), rows[i].disposed);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 0);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(lost_confirm_is_published_again_and_stored_twice) {
  for (int republish = 0; republish < 2; republish++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 3);
    set(tiny, KEY_RABBIT_REPUBLISH, republish);
    tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_ACK_SENT, 2)->attempt = 1;
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 2), republish ? 2 : 1);
    ck_assert_uint_eq(tiny_count(tiny, republish ? FACT_OK : FACT_UNKNOWN, 2), 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 2), republish ? 2 : 1);
    tiny_free(tiny);
  }
}
END_TEST

/* --- Restarts --- */

START_TEST(restart_keeps_what_it_should) { /* [C1], [C4] */
  static const struct {
    int queue, mode, durable, fsync;
    enum verb verb;
    bool all;
  } rows[] = {
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 0, VERB_KILL, true},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 0, VERB_TERMINATE, true},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 0, VERB_POWER_LOSS, false},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 1, 1, VERB_POWER_LOSS, true},
      {RABBIT_CLASSIC, RABBIT_TRANSIENT, 1, 0, VERB_KILL, false},
      {RABBIT_CLASSIC, RABBIT_TRANSIENT, 1, 0, VERB_TERMINATE, false},
      {RABBIT_CLASSIC, RABBIT_PERSISTENT, 0, 0, VERB_TERMINATE, false},
      {RABBIT_QUORUM, RABBIT_TRANSIENT, 1, 0, VERB_KILL, true},
      {RABBIT_QUORUM, RABBIT_TRANSIENT, 1, 0, VERB_POWER_LOSS, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_scripted, 5);
    tiny->plan.counts[ROLE_BROKER] = rows[i].queue == RABBIT_QUORUM ? 3 : 1;
    script.sleep_ns = 450 * MS; /* at the strike only the first is delivered, and not done */
    set(tiny, KEY_RABBIT_QUEUE_TYPE, rows[i].queue);
    set(tiny, KEY_RABBIT_DELIVERY_MODE, rows[i].mode);
    set(tiny, KEY_RABBIT_DURABLE, rows[i].durable);
    set(tiny, KEY_RABBIT_FSYNC, rows[i].fsync);
    set(tiny, KEY_RABBIT_PREFETCH, 1);
    struct fault_plan *fault = tiny_strike(tiny, rows[i].verb, 530 * MS, ROLE_BROKER, 1);
    fault->grace = span_of(S);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 5);
    if (rows[i].all)
      ck_assert_msg(done(tiny) == 5, "row %zu: %llu", i, (unsigned long long)done(tiny));
    else
      ck_assert_msg(done(tiny) == 1, "row %zu: %llu", i, (unsigned long long)done(tiny));
    if (rows[i].all) ck_assert_uint_gt(script.redelivered, 0);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(automatic_acknowledgement_not_yet_written_is_undone_by_a_kill) { /* [C2] */
  for (int mode = RABBIT_PERSISTENT; mode <= RABBIT_TRANSIENT; mode++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_auto_ack, &handler_scripted, 1);
    set(tiny, KEY_RABBIT_DELIVERY_MODE, mode);
    tiny_strike(tiny, VERB_KILL, 200 * MS, ROLE_BROKER, 1);
    tiny_run(tiny); /* delivered at about 102 ms, its removal written at 302 ms */
    ck_assert_uint_eq(script.calls, mode == RABBIT_PERSISTENT ? 2 : 1);
    ck_assert_uint_eq(script.redelivered, mode == RABBIT_PERSISTENT ? 1 : 0);
    tiny_free(tiny);
  }
}
END_TEST

/* --- A stop --- */

/* Two consumers with a thread each; the first is stopped at several times of its handler's. */
static struct tiny *stopped_consumer(const struct system *system, int64_t at_ns) {
  struct tiny *tiny = rabbit(system, &handler_naive, 40);
  tiny->plan.counts[ROLE_CONSUMER] = 2;
  tiny_service_time(tiny, 90 * MS);
  tiny_strike(tiny, VERB_TERMINATE, at_ns, ROLE_CONSUMER, 1)->grace = span_of(5 * S);
  return tiny;
}

START_TEST(stopped_consumer_leaves_when_its_last_acknowledgement_has_arrived) { /* [I4] */
  static const struct {
    const struct system *system;
    int64_t batch;
  } rows[] = {{&system_rabbitmq_auto_ack, 1},
              {&system_rabbitmq_confirms, 1},
              {&system_rabbitmq_confirms, 10},
              {&system_rabbitmq_quorum, 1},
              {&system_rabbitmq_quorum, 10}};
  for (int64_t at = 0; at < 100; at++) {
    struct tiny *tiny = stopped_consumer(rows[_i].system, S + at * 2 * MS);
    set(tiny, KEY_RABBIT_ACK_BATCH, rows[_i].batch);
    tiny_run(tiny);
    ck_assert_msg(tiny_count(tiny, FACT_DELIVERED, 0) == 40, "stopped after %lld ms: %zu deliveries",
                  (long long)(1000 + at * 2), tiny_count(tiny, FACT_DELIVERED, 0));
    ck_assert_uint_eq(done(tiny), 40);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    tiny_free(tiny);
  }
}
END_TEST

/* The answer: it comes, its connection breaks with it, or nothing is heard any more. amqp.h [I3] */
START_TEST(stopped_consumer_waits_for_the_answer_as_long_as_there_is_a_connection) {
  static const struct {
    enum verb verb;
    int64_t least, most; /* ns from the close, which leaves at 1 s, to the exit */
  } rows[] = {{VERB__COUNT, 2 * MS, 3 * MS}, {VERB_DROP, MS, 2 * MS}, {VERB_PARTITION, 2 * S, 8 * S}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 1);
    set(tiny, KEY_RABBIT_HEARTBEAT, 4 * S);
    tiny_strike(tiny, VERB_TERMINATE, S, ROLE_CONSUMER, 1)->grace = span_of(30 * S);
    if (rows[i].verb == VERB_DROP)
      tiny_trigger(tiny, VERB_DROP, (enum point)POINT_RABBIT_CLOSED_SENT, 0)->times = 1;
    if (rows[i].verb == VERB_PARTITION) {
      struct fault_plan *cut = tiny_strike(tiny, VERB_PARTITION, 900 * MS, ROLE_CONSUMER, 1);
      cut->from = tiny_one(ROLE_BROKER, 1);
      cut->lasts = span_of(20 * S);
    }
    tiny_run(tiny);
    int64_t took = tiny_at(tiny, FACT_NODE_DOWN, 0, 0) - S;
    ck_assert_msg(took >= rows[i].least && took < rows[i].most, "row %zu: %lld ns", i, (long long)took);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(stopped_producer_leaves_when_what_it_published_has_arrived) { /* [I5] of the producer */
  for (int64_t at = 0; at < 50; at++) {
    struct tiny *tiny = rabbit(systems[_i], &handler_naive, 20);
    tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
    int64_t asked = 4 * MS + at * 200 * NS_PER_US;
    tiny_strike(tiny, VERB_TERMINATE, asked, ROLE_PRODUCER, 1)->grace = span_of(S);
    tiny_run(tiny);
    size_t sent = tiny_count(tiny, _i == 0 ? FACT_NONE : FACT_OK, 0);
    ck_assert(sent > 0 && sent < 20);
    ck_assert_uint_eq(done(tiny), sent);
    ck_assert_int_ge(tiny_at(tiny, FACT_NODE_DOWN, 0, 0) - asked, 2 * TINY_LATENCY_NS);
    tiny_free(tiny);
  }
}
END_TEST

/* --- Deliveries --- */

START_TEST(delivery_limit_counts_rejections_and_not_nacks) { /* [Q3], closed form 2.6 */
  static const struct {
    const struct system *system;
    int on_failure, target;
    int64_t limit;
    uint32_t calls;
    enum fact fate;
  } rows[] = {
      {&system_rabbitmq_quorum, RABBIT_REJECT_REQUEUE, RABBIT_TARGET_NONE, 0, 1, FACT_DISPOSED},
      {&system_rabbitmq_quorum, RABBIT_REJECT_REQUEUE, RABBIT_TARGET_NONE, 3, 4, FACT_DISPOSED},
      {&system_rabbitmq_quorum, RABBIT_REJECT_REQUEUE, RABBIT_TARGET_QUEUE, 3, 4, FACT_DEAD_LETTERED},
      {&system_rabbitmq_quorum, RABBIT_REJECT_REQUEUE, RABBIT_TARGET_NONE, 20, 21, FACT_DISPOSED},
      {&system_rabbitmq_quorum, RABBIT_REJECT_DISCARD, RABBIT_TARGET_QUEUE, 20, 1, FACT_DEAD_LETTERED},
      {&system_rabbitmq_confirms, RABBIT_REJECT_DISCARD, RABBIT_TARGET_NONE, 20, 1, FACT_DISPOSED},
      {&system_rabbitmq_confirms, RABBIT_REJECT_DISCARD, RABBIT_TARGET_QUEUE, 20, 1, FACT_DEAD_LETTERED},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(rows[i].system, &handler_scripted, 1);
    script.share = 1000;
    set(tiny, KEY_RABBIT_ON_FAILURE, rows[i].on_failure);
    set(tiny, KEY_RABBIT_DELIVERY_LIMIT, rows[i].limit);
    set(tiny, KEY_RABBIT_DEAD_LETTER_TARGET, rows[i].target);
    tiny_run(tiny);
    ck_assert_uint_eq(script.calls, rows[i].calls);
    if (rows[i].system == &system_rabbitmq_quorum)
      ck_assert_uint_eq(script.delivery, rows[i].calls); /* x-delivery-count */
    ck_assert_uint_eq(tiny_count(tiny, rows[i].fate, 1), 1);
    tiny_free(tiny);
  }
  struct tiny *tiny = rabbit(&system_rabbitmq_quorum, &handler_scripted, 40);
  script.share = 900; /* one that fails 21 times in a row is likely among them */
  set(tiny, KEY_RABBIT_FAILURE_DELAY, MS);
  tiny_run(tiny);
  ck_assert_uint_eq(done(tiny), 40);
  tiny_free(tiny);
}
END_TEST

START_TEST(share_of_dropped_messages_is_the_closed_form) { /* 2.6: P(drop) = c^(L+1) */
  static const struct {
    int64_t share, limit;
    double expected;
  } rows[] = {{500, 0, 0.5}, {500, 1, 0.25}, {700, 3, 0.2401}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_quorum, &handler_scripted, 2000);
    tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
    script.share = rows[i].share;
    set(tiny, KEY_RABBIT_ON_FAILURE, RABBIT_REJECT_REQUEUE);
    set(tiny, KEY_RABBIT_FAILURE_DELAY, 0);
    set(tiny, KEY_RABBIT_DELIVERY_LIMIT, rows[i].limit);
    tiny_run(tiny);
    double dropped = (double)tiny_count(tiny, FACT_DISPOSED, 0) / 2000;
    ck_assert_msg(dropped > rows[i].expected - 0.039 && dropped < rows[i].expected + 0.039,
                  "row %zu: %f", i, dropped); /* 4 standard deviations at most */
    ck_assert_uint_eq(done(tiny) + tiny_count(tiny, FACT_DISPOSED, 0), 2000);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(broken_connection_requeues_at_once_and_a_stale_acknowledgement_is_none) { /* [I1] */
  for (int queue = RABBIT_CLASSIC; queue <= RABBIT_QUORUM; queue++) {
    struct tiny *tiny = rabbit(queue ? &system_rabbitmq_quorum : &system_rabbitmq_confirms,
                               &handler_scripted, 1);
    tiny->plan.counts[ROLE_CONSUMER] = 2;
    script.sleep_ns = 200 * MS;
    set(tiny, KEY_RABBIT_RECOVERY_INTERVAL, 10 * MS);
    struct fault_plan *reset = tiny_strike(tiny, VERB_RESET, 200 * MS, ROLE_CONSUMER, 1);
    reset->target_link = LINK_CONSUMER_TO_BROKER;
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), 2);
    int64_t again = tiny_at(tiny, FACT_DELIVERED, 1, 1);
    ck_assert(again >= 200 * MS && again < 210 * MS);
    ck_assert(tiny_nth(tiny, FACT_DELIVERED, 1, 0)->node != tiny_nth(tiny, FACT_DELIVERED, 1, 1)->node);
    ck_assert_uint_eq(script.redelivered, 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(silent_consumer_is_noticed_by_its_heartbeat) {
  static const struct {
    enum verb verb;
    int64_t least, most; /* ns after the strike */
  } rows[] = {{VERB_POWER_LOSS, 3 * S - 200 * MS, 6 * S}, {VERB_KILL, 0, 10 * MS}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_scripted, 1);
    tiny->plan.counts[ROLE_CONSUMER] = 2;
    script.sleep_ns = S;
    set(tiny, KEY_RABBIT_HEARTBEAT, 4 * S);
    tiny_strike(tiny, rows[i].verb, 500 * MS, ROLE_CONSUMER, 1)->lasts = span_of(30 * S);
    tiny_run(tiny);
    int64_t gap = tiny_at(tiny, FACT_DELIVERED, 1, 1) - 500 * MS;
    ck_assert_msg(gap >= rows[i].least && gap <= rows[i].most, "row %zu: %lld", i, (long long)gap);
    tiny_free(tiny);
  }
}
END_TEST

/* Who does not wait for as long as an answer takes connects for ever; what he has left is over at the broker too, also
 * where no heartbeat would tell. */
START_TEST(connection_given_up_before_its_answer_leaves_no_session) { /* [I2] of amqp.h */
  struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 1);
  set(tiny, KEY_RABBIT_HEARTBEAT, 0);
  set(tiny, KEY_RABBIT_CONNECTION_TIMEOUT, MS + MS / 2);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 0);
  const struct broker *broker = broker_of(&tiny->world->nodes[tiny->world->first[ROLE_BROKER]]);
  ck_assert_uint_le(broker->session_count, 2 * 2); /* of either client one that begins and one that ends */
  tiny_free(tiny);
}
END_TEST

START_TEST(consumer_timeout_closes_the_channel_of_a_quorum_queue_only) {
  for (int queue = RABBIT_CLASSIC; queue <= RABBIT_QUORUM; queue++) {
    struct tiny *tiny = rabbit(queue ? &system_rabbitmq_quorum : &system_rabbitmq_confirms,
                               &handler_scripted, 1);
    script.sleep_ns = 10 * NS_PER_MIN;
    set(tiny, KEY_RABBIT_CONSUMER_TIMEOUT, 2 * NS_PER_MIN);
    set(tiny, KEY_RABBIT_HEARTBEAT, 0);
    tiny->plan.counts[ROLE_CONSUMER] = 2;
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 1), queue ? 2 : 1);
    if (queue) {
      int64_t again = tiny_at(tiny, FACT_DELIVERED, 1, 1);
      ck_assert(again >= 2 * NS_PER_MIN && again <= 3 * NS_PER_MIN + S);
    }
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(one_acknowledgement_for_many) { /* multiple */
  uint64_t transmissions[2];
  for (int batch = 0; batch < 2; batch++) {
    struct tiny *tiny = rabbit(&system_rabbitmq_confirms, &handler_naive, 100);
    tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
    tiny_service_time(tiny, 2 * MS);
    if (batch) set(tiny, KEY_RABBIT_ACK_BATCH, 10);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 100);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 0), 100);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    transmissions[batch] = tiny->world->counters[COUNTER_TRANSMISSIONS];
    tiny_free(tiny);
  }
  ck_assert_uint_le(transmissions[1] + 85, transmissions[0]);
}
END_TEST

START_TEST(full_queue_refuses_the_newest_or_drops_the_oldest) {
  for (int queue = RABBIT_CLASSIC; queue <= RABBIT_QUORUM; queue++)
    for (int overflow = RABBIT_DROP_HEAD; overflow <= RABBIT_REJECT_PUBLISH; overflow++) {
      struct tiny *tiny = rabbit(queue ? &system_rabbitmq_quorum : &system_rabbitmq_confirms,
                                 &handler_scripted, 5);
      script.sleep_ns = 2 * S; /* the first is at work, two fit into the queue */
      set(tiny, KEY_RABBIT_PREFETCH, 1);
      set(tiny, KEY_RABBIT_MAX_LENGTH, 2);
      set(tiny, KEY_RABBIT_OVERFLOW, overflow);
      tiny_run(tiny);
      bool drops = overflow == RABBIT_DROP_HEAD;
      for (uint64_t i = 1; i <= 5; i++) {
        bool gone = drops ? i == 2 || i == 3 : i >= 4;
        ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, i), gone ? 0 : 1);
        ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, i), gone && drops ? 1 : 0);
        ck_assert_uint_eq(tiny_count(tiny, FACT_REJECTED, i), gone && !drops ? 1 : 0);
      }
      tiny_free(tiny);
    }
}
END_TEST

START_TEST(message_expires_at_the_head_and_not_in_the_hands_of_a_consumer) {
  for (int queue = RABBIT_CLASSIC; queue <= RABBIT_QUORUM; queue++) {
    struct tiny *tiny = rabbit(queue ? &system_rabbitmq_quorum : &system_rabbitmq_confirms,
                               &handler_scripted, 3);
    script.sleep_ns = 2 * S;
    set(tiny, KEY_RABBIT_PREFETCH, 1);
    set(tiny, KEY_RABBIT_MESSAGE_TTL, 500 * MS);
    tiny_run(tiny);
    for (uint64_t i = 1; i <= 3; i++) {
      ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, i), i == 1 ? 1 : 0);
      ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, i), i == 1 ? 0 : 1);
    }
    int64_t waited = tiny_at(tiny, FACT_DISPOSED, 2, 0) - tiny_at(tiny, FACT_APPENDED, 2, 0);
    ck_assert(waited >= 500 * MS - 5 * MS && waited < 510 * MS);
    tiny_free(tiny);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models/rabbitmq");
  TCase *tests = tcase_create("clients");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, without_faults_everything_happens_once, 0, 3);
  tcase_add_test(tests, confirm_comes_when_the_message_is_as_safe_as_it_gets);
  tcase_add_test(tests, busy_queue_writes_and_confirms_in_batches);
  tcase_add_test(tests, what_no_binding_matches_is_confirmed_returned_or_silent);
  tcase_add_test(tests, lost_confirm_is_published_again_and_stored_twice);
  tcase_add_test(tests, restart_keeps_what_it_should);
  tcase_add_test(tests, automatic_acknowledgement_not_yet_written_is_undone_by_a_kill);
  tcase_add_loop_test(tests, stopped_consumer_leaves_when_its_last_acknowledgement_has_arrived, 0, 5);
  tcase_add_test(tests, stopped_consumer_waits_for_the_answer_as_long_as_there_is_a_connection);
  tcase_add_loop_test(tests, stopped_producer_leaves_when_what_it_published_has_arrived, 0, 3);
  tcase_add_test(tests, delivery_limit_counts_rejections_and_not_nacks);
  tcase_add_test(tests, share_of_dropped_messages_is_the_closed_form);
  tcase_add_test(tests, broken_connection_requeues_at_once_and_a_stale_acknowledgement_is_none);
  tcase_add_test(tests, silent_consumer_is_noticed_by_its_heartbeat);
  tcase_add_test(tests, connection_given_up_before_its_answer_leaves_no_session);
  tcase_add_test(tests, consumer_timeout_closes_the_channel_of_a_quorum_queue_only);
  tcase_add_test(tests, one_acknowledgement_for_many);
  tcase_add_test(tests, full_queue_refuses_the_newest_or_drops_the_oldest);
  tcase_add_test(tests, message_expires_at_the_head_and_not_in_the_hands_of_a_consumer);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
