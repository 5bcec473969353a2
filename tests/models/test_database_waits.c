/* [I14] statement_timeout: how long a statement waits for others' locks. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define TIMEOUT_NS (8 * MS)

enum action { HOLD = 1, HOLD_OTHER, WAIT, WAIT_ALONE, WAIT_TWICE, TRANSFER, READ_LATER };
static int statuses[8][4];
static enum action actions[8]; /* by the message's id */
static int64_t hold_ns[3]; /* of HOLD, HOLD_OTHER */

static int hold(struct dg_context *c, const char *table, uint64_t key, int64_t ns) {
  dg_begin(c);
  dg_put(c, table, key, 7);
  dg_sleep(c, ns);
  return dg_commit(c);
}

static int act(struct dg_context *c, const struct dg_message *m) {
  int64_t value = 0;
  int *status = statuses[m->id];
  switch (actions[m->id]) {
  case HOLD: return hold(c, "balance", 1, hold_ns[1]);
  case HOLD_OTHER: return hold(c, "balance", 2, hold_ns[2]);
  case WAIT:
    dg_begin(c);
    status[0] = dg_put(c, "rows", 5, 1);
    status[1] = dg_put(c, "balance", 1, 1);
    status[2] = dg_put(c, "rows", 6, 1);
    return dg_commit(c);
  case WAIT_ALONE: return dg_put(c, "balance", 1, 1);
  case WAIT_TWICE:
    dg_begin(c);
    status[0] = dg_put(c, "balance", 1, 1);
    status[1] = dg_put(c, "balance", 2, 1);
    return dg_commit(c);
  case READ_LATER:
    status[0] = dg_put(c, "rows", 5, 2);
    status[1] = dg_get(c, "rows", 6, &value);
    return DG_OK;
  case TRANSFER: break;
  }
  return dg_apply(c);
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static struct tiny *waits(int64_t timeout_ns, int64_t first_ns, int64_t second_ns) {
  struct tiny *tiny = script_new(&handler_act, 4, 1);
  tiny->plan.workload.keys = 16;
  tiny->plan.cores = 4;
  tiny->plan.database.settings.values[KEY_DATABASE_STATEMENT_TIMEOUT].i = timeout_ns;
  memset(statuses, 0, sizeof statuses);
  hold_ns[1] = first_ns;
  hold_ns[2] = second_ns;
  return tiny;
}

static void at(int64_t ns, uint32_t consumer, uint64_t intent, enum action action) {
  script_add(ns, consumer, intent);
  actions[intent] = action;
}

START_TEST(statement_that_waits_too_long_is_cancelled_and_its_transaction_rolled_back) {
  struct tiny *tiny = waits(TIMEOUT_NS, 40 * MS, 0);
  at(10 * MS, 1, 1, HOLD);
  at(15 * MS, 2, 2, WAIT);
  at(18 * MS, 3, 3, READ_LATER); /* waits for the row that 2 has changed */
  tiny_run(tiny);
  ck_assert_int_eq(statuses[2][0], DG_OK);
  ck_assert_int_eq(statuses[2][1], DG_FAILED);
  ck_assert_int_eq(statuses[2][2], DG_FAILED);
  ck_assert_int_eq(script.steps[1].status, DG_FAILED);
  /* Its second statement is executed after 3 ms and a service, and an answer takes 1 ms. */
  ck_assert(script.steps[1].handled_at >= 15 * MS + 4 * MS + TIMEOUT_NS);
  ck_assert(script.steps[1].handled_at < 15 * MS + 5 * MS + TIMEOUT_NS);
  ck_assert_int_eq(statuses[3][0], DG_OK); /* its locks are gone: */
  ck_assert(script.steps[2].handled_at < 35 * MS);
  ck_assert_int_eq(statuses[3][1], DG_NOT_FOUND); /* nothing was done */
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  ck_assert_int_eq(tiny_balance(tiny, 1), 7);
  ck_assert_uint_eq(tiny_count(tiny, FACT_TRANSACTION_ABORTED, 0), 1);
  tiny_free(tiny);
}
END_TEST

/* By default nothing is cancelled; the caller leaves after its own socket_timeout, and the statement is executed. */
START_TEST(statement_alone_that_is_cancelled_is_certainly_not_done) {
  for (int cancels = 0; cancels < 2; cancels++) {
    struct tiny *tiny = waits(cancels ? TIMEOUT_NS : 0, 40 * MS, 0);
    tiny->plan.database.settings.values[KEY_DATABASE_SOCKET_TIMEOUT].i = 20 * MS;
    at(10 * MS, 1, 1, HOLD);
    at(15 * MS, 2, 2, WAIT_ALONE);
    tiny_run(tiny);
    ck_assert_int_eq(script.steps[1].status, cancels ? DG_FAILED : DG_UNKNOWN);
    ck_assert(script.steps[1].handled_at <= 35 * MS);
    ck_assert_int_eq(tiny_balance(tiny, 1), cancels ? 7 : 1);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(each_statement_has_its_own_time) {
  struct tiny *tiny = waits(TIMEOUT_NS, 4 * MS, 12 * MS);
  at(10 * MS, 1, 1, HOLD);
  at(10 * MS, 2, 2, HOLD_OTHER);
  at(13 * MS, 3, 3, WAIT_TWICE);
  tiny_run(tiny);
  ck_assert_int_eq(statuses[3][0], DG_OK); /* both waited, for less than the timeout, and for more together */
  ck_assert_int_eq(statuses[3][1], DG_OK);
  ck_assert(script.steps[2].handled_at > 26 * MS);
  ck_assert_int_eq(script.steps[2].status, DG_OK);
  ck_assert_int_eq(tiny_balance(tiny, 2), 1);
  tiny_free(tiny);
}
END_TEST

/* A transfer locks two rows: what it has waited for the first counts, too. */
START_TEST(waits_of_one_statement_add_up) {
  for (int second = 0; second < 2; second++) {
    struct tiny *tiny = waits(TIMEOUT_NS, 4 * MS, second ? 10 * MS : 6 * MS);
    tiny->plan.workload.operation = OPERATION_TRANSFER;
    tiny->plan.workload.keys = 2;
    at(10 * MS, 1, 1, HOLD);
    at(10 * MS, 2, 2, HOLD_OTHER);
    at(13 * MS, 3, 3, TRANSFER);
    tiny_run(tiny);
    ck_assert_int_eq(script.steps[2].status, second ? DG_FAILED : DG_OK);
    ck_assert_int_eq(tiny_count(tiny, FACT_EFFECT, 3), !second);
    ck_assert_int_eq(tiny_balance(tiny, 1), second ? 7 : 6);
    ck_assert_int_eq(tiny_balance(tiny, 2), second ? 7 : 8);
    tiny_free(tiny);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("database waits");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, statement_that_waits_too_long_is_cancelled_and_its_transaction_rolled_back);
  tcase_add_test(tests, statement_alone_that_is_cancelled_is_certainly_not_done);
  tcase_add_test(tests, each_statement_has_its_own_time);
  tcase_add_test(tests, waits_of_one_statement_add_up);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
