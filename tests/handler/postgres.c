/* Handlers in SQL on a real PostgreSQL, whose address is the argument: see postgres.sh. */
#include "sim/handler/program.h"
#include "tests/handler/sql_world.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <time.h>

static const char *database;

#define PAYMENTS                                                                                             \
  "-- dgsim: schema\n"                                                                                       \
  "CREATE TABLE processed(id TEXT PRIMARY KEY);\n"                                                           \
  "CREATE TABLE payment(id TEXT, amount INTEGER);\n"                                                         \
  "CREATE TABLE account(id TEXT PRIMARY KEY, balance INTEGER);\n"                                            \
  "INSERT INTO account VALUES ('account-3', 100), ('other', 100);\n"                                         \
  "-- dgsim: probe\n"                                                                                        \
  "SELECT id, 'payment', amount FROM payment UNION ALL\n"                                                    \
  "SELECT id, 'balance', balance FROM account WHERE balance <> 100;\n"                                       \
  "-- dgsim: handler\n"

#define MARK_FIRST                                                                                           \
  "BEGIN;\n"                                                                                                 \
  "-- dgsim: on unique_violation: done\n"                                                                    \
  "INSERT INTO processed VALUES (:id);\n"                                                                    \
  "INSERT INTO payment VALUES (:id, :amount);\n"                                                             \
  "COMMIT;\n"

static struct sql_world *made(const char *text) {
  char path[64];
  struct err err = {0};
  struct program *program = program_of_sql(
      &(struct program_sql){.path = file_of(text, path), .worker = 1, .database = database}, &err);
  unlink(path);
  if (err.code) err_print(&err, stderr);
  ck_assert_ptr_nonnull(program);
  struct sql_world *world = world_of(program);
  ck_assert_str_eq(program->text, "");
  return world;
}

static void ends_as(struct sql_world *world, const char *expected) {
  char *found = world_end(world);
  ck_assert_str_eq(world->program->text, "");
  ck_assert_str_eq(found, expected);
  free(found);
  world_free(world);
}

START_TEST(a_message_is_handled_once_and_a_duplicate_is_done) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ck_assert_int_eq(world_handle(world, 2, 1), DG_OK);
  ck_assert_int_eq(world_handle(world, 1, 2), DG_OK);
  ends_as(world, "op-1 payment 10\nop-2 payment 20\n");
}
END_TEST

START_TEST(a_kill_between_two_statements_leaves_what_was_committed) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  for (unsigned call = 1; call <= 4; call++)
    for (int after = 0; after <= 1; after++) {
      ck_assert(world->program->kind->reset(world->program));
      world->faults[0] = (struct sql_fault){1, call, after, STRIKE_KILL, 0};
      ck_assert_int_eq(world_handle(world, 1, 1), -1);
      world->faults[0].strike = STRIKE_NONE;
      ck_assert_int_eq(world_handle(world, 2, 1), DG_OK);
      char *found = world_end(world);
      ck_assert_str_eq(found, "op-1 payment 10\n");
      free(found);
    }
  world_free(world);
}
END_TEST

START_TEST(a_call_that_fails_breaks_its_transaction) {
  static const int statuses[] = {DG_FAILED, DG_CONFLICT, DG_UNKNOWN};
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  for (unsigned call = 1; call <= 4; call++)
    for (size_t i = 0; i < 3; i++) {
      ck_assert(world->program->kind->reset(world->program));
      world->faults[0] = (struct sql_fault){1, call, false, STRIKE_FAIL, statuses[i]};
      ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
      world->faults[0].strike = STRIKE_NONE;
      ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
      char *found = world_end(world);
      ck_assert_str_eq(found, "op-1 payment 10\n");
      free(found);
    }
  world_free(world);
}
END_TEST

START_TEST(a_commit_whose_answer_is_lost_has_happened) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  world->faults[0] = (struct sql_fault){1, 4, true, STRIKE_FAIL, 0};
  ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
  ends_as(world, "op-1 payment 10\n");
}
END_TEST

