/* RabbitMQ from within: the backlog of a queue, and the replicated log of a quorum queue. */
#include "models/rabbitmq/broker.h"
#include "models/store/database.h"
#include "sim/handler/dgsim.h"
#include "tests/models/tiny.h"
#include "tests/run_suite.h"

extern const struct system system_rabbitmq_quorum;
extern const struct handler handler_naive, handler_dedup_table;

#define MS NS_PER_MS
#define S NS_PER_S

/* --- The backlog --- */

static struct backlog *backlog_of(bool returns_line, uint64_t messages) {
  struct backlog *backlog = calloc(1, sizeof *backlog);
  ck_assert_ptr_nonnull(backlog);
  backlog_clear(backlog, returns_line);
  for (uint64_t i = 0; i < messages; i++)
    backlog_add(backlog, &(struct record){.intent = i + 1}, true, 0);
  return backlog;
}

static void drop_backlog(struct backlog *backlog) {
  backlog_free(backlog);
  free(backlog);
}

/* The intent given next, 0 = none. */
static uint64_t give(struct backlog *backlog, uint32_t prefetch, uint64_t *session) {
  struct backlog_delivery delivery;
  if (!backlog_assign(backlog, prefetch, false, 0, &delivery)) return 0;
  if (session) *session = delivery.session;
  return backlog_at(backlog, delivery.item)->intent;
}

static void take(struct backlog *backlog, uint64_t session, uint64_t tag) {
  uint64_t item = backlog_take_back(backlog, backlog_consumer(backlog, session), tag);
  ck_assert_uint_ne(item, BACKLOG_NONE);
  backlog_requeue(backlog, item);
}

START_TEST(requeued_goes_to_its_place_or_into_the_line_of_returns) { /* [I1], [I2], [C3], [Q2] */
  static const uint64_t expected[2][5] = {{1, 3, 4, 5, 0}, {3, 1, 4, 5, 0}};
  for (int line = 0; line < 2; line++) {
    struct backlog *backlog = backlog_of(line, 5);
    backlog_attach(backlog, 7);
    for (uint64_t i = 1; i <= 3; i++) ck_assert_uint_eq(give(backlog, 0, NULL), i);
    take(backlog, 7, 3);
    take(backlog, 7, 1);
    for (int i = 0; i < 5; i++) ck_assert_uint_eq(give(backlog, 0, NULL), expected[line][i]);
    drop_backlog(backlog);
  }
}
END_TEST

START_TEST(moved_to_the_end_comes_after_all_others_and_keeps_its_message_id) { /* [Q2] */
  struct backlog *backlog = backlog_of(true, 64); /* as many as there is room for */
  backlog_attach(backlog, 7);
  for (uint64_t i = 1; i <= 3; i++) ck_assert_uint_eq(give(backlog, 0, NULL), i);
  for (uint64_t tag = 2; tag >= 1; tag--)
    backlog_move_to_end(backlog, backlog_take_back(backlog, backlog_consumer(backlog, 7), tag));
  take(backlog, 7, 3);
  ck_assert_uint_eq(backlog->ready, 64);
  uint64_t last = backlog_add(backlog, &(struct record){.intent = 65}, true, 0);
  ck_assert_uint_eq(give(backlog, 0, NULL), 3); /* returned */
  for (uint64_t i = 4; i <= 64; i++) ck_assert_uint_eq(give(backlog, 0, NULL), i);
  ck_assert_uint_eq(give(backlog, 0, NULL), 2);
  ck_assert_uint_eq(give(backlog, 0, NULL), 1);
  ck_assert_uint_eq(backlog_at(backlog, last - 1)->first_number, 0);
  ck_assert_uint_eq(backlog_at(backlog, last - 1)->returns, 1);
  ck_assert_uint_eq(give(backlog, 0, NULL), 65);
  ck_assert_uint_eq(give(backlog, 0, NULL), 0);
  drop_backlog(backlog);
}
END_TEST

