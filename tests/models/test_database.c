#include "models/store/id_set.h"
#include "tests/models/script.h"
#include "tests/run_suite.h"

/* Timing of one autocommitted statement: sent at t, executed at t + 1 ms, its service ends 50 us later,
 * the flush 700 us after that, the answer arrives 1 ms later. */
#define MS NS_PER_MS
#define US NS_PER_US
#define COMMIT_NS (700 * US)
#define STATEMENT_NS (50 * US)
#define RPC_NS (2 * TINY_LATENCY_NS)

/* What the test's handlers do with a message, by its id. */
enum action { APPLY = 1, CLAIM, CLAIM_AND_LINGER, CLAIM_AND_ROLL_BACK, READ, WRITE_AND_LINGER, CROSS_A,
              CROSS_B, CLAIM_LATE, LEAVE_OPEN };
static int64_t read_value;
static int read_status;

static int claim(struct dg_context *c, const struct dg_message *m, int64_t linger_ns) {
  dg_begin(c);
  int status = dg_insert_unique(c, "processed", 7);
  if (status == DG_EXISTS) return dg_rollback(c), DG_EXISTS;
  if (linger_ns) dg_sleep(c, linger_ns);
  if (m->id == CLAIM_AND_ROLL_BACK) return dg_rollback(c), DG_OK;
  dg_apply(c);
  return dg_commit(c);
}

static int cross(struct dg_context *c, uint64_t first, uint64_t second) {
  dg_begin(c);
  dg_put(c, "rows", first, 1);
  dg_sleep(c, 10 * MS);
  int status = dg_put(c, "rows", second, 1);
  int committed = dg_commit(c);
  return status == DG_OK ? committed : status;
}

static int act(struct dg_context *c, const struct dg_message *m) {
  switch ((enum action)m->id) {
  case APPLY: return dg_apply(c);
  case CLAIM: return claim(c, m, 0);
  case CLAIM_AND_LINGER: return claim(c, m, 20 * MS);
  case CLAIM_AND_ROLL_BACK: return claim(c, m, 20 * MS);
  case CLAIM_LATE:
    dg_begin(c);
    dg_sleep(c, 5 * MS);
    dg_insert_unique(c, "processed", 7);
    return dg_commit(c);
  case READ: return read_status = dg_get(c, "rows", 1, &read_value);
  case WRITE_AND_LINGER:
    dg_begin(c);
    dg_put(c, "rows", 1, 42);
    dg_sleep(c, 20 * MS);
    read_status = dg_get(c, "rows", 1, &read_value); /* its own change it sees */
    ck_assert_int_eq(read_status, DG_OK);
    ck_assert_int_eq(read_value, 42);
    return dg_commit(c);
  case CROSS_A: return cross(c, 1, 2);
  case CROSS_B: return cross(c, 2, 1);
  case LEAVE_OPEN:
    dg_begin(c);
    dg_insert_unique(c, "processed", 7);
    return DG_OK;
  default: /* ids above: plain applies */ return dg_apply(c);
  }
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

/* --- [I3] [I4] Commits --- */

START_TEST(commit_is_durable_and_visible_when_its_flush_ends) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  script_add(10 * MS, 1, APPLY);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, APPLY, 0), 11 * MS + STATEMENT_NS + COMMIT_NS);
  ck_assert_int_eq(script.steps[0].handled_at, 10 * MS + RPC_NS + STATEMENT_NS + COMMIT_NS);
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 1);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_ROUND_TRIPS], 1);
  tiny_free(tiny);
}
END_TEST

/* Verb, ns after the statement was sent, whether the effect is there in the end. */
static const struct {
  enum verb verb;
  int64_t after_ns;
  int effects;
} deaths[] = {
    {VERB_POWER_LOSS, 1 * MS + 20 * US, 0},                            /* still being served */
    {VERB_POWER_LOSS, 1 * MS + STATEMENT_NS + 300 * US, 0},            /* in the flush */
    {VERB_POWER_LOSS, 1 * MS + STATEMENT_NS + COMMIT_NS + 100 * US, 1}, /* the answer under way */
    {VERB_KILL, 1 * MS + 20 * US, 0},                                  /* not yet written */
    {VERB_KILL, 1 * MS + STATEMENT_NS + 300 * US, 1},                  /* written, being synced */
    {VERB_KILL, 1 * MS + STATEMENT_NS + COMMIT_NS + 100 * US, 1},
    {VERB_TERMINATE, 1 * MS + STATEMENT_NS + 300 * US, 1},
};

