/* Deduplication, groups, repeated receives and the order that comes of them. */
#include "tests/models/sqs.h"
#include "tests/run_suite.h"

static struct sqs_script *script;

static void begin(void) {
  script = sqs_script_new(&system_sqs_fifo);
  sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 10 * S);
}
static void end(void) { sqs_script_free(script); }

static size_t send(int64_t at, uint64_t intent, uint32_t key) {
  return sqs_at(script, at, SQS_SEND, .intent = intent, .key = key);
}
static size_t receive(int64_t at, uint32_t most) {
  return sqs_at(script, at, SQS_RECEIVE, .most = most);
}

/* --- Deduplication --- */

#define W (5 * NS_PER_MIN)

START_TEST(the_window_is_five_minutes_from_the_first_accepted_D1) {
  static const struct {
    int64_t again[3]; /* sends after the first, 0 = none */
    size_t stored, suppressed;
  } rows[] = {
      {{W - 1}, 1, 1},
      {{W}, 1, 1},
      {{W + 1}, 2, 0},
      {{1}, 1, 1},
      {{W / 2, W, W + 1}, 2, 2},         /* a duplicate does not move it on */
      {{W + 1, 2 * W + 1, 0}, 2, 1},     /* what was stored anew begins another */
      {{W + 1, 2 * W + 2, 3 * W + 3}, 4, 0},
  };
  begin();
  send(0, 1, 1);
  size_t answers[3] = {0};
  for (size_t i = 0; i < 3; i++)
    if (rows[_i].again[i]) answers[i] = send(rows[_i].again[i], 1, 1);
  sqs_script_run(script);
  ck_assert_uint_eq(tiny_count(script->tiny, FACT_APPENDED, 1), rows[_i].stored);
  ck_assert_uint_eq(tiny_count(script->tiny, FACT_DUPLICATE_REFUSED, 1), rows[_i].suppressed);
  for (size_t i = 0; i < 3; i++) /* a duplicate is answered with success */
    if (answers[i]) ck_assert_int_gt(script->steps[answers[i]].answered_at, 0);
  ck_assert_uint_eq(script->tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], DEDUPLICATION_ENTRY_BYTES);
  end();
}
END_TEST

START_TEST(what_was_deleted_is_remembered_D1) {
  begin();
  send(0, 1, 1);
  size_t got = receive(1 * S, 1);
  sqs_at(script, 2 * S, SQS_DELETE, .receipt = got);
  send(3 * S, 1, 1);
  size_t again = receive(4 * S, 1);
  sqs_script_run(script);
  ck_assert_uint_eq(script->steps[again].count, 0);
  ck_assert_uint_eq(tiny_count(script->tiny, FACT_DRAINED, 0), 1);
  end();
}
END_TEST

START_TEST(the_window_survives_the_broker_and_ends_with_the_run) {
  for (int power = 0; power < 2; power++) {
    begin();
    tiny_strike(script->tiny, power ? VERB_POWER_LOSS : VERB_KILL, 1 * S, ROLE_BROKER, 1);
    send(0, 1, 1);
    send(5 * S, 1, 1);
    for (int run = 0; run < 2; run++) {
      sqs_script_run(script);
      ck_assert_uint_eq(tiny_count(script->tiny, FACT_APPENDED, 1), 1);
      ck_assert_uint_eq(tiny_count(script->tiny, FACT_DUPLICATE_REFUSED, 1), 1);
    }
    end();
  }
}
END_TEST

START_TEST(a_queue_that_dies_at_a_send_stores_it_and_its_id_or_neither) {
  for (int before = 0; before < 2; before++) {
    begin();
    struct fault_plan *fault = tiny_trigger(script->tiny, VERB_KILL, POINT_APPENDED, 1);
    fault->before = before;
    fault->attempt = 1;
    send(0, 1, 1);
    send(5 * S, 1, 1);
    size_t got = receive(6 * S, 10);
    sqs_script_run(script);
    SQS_GOT(script, got, 1);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_DUPLICATE_REFUSED, 1), !before);
    end();
  }
}
END_TEST

/* --- Groups --- */