START_TEST(consumers_take_turns_within_their_prefetch) { /* [I3] */
  struct backlog *backlog = backlog_of(false, 10);
  backlog_attach(backlog, 7);
  backlog_attach(backlog, 8);
  uint64_t counts[2] = {0, 0}, session, last = 0;
  while (give(backlog, 3, &session)) {
    counts[session - 7]++;
    ck_assert_uint_ne(session, last);
    last = session;
  }
  ck_assert_uint_eq(counts[0], 3);
  ck_assert_uint_eq(counts[1], 3);
  take(backlog, 8, 2);
  ck_assert_uint_eq(give(backlog, 3, &session), 4); /* what came back, to whom has room */
  ck_assert_uint_eq(session, 8);
  backlog_cancel(backlog, 8);
  take(backlog, 8, 1);
  ck_assert_uint_eq(give(backlog, 3, &session), 0);
  drop_backlog(backlog);
}
END_TEST

START_TEST(tag_names_one_message_once) { /* [I4] */
  struct backlog *backlog = backlog_of(false, 3);
  backlog_attach(backlog, 7);
  while (give(backlog, 0, NULL)) continue;
  struct backlog_consumer *consumer = backlog_consumer(backlog, 7);
  ck_assert_uint_eq(backlog_take_back(backlog, consumer, 0), BACKLOG_NONE);
  ck_assert_uint_eq(backlog_take_back(backlog, consumer, 4), BACKLOG_NONE);
  ck_assert_uint_eq(backlog_take_back(backlog, consumer, 2), 1);
  ck_assert_uint_eq(backlog_take_back(backlog, consumer, 2), BACKLOG_NONE);
  ck_assert_uint_eq(backlog_first_tag(consumer), 1);
  ck_assert_uint_eq(backlog_take_back(backlog, consumer, 1), 0);
  ck_assert_uint_eq(backlog_first_tag(consumer), 3);
  drop_backlog(backlog);
}
END_TEST

/* A backlog beside one that is written down as simply as possible. */
START_TEST(backlog_agrees_with_its_naive_twin) {
  enum { MESSAGES = 400, STEPS = 4000 };
  for (int line = 0; line < 2; line++) {
    struct backlog *backlog = backlog_of(line, 0);
    backlog_attach(backlog, 7);
    uint64_t ready[STEPS], returned[STEPS], tags[STEPS + 1], next = 1;
    size_t ready_count = 0, returned_count = 0, tag_count = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
      uint64_t choice = hash_pair(hash_name("twin") + (uint64_t)line, step);
      if (choice % 3 == 0 && next <= MESSAGES) {
        backlog_add(backlog, &(struct record){.intent = next}, true, 0);
        ready[ready_count++] = next++;
      } else if (choice % 3 == 1) {
        uint64_t *from = returned_count ? returned : ready;
        size_t *count = returned_count ? &returned_count : &ready_count;
        uint64_t expected = *count ? from[0] : 0;
        ck_assert_uint_eq(give(backlog, 0, NULL), expected);
        if (!expected) continue;
        memmove(from, from + 1, --*count * sizeof *from);
        tags[++tag_count] = expected;
      } else if (tag_count) {
        uint64_t tag = 1 + (choice >> 8) % tag_count;
        uint64_t item = backlog_take_back(backlog, backlog_consumer(backlog, 7), tag);
        ck_assert_int_eq(item != BACKLOG_NONE, tags[tag] != 0);
        if (!tags[tag]) continue;
        uint64_t intent = tags[tag];
        tags[tag] = 0;
        ck_assert_uint_eq(backlog_at(backlog, item)->intent, intent);
        if (choice & 0x80) {
          backlog_remove(backlog, item);
          continue;
        }
        backlog_requeue(backlog, item);
        if (line) {
          returned[returned_count++] = intent;
          continue;
        }
        size_t at = ready_count++;
        for (; at > 0 && ready[at - 1] > intent; at--) ready[at] = ready[at - 1];
        ready[at] = intent;
      }
      ck_assert_uint_eq(backlog->ready, ready_count + returned_count);
    }
    drop_backlog(backlog);
  }
}
END_TEST

/* --- The replicated log --- */