/* In PostgreSQL a COMMIT of a broken transaction is a ROLLBACK, and no error. */
START_TEST(an_error_that_is_swallowed_loses_the_transaction) {
  struct sql_world *world = made(PAYMENTS "BEGIN;\nINSERT INTO payment VALUES (:id, :amount);\n"
                                          "-- dgsim: on not_null_violation: continue\n"
                                          "INSERT INTO processed VALUES (NULL);\nCOMMIT;\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ends_as(world, "");
}
END_TEST

START_TEST(columns_are_kept_with_their_types) {
  struct sql_world *world = made(PAYMENTS "-- dgsim: into balance, who\n"
                                          "SELECT balance, id FROM account WHERE id = :account;\n"
                                          "-- dgsim: if no rows: failed\n"
                                          "UPDATE account SET balance = :balance + :amount WHERE id = :who;\n"
                                          "-- dgsim: into nothing\nSELECT id FROM payment;\n"
                                          "INSERT INTO payment VALUES (:nothing, :balance);\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ends_as(world, " payment 100\naccount-3 balance 110\n");
}
END_TEST

#define ADD(account) "UPDATE account SET balance = balance + :amount WHERE id = '" account "';\n"

START_TEST(who_waits_for_another_goes_on_when_it_has_committed) {
  struct sql_world *world = made(PAYMENTS "BEGIN;\n" ADD("account-3") "SELECT 1;\nCOMMIT;\n");
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ck_assert_int_eq(world->actors[0].status, DG_OK);
  ck_assert_int_eq(world->actors[1].status, DG_OK);
  ck_assert_str_eq(world->log, "1 BEGIN\n2 BEGIN\n"
                               "1 UPDATE account SET balance = balance + :amount WHERE id = '...\n"
                               "2 UPDATE account SET balance = balance + :amount WHERE id = '... ...\n"
                               "1 SELECT 1\n"
                               "2 UPDATE account SET balance = balance + :amount WHERE id = '... ...\n"
                               "1 COMMIT\n"
                               "2 UPDATE account SET balance = balance + :amount WHERE id = '...\n"
                               "2 SELECT 1\n2 COMMIT\n");
  ends_as(world, "account-3 balance 130\n");
}
END_TEST

START_TEST(of_two_with_the_same_key_the_second_waits_and_is_told) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  world_give(world, 1, 1, 0);
  world_give(world, 2, 1, 0);
  world_run(world);
  ck_assert_ptr_nonnull(strstr(world->log, "2 INSERT INTO processed VALUES (:id) ...\n"));
  ck_assert_int_eq(world->actors[1].status, DG_OK);
  ends_as(world, "op-1 payment 10\n");
}
END_TEST

/* Operation 1 goes from one account to the other, operation 2 the other way round. */
#define CIRCLE                                                                                               \
  "BEGIN;\n"                                                                                                 \
  "UPDATE account SET balance = balance - 1 WHERE id = CASE :id WHEN 'op-1' THEN 'other' ELSE 'account-3' "  \
  "END;\n"                                                                                                   \
  "UPDATE account SET balance = balance + 1 WHERE id = CASE :id WHEN 'op-1' THEN 'account-3' ELSE 'other' "  \
  "END;\n"                                                                                                   \
  "INSERT INTO payment VALUES (:id, :amount);\nCOMMIT;\n"

START_TEST(of_a_deadlock_who_closes_the_circle_is_the_victim) {
  for (int i = 0; i < 5; i++) {
    struct sql_world *world = made(PAYMENTS CIRCLE);
    world_give(world, 1, 1, 0);
    world_give(world, 2, 2, 0);
    world_run(world);
    ck_assert_int_eq(world->actors[0].status, DG_OK);
    ck_assert_int_eq(world->actors[1].status, DG_FAILED);
    ends_as(world, "account-3 balance 101\nop-1 payment 10\nother balance 99\n");
  }
}
END_TEST

START_TEST(a_victim_may_try_again) {
  struct sql_world *world = made(PAYMENTS "-- dgsim: retry 1 on deadlock_detected\n" CIRCLE);
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ck_assert_int_eq(world->actors[1].status, DG_OK);
  ends_as(world, "op-1 payment 10\nop-2 payment 20\n");
}
END_TEST

START_TEST(a_serialization_failure_is_one) {
  struct sql_world *world =
      made(PAYMENTS "-- dgsim: retry 1 on serialization_failure\n"
                    "BEGIN ISOLATION LEVEL REPEATABLE READ;\n"
                    "-- dgsim: into balance\nSELECT balance FROM account WHERE id = :account;\n"
                    "UPDATE account SET balance = :balance + :amount WHERE id = :account;\n"
                    "COMMIT;\n");
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ck_assert_ptr_nonnull(strstr(world->log, "2 ROLLBACK\n2 BEGIN"));
  ends_as(world, "account-3 balance 130\n");
}
END_TEST

/* A killed process: its backend has ended when the next goes on. */
START_TEST(what_was_open_has_ended_with_its_process) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  world->faults[0] = (struct sql_fault){1, 3, true, STRIKE_KILL, 0};
  ck_assert_int_eq(world_handle(world, 1, 1), -1);
  ck_assert_int_eq(world_handle(world, 2, 1), DG_OK);
  ck_assert_ptr_null(strstr(world->log, " ...\n"));
  ends_as(world, "op-1 payment 10\n");
}
END_TEST

