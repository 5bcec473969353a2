#include "sim/handler/program.h"
#include "tests/handler/sql_world.h"
#include "tests/run_suite.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define PAYMENTS                                                                                             \
  "-- dgsim: schema\n"                                                                                       \
  "CREATE TABLE processed(id TEXT PRIMARY KEY);\n"                                                           \
  "CREATE TABLE payment(id TEXT, amount INTEGER);\n"                                                         \
  "CREATE TABLE account(id TEXT PRIMARY KEY, balance INTEGER);\n"                                            \
  "INSERT INTO account VALUES ('account-3', 100);\n"                                                         \
  "-- dgsim: probe\n"                                                                                        \
  "SELECT id, 'payment', amount FROM payment UNION ALL SELECT id, 'balance', balance FROM account;\n"        \
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
  struct program *program =
      program_of_sql(&(struct program_sql){.path = file_of(text, path), .worker = 1}, &err);
  unlink(path);
  if (err.code) err_print(&err, stderr);
  ck_assert_ptr_nonnull(program);
  return world_of(program);
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
  ck_assert_str_eq(world->log, "1 BEGIN\n1 INSERT INTO processed VALUES (:id)\n"
                               "1 INSERT INTO payment VALUES (:id, :amount)\n1 COMMIT\n"
                               "2 BEGIN\n2 INSERT INTO processed VALUES (:id)\n2 ROLLBACK\n"
                               "1 BEGIN\n1 INSERT INTO processed VALUES (:id)\n"
                               "1 INSERT INTO payment VALUES (:id, :amount)\n1 COMMIT\n");
  ck_assert_uint_eq(world->program->seen, 11);
  ends_as(world, "account-3 balance 100\nop-1 payment 10\nop-2 payment 20\n");
}
END_TEST

START_TEST(a_kill_between_two_statements_leaves_what_was_committed) {
  for (unsigned call = 1; call <= 4; call++)
    for (int after = 0; after <= 1; after++) {
      struct sql_world *world = made(PAYMENTS MARK_FIRST);
      world->faults[0] = (struct sql_fault){1, call, after, STRIKE_KILL, 0};
      ck_assert_int_eq(world_handle(world, 1, 1), -1);
      ends_as(world,
              call == 4 && after ? "account-3 balance 100\nop-1 payment 10\n" : "account-3 balance 100\n");
    }
}
END_TEST

START_TEST(a_call_that_fails_fails_the_message_and_its_transaction) {
  static const int statuses[] = {DG_FAILED, DG_CONFLICT, DG_UNKNOWN};
  for (unsigned call = 1; call <= 4; call++)
    for (size_t i = 0; i < 3; i++) {
      struct sql_world *world = made(PAYMENTS MARK_FIRST);
      world->faults[0] = (struct sql_fault){1, call, false, STRIKE_FAIL, statuses[i]};
      ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
      world->faults[0].strike = STRIKE_NONE;
      ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
      ends_as(world, "account-3 balance 100\nop-1 payment 10\n");
    }
}
END_TEST

START_TEST(a_commit_whose_answer_is_lost_has_happened) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  world->faults[0] = (struct sql_fault){1, 4, true, STRIKE_FAIL, 0};
  ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
  ends_as(world, "account-3 balance 100\nop-1 payment 10\n");
}
END_TEST

START_TEST(a_retry_begins_the_transaction_again_as_often_as_it_says) {
  static const char *const text = PAYMENTS "-- dgsim: retry 2 on serialization_failure\n" MARK_FIRST;
  struct sql_world *world = made(text);
  world->faults[0] = (struct sql_fault){1, 3, false, STRIKE_FAIL, DG_CONFLICT};
  world->faults[1] = (struct sql_fault){1, 7, false, STRIKE_FAIL, DG_CONFLICT};
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ck_assert_uint_eq(world->actors[0].calls, 11); /* 3, and 4, and 4 */
  ends_as(world, "account-3 balance 100\nop-1 payment 10\n");
  world = made(text);
  for (unsigned i = 0; i < 3; i++)
    world->faults[i] = (struct sql_fault){1, i + 1, false, STRIKE_FAIL, DG_CONFLICT};
  ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
  ck_assert_uint_eq(world->actors[0].calls, 3);
  ends_as(world, "account-3 balance 100\n");
}
END_TEST

START_TEST(a_retry_after_a_lost_answer_uses_another_connection) {
  struct sql_world *world = made(PAYMENTS "-- dgsim: retry 1 on connection_failure\n"
                                          "BEGIN;\nINSERT INTO payment VALUES (:id, :amount);\nCOMMIT;\n");
  world->faults[0] = (struct sql_fault){1, 3, true, STRIKE_FAIL, 0};
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ends_as(world, "account-3 balance 100\nop-1 payment 10\nop-1 payment 10\n");
}
END_TEST