static struct tiny *quorum(uint64_t messages, uint32_t brokers) {
  struct tiny *tiny = tiny_new(&system_rabbitmq_quorum, &handler_dedup_table, &store_transactional);
  tiny->plan.workload.messages = messages;
  tiny->plan.counts[ROLE_BROKER] = brokers;
  tiny->plan.system_settings.values[KEY_RABBIT_POLL_INTERVAL].i = 200 * MS;
  tiny->plan.system_settings.values[KEY_RABBIT_CONFIRM_TIMEOUT].i = S;
  tiny->plan.system_settings.values[KEY_RABBIT_RECOVERY_INTERVAL].i = 100 * MS;
  return tiny;
}

static const struct raft *raft_at(const struct tiny *tiny, uint32_t replica) {
  return &broker_of(&tiny->world->nodes[tiny->world->first[ROLE_BROKER] + replica])->raft;
}

static size_t effects(const struct tiny *tiny) { return tiny_count(tiny, FACT_EFFECT, 0); }

/* [I3]: what two replicas have applied is the same; [I1]: at most one leads a term. */
static void check_agreement(const struct tiny *tiny) {
  for (uint32_t a = 0; a < tiny->plan.counts[ROLE_BROKER]; a++)
    for (uint32_t b = 0; b < a; b++) {
      const struct raft *one = raft_at(tiny, a), *other = raft_at(tiny, b);
      uint64_t both = one->applied < other->applied ? one->applied : other->applied;
      for (uint64_t i = 0; i < both; i++)
        ck_assert_mem_eq(&one->log[i], &other->log[i], sizeof(struct record));
      ck_assert(one->role != RAFT_LEADER || other->role != RAFT_LEADER || one->term != other->term);
      ck_assert_uint_le(one->applied, one->commit); /* [I4] */
      ck_assert_uint_le(one->flushed, one->last);
    }
}

START_TEST(minority_that_is_away_changes_nothing_and_a_majority_stops_everything) {
  for (uint32_t away = 1; away <= 2; away++) {
    struct tiny *tiny = quorum(10, 3);
    for (uint32_t i = 0; i < away; i++)
      tiny_strike(tiny, VERB_POWER_LOSS, 350 * MS, ROLE_BROKER, 3 - i)->lasts = span_of(5 * S);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
    ck_assert_uint_eq(effects(tiny), 10);
    for (uint64_t i = 1; i <= 10; i++) {
      int64_t at = tiny_at(tiny, FACT_OK, i, 0);
      int64_t wanted = tiny_at(tiny, FACT_INTENDED, i, 0);
      if (away == 1 || i <= 3)
        ck_assert_int_le(at, wanted + 10 * MS);
      else
        ck_assert_int_ge(at, 5350 * MS);
    }
    check_agreement(tiny);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(next_leader_has_what_was_confirmed) { /* [I2], [I3] */
  static const enum verb verbs[] = {VERB_KILL, VERB_POWER_LOSS, VERB_TERMINATE, VERB_PARTITION,
                                    VERB_PAUSE};
  for (uint32_t brokers = 3; brokers <= 5; brokers += 2)
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
      struct tiny *tiny = quorum(10, brokers);
      tiny->plan.system_settings.values[KEY_RABBIT_GROUP_SIZE].i = brokers;
      struct fault_plan *fault = tiny_strike(tiny, verbs[i], 550 * MS, ROLE_BROKER, 1);
      fault->lasts = span_of(4 * S);
      fault->grace = span_of(S);
      tiny_service_time(tiny, 200 * MS); /* most of it waits */
      tiny_run(tiny);
      for (uint64_t m = 1; m <= 10; m++) ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, m), 1);
      ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
      uint32_t term = 0;
      for (uint32_t b = 0; b < brokers; b++)
        if (raft_at(tiny, b)->term > term) term = raft_at(tiny, b)->term;
      ck_assert_uint_ge(term, 2);
      ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
      check_agreement(tiny);
      tiny_free(tiny);
    }
}
END_TEST

