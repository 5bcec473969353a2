/* Three brokers, a controller: acks, the in-sync set, elections, truncation; scripted, and by chance with
 * the invariants looked at whenever a message leaves. */
#include "models/kafka/replica.h"
#include "models/store/database.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_kafka_acks_1, system_kafka_acks_all, system_kafka_idempotent,
    system_kafka_transactional;
extern const struct handler handler_naive, handler_transform;

#define MS NS_PER_MS
#define S NS_PER_S

static void set(struct tiny *tiny, enum kafka_key key, int64_t value) {
  tiny->plan.system_settings.values[key].i = value;
}

/* Ten operations a second from 100 ms on; brokers that fail are noticed after 300 ms. */
static struct tiny *cluster(const struct system *system, uint64_t messages) {
  bool output = system == &system_kafka_transactional;
  struct tiny *tiny = tiny_new(system, output ? &handler_transform : &handler_naive,
                               output ? NULL : &store_transactional);
  tiny->plan.workload.messages = messages;
  tiny->plan.counts[ROLE_BROKER] = 3;
  set(tiny, KEY_BUFFER_MEMORY, 1 << 16);
  set(tiny, KEY_REPLICATION_FACTOR, 3);
  set(tiny, KEY_LINGER, 0);
  set(tiny, KEY_MIN_INSYNC_REPLICAS, 2);
  set(tiny, KEY_BROKER_HEARTBEAT_INTERVAL, 100 * MS);
  set(tiny, KEY_BROKER_SESSION_TIMEOUT, 300 * MS);
  return tiny;
}

static const struct controller_disk *controller(const struct world *world) {
  return controller_disk(&world->nodes[kafka_controller(world)]);
}

static const struct partition_log *log_of(const struct world *world, uint32_t broker, uint32_t tp) {
  return broker_log(&world->nodes[world->first[ROLE_BROKER] + broker], tp);
}

/* All replicas have the same records as far as they are committed. */
static void check_same_logs(const struct tiny *tiny) {
  for (uint32_t p = 0; p < kafka_topic_partitions(tiny->world); p++) {
    const struct partition_log *one = log_of(tiny->world, replica_broker(tiny->world, p, 0), p);
    for (uint32_t n = 1; n < 3; n++) {
      const struct partition_log *other = log_of(tiny->world, replica_broker(tiny->world, p, n), p);
      uint64_t least =
          one->high_watermark < other->high_watermark ? one->high_watermark : other->high_watermark;
      uint64_t from = one->start > other->start ? one->start : other->start;
      for (uint64_t at = from; at < least; at++) {
        ck_assert_uint_eq(log_epoch_at(one, at), log_epoch_at(other, at));
        ck_assert_uint_eq(log_at(one, at)->intent, log_at(other, at)->intent);
        ck_assert_uint_eq(log_at(one, at)->flags, log_at(other, at)->flags);
      }
    }
  }
}

static void check_drained(const struct tiny *tiny) {
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  check_same_logs(tiny);
}

/* --- acks --- */

START_TEST(an_answer_comes_when_acks_says) {
  static const struct {
    const struct system *system;
    int64_t least_ms, most_ms;
  } cases[] = {
      {&system_kafka_acks_1, 2, 3},   /* request, answer */
      {&system_kafka_acks_all, 4, 5}, /* and to the follower and back between them */
      {&system_kafka_idempotent, 4, 5},
  };
  struct tiny *tiny = cluster(cases[_i].system, 5);
  tiny_run(tiny);
  for (uint64_t intent = 2; intent <= 5; intent++) {
    int64_t took = tiny_at(tiny, FACT_OK, intent, 0) - tiny_at(tiny, FACT_INTENDED, intent, 0);
    ck_assert_int_ge(took, cases[_i].least_ms * MS);
    ck_assert_int_lt(took, cases[_i].most_ms * MS);
  }
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 5);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(with_too_few_in_sync_nothing_is_written) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 10);
  tiny_strike(tiny, VERB_KILL, 50 * MS, ROLE_BROKER, 2)->lasts = span_of(2 * S);
  tiny_strike(tiny, VERB_KILL, 50 * MS, ROLE_BROKER, 3)->lasts = span_of(2 * S);
  tiny_run(tiny);
  ck_assert_uint_gt(tiny_count(tiny, FACT_RETRIED, 4), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 4), 1);
  ck_assert_int_gt(tiny_at(tiny, FACT_APPENDED, 4, 0), 2 * S);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 4), 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* An append waits; then the in-sync set falls below min.insync.replicas. The record is in the log: only
 * producer ids keep the retry from being another one. */
