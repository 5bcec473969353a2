/* The dead-letter queue and the way back; handlers that fail. */
#include "sim/handler/dgsim.h"
#include "tests/models/sqs.h"
#include "tests/run_suite.h"

/* Fails, before or after the effect, as the message's id and delivery want it. */
static uint64_t failing_parts, failing_after_effect; /* of 2^32: chance c; whether effects come first */

static int failing(struct dg_context *context, const struct dg_message *message) {
  bool fails = hash_pair(hash_pair(hash_name("fails"), message->id), message->delivery) >> 32 <
               failing_parts;
  if (!fails || failing_after_effect) dg_apply(context);
  return fails ? DG_FAILED : DG_OK;
}
static const struct handler handler_failing = {.name = "failing", .handle = failing,
                                               .uses = HANDLER_USES(DATABASE)};

#define MESSAGES 2000
static const struct system *const systems[] = {&system_sqs_standard, &system_sqs_fifo};

static struct tiny *failing_queue(const struct system *system, double chance, int64_t most) {
  failing_parts = (uint64_t)(chance * 4294967296.0);
  struct tiny *tiny = tiny_new(system, &handler_failing, &store_transactional);
  tiny->plan.workload.messages = MESSAGES;
  tiny->plan.workload.rate = 1000 * SCHEMA_RATE_SCALE;
  tiny->plan.workload.keys = 500;
  tiny->plan.threads = 4;
  sqs_set(tiny, KEY_SQS_MAX_RECEIVE_COUNT, most);
  sqs_set(tiny, KEY_SQS_AFTER_FAILURE, SQS_FAILURE_MAKE_VISIBLE);
  sqs_set(tiny, KEY_SQS_VISIBILITY_TIMEOUT, 100 * S);
  return tiny;
}

/* |found - n p| within 4 standard deviations. */
static bool near_share(double found, double share) {
  double off = found - MESSAGES * share;
  return off * off <= 16 * MESSAGES * share * (1 - share) + 1e-9;
}

/* P(dead) = c^M and mean deliveries (1 - c^M) / (1 - c): deliveries are a truncated geometric number,
 * whose n-th part is there with probability c^(n-1). */
START_TEST(deliveries_and_deaths_follow_the_closed_form_I8) {
  static const struct {
    double chance;
    int most;
  } rows[] = {{0.5, 1}, {0.5, 2}, {0.5, 4}, {0.2, 3}, {1.0, 3}, {0.0, 1}};
  const double chance = rows[_i].chance;
  for (int fifo = 0; fifo < 2; fifo++) {
    struct tiny *tiny = failing_queue(systems[fifo], chance, rows[_i].most);
    if (fifo) sqs_set(tiny, KEY_SQS_MAX_MESSAGES, 1); /* else what fails takes others of its group along */
    failing_after_effect = false;
    tiny_run(tiny);
    double reached = 1;
    for (int n = 1; n <= rows[_i].most + 1; n++, reached *= chance) {
      size_t delivered = 0; /* at least n times */
      static uint16_t times[MESSAGES + 1];
      memset(times, 0, sizeof times);
      for (size_t i = 0; i < tiny->fact_count; i++)
        if (tiny->facts[i].kind == FACT_DELIVERED) times[tiny->facts[i].intent]++;
      for (uint64_t id = 1; id <= MESSAGES; id++) delivered += times[id] >= n;
      if (n > rows[_i].most)
        ck_assert_uint_eq(delivered, 0);
      else
        ck_assert_msg(near_share((double)delivered, reached), "%d. delivery: %zu", n, delivered);
    }
    size_t dead = tiny_count(tiny, FACT_DEAD_LETTERED, 0);
    ck_assert_msg(near_share((double)dead, reached / (chance > 0 ? chance : 1)) || chance == 0,
                  "dead: %zu", dead);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0) + dead, MESSAGES);
    ck_assert_uint_eq(sqs_of(tiny)->store.counts[PLACE_DEAD], dead);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DRAINED, 0), 1);
    tiny_free(tiny);
  }
}
END_TEST