/* Killed late: the next waits for it, until the server notices. */
START_TEST(what_was_left_open_is_in_the_way_for_a_second) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  world->faults[0] = (struct sql_fault){1, 3, true, STRIKE_KILL_LATE, 0};
  ck_assert_int_eq(world_handle(world, 1, 1), -1);
  const int64_t before = world->now;
  ck_assert_int_eq(world_handle(world, 2, 1), DG_OK);
  ck_assert_int_ge(world->now - before, 1000 * MS);
  ck_assert_int_lt(world->now - before, 1300 * MS);
  ends_as(world, "op-1 payment 10\n");
}
END_TEST

/* A statement outside of a transaction that waits for another when its process dies: the second consumer's
 * last. */
static void dies_while_it_waits(enum program_end how, const char *expected) {
  struct sql_world *world =
      made(PAYMENTS
           "BEGIN;\n" ADD("account-3") "COMMIT;\n"
                                       "UPDATE account SET balance = balance + 1 WHERE id = 'account-3';\n");
  world_give(world, 2, 2, 0);
  world_give(world, 1, 1, 3 * MS / 2);
  while (!strstr(world->log, " ...\n"))
    world_turn(world, &world->actors[world->actors[0].wake < world->actors[1].wake ? 0 : 1]);
  world_kill(world, &world->actors[1], how);
  world_run(world);
  ck_assert_int_eq(world->actors[0].status, DG_OK);
  ends_as(world, expected);
}

START_TEST(a_statement_that_was_under_way_is_executed_late_or_ended) {
  dies_while_it_waits(PROGRAM_KILLED_LATE, "account-3 balance 132\n");
  dies_while_it_waits(PROGRAM_KILLED, "account-3 balance 131\n");
}
END_TEST

static void not_started(const char *address, const char *text, const char *words) {
  char path[64];
  struct err err = {0};
  struct program *program = program_of_sql(
      &(struct program_sql){.path = file_of(text, path), .worker = 2, .database = address}, &err);
  ck_assert_ptr_nonnull(program);
  ck_assert(!program->kind->reset(program));
  ck_assert_str_eq(program_failure_names[program->failure], "not-started");
  ck_assert_msg(strstr(program->text, words), "%s", program->text);
  ck_assert_ptr_null(strstr(program->text, "secret"));
  program->kind->free(program);
  unlink(path);
}