START_TEST(a_set_that_shrinks_under_a_waiting_append) {
  static const struct {
    const struct system *system;
    bool strict;
    size_t appended;
  } cases[] = {
      {&system_kafka_acks_all, true, 1},  /* it waits on */
      {&system_kafka_acks_all, false, 2}, /* NOT_ENOUGH_REPLICAS_AFTER_APPEND, and a retry */
      {&system_kafka_idempotent, true, 1},
      {&system_kafka_idempotent, false, 1},
  };
  struct tiny *tiny = cluster(cases[_i].system, 10);
  set(tiny, KEY_STRICT_MIN_ISR, cases[_i].strict);
  tiny_strike(tiny, VERB_KILL, 150 * MS, ROLE_BROKER, 2)->lasts = span_of(2 * S);
  tiny_strike(tiny, VERB_KILL, 150 * MS, ROLE_BROKER, 3)->lasts = span_of(2 * S);
  tiny_run(tiny);
  ck_assert_int_lt(tiny_at(tiny, FACT_APPENDED, 2, 0), 250 * MS);
  ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, 2) > 0, !cases[_i].strict);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 2), cases[_i].appended);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 2), cases[_i].appended);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* --- The in-sync set --- */

static int64_t left_at, back_at; /* when the third broker left the in-sync set, and came back */

static void watch_third(void *context, const struct world *world, const struct message *message,
                        int64_t at) {
  (void)context, (void)message, (void)at;
  if (world->now.ns == 0) return; /* nodes are still being started */
  bool in = (controller(world)->partitions[0].isr >> 2) & 1;
  if (!in && left_at < 0) left_at = world->now.ns;
  if (in && left_at >= 0 && back_at < 0) back_at = world->now.ns;
}

/* Eviction after 1 to 1.5 times the lag (closed form 2.5); back when it has caught up. */
START_TEST(a_follower_that_falls_behind_leaves_and_comes_back) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 60);
  const struct observer observer = {.sent = watch_third};
  set(tiny, KEY_REPLICA_LAG_TIME_MAX, S);
  struct fault_plan *fault = tiny_strike(tiny, VERB_PARTITION, 1200 * MS, ROLE_BROKER, 3);
  fault->from = tiny_one(ROLE_BROKER, 1);
  fault->lasts = span_of(3 * S);
  left_at = back_at = -1;
  tiny->world->observer = &observer;
  tiny_run(tiny);
  tiny->world->observer = NULL;
  ck_assert_int_ge(left_at, 1200 * MS + S - 600 * MS); /* it had caught up at its last fetch */
  ck_assert_int_le(left_at, 1200 * MS + 1500 * MS + 10 * MS);
  ck_assert_int_ge(back_at, 4200 * MS);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 60);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_replica_that_restarts_is_out_until_it_has_caught_up) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 60);
  const struct observer observer = {.sent = watch_third};
  tiny_strike(tiny, VERB_POWER_LOSS, 1250 * MS, ROLE_BROKER, 3)->lasts = span_of(100 * MS);
  left_at = back_at = -1;
  tiny->world->observer = &observer;
  tiny_run(tiny);
  tiny->world->observer = NULL;
  /* Its new incarnation registers when the session of the old one is over, and by that it is out. */
  ck_assert_int_ge(left_at, 1250 * MS + 200 * MS);
  ck_assert_int_le(left_at, 1250 * MS + 310 * MS);
  ck_assert_int_gt(back_at, left_at);
  ck_assert_uint_eq(log_of(tiny->world, 2, 0)->end, log_of(tiny->world, 0, 0)->end);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* More than a message holds is waiting for it: it gets that in parts. */