START_TEST(what_the_old_leader_could_not_replicate_is_not_confirmed_and_not_kept) { /* [Q1] */
  struct tiny *tiny = quorum(10, 3);
  /* Its clients reach it, the other replicas do not; they elect another. */
  struct fault_plan *cut = tiny_strike(tiny, VERB_PARTITION, 550 * MS, ROLE_BROKER, 1);
  cut->from = (struct selector){.items = {{.which = WHICH_ALL, .role = ROLE_BROKER}}, .count = 1};
  cut->lasts = span_of(10 * S);
  tiny_run(tiny);
  for (uint64_t m = 1; m <= 10; m++) ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, m), 1);
  for (uint64_t m = 6; m <= 10; m++) {
    ck_assert_uint_eq(tiny_count(tiny, FACT_RETRIED, m) > 0, 1);
    ck_assert_int_ge(tiny_at(tiny, FACT_OK, m, 0), 550 * MS + 400 * MS);
  }
  check_agreement(tiny);
  tiny_free(tiny);
}
END_TEST

START_TEST(disk_that_lies_about_its_flushes_loses_what_was_confirmed) {
  for (int lies = 0; lies < 2; lies++) {
    struct tiny *tiny = quorum(10, 3);
    for (uint32_t b = 1; b <= 3; b++)
      tiny_strike(tiny, VERB_POWER_LOSS, 1050 * MS, ROLE_BROKER, b)->lasts = span_of(S);
    tiny_service_time(tiny, 300 * MS);
    world_reset(tiny->world, &tiny->plan, 1);
    for (uint32_t b = 0; b < 3; b++)
      tiny->world->nodes[tiny->world->first[ROLE_BROKER] + b].fsync_lies = (uint32_t)lies;
    tiny->fact_count = 0;
    world_run(tiny->world);
    if (lies)
      ck_assert_uint_lt(effects(tiny), 10);
    else
      ck_assert_uint_eq(effects(tiny), 10);
    ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 10);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    check_agreement(tiny);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(change_of_leader_does_not_count_as_a_failed_delivery) { /* [Q3] */
  struct tiny *tiny = quorum(5, 3);
  tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_LIMIT].i = 0;
  tiny_service_time(tiny, 300 * MS);
  tiny_strike(tiny, VERB_POWER_LOSS, 350 * MS, ROLE_BROKER, 1)->lasts = span_of(20 * S);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, 0), 0);
  ck_assert_uint_eq(effects(tiny), 5);
  tiny_free(tiny);
  tiny = quorum(5, 3); /* a consumer that dies does */
  tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_LIMIT].i = 0;
  tiny_service_time(tiny, 300 * MS);
  tiny_strike(tiny, VERB_KILL, 350 * MS, ROLE_CONSUMER, 1);
  tiny_run(tiny);
  ck_assert_uint_gt(tiny_count(tiny, FACT_DISPOSED, 0), 0);
  tiny_free(tiny);
}
END_TEST

/* Each message fails as often as the test says, then succeeds. */
static struct {
  uint32_t failures, calls;
  int64_t sleep_ns; /* in the first calls */
  uint32_t sleeps;  /* so many */
  uint64_t order[32]; /* of the calls */
} script;

static int scripted(struct dg_context *context, const struct dg_message *message) {
  if (script.calls < 32) script.order[script.calls] = message->id;
  script.calls++;
  if (script.calls <= script.sleeps) dg_sleep(context, script.sleep_ns);
  return message->delivery <= script.failures ? DG_FAILED : dg_apply(context);
}
static const struct handler handler_scripted = {.name = "scripted", .handle = scripted,
                                                .uses = HANDLER_USES(DATABASE)};

static struct tiny *failing(uint64_t messages, uint32_t failures, int64_t limit, int64_t on_failure) {
  struct tiny *tiny = quorum(messages, 3);
  tiny->plan.handler = &handler_scripted;
  tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_LIMIT].i = limit;
  tiny->plan.system_settings.values[KEY_RABBIT_ON_FAILURE].i = on_failure;
  memset(&script, 0, sizeof script);
  script.failures = failures;
  return tiny;
}

