/* Serializable isolation, conditional writes, deletes, and how many connections there may be. */
#include "tests/models/script.h"
#include "tests/run_suite.h"

#define MS NS_PER_MS

enum action { READ_THEN_WRITE = 1, WRITE_SOON, READ_BOTH, TWO_STATEMENTS, INCREMENT, INSERT, ONLY_READ };
static int statuses[64][4];

/* What the test's handlers do with a message: its key says what, its id who. */
static int act(struct dg_context *c, const struct dg_message *m) {
  int64_t value = 0;
  int *status = statuses[m->id];
  switch ((enum action)m->key) {
  case READ_THEN_WRITE: /* looks for a row and writes it, if it is there or not */
    dg_begin(c);
    status[0] = dg_get(c, "rows", 1, &value);
    dg_sleep(c, 20 * MS);
    status[1] = dg_put(c, "rows", 1, value + 1);
    return dg_commit(c);
  case WRITE_SOON: return dg_put(c, "rows", 1, 7);
  case READ_BOTH: /* reads one row late, and writes another */
    dg_begin(c);
    status[0] = dg_get(c, "rows", 2, &value);
    dg_sleep(c, 20 * MS);
    status[1] = dg_get(c, "rows", 1, &value);
    status[2] = dg_put(c, "rows", 3, 1);
    return dg_commit(c);
  case TWO_STATEMENTS:
    dg_begin(c);
    status[0] = dg_get(c, "rows", 5, &value);
    dg_sleep(c, 20 * MS);
    status[1] = dg_put(c, "rows", 6, 1);
    return dg_commit(c);
  case INCREMENT: return dg_put(c, "rows", 5, 1);
  case INSERT:
    dg_begin(c);
    status[0] = dg_insert_unique(c, "processed", 9);
    dg_sleep(c, 20 * MS);
    return status[0] == DG_OK ? dg_commit(c) : (dg_rollback(c), status[0]);
  case ONLY_READ:
    dg_begin(c);
    status[0] = dg_get(c, "rows", 1, &value);
    dg_sleep(c, 20 * MS);
    return dg_commit(c);
  }
  return DG_OK;
}
static const struct handler handler_act = {.name = "act", .handle = act, .uses = HANDLER_USES(DATABASE)};

static struct tiny *isolated(bool serializable, uint32_t consumers) {
  struct tiny *tiny = script_new(&handler_act, consumers, 1);
  tiny->plan.workload.keys = 16;
  tiny->plan.database.settings.values[KEY_DATABASE_ISOLATION].i =
      serializable ? ISOLATION_SERIALIZABLE : ISOLATION_READ_COMMITTED;
  memset(statuses, 0, sizeof statuses);
  return tiny;
}

static struct script_step *at(int64_t ns, uint32_t consumer, uint64_t intent, enum action action) {
  struct script_step *step = script_add(ns, consumer, intent);
  step->key = action;
  return step;
}

/* Both look for a row that is not there; who commits second has read what is no longer so. */
START_TEST(who_read_what_was_changed_meanwhile_fails) {
  for (int serializable = 0; serializable < 2; serializable++) {
    struct tiny *tiny = isolated(serializable, 2);
    at(10 * MS, 1, 1, READ_THEN_WRITE);
    at(15 * MS, 2, 2, READ_THEN_WRITE);
    tiny_run(tiny);
    ck_assert_int_eq(statuses[1][0], DG_NOT_FOUND);
    ck_assert_int_eq(statuses[2][0], DG_NOT_FOUND);
    ck_assert_int_eq(script.steps[0].status, DG_OK);
    ck_assert_int_eq(script.steps[1].status, serializable ? DG_FAILED : DG_OK);
    ck_assert_int_eq(statuses[2][1], serializable ? DG_CONFLICT : DG_OK); /* it had waited for the row */
    ck_assert_uint_eq(tiny_count(tiny, FACT_SERIALIZATION_FAILED, 2), serializable);
    tiny_free(tiny);
  }
}
END_TEST