/* E[effects] = ((1-c) + c a) (1-c^M) / (1-c) with a = 1: each delivery has its effect. */
START_TEST(who_fails_after_the_effect_has_it_at_each_delivery) {
  struct tiny *tiny = failing_queue(&system_sqs_standard, 0.5, 3);
  failing_after_effect = true;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), tiny_count(tiny, FACT_DELIVERED, 0));
  double mean = (double)tiny_count(tiny, FACT_EFFECT, 0) / MESSAGES;
  ck_assert(mean > 1.75 - 0.08 && mean < 1.75 + 0.08);
  tiny_free(tiny);
}
END_TEST

START_TEST(without_a_dead_letter_queue_it_is_tried_for_ever) {
  struct tiny *tiny = failing_queue(&system_sqs_standard, 0.9, 0);
  failing_after_effect = false;
  tiny->plan.workload.messages = 100;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0), 100);
  ck_assert_uint_gt(tiny_count(tiny, FACT_DELIVERED, 0), 500);
  tiny_free(tiny);
}
END_TEST

/* Each receive counts, also of what waited behind the failure and was dropped undelivered. */
START_TEST(a_failure_uses_up_the_receives_of_what_waits_in_its_group) {
  struct tiny *tiny = failing_queue(&system_sqs_fifo, 0.5, 1);
  failing_after_effect = false;
  tiny->plan.workload.keys = 1;
  tiny_run(tiny);
  ck_assert_uint_lt(tiny_count(tiny, FACT_DELIVERED, 0), MESSAGES);
  size_t dead = tiny_count(tiny, FACT_DEAD_LETTERED, 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 0) + dead, MESSAGES);
  tiny_free(tiny);
}
END_TEST

START_TEST(a_failed_handler_leaves_its_message_to_the_timeout_or_gives_it_back) {
  for (int given = 0; given < 2; given++) {
    struct tiny *tiny = failing_queue(&system_sqs_standard, 1.0, 2);
    failing_after_effect = false;
    tiny->plan.workload.messages = 1;
    sqs_set(tiny, KEY_SQS_AFTER_FAILURE, given ? SQS_FAILURE_MAKE_VISIBLE : SQS_FAILURE_LEAVE);
    tiny_run(tiny);
    int64_t gap = tiny_at(tiny, FACT_DELIVERED, 1, 1) - tiny_at(tiny, FACT_DELIVERED, 1, 0);
    if (given)
      ck_assert_int_lt(gap, 10 * MS);
    else
      ck_assert(gap >= 100 * S && gap < 101 * S);
    tiny_free(tiny);
  }
}
END_TEST

/* --- Call by call --- */

START_TEST(a_receive_that_never_arrived_counts_I4) {
  struct sqs_script *script = sqs_script_new(&system_sqs_standard);
  sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
  tiny_trigger(script->tiny, VERB_DROP, POINT_DELIVERY_SENT, 1);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  size_t lost = sqs_at(script, 1 * S, SQS_RECEIVE);
  size_t next = sqs_at(script, 60 * S, SQS_RECEIVE);
  sqs_script_run(script);
  ck_assert_int_eq(script->steps[lost].answered_at, 0);
  ck_assert_uint_eq(script->steps[next].count, 0);
  /* moved by the receive that would have been one too many, not when it became visible */
  ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTERED, 1, 0), 60 * S + MS);
  sqs_script_free(script);
}
END_TEST

START_TEST(a_long_poll_outlasts_what_is_only_fit_to_die) {
  struct sqs_script *script = sqs_script_new(&system_sqs_standard);
  sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  sqs_at(script, 1 * S, SQS_RECEIVE);
  size_t poll = sqs_at(script, 30 * S, SQS_RECEIVE, .wait = 20 * S);
  sqs_at(script, 40 * S, SQS_SEND, .intent = 2);
  sqs_script_run(script);
  SQS_GOT(script, poll, 2);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTERED, 1, 0), 31 * S + MS);
  sqs_script_free(script);
}
END_TEST