START_TEST(a_group_in_flight_is_blocked_and_others_are_not_G1) {
  begin();
  for (uint64_t id = 1; id <= 4; id++) send((int64_t)id * MS, id, 1);
  send(5 * MS, 5, 2);
  size_t first = receive(1 * S, 2);
  size_t other = receive(2 * S, 10);
  size_t none = receive(3 * S, 10);
  sqs_at(script, 4 * S, SQS_DELETE, .receipt = first, .nth = 0);
  size_t half = receive(5 * S, 10); /* 2 is still in flight */
  sqs_at(script, 6 * S, SQS_DELETE, .receipt = first, .nth = 1);
  size_t rest = receive(7 * S, 10);
  sqs_script_run(script);
  SQS_GOT(script, first, 1, 2);
  SQS_GOT(script, other, 5);
  ck_assert_uint_eq(script->steps[none].count, 0);
  ck_assert_uint_eq(script->steps[half].count, 0);
  SQS_GOT(script, rest, 3, 4);
  end();
}
END_TEST

START_TEST(a_receive_takes_one_group_as_far_as_it_goes_and_then_the_next) {
  begin();
  for (uint64_t id = 1; id <= 6; id++) send((int64_t)id * MS, id, 1 + id % 2);
  size_t got = receive(1 * S, 5);
  size_t rest = receive(2 * S, 5);
  sqs_script_run(script);
  SQS_GOT(script, got, 1, 3, 5, 2, 4);
  ck_assert_uint_eq(script->steps[rest].count, 0); /* 6 is behind 2 and 4 */
  end();
}
END_TEST

START_TEST(what_comes_back_keeps_its_place_G2) {
  begin();
  for (uint64_t id = 1; id <= 4; id++) send((int64_t)id * MS, id, 1);
  size_t got = receive(1 * S, 3);
  sqs_at(script, 2 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .nth = 2); /* 3, then 1; 2 is deleted */
  sqs_at(script, 3 * S, SQS_CHANGE_TIMEOUT, .receipt = got, .nth = 0);
  size_t none = receive(4 * S, 10);
  sqs_at(script, 5 * S, SQS_DELETE, .receipt = got, .nth = 1);
  size_t again = receive(6 * S, 10);
  sqs_script_run(script);
  ck_assert_uint_eq(script->steps[none].count, 0);
  SQS_GOT(script, again, 1, 3, 4);
  end();
}
END_TEST

START_TEST(a_poll_waits_for_its_group_to_be_free) {
  static const enum sqs_message calls[] = {SQS_DELETE, SQS_CHANGE_TIMEOUT};
  for (size_t i = 0; i < 2; i++) {
    begin();
    send(0, 1, 1);
    send(1 * MS, 2, 1);
    size_t got = receive(1 * S, 1);
    size_t poll = sqs_at(script, 2 * S, SQS_RECEIVE, .wait = 20 * S);
    sqs_at(script, 3 * S, calls[i], .receipt = got);
    sqs_script_run(script);
    if (calls[i] == SQS_DELETE)
      SQS_GOT(script, poll, 2);
    else
      SQS_GOT(script, poll, 1, 2);
    ck_assert_int_eq(script->steps[poll].answered_at, 3 * S + 2 * MS);
    end();
  }
}
END_TEST

START_TEST(a_stuck_head_blocks_its_group_until_it_is_dead_G1) {
  begin();
  sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 2);
  send(0, 1, 1);
  send(1 * MS, 2, 1);
  for (int64_t at = 1; at <= 16; at += 5) receive(at * S, 1); /* at 11 s the second time */
  size_t after = receive(22 * S, 1);
  sqs_script_run(script);
  SQS_GOT(script, after, 2);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTERED, 1, 0), 22 * S + MS);
  end();
}
END_TEST

/* --- Repeated receives --- */

enum between { NOTHING, DELETED, CHANGED, RUN_OUT, FIVE_MINUTES, ANOTHER_ID };

static const struct repeat {
  enum between between;
  int64_t at;
  bool same; /* the same messages and receipts */
} repeats[] = {
    {NOTHING, 9 * S, true},    {DELETED, 9 * S, false},
    {CHANGED, 9 * S, false},   {RUN_OUT, 12 * S, false},
    {FIVE_MINUTES, 1 * S + SQS_ATTEMPT_KEPT, true}, {FIVE_MINUTES, 1 * S + SQS_ATTEMPT_KEPT + 1, false},
    {ANOTHER_ID, 9 * S, false},
};

