/* Reads of a replica. An autocommitted statement that is sent at t is durable at t + 1.75 ms and answered
 * 1 ms later; a read that is sent at t is executed at t + 1 ms. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS
#define DELAY_NS (20 * MS)
#define DURABLE_NS (1750 * NS_PER_US)

enum action { PUT = 1, DELETE, CLAIM, READ, READ_UNIQUE, READ_IN_TRANSACTION, APPLY, READ_BALANCE, PUT_MANY };
#define MANY 80
static struct seen {
  int status;
  int64_t value;
} seen[SCRIPT_STEPS_MAX];
static size_t seen_count;

static int look(struct dg_context *c, const char *table, uint64_t key) {
  struct seen *one = &seen[seen_count++];
  one->value = -1;
  one->status = dg_get_replica(c, table, key, &one->value);
  return DG_OK;
}

static int act(struct dg_context *c, const struct dg_message *m) {
  switch ((enum action)(m->id % 10)) {
  case PUT: return dg_put(c, "rows", 5, (int64_t)m->id);
  case DELETE: return dg_delete(c, "rows", 5);
  case CLAIM: return dg_insert_unique(c, "processed", 7);
  case READ: return look(c, "rows", 5);
  case READ_UNIQUE: return look(c, "processed", 7);
  case APPLY: return dg_apply(c);
  case READ_BALANCE: return look(c, "balance", 1);
  case PUT_MANY:
    for (int64_t i = 1; i <= MANY; i++) dg_put(c, "rows", 5, i);
    return DG_OK;
  case READ_IN_TRANSACTION:
    dg_begin(c);
    dg_put(c, "rows", 5, 99);
    look(c, "rows", 5);
    return dg_commit(c);
  }
  return DG_FAILED;
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE),
                                           .reads_replica = true};

static struct tiny *start(void) {
  struct tiny *tiny = script_new(&handler_act, 2, 1);
  tiny->plan.database.settings.values[KEY_DATABASE_REPLICATION_DELAY].i = DELAY_NS;
  seen_count = 0;
  return tiny;
}

static void saw(size_t i, int status, int64_t value) {
  ck_assert_msg(seen[i].status == status && seen[i].value == value, "read %zu: %d, %lld", i, seen[i].status,
                (long long)seen[i].value);
}

/* Just before and just behind the time at which it has followed. */
START_TEST(a_commit_is_there_when_the_delay_is_over) {
  struct tiny *tiny = start();
  const int64_t there = 100 * MS + DURABLE_NS + DELAY_NS - TINY_LATENCY_NS;
  script_add(100 * MS, 1, 10 + PUT);
  script_add(100 * MS + 1 * MS, 2, 20 + READ);
  script_add(there - NS_PER_US, 2, 30 + READ);
  tiny_run(tiny);
  saw(0, DG_NOT_FOUND, -1);
  saw(1, DG_NOT_FOUND, -1);
  tiny_free(tiny);
  tiny = start();
  script_add(100 * MS, 1, 10 + PUT);
  script_add(there, 2, 40 + READ);
  tiny_run(tiny);
  saw(0, DG_OK, 10 + PUT);
  tiny_free(tiny);
}
END_TEST

START_TEST(each_state_is_seen_for_as_long_as_it_stood) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + PUT);
  script_add(105 * MS, 1, 20 + PUT);
  script_add(110 * MS, 1, 30 + DELETE);
  script_add(115 * MS, 1, 40 + PUT);
  for (int64_t i = 0; i < 5; i++) script_add((118 + 5 * i) * MS, 2, 50 + READ);
  tiny_run(tiny);
  saw(0, DG_NOT_FOUND, -1);
  saw(1, DG_OK, 10 + PUT);
  saw(2, DG_OK, 20 + PUT);
  saw(3, DG_NOT_FOUND, -1);
  saw(4, DG_OK, 40 + PUT);
  tiny_free(tiny);
}
END_TEST

START_TEST(unique_keys_and_balances_are_read_as_rows_are) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + CLAIM);
  script_add(110 * MS, 1, 20 + APPLY);
  script_add(115 * MS, 2, 30 + READ_UNIQUE);
  script_add(118 * MS, 2, 40 + READ_BALANCE);
  script_add(200 * MS, 2, 50 + READ_UNIQUE);
  script_add(210 * MS, 2, 60 + READ_BALANCE);
  tiny_run(tiny);
  saw(0, DG_NOT_FOUND, -1);
  saw(1, DG_OK, 0);
  saw(2, DG_OK, 0);
  saw(3, DG_OK, 1);
  tiny_free(tiny);
}
END_TEST