/* A read alone is enough; the commit is where it shows. */
START_TEST(commit_checks_what_was_only_read) {
  for (int serializable = 0; serializable < 2; serializable++) {
    struct tiny *tiny = isolated(serializable, 2);
    at(10 * MS, 1, 1, TWO_STATEMENTS);
    at(15 * MS, 2, 2, INCREMENT);
    tiny_run(tiny);
    ck_assert_int_eq(script.steps[1].status, DG_OK);
    ck_assert_int_eq(statuses[1][1], DG_OK);
    ck_assert_int_eq(script.steps[0].status, serializable ? DG_CONFLICT : DG_OK);
    tiny_free(tiny);
  }
}
END_TEST

/* Its first statement makes the snapshot: what is changed after it cannot be read any more. */
START_TEST(statement_fails_on_what_is_newer_than_its_snapshot) {
  struct tiny *tiny = isolated(true, 2);
  at(10 * MS, 1, 1, READ_BOTH);
  at(15 * MS, 2, 2, WRITE_SOON);
  tiny_run(tiny);
  ck_assert_int_eq(statuses[1][1], DG_CONFLICT);
  ck_assert_int_eq(statuses[1][2], DG_FAILED); /* its transaction is over */
  ck_assert_int_eq(script.steps[0].status, DG_FAILED);
  tiny_free(tiny);
}
END_TEST

/* A commit that stands in the queue is before those that come later, also where it is not yet visible. */
START_TEST(commits_of_one_flush_are_in_order) {
  struct tiny *tiny = isolated(true, 3);
  tiny->plan.cores = 4;
  tiny->plan.costs.values[COST_DATABASE_COMMIT].i = 50 * MS;
  at(10 * MS, 1, 1, TWO_STATEMENTS); /* commits at about 36 ms */
  at(18 * MS, 2, 2, INCREMENT);      /* is in the queue from 19 ms on, visible at 69 ms */
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[1].status, DG_OK);
  ck_assert_int_eq(script.steps[0].status, DG_CONFLICT);
  tiny_free(tiny);
}
END_TEST

START_TEST(who_changes_nothing_does_not_fail) {
  struct tiny *tiny = isolated(true, 2);
  at(10 * MS, 1, 1, ONLY_READ);
  at(15 * MS, 2, 2, WRITE_SOON);
  tiny_run(tiny);
  ck_assert_int_eq(script.steps[0].status, DG_OK);
  tiny_free(tiny);
}
END_TEST

/* As INSERT … ON CONFLICT DO NOTHING above read committed: the row that it meets is newer than its snapshot. */
START_TEST(insert_that_waited_fails_instead_of_finding) {
  for (int serializable = 0; serializable < 2; serializable++) {
    struct tiny *tiny = isolated(serializable, 2);
    at(10 * MS, 1, 1, INSERT);
    at(15 * MS, 2, 2, INSERT);
    at(100 * MS, 2, 3, INSERT);
    tiny_run(tiny);
    ck_assert_int_eq(statuses[2][0], serializable ? DG_CONFLICT : DG_EXISTS);
    ck_assert_int_eq(statuses[3][0], DG_EXISTS);
    tiny_free(tiny);
  }
}
END_TEST

static int transfer(struct dg_context *c, const struct dg_message *m) {
  int64_t value;
  if (m->key == 2) return dg_apply(c); /* takes from 2, adds to another */
  dg_begin(c);
  for (uint64_t key = 1; key <= 4; key++)
    if (key != 2) dg_get(c, "balance", key, &value);
  dg_sleep(c, 20 * MS);
  dg_put(c, "rows", 1, 1);
  return dg_commit(c);
}

/* A transfer changes two rows: who has read the other one fails. */
START_TEST(second_row_of_an_operation_counts_too) {
  static const struct handler handler = {.name = "transfer", .handle = transfer,
                                         .uses = HANDLER_USES(DATABASE)};
  for (int serializable = 0; serializable < 2; serializable++) {
    struct tiny *tiny = script_new(&handler, 2, 1);
    tiny->plan.workload.operation = OPERATION_TRANSFER;
    tiny->plan.database.settings.values[KEY_DATABASE_ISOLATION].i = serializable;
    script_add(10 * MS, 1, 1)->key = 1;
    script_add(18 * MS, 2, 2)->key = 2;
    tiny_run(tiny);
    ck_assert_int_eq(script.steps[1].status, DG_OK);
    ck_assert_int_eq(script.steps[0].status, serializable ? DG_CONFLICT : DG_OK);
    tiny_free(tiny);
  }
}
END_TEST