START_TEST(a_replica_that_was_away_for_long_catches_up) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 3000);
  tiny->plan.workload.rate = 2000 * SCHEMA_RATE_SCALE;
  tiny->plan.workload.keys = 1;
  set(tiny, KEY_BUFFER_MEMORY, 1 << 24);
  tiny_strike(tiny, VERB_POWER_LOSS, 100 * MS, ROLE_BROKER, 3)->lasts = span_of(5 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 3000);
  ck_assert_uint_eq(log_of(tiny->world, 0, 0)->end, 3000);
  ck_assert_uint_eq(log_of(tiny->world, 2, 0)->end, 3000);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* While the controller has not answered, nothing else is asked of it: what a leader counts with is what it
 * may be given. */
START_TEST(one_set_is_proposed_at_a_time) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 10);
  tiny_run(tiny);
  struct node *leader = &tiny->world->nodes[kafka_leader(tiny->world, 0)];
  struct replica *replica = &replication_of(leader)->replicas[0];
  ck_assert(replica->leads);
  ck_assert_uint_eq(replica->state.isr, 7);
  const uint32_t own = leader->id - tiny->world->first[ROLE_BROKER];
  uint32_t slow = 0;
  while (replica_broker(tiny->world, 0, slow) == own) slow++;
  replica->remotes[slow].caught_up_at = INT64_MIN;
  replica->proposed = 7;
  replica_on_lag(tiny->world, leader, 0);
  ck_assert_uint_eq(replica->proposed, 7);
  replica->proposed = 0;
  replica_on_lag(tiny->world, leader, 0);
  ck_assert_uint_eq(replica->proposed, 7 & ~(1u << slow));
  tiny_free(tiny);
}
END_TEST

/* --- Elections --- */

START_TEST(what_only_a_dead_leader_had_is_cut_off_when_it_comes_back) {
  static const struct system *const systems[] = {&system_kafka_acks_all, &system_kafka_idempotent};
  struct tiny *tiny = cluster(systems[_i], 10);
  tiny_trigger(tiny, VERB_KILL, POINT_APPENDED, 3)->lasts = span_of(2 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 3),
                    2); /* at the old leader, and at the new one */
  ck_assert_uint_eq(tiny_nth(tiny, FACT_APPENDED, 3, 0)->value,
                    tiny_nth(tiny, FACT_APPENDED, 3, 1)->value); /* the offset is used again */
  ck_assert(tiny_nth(tiny, FACT_APPENDED, 3, 0)->node != tiny_nth(tiny, FACT_APPENDED, 3, 1)->node);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 3), 1);
  ck_assert_uint_eq(controller(tiny->world)->partitions[0].leader, 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_new_leader_knows_the_batches_of_the_old_one) {
  static const struct {
    const struct system *system;
    size_t effects;
  } cases[] = {{&system_kafka_acks_all, 2}, {&system_kafka_idempotent, 1}};
  struct tiny *tiny = cluster(cases[_i].system, 10);
  struct fault_plan *fault = tiny_trigger(tiny, VERB_KILL, POINT_PUBLISH_ACK_SENT, 3);
  fault->before = true;
  fault->lasts = span_of(2 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 3), cases[_i].effects);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* A leader stands still past its session, and goes on as if nothing had happened. */