/* Its own transaction goes on, and has not been seen by the read. */
START_TEST(the_open_transaction_is_another_matter) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + PUT);
  script_add(200 * MS, 1, 20 + READ_IN_TRANSACTION);
  script_add(300 * MS, 1, 30 + READ);
  tiny_run(tiny);
  saw(0, DG_OK, 10 + PUT);
  saw(1, DG_OK, 99);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  tiny_free(tiny);
}
END_TEST

/* A reset while the replica is asked: the read fails, and the transaction is gone with its connection. */
START_TEST(a_connection_that_breaks_meanwhile_takes_the_transaction) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + READ_IN_TRANSACTION);
  tiny_trigger(tiny, VERB_DROP, POINT_STATEMENT_SENT, 10 + READ_IN_TRANSACTION)->attempt = 2;
  tiny_run(tiny);
  saw(0, DG_FAILED, -1);
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  tiny_free(tiny);
}
END_TEST

/* What an unclean failover takes back was never on the replica; what came before it is read as before. */
START_TEST(what_a_failover_takes_back_was_never_read) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + PUT);
  script_add(150 * MS, 1, 20 + PUT);
  tiny_strike(tiny, VERB_FAILOVER, 160 * MS, ROLE_DATABASE, 1)->election = ELECTION_UNCLEAN;
  for (int64_t i = 0; i < 4; i++) script_add((165 + 10 * i) * MS, 2, 50 + READ);
  tiny_run(tiny);
  for (size_t i = 0; i < 4; i++) saw(i, DG_OK, 10 + PUT);
  ck_assert_uint_eq(seen_count, 4);
  tiny_free(tiny);
}
END_TEST

/* A long run keeps no more than the delay's changes: those before are trimmed, and nobody sees a difference. */
START_TEST(the_log_is_of_the_delay_only) {
  struct tiny *tiny = start();
  for (int64_t i = 0; i < SCRIPT_STEPS_MAX; i++)
    script_add((100 + 5 * i) * MS, i % 8 == 7 ? 2 : 1, (uint64_t)(10 * (i + 1) + (i % 8 == 7 ? READ : PUT)));
  tiny_run(tiny);
  /* executed 1 ms after its sending; committed until 20 ms before that: the fifth before it */
  for (size_t i = 0; i < SCRIPT_STEPS_MAX / 8; i++) saw(i, DG_OK, 10 * (int64_t)(8 * i + 7 - 5 + 1) + PUT);
  tiny_free(tiny);
}
END_TEST

/* Also when it is moved to the front of its memory, as most of it is old: what the delay still hides stays hidden. */
START_TEST(what_is_trimmed_was_seen_long_ago) {
  struct tiny *tiny = start();
  script_add(100 * MS, 1, 10 + PUT_MANY);
  script_add(600 * MS, 1, 1010 + PUT); /* trims the others */
  script_add(605 * MS, 1, 1020 + PUT);
  for (int64_t i = 0; i < 6; i++) script_add((606 + 5 * i) * MS, 2, 50 + READ);
  tiny_run(tiny);
  ck_assert_int_lt(script.steps[0].handled_at, 570 * MS);
  for (size_t i = 0; i < 6; i++) saw(i, DG_OK, i < 3 ? MANY : i == 3 ? 1010 + PUT : 1020 + PUT);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("database replica");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, a_commit_is_there_when_the_delay_is_over);
  tcase_add_test(tests, each_state_is_seen_for_as_long_as_it_stood);
  tcase_add_test(tests, unique_keys_and_balances_are_read_as_rows_are);
  tcase_add_test(tests, the_open_transaction_is_another_matter);
  tcase_add_test(tests, a_connection_that_breaks_meanwhile_takes_the_transaction);
  tcase_add_test(tests, what_a_failover_takes_back_was_never_read);
  tcase_add_test(tests, the_log_is_of_the_delay_only);
  tcase_add_test(tests, what_is_trimmed_was_seen_long_ago);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
