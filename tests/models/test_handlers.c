#include "tests/models/script.h"
#include "tests/run_suite.h"

extern const struct handler handler_naive, handler_dedup_table, handler_transform;
extern const struct handler handler_bloom_backed;
extern const struct handler handler_mark_first, handler_effect_first, handler_check_then_insert;

#define MS NS_PER_MS
#define OUTAGE_NS (500 * NS_PER_MS)

/* --- The patterns, from both sides --- */

START_TEST(naive_repeats_its_effect) {
  struct tiny *tiny = script_new(&handler_naive, 1, 1);
  script_add(10 * MS, 1, 5);
  script_add(50 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 5), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 2);
  ck_assert_int_eq(tiny_balance(tiny, 1), 2);
  tiny_free(tiny);
}
END_TEST

START_TEST(dedup_table_suppresses_a_later_copy) {
  struct tiny *tiny = script_new(&handler_dedup_table, 1, 1);
  tiny_service_time(tiny, 10 * MS);
  script_add(10 * MS, 1, 5);
  script_add(50 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 5), 1);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert(script.steps[1].handled_at < 60 * MS); /* without the work */
  tiny_free(tiny);
}
END_TEST

START_TEST(dedup_table_suppresses_a_copy_at_the_same_time) {
  struct tiny *tiny = script_new(&handler_dedup_table, 2, 1);
  tiny_service_time(tiny, 10 * MS);
  script_add(10 * MS, 1, 5);
  script_add(11 * MS, 2, 5);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 5), 2);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert(script.steps[1].handled_at > tiny_at(tiny, FACT_EFFECT, 5, 0)); /* it waited */
  tiny_free(tiny);
}
END_TEST

/* Runs a handler with a crash of its consumer at the n-th step, and delivers again after it. Returns
 * whether there is such a step. */
static bool crash_at(const struct handler *handler, enum verb verb, enum point point, uint32_t n,
                     bool before, struct tiny **out) {
  struct tiny *tiny = *out = script_new(handler, 1, 1);
  tiny_service_time(tiny, 3 * MS);
  script.resubmit = true;
  script_add(10 * MS, 1, 5);
  struct fault_plan *fault = tiny_trigger(tiny, verb, point, 5);
  fault->nth = n;
  fault->before = before;
  fault->lasts = span_of(OUTAGE_NS);
  /* shorter than the statement timeout: the copy outwaits the locks of a machine that went silent */
  tiny->plan.database.settings.values[KEY_DATABASE_IDLE_TIMEOUT].i = 5 * NS_PER_S;
  tiny_run(tiny);
  ck_assert_msg(script.steps[0].runs == 1, "step %u of point %d: never handled", n, (int)point);
  return tiny->world->faults.items[0].begun > 0;
}

static void check_one_effect(const struct handler *handler, uint32_t calls, enum verb verb, bool before) {
  uint32_t n = 1;
  struct tiny *tiny;
  for (; crash_at(handler, verb, POINT_HANDLER_STEP, n, before, &tiny); n++) {
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
    ck_assert_int_eq(tiny_balance(tiny, 1), 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 5), 2);
    tiny_free(tiny);
  }
  tiny_free(tiny);
  ck_assert_uint_eq(n, calls + 1);
}

/* Their calls: begin, insert, work, apply, commit; begin, ask the filter, work, apply, insert, commit, mark. */
START_TEST(an_exact_table_has_one_effect_wherever_its_consumer_dies) {
  enum verb verb = _i & 1 ? VERB_KILL : VERB_POWER_LOSS;
  check_one_effect(&handler_dedup_table, 5, verb, _i & 2);
  check_one_effect(&handler_bloom_backed, 7, verb, _i & 2);
}
END_TEST

/* Effects of a message whose consumer dies at the n-th call: just before it, and just after it. */
static const struct {
  const struct handler *handler;
  uint32_t calls;
  uint8_t before[6], after[6];
} deaths[] = {
    {&handler_mark_first, 3, {1, 0, 0}, {0, 0, 1}},               /* insert work apply */
    {&handler_effect_first, 4, {1, 1, 1, 2}, {1, 1, 2, 1}},       /* get work apply put */
    {&handler_check_then_insert, 6, {1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}},
};