START_TEST(a_repeated_receive_brings_the_same_until_something_changed_I14) {
  const struct repeat *repeat = &repeats[_i];
  begin();
  if (repeat->between == FIVE_MINUTES) sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, NS_PER_H);
  for (uint64_t id = 1; id <= 3; id++) send((int64_t)id * MS, id, 1);
  size_t first = sqs_at(script, 1 * S, SQS_RECEIVE, .most = 2, .attempt = 7);
  if (repeat->between == DELETED) sqs_at(script, 5 * S, SQS_DELETE, .receipt = first, .nth = 1);
  if (repeat->between == CHANGED)
    sqs_at(script, 5 * S, SQS_CHANGE_TIMEOUT, .receipt = first, .timeout = 20 * S);
  int64_t id = repeat->between == ANOTHER_ID ? 8 : 7;
  size_t again = sqs_at(script, repeat->at, SQS_RECEIVE, .most = 2, .attempt = id);
  size_t later = receive(12 * S, 2); /* after the first deadline, 11 s */
  sqs_script_run(script);
  SQS_GOT(script, first, 1, 2);
  const struct sqs_step *step = &script->steps[again];
  if (repeat->same) {
    SQS_GOT(script, again, 1, 2);
    for (int i = 0; i < 2; i++)
      ck_assert_uint_eq(step->records[i].extra, script->steps[first].records[i].extra);
    ck_assert_uint_eq(script->steps[later].count, 0); /* hidden anew */
  } else if (repeat->between == RUN_OUT) {
    SQS_GOT(script, again, 1, 2);
    ck_assert_uint_eq(step->records[0].extra, 2);
  } else {
    ck_assert_uint_eq(step->count, 0); /* an ordinary receive: the group is blocked */
  }
  end();
}
END_TEST

START_TEST(a_long_poll_repeated_before_it_was_answered_gets_the_same) {
  begin();
  size_t first = sqs_at(script, 0, SQS_RECEIVE, .wait = 20 * S, .attempt = 7);
  size_t again = sqs_at(script, 5 * S, SQS_RECEIVE, .wait = 20 * S, .attempt = 7);
  send(8 * S, 1, 1);
  sqs_script_run(script);
  SQS_GOT(script, first, 1);
  SQS_GOT(script, again, 1);
  ck_assert_uint_eq(script->steps[again].records[0].extra, 1);
  end();
}
END_TEST

/* --- The whole system --- */

static struct tiny *fifo(const struct handler *handler, uint64_t messages) {
  struct tiny *tiny = tiny_new(&system_sqs_fifo, handler, &store_transactional);
  tiny->plan.workload.messages = messages;
  return tiny;
}

/* First effects of each key come in the order of the operations. */
static void check_order(const struct tiny *tiny, uint32_t keys) {
  uint64_t latest[64] = {0};
  ck_assert_uint_lt(keys, 64);
  for (size_t i = 0; i < tiny->fact_count; i++) {
    const struct trace_record *fact = &tiny->facts[i];
    if (fact->kind != FACT_EFFECT) continue;
    uint64_t key = tiny_nth(tiny, FACT_INTENDED, fact->intent, 0)->value;
    bool first = tiny_nth(tiny, FACT_EFFECT, fact->intent, 0) == fact;
    ck_assert_msg(!first || fact->intent > latest[key], "%llu after %llu",
                  (unsigned long long)fact->intent, (unsigned long long)latest[key]);
    if (first) latest[key] = fact->intent;
  }
}

START_TEST(lost_answer_to_a_send_stores_it_once) {
  struct tiny *tiny = fifo(&handler_naive, 3);
  tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_ACK_SENT, 2)->attempt = 1;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_APPENDED, 2), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DUPLICATE_REFUSED, 2), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 2), 1);
  ck_assert_int_eq(sqs_total(tiny), 3);
  tiny_free(tiny);
}
END_TEST