START_TEST(serializable_runs_repeat_in_used_memory) {
  struct tiny *tiny = isolated(true, 4);
  tiny->plan.threads = 4;
  script.resubmit = true;
  for (uint64_t i = 1; i <= 16; i++) at((10 + (int64_t)i) * MS, 1 + i % 4, i, i % 3 ? READ_THEN_WRITE : TWO_STATEMENTS);
  tiny_strike(tiny, VERB_KILL, 40 * MS, ROLE_DATABASE, 1)->lasts = span_of(20 * MS);
  tiny_run(tiny);
  uint64_t digest = tiny->digest;
  tiny_run(tiny);
  ck_assert_uint_eq(tiny->digest, digest);
  tiny_free(tiny);
}
END_TEST

/* --- Conditions --- */

static int compare(struct dg_context *c, const struct dg_message *m) {
  int64_t value = -1;
  int *status = statuses[m->id];
  dg_begin(c);
  status[0] = dg_put_if(c, "rows", 1, (int64_t)m->key - 1, (int64_t)m->key);
  if (status[0] == DG_OK) dg_sleep(c, 20 * MS);
  dg_get(c, "rows", 1, &value);
  status[1] = (int)value;
  return dg_commit(c);
}

START_TEST(conditional_write_goes_by_what_stands_there) { /* [I8] */
  static const struct handler handler = {.name = "compare", .handle = compare,
                                         .uses = HANDLER_USES(DATABASE)};
  struct tiny *tiny = script_new(&handler, 2, 1);
  memset(statuses, 0, sizeof statuses);
  script_add(10 * MS, 1, 1)->key = 1;  /* 0, as it is not there, to 1 */
  script_add(15 * MS, 2, 2)->key = 1;  /* waits for it, and finds 1 */
  script_add(100 * MS, 1, 3)->key = 2; /* 1 to 2 */
  script_add(200 * MS, 2, 4)->key = 4;
  tiny_run(tiny);
  static const int expected[][2] = {{DG_OK, 1}, {DG_EXISTS, 1}, {DG_OK, 2}, {DG_EXISTS, 2}};
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(statuses[i + 1][0], expected[i][0]);
    ck_assert_int_eq(statuses[i + 1][1], expected[i][1]);
    ck_assert_uint_eq(tiny_count(tiny, FACT_CONDITION_FAILED, (uint64_t)i + 1), expected[i][0] == DG_EXISTS);
  }
  ck_assert(script.steps[1].handled_at > 30 * MS);
  tiny_free(tiny);
}
END_TEST

static int delete_rows(struct dg_context *c, const struct dg_message *m) {
  int *status = statuses[m->id];
  int64_t value = -1;
  if (m->id == 1) {
    dg_insert_unique(c, "processed", 3);
    return dg_put(c, "processed", 3, 5);
  }
  dg_begin(c);
  status[0] = dg_delete(c, "processed", 3);
  status[1] = dg_get(c, "processed", 3, &value);
  status[2] = dg_insert_unique(c, "processed", 3);
  status[3] = dg_delete(c, "balance", 1);
  if (m->id == 2) return dg_rollback(c), DG_OK;
  dg_rollback(c);
  status[2] = dg_delete(c, "processed", 3);
  return dg_delete(c, "processed", 3);
}