START_TEST(two_transactions_lose_or_double_between_them) {
  for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
    for (uint32_t n = 1; n <= deaths[i].calls + 1; n++) {
      enum verb verb = _i & 1 ? VERB_KILL : VERB_POWER_LOSS;
      bool before = _i & 2;
      struct tiny *tiny;
      bool struck = crash_at(deaths[i].handler, verb, POINT_HANDLER_STEP, n, before, &tiny);
      ck_assert_msg(struck == (n <= deaths[i].calls), "%s: call %u", deaths[i].handler->name, n);
      size_t expected = !struck ? 1 : before ? deaths[i].before[n - 1] : deaths[i].after[n - 1];
      size_t effects = tiny_count(tiny, FACT_EFFECT, 5);
      ck_assert_msg(effects == expected, "%s, dead %s call %u: %zu effects, not %zu",
                    deaths[i].handler->name, before ? "before" : "after", n, effects, expected);
      ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 5) > 0,
                        effects == 0 || (struck && !before && n == deaths[i].calls));
      tiny_free(tiny);
    }
}
END_TEST

/* Copies at the same time: what finds its mark in time, and what does not. */
START_TEST(only_a_unique_constraint_stops_a_copy_at_the_same_time) {
  static const struct {
    const struct handler *handler;
    size_t effects;
  } rows[] = {{&handler_dedup_table, 1},
              {&handler_mark_first, 1},
              {&handler_effect_first, 2},
              {&handler_check_then_insert, 2}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int64_t apart = 1; apart <= 400; apart += 399) {
      struct tiny *tiny = script_new(rows[i].handler, 2, 1);
      tiny_service_time(tiny, 10 * MS);
      script_add(10 * MS, 1, 5);
      script_add(10 * MS + apart * MS, 2, 5);
      tiny_run(tiny);
      size_t expected = apart > 1 ? 1 : rows[i].effects, effects = tiny_count(tiny, FACT_EFFECT, 5);
      ck_assert_msg(effects == expected, "%s, %d ms apart: %zu effects", rows[i].handler->name,
                    (int)apart, effects);
      ck_assert_int_eq(script.steps[0].status, DG_OK);
      ck_assert_int_eq(script.steps[1].status, DG_OK);
      tiny_free(tiny);
    }
}
END_TEST

START_TEST(mark_first_loses_what_failed_after_its_mark) {
  struct tiny *tiny = script_new(&handler_mark_first, 1, 1);
  tiny_service_time(tiny, 50 * MS);
  script_add(10 * MS, 1, 5);
  script_add(500 * MS, 1, 5);
  tiny_strike(tiny, VERB_KILL, 30 * MS, ROLE_DATABASE, 1)->lasts = span_of(100 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 0);
  ck_assert_int_eq(script.steps[0].status, DG_UNKNOWN); /* refused: it could not know */
  ck_assert_int_eq(script.steps[1].status, DG_OK);      /* acknowledged, and lost */
  tiny_free(tiny);
}
END_TEST

START_TEST(naive_has_two_effects_when_its_consumer_dies_after_the_effect) {
  struct tiny *tiny;
  ck_assert(crash_at(&handler_naive, VERB_KILL, POINT_HANDLER_STEP, 2, false, &tiny));
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 2);
  tiny_free(tiny);
  ck_assert(crash_at(&handler_naive, VERB_KILL, POINT_HANDLER_STEP, 2, true, &tiny));
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(crashes_at_the_edges_of_a_handler) {
  struct tiny *tiny;
  crash_at(&handler_dedup_table, VERB_KILL, POINT_DELIVERED, 1, true, &tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 5), 1); /* the first was never stated */
  tiny_free(tiny);
  crash_at(&handler_dedup_table, VERB_KILL, POINT_DELIVERED, 1, false, &tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_DELIVERED, 5), 2);
  tiny_free(tiny);
  for (int before = 0; before < 2; before++) {
    crash_at(&handler_dedup_table, VERB_KILL, POINT_HANDLED, 1, before, &tiny);
    ck_assert_uint_eq(tiny_count(tiny, FACT_SUPPRESSED, 5), 1);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(dedup_table_with_a_lost_commit_answer_finds_out_next_time) {
  struct tiny *tiny = script_new(&handler_dedup_table, 1, 1);
  script_add(10 * MS, 1, 5);
  script_add(100 * MS, 1, 5);
  /* after the commit is executed, before its answer arrives */
  tiny_strike(tiny, VERB_KILL, 10 * MS + 7 * MS + 500 * NS_PER_US, ROLE_DATABASE, 1)->lasts =
      span_of(10 * MS);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 5), 1);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  tiny_free(tiny);
}
END_TEST