START_TEST(commit_survives_as_far_as_its_flush_came) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  script_add(10 * MS, 1, APPLY);
  tiny_strike(tiny, deaths[_i].verb, 10 * MS + deaths[_i].after_ns, ROLE_DATABASE, 1);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].runs, 1);
  bool answered = deaths[_i].after_ns > 1 * MS + STATEMENT_NS + COMMIT_NS;
  ck_assert_int_eq(script.steps[0].status, answered ? DG_OK : DG_UNKNOWN);
  ck_assert_int_eq(tiny_count(tiny, FACT_EFFECT, APPLY), deaths[_i].effects);
  ck_assert_int_eq(tiny_balance(tiny, 1), deaths[_i].effects);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT_UNDONE, 0), 0);
  ck_assert_int_eq(tiny->world->faults.items[0].hits > 0, !answered);
  tiny_free(tiny);
}
END_TEST

START_TEST(commits_during_a_flush_share_the_next) {
  struct tiny *tiny = script_new(&handler_act, 4, 1);
  tiny->plan.cores = 4;
  for (uint32_t i = 0; i < 4; i++) script_add(10 * MS + i * 100 * US, i + 1, 101 + i)->key = i + 1;
  tiny_run(tiny);
  int64_t first = 11 * MS + STATEMENT_NS + COMMIT_NS;
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, 101, 0), first);
  for (uint64_t intent = 102; intent <= 104; intent++)
    ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, intent, 0), first + COMMIT_NS);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DURABLE_WRITES], 4); /* one each */
  tiny_free(tiny);
}
END_TEST

START_TEST(commits_that_wait_for_the_next_flush_die_with_the_process) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  tiny->plan.cores = 2;
  script_add(10 * MS, 1, 101)->key = 1;
  script_add(10 * MS + 100 * US, 2, 102)->key = 2;
  tiny_strike(tiny, VERB_KILL, 11 * MS + 400 * US, ROLE_DATABASE, 1);
  tiny_run(tiny);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 101), 1);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 102), 0);
  ck_assert_int_eq(script.steps[0].status, DG_UNKNOWN);
  ck_assert_int_eq(script.steps[1].status, DG_UNKNOWN);
  tiny_free(tiny);
}
END_TEST

START_TEST(killed_at_the_effect_before_and_after) {
  for (int before = 0; before < 2; before++) {
    struct tiny *tiny = script_new(&handler_act, 1, 1);
    script_add(10 * MS, 1, APPLY);
    tiny_trigger(tiny, VERB_KILL, POINT_EFFECT, APPLY)->before = before;
    tiny_run(tiny);
    ck_assert_int_eq(script.steps[0].status, DG_UNKNOWN);
    ck_assert_int_eq(tiny_balance(tiny, 1), !before);
    ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, APPLY), !before);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(writers_of_one_row_commit_one_after_the_other) { /* [I2] */
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  tiny->plan.cores = 2;
  script_add(10 * MS, 1, 101);
  script_add(10 * MS, 2, 102);
  tiny_run(tiny);
  int64_t first = 11 * MS + STATEMENT_NS + COMMIT_NS;
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, 101, 0), first);
  ck_assert_int_eq(tiny_at(tiny, FACT_EFFECT, 102, 0), first + COMMIT_NS);
  ck_assert_int_eq(tiny_balance(tiny, 1), 2);
  tiny_free(tiny);
}
END_TEST

/* --- [I2] Unique keys --- */

START_TEST(insert_waits_for_the_open_one_and_finds_it) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  script_add(15 * MS, 2, CLAIM);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_EXISTS);
  ck_assert(script.steps[1].handled_at > tiny_at(tiny, FACT_EFFECT, CLAIM_AND_LINGER, 0));
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  ck_assert_uint_eq(tiny->world->counters[COUNTER_DEDUP_BYTES_PEAK], DATABASE_UNIQUE_ROW_BYTES);
  tiny_free(tiny);
}
END_TEST