START_TEST(a_leader_that_wakes_up_late_confirms_nothing) {
  struct tiny *tiny = cluster(&system_kafka_idempotent, 30);
  tiny_strike(tiny, VERB_PAUSE, 1050 * MS, ROLE_BROKER, 1)->lasts = span_of(S);
  set(tiny, KEY_REQUEST_TIMEOUT, 500 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(controller(tiny->world)->partitions[0].leader, 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 30);
  for (uint64_t intent = 1; intent <= 30; intent++)
    ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, intent) >= 1, 1);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_leader_that_is_asked_to_stop_hands_over_first) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 30);
  struct fault_plan *fault = tiny_strike(tiny, VERB_TERMINATE, 1050 * MS, ROLE_BROKER, 2);
  fault->grace = span_of(10 * S);
  fault->lasts = span_of(500 * MS);
  tiny->plan.partitions = 3;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 30);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EXPIRED, 0), 0); /* no session had to run out */
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 30);
  ck_assert(controller(tiny->world)->partitions[1].leader == 2);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

/* Nobody else in sync is alive: the partition waits for its leader, or does not. */
START_TEST(an_unclean_election_happens_only_where_it_is_allowed) {
  struct tiny *tiny = cluster(&system_kafka_acks_all, 60);
  bool allowed = _i;
  set(tiny, KEY_MIN_INSYNC_REPLICAS, 1);
  set(tiny, KEY_UNCLEAN_ELECTION, allowed);
  tiny_strike(tiny, VERB_KILL, 1000 * MS, ROLE_BROKER, 2)->lasts = span_of(2050 * MS);
  tiny_strike(tiny, VERB_KILL, 1000 * MS, ROLE_BROKER, 3)->lasts = span_of(3 * S);
  tiny_strike(tiny, VERB_KILL, 3 * S, ROLE_BROKER, 1)->lasts = span_of(2 * S);
  tiny_run(tiny);
  bool waits = false;
  for (uint64_t intent = 1; intent <= 60; intent++)
    for (size_t n = 0; n < tiny_count(tiny, FACT_APPENDED, intent); n++)
      waits |= tiny_nth(tiny, FACT_APPENDED, intent, n)->at > 3400 * MS &&
               tiny_nth(tiny, FACT_APPENDED, intent, n)->at < 5 * S;
  ck_assert_int_eq(waits, allowed); /* somebody served it while its leader was away */
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 60);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* --- By chance --- */

static size_t looked;

static void check_fetched(const struct world *world, const struct message *message) {
  if (world->nodes[message->to].role != ROLE_CONSUMER || message->port != 0) return;
  if (message->kind != WIRE_FETCHED) return;
  for (uint32_t i = 0; i < message->record_count; i++)
    ck_assert_uint_lt(
        message->records[i].handle,
        broker_log(&world->nodes[message->from], message->records[i].extra)->high_watermark);
}

/* [I1]: members of the set have what the leader counts as committed. */
static void check_members(const struct world *world, uint32_t tp) {
  const struct partition_state *state = &controller(world)->partitions[tp];
  if (state->leader == NO_BROKER) return;
  const struct node *leader = &world->nodes[world->first[ROLE_BROKER] + state->leader];
  if (!leader->alive || !broker_of(leader) || !broker_of(leader)->replication ||
      !replica_of(leader, tp)->leads ||
      replica_of(leader, tp)->state.leader_epoch != state->leader_epoch)
    return;
  uint64_t committed = broker_log(leader, tp)->high_watermark;
  ck_assert((state->isr >> replica_place(world, tp, state->leader)) & 1);
  for (uint32_t n = 0; n < 3 && committed > 0; n++) {
    const struct partition_log *log = log_of(world, replica_broker(world, tp, n), tp);
    if (!((state->isr >> n) & 1)) continue;
    ck_assert_uint_ge(log->end, committed);
    ck_assert_uint_eq(log_epoch_at(log, committed - 1),
                      log_epoch_at(broker_log(leader, tp), committed - 1));
    looked++;
  }
}