START_TEST(what_is_redriven_is_a_new_message_I8) {
  for (int fifo = 0; fifo < 2; fifo++) {
    struct sqs_script *script = sqs_script_new(systems[fifo]);
    sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
    sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 5 * S);
    sqs_set(script->tiny, KEY_SQS_REDRIVE_AT, 20 * S);
    sqs_at(script, 0, SQS_SEND, .intent = 1);
    size_t old = sqs_at(script, 1 * S, SQS_RECEIVE);
    sqs_at(script, 7 * S, SQS_RECEIVE);
    size_t poll = sqs_at(script, 10 * S, SQS_RECEIVE, .wait = 20 * S);
    sqs_at(script, 21 * S, SQS_DELETE, .receipt = old);
    size_t again = sqs_at(script, 22 * S, SQS_DELETE, .receipt = poll);
    sqs_script_run(script);
    SQS_GOT(script, poll, 1);
    ck_assert_uint_eq(script->steps[poll].records[0].count, 1);
    ck_assert_uint_ne(script->steps[poll].records[0].handle, script->steps[old].records[0].handle);
    ck_assert_int_eq(script->steps[poll].answered_at, 20 * S + MS);
    ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTER_LEFT, 1, 0), 20 * S);
    ck_assert_int_eq(script->steps[again].status, SQS_OK);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_DRAINED, 0), 1);
    ck_assert_uint_eq(sqs_of(script->tiny)->store.oldest, SQS_NONE);
    sqs_script_free(script);
  }
}
END_TEST

START_TEST(a_redrive_that_is_due_while_the_queue_is_down_comes_with_it) {
  struct sqs_script *script = sqs_script_new(&system_sqs_standard);
  sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
  sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 5 * S);
  sqs_set(script->tiny, KEY_SQS_REDRIVE_AT, 20 * S);
  tiny_strike(script->tiny, VERB_KILL, 18 * S, ROLE_BROKER, 1)->lasts = span_of(7 * S);
  sqs_at(script, 0, SQS_SEND, .intent = 1);
  sqs_at(script, 1 * S, SQS_RECEIVE);
  sqs_at(script, 7 * S, SQS_RECEIVE);
  size_t got = sqs_at(script, 30 * S, SQS_RECEIVE);
  sqs_at(script, 31 * S, SQS_DELETE, .receipt = got);
  sqs_script_run(script);
  SQS_GOT(script, got, 1);
  ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTER_LEFT, 1, 0), 25 * S);
  sqs_script_free(script);
}
END_TEST

/* A standard message keeps its age in the dead-letter queue, a FIFO message does not. */
START_TEST(what_lies_dead_too_long_is_disposed_of_I9) {
  for (int fifo = 0; fifo < 2; fifo++) {
    struct sqs_script *script = sqs_script_new(systems[fifo]);
    sqs_set(script->tiny, KEY_SQS_MAX_RECEIVE_COUNT, 1);
    sqs_set(script->tiny, KEY_SQS_VISIBILITY_TIMEOUT, 5 * S);
    sqs_set(script->tiny, KEY_SQS_RETENTION, 60 * S);
    sqs_at(script, 0, SQS_SEND, .intent = 1);
    sqs_at(script, 1 * S, SQS_RECEIVE);
    sqs_at(script, 40 * S, SQS_RECEIVE); /* dies */
    sqs_at(script, 200 * S, SQS_RECEIVE);
    sqs_script_run(script);
    int64_t at = tiny_at(script->tiny, FACT_DISPOSED, 1, 0);
    ck_assert_int_eq(at, (fifo ? 100 : 60) * S + MS);
    ck_assert_int_eq(tiny_at(script->tiny, FACT_DEAD_LETTER_LEFT, 1, 0), at);
    ck_assert_uint_eq(tiny_count(script->tiny, FACT_DRAINED, 0), 1);
    sqs_script_free(script);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sqs dead letters");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, deliveries_and_deaths_follow_the_closed_form_I8, 0, 6);
  tcase_add_test(tests, who_fails_after_the_effect_has_it_at_each_delivery);
  tcase_add_test(tests, without_a_dead_letter_queue_it_is_tried_for_ever);
  tcase_add_test(tests, a_failure_uses_up_the_receives_of_what_waits_in_its_group);
  tcase_add_test(tests, a_failed_handler_leaves_its_message_to_the_timeout_or_gives_it_back);
  tcase_add_test(tests, a_receive_that_never_arrived_counts_I4);
  tcase_add_test(tests, a_long_poll_outlasts_what_is_only_fit_to_die);
  tcase_add_test(tests, what_is_redriven_is_a_new_message_I8);
  tcase_add_test(tests, a_redrive_that_is_due_while_the_queue_is_down_comes_with_it);
  tcase_add_test(tests, what_lies_dead_too_long_is_disposed_of_I9);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