START_TEST(insert_waits_for_the_open_one_and_takes_its_place) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, CLAIM_AND_ROLL_BACK);
  script_add(15 * MS, 2, CLAIM);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, CLAIM_AND_ROLL_BACK), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, CLAIM), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(waiters_are_served_in_order) {
  struct tiny *tiny = script_new(&handler_act, 4, 1);
  script_add(10 * MS, 1, WRITE_AND_LINGER);
  for (uint32_t i = 2; i <= 4; i++) script_add((10 + i) * MS, i, WRITE_AND_LINGER);
  tiny_run(tiny);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(script.steps[i].status, DG_OK);
    ck_assert(script.steps[i].handled_at + 20 * MS < script.steps[i + 1].handled_at);
  }
  tiny_free(tiny);
}
END_TEST

START_TEST(readers_see_committed_values_only) { /* [I1] */
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, WRITE_AND_LINGER);
  script_add(15 * MS, 2, READ);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_NOT_FOUND);
  ck_assert(script.steps[1].handled_at < 20 * MS); /* and do not wait */
  tiny_free(tiny);
  tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, WRITE_AND_LINGER);
  script_add(60 * MS, 2, READ);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_int_eq(read_value, 42);
  tiny_free(tiny);
}
END_TEST

START_TEST(deadlock_costs_one_transaction) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, CROSS_A);
  script_add(11 * MS, 2, CROSS_B);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED);
  ck_assert_uint_eq(tiny_count(tiny, FACT_TRANSACTION_ABORTED, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* --- [I5] [I6] Connections --- */

START_TEST(crash_of_the_consumer_rolls_back_and_frees_its_locks) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  script_add(15 * MS, 2, CLAIM);
  tiny_strike(tiny, VERB_KILL, 20 * MS, ROLE_CONSUMER, 1);
  tiny->plan.drain_limit = span_of(5 * NS_PER_S); /* the killed step never ends */
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].runs, 0);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  /* told after one latency, then insert, apply and commit go on */
  ck_assert_int_eq(script.steps[1].handled_at,
                   21 * MS + MS + 2 * (RPC_NS + STATEMENT_NS) + COMMIT_NS);
  ck_assert_int_eq(tiny_balance(tiny, 1), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(silent_client_keeps_its_locks_until_the_idle_timeout) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  tiny->plan.database.settings.values[KEY_DATABASE_IDLE_TIMEOUT].i = 10 * NS_PER_S;
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  script_add(15 * MS, 2, CLAIM);
  tiny_strike(tiny, VERB_POWER_LOSS, 20 * MS, ROLE_CONSUMER, 1);
  tiny->plan.drain_limit = span_of(40 * NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_int_eq(script.steps[1].handled_at, 10 * NS_PER_S + 11 * MS + MS +
                                                   2 * (RPC_NS + STATEMENT_NS) + COMMIT_NS);
  tiny_free(tiny);
}
END_TEST

START_TEST(without_an_idle_timeout_they_stay_for_ever) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  tiny->plan.database.settings.values[KEY_DATABASE_IDLE_TIMEOUT].i = 0;
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  script_add(15 * MS, 2, CLAIM);
  tiny_strike(tiny, VERB_POWER_LOSS, 20 * MS, ROLE_CONSUMER, 1);
  tiny->plan.drain_limit = span_of(40 * NS_PER_S);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED); /* socket_timeout */
  ck_assert_int_eq(script.steps[1].handled_at, 15 * MS + 30 * NS_PER_S);
  tiny_free(tiny);
}
END_TEST

START_TEST(commit_sent_before_a_reset_is_executed_after_it) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  script_add(10 * MS, 1, CLAIM);
  int64_t commit_sent = 10 * MS + 2 * (RPC_NS + STATEMENT_NS);
  struct fault_plan *reset =
      tiny_strike(tiny, VERB_RESET, commit_sent + 500 * US, ROLE_CONSUMER, 1);
  reset->target_link = LINK_CONSUMER_TO_DATABASE;
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_UNKNOWN);
  ck_assert_int_eq(script.steps[0].handled_at, commit_sent + 500 * US);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, CLAIM), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(reset_between_statements_rolls_back) {
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  struct fault_plan *reset = tiny_strike(tiny, VERB_RESET, 20 * MS, ROLE_CONSUMER, 1);
  reset->target_link = LINK_CONSUMER_TO_DATABASE;
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  ck_assert_int_eq(tiny_balance(tiny, 1), 0);
  ck_assert_uint_eq(tiny_count(tiny, FACT_TRANSACTION_ABORTED, 0), 1);
  tiny_free(tiny);
}
END_TEST