START_TEST(delete_takes_row_and_unique_key) { /* [I8] */
  static const struct handler handler = {.name = "delete", .handle = delete_rows,
                                         .uses = HANDLER_USES(DATABASE)};
  struct tiny *tiny = script_new(&handler, 1, 1);
  memset(statuses, 0, sizeof statuses);
  for (uint64_t i = 1; i <= 3; i++) script_add(100 * MS * (int64_t)i, 1, i);
  tiny_run(tiny);
  ck_assert_int_eq(statuses[2][0], DG_OK);
  ck_assert_int_eq(statuses[2][1], DG_NOT_FOUND); /* its own delete it sees */
  ck_assert_int_eq(statuses[2][2], DG_OK);        /* and may insert it again */
  ck_assert_int_eq(statuses[2][3], DG_FAILED);    /* balances are the operations' */
  ck_assert_int_eq(statuses[3][0], DG_OK);        /* the second was rolled back */
  ck_assert_int_eq(statuses[3][2], DG_OK);
  ck_assert_int_eq(script.steps[2].status, DG_NOT_FOUND);
  tiny_free(tiny);
}
END_TEST

/* --- Who deletes a key, or makes it, may yet roll back [I2] [I8] --- */

enum second { INSERT_SAME = 1, EXPECT_NONE, EXPECT_OLD, EXPECT_NEW, DELETE_TOO };
static bool holder_commits, holder_inserts;

/* Message 1 makes the row; 2 deletes it, or writes 6 to it, in a transaction that lasts; 3 comes meanwhile. */
static int contend(struct dg_context *c, const struct dg_message *m) {
  int *status = statuses[m->id];
  if (m->id == 1) {
    dg_insert_unique(c, "rows", 3);
    return dg_put(c, "rows", 3, 5);
  }
  dg_begin(c);
  if (m->id == 2) {
    status[0] = holder_inserts ? dg_put(c, "rows", 3, 6) : dg_delete(c, "rows", 3);
    dg_sleep(c, 50 * MS);
    return holder_commits ? dg_commit(c) : dg_rollback(c);
  }
  switch ((enum second)m->key) {
  case INSERT_SAME: status[0] = dg_insert_unique(c, "rows", 3); break;
  case EXPECT_NONE: status[0] = dg_put_if(c, "rows", 3, 0, 9); break;
  case EXPECT_OLD: status[0] = dg_put_if(c, "rows", 3, 5, 9); break;
  case EXPECT_NEW: status[0] = dg_put_if(c, "rows", 3, 6, 9); break;
  case DELETE_TOO: status[0] = dg_delete(c, "rows", 3); break;
  }
  return status[1] = dg_commit(c);
}
static const struct handler handler_contend = {.name = "contend", .handle = contend, .uses = HANDLER_USES(DATABASE)};

/* As PostgreSQL 15 does it: what the second is told when the first commits, and when it rolls back. */
static const struct {
  bool inserts; /* the first writes the row, else it deletes it */
  enum second second;
  bool waits;
  int committed, rolled_back;
} contentions[] = {
    {false, INSERT_SAME, true, DG_OK, DG_EXISTS},
    {false, EXPECT_NONE, true, DG_OK, DG_EXISTS},
    {false, EXPECT_OLD, true, DG_EXISTS, DG_OK},
    {false, DELETE_TOO, true, DG_NOT_FOUND, DG_OK},
    {true, INSERT_SAME, true, DG_EXISTS, DG_EXISTS},
    {true, EXPECT_NONE, true, DG_EXISTS, DG_EXISTS},
    {true, EXPECT_OLD, true, DG_EXISTS, DG_OK},
    {true, EXPECT_NEW, false, DG_EXISTS, DG_EXISTS}, /* an UPDATE does not see what is not committed */
    {true, DELETE_TOO, true, DG_OK, DG_OK},
};

START_TEST(conditional_change_waits_for_who_holds_what_it_looks_at) {
  for (int commits = 0; commits < 2; commits++) {
    holder_commits = commits;
    holder_inserts = contentions[_i].inserts;
    struct tiny *tiny = script_new(&handler_contend, 3, 1);
    tiny->plan.workload.keys = 16;
    memset(statuses, 0, sizeof statuses);
    script_add(10 * MS, 1, 1);
    script_add(50 * MS, 2, 2);
    script_add(60 * MS, 3, 3)->key = contentions[_i].second;
    tiny_run(tiny);
    ck_assert_int_eq(statuses[2][0], DG_OK);
    ck_assert_int_eq(statuses[3][0], commits ? contentions[_i].committed : contentions[_i].rolled_back);
    ck_assert_int_eq(statuses[3][1], DG_OK);
    ck_assert_int_eq(script.steps[2].handled_at > 100 * MS, contentions[_i].waits);
    tiny_free(tiny);
  }
}
END_TEST