START_TEST(delivery_count_is_of_failures_or_of_every_return) { /* [Q3] */
  static const struct {
    int64_t count, on_failure;
    uint32_t calls; /* of one that fails three times, with a limit of 2 */
  } rows[] = {{RABBIT_COUNT_FAILURES, RABBIT_NACK_REQUEUE, 4},
              {RABBIT_COUNT_FAILURES, RABBIT_REJECT_REQUEUE, 3},
              {RABBIT_COUNT_EVERY_RETURN, RABBIT_NACK_REQUEUE, 3},
              {RABBIT_COUNT_EVERY_RETURN, RABBIT_REJECT_REQUEUE, 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = failing(1, 3, 2, rows[i].on_failure);
    tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_COUNT].i = rows[i].count;
    tiny_run(tiny);
    ck_assert_msg(script.calls == rows[i].calls, "row %zu: %u", i, script.calls);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, 1), rows[i].calls == 3);
    ck_assert_uint_eq(effects(tiny), rows[i].calls == 4);
    tiny_free(tiny);
  }
}
END_TEST

/* Three messages are there when the first is called; each fails once. */
START_TEST(without_a_limit_what_is_returned_goes_to_the_end) { /* [Q2] */
  static const struct {
    int64_t limit, count, on_failure;
    bool to_the_end;
  } rows[] = {{20, RABBIT_COUNT_FAILURES, RABBIT_NACK_REQUEUE, false},
              {20, RABBIT_COUNT_EVERY_RETURN, RABBIT_NACK_REQUEUE, false},
              {RABBIT_DELIVERY_LIMIT_NONE, RABBIT_COUNT_FAILURES, RABBIT_NACK_REQUEUE, true},
              {RABBIT_DELIVERY_LIMIT_NONE, RABBIT_COUNT_FAILURES, RABBIT_REJECT_REQUEUE, false},
              {RABBIT_DELIVERY_LIMIT_NONE, RABBIT_COUNT_EVERY_RETURN, RABBIT_NACK_REQUEUE, true},
              {RABBIT_DELIVERY_LIMIT_NONE, RABBIT_COUNT_EVERY_RETURN, RABBIT_REJECT_REQUEUE, true}};
  static const uint64_t orders[2][6] = {{1, 1, 2, 2, 3, 3}, {1, 2, 3, 1, 2, 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = failing(3, 1, rows[i].limit, rows[i].on_failure);
    tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_COUNT].i = rows[i].count;
    tiny->plan.system_settings.values[KEY_RABBIT_PREFETCH].i = 1;
    tiny->plan.system_settings.values[KEY_RABBIT_FAILURE_DELAY].i = S;
    tiny_run(tiny);
    ck_assert_uint_eq(script.calls, 6);
    for (size_t call = 0; call < 6; call++)
      ck_assert_msg(script.order[call] == orders[rows[i].to_the_end][call], "row %zu, call %zu: %llu", i, call,
                    (unsigned long long)script.order[call]);
    for (uint64_t m = 1; m <= 3; m++) ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, m), 1);
    check_agreement(tiny);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(without_a_limit_what_a_lost_consumer_had_comes_first) { /* [Q2] */
  struct tiny *tiny = failing(4, 0, RABBIT_DELIVERY_LIMIT_NONE, RABBIT_NACK_REQUEUE);
  tiny->plan.system_settings.values[KEY_RABBIT_PREFETCH].i = 2;
  script.sleep_ns = S;
  script.sleeps = 5;
  tiny_strike(tiny, VERB_KILL, 600 * MS, ROLE_CONSUMER, 1);
  tiny_run(tiny);
  static const uint64_t order[5] = {1, 1, 2, 3, 4};
  ck_assert_uint_eq(script.calls, 5);
  for (size_t call = 0; call < 5; call++) ck_assert_uint_eq(script.order[call], order[call]);
  tiny_free(tiny);
}
END_TEST