START_TEST(transaction_of_a_database_that_died_is_refused) { /* [I6] */
  struct tiny *tiny = script_new(&handler_act, 1, 1);
  script_add(10 * MS, 1, CLAIM_AND_LINGER);
  tiny_strike(tiny, VERB_KILL, 20 * MS, ROLE_DATABASE, 1)->lasts = span_of(5 * MS);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  ck_assert_int_eq(tiny_balance(tiny, 1), 0);
  tiny_free(tiny);
}
END_TEST

START_TEST(transaction_left_open_is_rolled_back) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  script_add(10 * MS, 1, LEAVE_OPEN);
  script_add(50 * MS, 2, CLAIM);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert(script.steps[1].handled_at < 70 * MS);
  tiny_free(tiny);
}
END_TEST

/* --- Memory and order --- */

START_TEST(runs_repeat_in_used_memory) {
  struct tiny *tiny = script_new(&handler_act, 4, 1);
  for (uint32_t i = 1; i <= 4; i++) script_add((10 + i) * MS, i, i % 2 ? CLAIM_AND_LINGER : CROSS_A);
  tiny_strike(tiny, VERB_KILL, 30 * MS, ROLE_DATABASE, 1);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
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

START_TEST(id_set_is_exact_and_compact) {
  struct id_set set = {0};
  static bool twin[10000];
  uint64_t state = 1;
  for (int i = 0; i < 20000; i++) {
    uint64_t id = hash_mix(++state) % 10000;
    ck_assert_int_eq(id_set_has(&set, id), twin[id]);
    ck_assert_int_eq(id_set_add(&set, id), !twin[id]);
    twin[id] = true;
  }
  ck_assert(id_set_add(&set, UINT64_MAX - 1));
  ck_assert(!id_set_add(&set, UINT64_MAX - 1));
  uint64_t *ids = malloc(set.count * sizeof *ids);
  id_set_ids(&set, ids);
  for (uint64_t i = 1; i < set.count; i++) ck_assert(ids[i - 1] < ids[i] && id_set_has(&set, ids[i]));
  ck_assert_uint_eq(ids[set.count - 1], UINT64_MAX - 1);
  free(ids);
  id_set_clear(&set);
  ck_assert(!id_set_has(&set, 5000));
  for (uint64_t id = 1; id <= 10000000; id++) id_set_add(&set, id);
  ck_assert_uint_eq(set.count, 10000000);
  ck_assert_uint_le(set.word_capacity * sizeof *set.words +
                        set.chunks.capacity * sizeof *set.chunks.entries, 4 << 20);
  id_set_free(&set);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("database");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, commit_is_durable_and_visible_when_its_flush_ends);
  tcase_add_loop_test(tests, commit_survives_as_far_as_its_flush_came, 0,
                      sizeof deaths / sizeof *deaths);
  tcase_add_test(tests, commits_during_a_flush_share_the_next);
  tcase_add_test(tests, commits_that_wait_for_the_next_flush_die_with_the_process);
  tcase_add_test(tests, killed_at_the_effect_before_and_after);
  tcase_add_test(tests, writers_of_one_row_commit_one_after_the_other);
  tcase_add_test(tests, insert_waits_for_the_open_one_and_finds_it);
  tcase_add_test(tests, insert_waits_for_the_open_one_and_takes_its_place);
  tcase_add_test(tests, waiters_are_served_in_order);
  tcase_add_test(tests, readers_see_committed_values_only);
  tcase_add_test(tests, deadlock_costs_one_transaction);
  tcase_add_test(tests, crash_of_the_consumer_rolls_back_and_frees_its_locks);
  tcase_add_test(tests, silent_client_keeps_its_locks_until_the_idle_timeout);
  tcase_add_test(tests, without_an_idle_timeout_they_stay_for_ever);
  tcase_add_test(tests, commit_sent_before_a_reset_is_executed_after_it);
  tcase_add_test(tests, reset_between_statements_rolls_back);
  tcase_add_test(tests, transaction_of_a_database_that_died_is_refused);
  tcase_add_test(tests, transaction_left_open_is_rolled_back);
  tcase_add_test(tests, runs_repeat_in_used_memory);
  tcase_add_test(tests, id_set_is_exact_and_compact);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