START_TEST(rows_decide_and_columns_are_kept) {
  struct sql_world *world = made(PAYMENTS "-- dgsim: if rows: done\n"
                                          "SELECT 1 FROM processed WHERE id = :id;\n"
                                          "-- dgsim: into balance, who\n"
                                          "SELECT balance, id FROM account WHERE id = :account;\n"
                                          "-- dgsim: if no rows: failed\n"
                                          "UPDATE account SET balance = :balance + :amount WHERE id = :who;\n"
                                          "-- dgsim: into nothing\n"
                                          "SELECT id FROM payment;\n"
                                          "INSERT INTO payment VALUES (:nothing, typeof(:balance));\n"
                                          "INSERT INTO processed VALUES (:id);\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ends_as(world, " payment integer\naccount-3 balance 110\n");
}
END_TEST

START_TEST(an_error_that_is_swallowed_leaves_what_was_done_before) {
  struct sql_world *world = made(PAYMENTS "BEGIN;\nINSERT INTO payment VALUES (:id, :amount);\n"
                                          "-- dgsim: on unique_violation: continue\n"
                                          "INSERT INTO processed VALUES (:id);\nCOMMIT;\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ends_as(world, "account-3 balance 100\nop-1 payment 10\nop-1 payment 10\n");
}
END_TEST

#define LOST_UPDATE(begin)                                                                                   \
  begin ";\n"                                                                                                \
        "-- dgsim: into balance\n"                                                                           \
        "SELECT balance FROM account WHERE id = :account;\n"                                                 \
        "UPDATE account SET balance = :balance + :amount WHERE id = :account;\n"                             \
        "COMMIT;\n"

/* The second waits for the first, in virtual time, where SQLite would. */
START_TEST(a_writer_waits_for_another) {
  struct sql_world *world = made(PAYMENTS LOST_UPDATE("BEGIN IMMEDIATE"));
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ck_assert_int_eq(world->actors[0].status, DG_OK);
  ck_assert_int_eq(world->actors[1].status, DG_OK);
  ck_assert_ptr_nonnull(strstr(world->log, "2 BEGIN IMMEDIATE ...\n"));
  ends_as(world, "account-3 balance 130\n");
}
END_TEST

/* Both read; the one that comes second would wait for the first, which waits for its reading to end. */
START_TEST(two_readers_that_write_are_a_deadlock_and_one_is_told_at_once) {
  struct sql_world *world = made(PAYMENTS LOST_UPDATE("BEGIN"));
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ck_assert_int_eq(world->actors[0].status, DG_OK);
  ck_assert_int_eq(world->actors[1].status, DG_FAILED);
  ck_assert_ptr_null(
      strstr(world->log, "2 UPDATE account SET balance = :balance + :amount WHERE id = :ac... ..."));
  ends_as(world, "account-3 balance 110\n");
}
END_TEST

/* A third that connects while a writer waits for a reader to commit: it waits, too. */
START_TEST(who_connects_while_another_commits_waits) {
  struct sql_world *world = made(PAYMENTS "BEGIN;\nSELECT balance FROM account;\n"
                                          "-- dgsim: on deadlock_detected: done\n"
                                          "INSERT INTO payment VALUES (:id, :amount);\nCOMMIT;\n");
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_turn(world, &world->actors[1]); /* asks for BEGIN */
  while (!strstr(world->log, "2 SELECT")) world_turn(world, &world->actors[1]);
  world->actors[1].wake += 20 * MS; /* holds what it reads */
  world_give(world, 3, 3, 8 * MS);
  world_run(world);
  ck_assert_ptr_nonnull(strstr(world->log, "1 COMMIT ...\n"));
  ck_assert_ptr_nonnull(strstr(world->log, "3 SELECT balance FROM account ...\n"));
  ck_assert_int_eq(world->actors[2].status, DG_OK);
  ck_assert_str_eq(world->program->text, "");
  free(world_end(world));
  world_free(world);
}
END_TEST

START_TEST(a_wait_that_is_refused_is_a_deadlock_detected) {
  struct sql_world *world = made(PAYMENTS "-- dgsim: retry 1 on deadlock_detected\n" LOST_UPDATE("BEGIN"));
  world_give(world, 1, 1, 0);
  world_give(world, 2, 2, 0);
  world_run(world);
  ends_as(world, "account-3 balance 130\n");
}
END_TEST

START_TEST(in_a_write_ahead_log_an_old_snapshot_is_a_serialization_failure) {
  static const char *const text =
      "-- dgsim: schema\nPRAGMA journal_mode = WAL;\n"
      "CREATE TABLE account(id TEXT PRIMARY KEY, balance INTEGER);\nINSERT INTO account VALUES ('account-3', "
      "100);\n"
      "-- dgsim: handler\n-- dgsim: retry 1 on serialization_failure\n" LOST_UPDATE(
          "BEGIN") "-- dgsim: probe\nSELECT id, 'balance', balance FROM account;\n";
  for (int i = 0; i < 2; i++) { /* a second case begins in the same way */
    struct sql_world *world = made(text);
    world_give(world, 1, 1, 0);
    world_give(world, 2, 2, 3 * MS / 2); /* reads before the other's COMMIT, writes after it */
    world_run(world);
    char *found = world_end(world);
    ck_assert_str_eq(found, "account-3 balance 130\n");
    free(found);
    ck_assert_ptr_nonnull(strstr(world->log, "2 ROLLBACK\n2 BEGIN\n"));
    ck_assert(world->program->kind->reset(world->program));
    found = world_end(world);
    ck_assert_str_eq(found, "account-3 balance 100\n");
    free(found);
    world_free(world);
  }
}
END_TEST

START_TEST(who_waits_too_long_is_told) {
  struct sql_world *world = made(PAYMENTS "BEGIN IMMEDIATE;\n-- dgsim: on lock_not_available: done\n"
                                          "INSERT INTO processed VALUES (:id);\n");
  /* The first stands still in the middle of its transaction. */
  world_give(world, 1, 1, 0);
  world_turn(world, &world->actors[0]);
  world_turn(world, &world->actors[0]);
  world->actors[0].state = ACTOR_GONE;
  ck_assert_int_eq(world_handle(world, 2, 2), DG_FAILED);
  ck_assert_int_ge(world->now, 5000 * MS);
  ck_assert_int_lt(world->now, 5200 * MS);
  ends_as(world, "account-3 balance 100\n");
}
END_TEST

START_TEST(an_error_that_nobody_minds_is_named_for_a_run_without_faults) {
  struct sql_world *world = made(PAYMENTS "INSERT INTO processed VALUES (:id);\n");
  ck_assert_int_eq(world_handle(world, 1, 1), DG_OK);
  ck_assert_uint_eq(world->program->exits, 0);
  ck_assert_int_eq(world_handle(world, 1, 1), DG_FAILED);
  ck_assert_uint_eq(world->program->exits, 1);
  ck_assert_ptr_nonnull(
      strstr(world->program->exit_text, ":9:1: error: UNIQUE constraint failed: processed.id"));
  world->faults[0] = (struct sql_fault){1, 1, false, STRIKE_FAIL, DG_FAILED};
  ck_assert_int_eq(world_handle(world, 1, 2), DG_FAILED);
  ck_assert_uint_eq(world->program->exits, 1);
  ends_as(world, "account-3 balance 100\n");
}
END_TEST

START_TEST(a_body_that_cannot_be_read_runs_nothing) {
  static const char *const bodies[] = {"{\"account\":\"acc", "{}", "plain text"};
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  for (int i = 0; i < 3; i++) {
    world_give(world, 1, 1 + (uint64_t)i, 0);
    world->actors[0].message.body = bodies[i];
    world->actors[0].message.body_size = strlen(bodies[i]);
    world_run(world);
    ck_assert_int_eq(world->actors[0].status, i == 0 ? DG_FAILED : DG_OK);
    ck_assert_uint_eq(world->actors[0].calls, i == 0 ? 0 : 4);
  }
  ends_as(world, "account-3 balance 100\nop-2 payment 20\nop-3 payment 30\n");
}
END_TEST

static void fails_with(const char *text, enum program_failure failure, const char *words) {
  struct sql_world *world = made(text);
  if (world->program->failure == PROGRAM_NONE) {
    ck_assert_int_eq(world_handle(world, 1, 1), failure == PROGRAM_MALFORMED ? DG_FAILED : DG_OK);
    free(world_end(world));
  }
  ck_assert_str_eq(program_failure_names[world->program->failure], program_failure_names[failure]);
  const char *colon = strchr(world->program->text, ':');
  ck_assert_ptr_nonnull(colon);
  ck_assert_str_eq(colon + 1, words);
  for (unsigned i = 0; i < ACTORS_MAX; i++)
    if (world->actors[i].process) world_kill(world, &world->actors[i], PROGRAM_OVER);
  world_free(world);
}

START_TEST(what_sqlite_cannot_make_sense_of_is_named_with_its_place) {
  static const char *const probe = "-- dgsim: probe\nSELECT 1, 2, 3;\n";
  char text[512];
  snprintf(text, sizeof text,
           "-- dgsim: schema\nCREATE TABLE a(b);\nCREATE TABEL c(d);\n-- dgsim: handler\nSELECT 1;\n%s",
           probe);
  fails_with(text, PROGRAM_NOT_STARTED, "3:8: error: near \"TABEL\": syntax error");
  snprintf(text, sizeof text, "-- dgsim: handler\nSELECT :id,\n  :amount FORM x;\n%s", probe);
  fails_with(text, PROGRAM_MALFORMED, "3:16: error: near \"x\": syntax error");
  snprintf(text, sizeof text, "-- dgsim: handler\nSELECT 1;\n%s", "-- dgsim: probe\nSELECT 1, 2;\n");
  fails_with(text, PROGRAM_CANNOT_JUDGE,
             "4:1: error: the probe returns 2 columns, not three: operation, kind, amount");
  snprintf(text, sizeof text, "-- dgsim: handler\nSELECT 1;\n%s", "-- dgsim: probe\nSELECT 1, 2,\n  x;\n");
  fails_with(text, PROGRAM_CANNOT_JUDGE, "5:3: error: no such column: x");
}
END_TEST

static unsigned folders_of(pid_t process) {
  unsigned count = 0;
  char name[32];
  snprintf(name, sizeof name, "dgsim-%ld-", (long)process);
  DIR *shm = opendir(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  for (const struct dirent *entry; (entry = readdir(shm));)
    count += strncmp(entry->d_name, name, strlen(name)) == 0;
  closedir(shm);
  return count;
}

START_TEST(a_process_that_is_killed_leaves_no_file) {
  int ends[2];
  char byte;
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    struct sql_world *world = made(PAYMENTS MARK_FIRST);
    world_handle(world, 1, 1);
    if (write(ends[1], "", 1) == 1) pause();
    _exit(1);
  }
  ck_assert_int_eq(read(ends[0], &byte, 1), 1);
  ck_assert_uint_eq(folders_of(child), 1);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  for (int i = 0; i < 500 && folders_of(child) > 0; i++) /* its guard is on its way */
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  ck_assert_uint_eq(folders_of(child), 0);
}
END_TEST

START_TEST(a_case_takes_little_time) {
  struct sql_world *world = made(PAYMENTS MARK_FIRST);
  struct timespec from, to;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
  for (int i = 0; i < 100; i++) {
    ck_assert(world->program->kind->reset(world->program));
    for (uint64_t id = 1; id <= 5; id++) ck_assert_int_eq(world_handle(world, 1, id), DG_OK);
    free(world_end(world));
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
  const double ms = (double)(to.tv_sec - from.tv_sec) * 10 + (double)(to.tv_nsec - from.tv_nsec) / 1e8;
  printf("a case of 5 messages: %.2f ms\n", ms);
  ck_assert_double_lt(ms, 20);
  world_free(world);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sql_sqlite");
  TCase *all = tcase_create("all");
  tcase_set_timeout(all, 60);
  tcase_add_test(all, a_message_is_handled_once_and_a_duplicate_is_done);
  tcase_add_test(all, a_kill_between_two_statements_leaves_what_was_committed);
  tcase_add_test(all, a_call_that_fails_fails_the_message_and_its_transaction);
  tcase_add_test(all, a_commit_whose_answer_is_lost_has_happened);
  tcase_add_test(all, a_retry_begins_the_transaction_again_as_often_as_it_says);
  tcase_add_test(all, a_retry_after_a_lost_answer_uses_another_connection);
  tcase_add_test(all, rows_decide_and_columns_are_kept);
  tcase_add_test(all, an_error_that_is_swallowed_leaves_what_was_done_before);
  tcase_add_test(all, a_writer_waits_for_another);
  tcase_add_test(all, two_readers_that_write_are_a_deadlock_and_one_is_told_at_once);
  tcase_add_test(all, who_connects_while_another_commits_waits);
  tcase_add_test(all, a_wait_that_is_refused_is_a_deadlock_detected);
  tcase_add_test(all, in_a_write_ahead_log_an_old_snapshot_is_a_serialization_failure);
  tcase_add_test(all, who_waits_too_long_is_told);
  tcase_add_test(all, an_error_that_nobody_minds_is_named_for_a_run_without_faults);
  tcase_add_test(all, a_body_that_cannot_be_read_runs_nothing);
  tcase_add_test(all, what_sqlite_cannot_make_sense_of_is_named_with_its_place);
  tcase_add_test(all, a_process_that_is_killed_leaves_no_file);
  tcase_add_test(all, a_case_takes_little_time);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