/* --- The host --- */

static int nothing(struct dg_context *context, const struct dg_message *message) {
  (void)context;
  return message->id == 5 && message->redelivered == 0 ? DG_OK : DG_FAILED;
}
static const struct handler handler_nothing = {.name = "nothing", .handle = nothing};

START_TEST(handler_that_never_waits_is_reported_after_submit) { /* [I4] */
  struct tiny *tiny = script_new(&handler_nothing, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS);
  tiny_free(tiny);
}
END_TEST

START_TEST(threads_work_side_by_side) { /* [I1] */
  struct tiny *tiny = script_new(&handler_naive, 1, 8);
  tiny_service_time(tiny, 100 * MS);
  for (uint64_t i = 1; i <= 8; i++) script_add(10 * MS, 1, i)->key = 1 + (uint32_t)(i % 4);
  tiny_run(tiny);
  for (int i = 0; i < 8; i++) {
    ck_assert_int_eq(script.steps[i].status, DG_OK);
    ck_assert(script.steps[i].handled_at < 120 * MS);
  }
  tiny_free(tiny);
}
END_TEST

START_TEST(publish_without_an_output_fails) {
  struct tiny *tiny = script_new(&handler_transform, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  ck_assert_uint_eq(tiny_count(tiny, FACT_STATE, 0), 0); /* not what this handler is judged by */
  tiny_free(tiny);
}
END_TEST

START_TEST(statement_times_out_when_the_database_is_gone) { /* [I5] */
  struct tiny *tiny = script_new(&handler_naive, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_strike(tiny, VERB_POWER_LOSS, 5 * MS, ROLE_DATABASE, 1)->lasts = span_of(60 * NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_UNKNOWN);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + 30 * NS_PER_S);
  tiny_free(tiny);
}
END_TEST

START_TEST(statement_is_refused_at_once_when_only_the_process_is_gone) {
  struct tiny *tiny = script_new(&handler_naive, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_strike(tiny, VERB_KILL, 5 * MS, ROLE_DATABASE, 1)->lasts = span_of(60 * NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].handled_at, 12 * MS);
  tiny_free(tiny);
}
END_TEST

static int commit_nothing(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  dg_begin(context);
  return dg_commit(context);
}

START_TEST(transaction_without_a_statement_asks_nobody) {
  static const struct handler handler = {.name = "nothing", .handle = commit_nothing, .uses = HANDLER_USES(DATABASE)};
  struct tiny *tiny = script_new(&handler, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_strike(tiny, VERB_POWER_LOSS, 5 * MS, ROLE_DATABASE, 1)->lasts = span_of(60 * NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS);
  tiny_free(tiny);
}
END_TEST

static int late_answer(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  int first = dg_apply(context); /* stalls in a partition until it is given up */
  int second = dg_apply(context);
  return first == DG_UNKNOWN ? second : DG_FAILED;
}
static const struct handler handler_late = {.name = "late", .handle = late_answer,
                                            .uses = HANDLER_USES(DATABASE)};

START_TEST(late_answer_is_not_taken_for_another) {
  struct tiny *tiny = script_new(&handler_late, 1, 1);
  tiny->plan.database.settings.values[KEY_DATABASE_SOCKET_TIMEOUT].i = NS_PER_S;
  script_add(10 * MS, 1, 5);
  struct fault_plan *cut = tiny_strike(tiny, VERB_PARTITION, 5 * MS, ROLE_CONSUMER, 1);
  cut->from = tiny_one(ROLE_DATABASE, 1);
  cut->lasts = span_of(1200 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(tiny_balance(tiny, 1), 2); /* both were executed in the end */
  tiny_free(tiny);
}
END_TEST

static int64_t settings_read[2];
static int read_settings(struct dg_context *context, const struct dg_message *message) {
  (void)message;
  settings_read[0] = dg_setting(context, "window");
  settings_read[1] = dg_setting(context, "buckets");
  return DG_OK;
}

START_TEST(handler_reads_its_own_keys) {
  static const struct key keys[] = {{.name = "buckets", .type = VALUE_COUNT, .value_default = "7"},
                                    {.name = "window", .type = VALUE_TIME, .value_default = "1h"}};
  static const struct handler handler = {.name = "reader", .keys = keys, .key_count = 2,
                                         .handle = read_settings};
  struct tiny *tiny = script_new(&handler, 1, 1);
  script_add(10 * MS, 1, 5);
  tiny_run(tiny);
  ck_assert_int_eq(settings_read[0], NS_PER_H);
  ck_assert_int_eq(settings_read[1], 7);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS); /* in no time */
  tiny->plan.handler_settings.values[1].i = 5 * MS;
  tiny_run(tiny);
  ck_assert_int_eq(settings_read[0], 5 * MS);
  tiny_free(tiny);
}
END_TEST

START_TEST(runs_repeat_in_used_memory) {
  struct tiny *tiny = script_new(&handler_dedup_table, 2, 4);
  tiny_service_time(tiny, 5 * MS);
  for (uint64_t i = 1; i <= 8; i++) script_add(10 * MS, 1 + i % 2, i);
  script.resubmit = true;
  tiny_strike(tiny, VERB_KILL, 14 * MS, ROLE_CONSUMER, 1);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  for (int i = 0; i < 8; i++) ck_assert_int_eq(script.steps[i].status, DG_OK);
  ck_assert_int_eq(tiny_balance(tiny, 1), 8);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  struct world *other = world_new(4096, 0xa5);
  world_reset(other, &tiny->plan, 1);
  world_run(other);
  ck_assert_uint_eq(trace_digest(&other->trace), digest);
  world_free(other);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("handlers");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, naive_repeats_its_effect);
  tcase_add_test(tests, dedup_table_suppresses_a_later_copy);
  tcase_add_test(tests, dedup_table_suppresses_a_copy_at_the_same_time);
  tcase_add_loop_test(tests, an_exact_table_has_one_effect_wherever_its_consumer_dies, 0, 4);
  tcase_add_loop_test(tests, two_transactions_lose_or_double_between_them, 0, 4);
  tcase_add_test(tests, only_a_unique_constraint_stops_a_copy_at_the_same_time);
  tcase_add_test(tests, mark_first_loses_what_failed_after_its_mark);
  tcase_add_test(tests, naive_has_two_effects_when_its_consumer_dies_after_the_effect);
  tcase_add_test(tests, crashes_at_the_edges_of_a_handler);
  tcase_add_test(tests, dedup_table_with_a_lost_commit_answer_finds_out_next_time);
  tcase_add_test(tests, handler_that_never_waits_is_reported_after_submit);
  tcase_add_test(tests, threads_work_side_by_side);
  tcase_add_test(tests, publish_without_an_output_fails);
  tcase_add_test(tests, statement_times_out_when_the_database_is_gone);
  tcase_add_test(tests, statement_is_refused_at_once_when_only_the_process_is_gone);
  tcase_add_test(tests, transaction_without_a_statement_asks_nobody);
  tcase_add_test(tests, late_answer_is_not_taken_for_another);
  tcase_add_test(tests, handler_reads_its_own_keys);
  tcase_add_test(tests, runs_repeat_in_used_memory);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