START_TEST(consumer_timeout_stops_a_program_that_does_not_subscribe_anew) { /* [I4] of amqp.h */
  static const struct {
    int64_t then;
    uint32_t consumers;
    bool restarted, all;
  } rows[] = {{RABBIT_STOPS, 1, false, false},
              {RABBIT_STOPS, 1, true, true},
              {RABBIT_STOPS, 2, false, true},
              {RABBIT_RESUBSCRIBES, 1, false, true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tiny *tiny = failing(3, 0, 20, RABBIT_NACK_REQUEUE);
    tiny->plan.counts[ROLE_CONSUMER] = rows[i].consumers;
    tiny->plan.system_settings.values[KEY_RABBIT_CONSUMER_TIMEOUT].i = NS_PER_MIN;
    tiny->plan.system_settings.values[KEY_RABBIT_ON_CONSUMER_TIMEOUT].i = rows[i].then;
    script.sleep_ns = 3 * NS_PER_MIN;
    script.sleeps = 1;
    if (rows[i].restarted) tiny_strike(tiny, VERB_KILL, 4 * NS_PER_MIN, ROLE_CONSUMER, 1);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 1), rows[i].all ? 2 : 1);
    for (uint64_t m = 2; m <= 3; m++) ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, m), rows[i].all);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), rows[i].all);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, 0), 0);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(change_of_leader_counts_where_every_return_does) { /* [Q3] */
  struct tiny *tiny = quorum(5, 3);
  tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_LIMIT].i = 0;
  tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_COUNT].i = RABBIT_COUNT_EVERY_RETURN;
  tiny_service_time(tiny, 300 * MS);
  tiny_strike(tiny, VERB_POWER_LOSS, 350 * MS, ROLE_BROKER, 1)->lasts = span_of(20 * S);
  tiny_run(tiny);
  ck_assert_uint_gt(tiny_count(tiny, FACT_DISPOSED, 0), 0);
  tiny_free(tiny);
}
END_TEST

/* A lost consumer's messages count as failed: with a limit of 0 what it had is disposed of. */
START_TEST(consumer_without_a_prefetch_has_2000_messages_at_most) {
  for (int64_t prefetch = 0; prefetch <= 10; prefetch += 10) {
    struct tiny *tiny = quorum(2100, 3);
    tiny->plan.workload.rate = INT64_C(10000) * SCHEMA_RATE_SCALE;
    tiny->plan.system_settings.values[KEY_RABBIT_PREFETCH].i = prefetch;
    tiny->plan.system_settings.values[KEY_RABBIT_DELIVERY_LIMIT].i = 0;
    tiny_service_time(tiny, 10 * S);
    tiny_strike(tiny, VERB_KILL, 5 * S, ROLE_CONSUMER, 1);
    tiny_run(tiny);
    size_t most = prefetch ? (size_t)prefetch : 2000;
    ck_assert_uint_eq(tiny_count(tiny, FACT_DISPOSED, 0), most);
    tiny_free(tiny);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models/rabbitmq quorum");
  TCase *tests = tcase_create("replicas");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, requeued_goes_to_its_place_or_into_the_line_of_returns);
  tcase_add_test(tests, moved_to_the_end_comes_after_all_others_and_keeps_its_message_id);
  tcase_add_test(tests, consumers_take_turns_within_their_prefetch);
  tcase_add_test(tests, tag_names_one_message_once);
  tcase_add_test(tests, backlog_agrees_with_its_naive_twin);
  tcase_add_test(tests, minority_that_is_away_changes_nothing_and_a_majority_stops_everything);
  tcase_add_test(tests, next_leader_has_what_was_confirmed);
  tcase_add_test(tests, what_the_old_leader_could_not_replicate_is_not_confirmed_and_not_kept);
  tcase_add_test(tests, disk_that_lies_about_its_flushes_loses_what_was_confirmed);
  tcase_add_test(tests, change_of_leader_does_not_count_as_a_failed_delivery);
  tcase_add_test(tests, delivery_count_is_of_failures_or_of_every_return);
  tcase_add_test(tests, without_a_limit_what_is_returned_goes_to_the_end);
  tcase_add_test(tests, without_a_limit_what_a_lost_consumer_had_comes_first);
  tcase_add_test(tests, consumer_timeout_stops_a_program_that_does_not_subscribe_anew);
  tcase_add_test(tests, change_of_leader_counts_where_every_return_does);
  tcase_add_test(tests, consumer_without_a_prefetch_has_2000_messages_at_most);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