START_TEST(what_is_wrong_is_said_without_a_password) {
  static const char *const text = "-- dgsim: schema\nCREATE TABLE a(b int);\nCREATE TABLE \303\244(b itn);\n"
                                  "-- dgsim: handler\nSELECT 1;\n-- dgsim: probe\nSELECT 1, 2, 3;\n";
  not_started("postgres://secret:secret@/secret?host=/nowhere", text, "PostgreSQL: ");
  not_started(database, text, ":3:19: error: type \"itn\" does not exist");
  struct err err = {0};
  ck_assert_ptr_null(
      program_of_sql(&(struct program_sql){.path = "/dev/null", .database = "postgres://"}, &err));
  err = (struct err){0};
  char path[64];
  ck_assert_ptr_null(
      program_of_sql(&(struct program_sql){.path = file_of(MARK_FIRST, path), .database = "dbname=x"}, &err));
  unlink(path);
  err = (struct err){0};
  ck_assert_ptr_null(
      program_of_sql(&(struct program_sql){.path = file_of(text, path), .database = "dbname=x"}, &err));
  unlink(path);
  ck_assert_str_eq(err.message, "the address of the database cannot be read");
}
END_TEST

START_TEST(a_statement_that_makes_no_sense_is_named_with_its_place) {
  struct sql_world *world =
      made("-- dgsim: schema\n-- dgsim: handler\nSELECT :id::text,\n \303\244\303\244;\n"
           "-- dgsim: probe\nSELECT 1, 2;\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
  ck_assert_str_eq(program_failure_names[world->program->failure], "malformed");
  ck_assert_ptr_nonnull(
      strstr(world->program->text, ":4:2: error: column \"\303\244\303\244\" does not exist"));
  program_begin(world->program);
  free(world_end(world));
  ck_assert_str_eq(program_failure_names[world->program->failure], "cannot-judge");
  world_free(world);
}
END_TEST

START_TEST(a_case_takes_little_time) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int i = 0; i < 20; i++) {
    ck_assert(world->program->kind->reset(world->program));
    for (uint64_t id = 1; id <= 5; id++) ck_assert_int_eq(world_handle(world, 1, id), DG_OK);
    free(world_end(world));
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("a case of 5 messages: %.1f ms\n",
         ((double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6) / 20);
  world_free(world);
}
END_TEST

int main(int count, char **arguments) {
  if (count != 2) return 64;
  database = arguments[1];
  Suite *suite = suite_create("postgres");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 60);
  tcase_add_test(all, a_message_is_handled_once_and_a_duplicate_is_done);
  tcase_add_test(all, a_kill_between_two_statements_leaves_what_was_committed);
  tcase_add_test(all, a_call_that_fails_breaks_its_transaction);
  tcase_add_test(all, a_commit_whose_answer_is_lost_has_happened);
  tcase_add_test(all, an_error_that_is_swallowed_loses_the_transaction);
  tcase_add_test(all, columns_are_kept_with_their_types);
  tcase_add_test(all, who_waits_for_another_goes_on_when_it_has_committed);
  tcase_add_test(all, of_two_with_the_same_key_the_second_waits_and_is_told);
  tcase_add_test(all, of_a_deadlock_who_closes_the_circle_is_the_victim);
  tcase_add_test(all, a_victim_may_try_again);
  tcase_add_test(all, a_serialization_failure_is_one);
  tcase_add_test(all, what_was_open_has_ended_with_its_process);
  tcase_add_test(all, what_was_left_open_is_in_the_way_for_a_second);
  tcase_add_test(all, a_statement_that_was_under_way_is_executed_late_or_ended);
  tcase_add_test(all, what_is_wrong_is_said_without_a_password);
  tcase_add_test(all, a_statement_that_makes_no_sense_is_named_with_its_place);
  tcase_add_test(all, a_case_takes_little_time);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