/* The send of 2 is lost, and the next of its key waits for its retry; concurrently it would overtake. */
START_TEST(sends_of_a_group_do_not_overtake_unless_they_are_concurrent) {
  for (int order = SQS_SEND_ONE_AT_A_TIME; order <= SQS_SEND_CONCURRENT; order++) {
    struct tiny *tiny = fifo(&handler_naive, 6);
    tiny->plan.workload.keys = 1;
    sqs_set(tiny, KEY_SQS_SEND_ORDER, order);
    sqs_set(tiny, KEY_SQS_REQUEST_TIMEOUT, 1 * S);
    tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_SENT, 2)->attempt = 1;
    tiny_run(tiny);
    bool overtaken = tiny_at(tiny, FACT_APPENDED, 3, 0) < tiny_at(tiny, FACT_APPENDED, 2, 0);
    ck_assert_int_eq(overtaken, order == SQS_SEND_CONCURRENT);
    ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 6);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(a_producer_that_stops_sends_what_waits_and_a_dead_one_does_not) {
  for (int dead = 0; dead < 2; dead++) {
    struct tiny *tiny = fifo(&handler_naive, 5);
    tiny->plan.workload.keys = 1;
    tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE; /* all wait behind the first */
    sqs_set(tiny, KEY_SQS_REQUEST_TIMEOUT, 1 * S);
    tiny_trigger(tiny, VERB_DROP, POINT_PUBLISH_SENT, 1)->attempt = 1;
    struct fault_plan *fault =
        tiny_strike(tiny, dead ? VERB_KILL : VERB_TERMINATE, 500 * MS, ROLE_PRODUCER, 1);
    fault->grace = span_of(60 * S);
    tiny_run(tiny);
    ck_assert_uint_eq(tiny_count(tiny, dead ? FACT_ABANDONED : FACT_OK, 0), 5);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), dead ? 0 : 5);
    tiny_free(tiny);
  }
}
END_TEST

/* Three consumers with threads, a slow first message, failures of each sort: the groups keep order. */
START_TEST(groups_keep_order_whoever_dies) {
  static const enum verb verbs[] = {VERB_KILL, VERB_TERMINATE, VERB_PAUSE};
  static const enum role roles[] = {ROLE_CONSUMER, ROLE_BROKER, ROLE_DATABASE};
  struct tiny *tiny = fifo(_i % 2 ? &handler_dedup_table : &handler_naive, 400);
  tiny->plan.workload.keys = 8;
  tiny->plan.workload.rate = 400 * SCHEMA_RATE_SCALE;
  tiny->plan.counts[ROLE_CONSUMER] = 3;
  tiny->plan.threads = 3;
  tiny_service_time(tiny, 5 * MS);
  sqs_set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 1 * S);
  sqs_set(tiny, KEY_SQS_REQUEST_TIMEOUT, 2 * S);
  sqs_set(tiny, KEY_SQS_AFTER_FAILURE, _i % 4 / 2);
  for (int strike = 0; strike < 3; strike++) {
    struct fault_plan *fault = tiny_strike(tiny, verbs[(_i + strike) % 3], (300 + 400 * strike) * MS,
                                           roles[_i / 3 % 3], 1);
    fault->lasts = span_of(1500 * MS);
    fault->grace = span_of(100 * MS);
  }
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_OK, 0), 400);
  for (uint64_t intent = 1; intent <= 400; intent++)
    ck_assert_uint_ge(tiny_count(tiny, FACT_EFFECT, intent), 1);
  if (_i % 2) ck_assert_int_eq(sqs_total(tiny), 400);
  check_order(tiny, 8);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sqs fifo");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, the_window_is_five_minutes_from_the_first_accepted_D1, 0, 7);
  tcase_add_test(tests, what_was_deleted_is_remembered_D1);
  tcase_add_test(tests, the_window_survives_the_broker_and_ends_with_the_run);
  tcase_add_test(tests, a_queue_that_dies_at_a_send_stores_it_and_its_id_or_neither);
  tcase_add_test(tests, a_group_in_flight_is_blocked_and_others_are_not_G1);
  tcase_add_test(tests, a_receive_takes_one_group_as_far_as_it_goes_and_then_the_next);
  tcase_add_test(tests, what_comes_back_keeps_its_place_G2);
  tcase_add_test(tests, a_poll_waits_for_its_group_to_be_free);
  tcase_add_test(tests, a_stuck_head_blocks_its_group_until_it_is_dead_G1);
  tcase_add_loop_test(tests, a_repeated_receive_brings_the_same_until_something_changed_I14, 0,
                      sizeof repeats / sizeof *repeats);
  tcase_add_test(tests, a_long_poll_repeated_before_it_was_answered_gets_the_same);
  tcase_add_test(tests, lost_answer_to_a_send_stores_it_once);
  tcase_add_test(tests, sends_of_a_group_do_not_overtake_unless_they_are_concurrent);
  tcase_add_test(tests, a_producer_that_stops_sends_what_waits_and_a_dead_one_does_not);
  tcase_add_loop_test(tests, groups_keep_order_whoever_dies, 0, 9);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