static void check_invariants(void *context, const struct world *world,
                             const struct message *message, int64_t at) {
  (void)context, (void)at;
  if (world->now.ns == 0) return;
  check_fetched(world, message);
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) check_members(world, p);
}

static void chance(struct tiny *tiny, enum verb verb, struct quantile_table *gap,
                   int64_t lasts_ns) {
  struct fault_plan *fault = tiny_fault(tiny, verb);
  static struct distribution gaps[TINY_FAULTS_MAX];
  struct distribution *every = &gaps[tiny->plan.fault_count];
  *every = (struct distribution){"gap", gap};
  fault->timing = TIMING_EVERY;
  fault->every = every;
  fault->until = instant_of(30 * S);
  fault->lasts = span_of(lasts_ns);
  fault->grace = span_of(S);
  fault->target = (struct selector){.items = {{WHICH_ANY, ROLE_BROKER, 0}}, .count = 1};
}

START_TEST(members_have_what_is_committed_and_readers_see_nothing_else) { /* [I1], [I3] */
  static const struct system *const systems[] = {&system_kafka_acks_1, &system_kafka_acks_all,
                                                 &system_kafka_idempotent,
                                                 &system_kafka_transactional};
  const struct observer observer = {.sent = check_invariants};
  struct quantile_table gap = {.constant = true, .median = 1900 * MS, .mean = 1900 * MS};
  struct tiny *tiny = cluster(systems[_i % 4], 300);
  tiny->plan.luck_none = false;
  tiny->plan.partitions = 2;
  set(tiny, KEY_REPLICA_LAG_TIME_MAX, 600 * MS);
  set(tiny, KEY_REQUEST_TIMEOUT, 800 * MS);
  set(tiny, KEY_MIN_INSYNC_REPLICAS, 1 + _i % 2);
  set(tiny, KEY_ELIGIBLE_LEADER_REPLICAS, _i % 3 == 0);
  chance(tiny, VERB_KILL, &gap, 50 * MS + (_i % 5) * 300 * MS);
  chance(tiny, VERB_PARTITION, &gap, 200 * MS + (_i % 7) * 200 * MS);
  chance(tiny, VERB_PAUSE, &gap, 100 * MS + (_i % 6) * 150 * MS);
  chance(tiny, VERB_TERMINATE, &gap, 100 * MS);
  looked = 0;
  tiny->world->observer = &observer;
  tiny->fact_count = 0;
  world_reset(tiny->world, &tiny->plan, (uint64_t)_i + 1);
  world_run(tiny->world);
  tiny->world->observer = NULL;
  ck_assert_uint_gt(looked, 1000);
  check_drained(tiny);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kafka_replication");
  TCase *tests = tcase_create("replication");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, an_answer_comes_when_acks_says, 0, 3);
  tcase_add_test(tests, with_too_few_in_sync_nothing_is_written);
  tcase_add_loop_test(tests, a_set_that_shrinks_under_a_waiting_append, 0, 4);
  tcase_add_test(tests, a_follower_that_falls_behind_leaves_and_comes_back);
  tcase_add_test(tests, a_replica_that_restarts_is_out_until_it_has_caught_up);
  tcase_add_test(tests, a_replica_that_was_away_for_long_catches_up);
  tcase_add_test(tests, one_set_is_proposed_at_a_time);
  tcase_add_loop_test(tests, what_only_a_dead_leader_had_is_cut_off_when_it_comes_back, 0, 2);
  tcase_add_loop_test(tests, a_new_leader_knows_the_batches_of_the_old_one, 0, 2);
  tcase_add_test(tests, a_leader_that_wakes_up_late_confirms_nothing);
  tcase_add_test(tests, a_leader_that_is_asked_to_stop_hands_over_first);
  tcase_add_loop_test(tests, an_unclean_election_happens_only_where_it_is_allowed, 0, 2);
  tcase_add_loop_test(tests, members_have_what_is_committed_and_readers_see_nothing_else, 0, 24);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