/* Deletes what an operation has inserted under its natural key; an operation of the same id comes meanwhile. */
static int take_away(struct dg_context *c, const struct dg_message *m) {
  if (m->key == 1) return dg_apply(c);
  dg_begin(c);
  statuses[2][0] = dg_delete(c, "inserted", 1);
  dg_sleep(c, 50 * MS);
  return holder_commits ? dg_commit(c) : dg_rollback(c);
}

START_TEST(insert_under_a_natural_key_waits_for_who_deletes_it) {
  static const struct handler handler = {.name = "take", .handle = take_away, .uses = HANDLER_USES(DATABASE)};
  for (int commits = 0; commits < 2; commits++) {
    holder_commits = commits;
    struct tiny *tiny = script_new(&handler, 3, 1);
    tiny->plan.workload.operation = OPERATION_INSERT_NATURAL_KEY;
    memset(statuses, 0, sizeof statuses);
    script_add(10 * MS, 1, 1);
    script_add(50 * MS, 2, 2)->key = 2;
    script_add(60 * MS, 3, 1);
    tiny_run(tiny);
    ck_assert_int_eq(statuses[2][0], DG_OK);
    ck_assert_int_eq(script.steps[2].status, commits ? DG_OK : DG_EXISTS);
    ck_assert(script.steps[2].handled_at > 100 * MS);
    tiny_free(tiny);
  }
}
END_TEST

/* --- [I10] Connections --- */

static int apply(struct dg_context *c, const struct dg_message *m) {
  (void)m;
  return dg_apply(c);
}

START_TEST(too_many_clients_are_refused) { /* until one has left */
  static const struct handler handler = {.name = "apply", .handle = apply, .uses = HANDLER_USES(DATABASE)};
  struct tiny *tiny = script_new(&handler, 3, 1);
  tiny->plan.database.settings.values[KEY_DATABASE_MAX_CONNECTIONS].i = 2;
  script_add(10 * MS, 1, 1);
  script_add(20 * MS, 2, 2);
  script_add(30 * MS, 3, 3);
  script_add(40 * MS, 1, 4);
  script_add(200 * MS, 3, 5);
  tiny_strike(tiny, VERB_KILL, 100 * MS, ROLE_CONSUMER, 1);
  tiny_run(tiny);
  static const int expected[] = {DG_OK, DG_OK, DG_FAILED, DG_OK, DG_OK};
  for (int i = 0; i < 5; i++)
    ck_assert_msg(script.steps[i].status == expected[i], "step %d: %d", i, script.steps[i].status);
  ck_assert_uint_eq(tiny_count(tiny, FACT_EFFECT, 3), 0);
  tiny_free(tiny);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("database isolation");
  TCase *tests = tcase_create("all");
  tcase_add_test(tests, who_read_what_was_changed_meanwhile_fails);
  tcase_add_test(tests, commit_checks_what_was_only_read);
  tcase_add_test(tests, statement_fails_on_what_is_newer_than_its_snapshot);
  tcase_add_test(tests, commits_of_one_flush_are_in_order);
  tcase_add_test(tests, who_changes_nothing_does_not_fail);
  tcase_add_test(tests, insert_that_waited_fails_instead_of_finding);
  tcase_add_test(tests, second_row_of_an_operation_counts_too);
  tcase_add_test(tests, serializable_runs_repeat_in_used_memory);
  tcase_add_test(tests, conditional_write_goes_by_what_stands_there);
  tcase_add_test(tests, delete_takes_row_and_unique_key);
  tcase_add_loop_test(tests, conditional_change_waits_for_who_holds_what_it_looks_at, 0,
                      sizeof contentions / sizeof *contentions);
  tcase_add_test(tests, insert_under_a_natural_key_waits_for_who_deletes_it);
  tcase_add_test(tests, too_many_clients_are_refused);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
