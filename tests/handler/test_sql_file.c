#include "sim/handler/sql_file.h"
#include "tests/run_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE "-- dgsim: probe\nSELECT id, 'x', NULL FROM t;\n"

static struct sql_file *read_as(const char *text, char mark) {
  struct err err = {0};
  struct sql_file *file = sql_file_of_text("h.sql", text, mark, &err);
  if (!file) err_print(&err, stderr);
  ck_assert_ptr_nonnull(file);
  return file;
}

START_TEST(sections_statements_and_their_parameters) {
  struct sql_file *file =
      read_as("/* a comment; -- dgsim: nothing\n */\n"
              "-- dgsim: schema\nCREATE TABLE t(id TEXT);\n\nCREATE TABLE u(id TEXT);\n"
              "-- dgsim: handler\n"
              "  BEGIN ;\n"
              "INSERT INTO t -- of :nobody; it's\n"
              "  VALUES (:id, ':no; ''', \":no\", $$:no;$$, $a$:no;$$$a$, :amount::text, E'\\':no',\n"
              "          :id, x[1:2], y[:amount:3]);\n"
              "COMMIT;\n" PROBE,
              '$');
  ck_assert_str_eq(file->schema.text, "CREATE TABLE t(id TEXT);\n\nCREATE TABLE u(id TEXT);");
  ck_assert_int_eq(file->schema.line, 4);
  ck_assert_uint_eq(file->handler_count, 3);
  ck_assert_str_eq(file->handler[0].summary, "BEGIN");
  ck_assert_int_eq(file->handler[0].verb, SQL_BEGIN);
  ck_assert_int_eq(file->handler[0].column, 3);
  const struct sql_statement *insert = &file->handler[1];
  ck_assert_str_eq(insert->sent,
                   "INSERT INTO t -- of :nobody; it's\n"
                   "  VALUES ($1, ':no; ''', \":no\", $$:no;$$, $a$:no;$$$a$, $2::text, E'\\':no',\n"
                   "          $1, x[1:2], y[$2:3])");
  ck_assert_uint_eq(insert->parameter_count, 2);
  ck_assert_uint_eq(insert->parameters[0], SQL_PARAMETER_ID);
  ck_assert_uint_eq(insert->parameters[1], SQL_PARAMETER_AMOUNT);
  ck_assert_str_eq(insert->summary, "INSERT INTO t VALUES (:id, ':no; ''', \":no\", $$:no;$$, $a$:...");
  ck_assert_int_eq(insert->verb, SQL_CHANGE);
  ck_assert_int_eq(file->handler[2].verb, SQL_COMMIT);
  ck_assert_str_eq(file->probe.text, "SELECT id, 'x', NULL FROM t");
  sql_file_free(file);
}
END_TEST

START_TEST(a_place_of_what_is_sent_is_found_in_the_file) {
  struct sql_file *file =
      read_as("-- dgsim: handler\n  SELECT :account, :amount,\n :account + here;\n" PROBE, '?');
  const struct sql_statement *select = &file->handler[0];
  ck_assert_str_eq(select->sent, "SELECT ?1, ?2,\n ?1 + here");
  static const struct {
    const char *word;
    int line, column;
  } rows[] = {{"SELECT", 2, 3}, {"?1, ", 2, 10}, {"?2", 2, 20},
              {",\n", 2, 27},   {"?1 +", 3, 2},  {"here", 3, 13}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int line, column;
    sql_file_place(select, (size_t)(strstr(select->sent, rows[i].word) - select->sent), &line, &column);
    ck_assert_int_eq(line, rows[i].line);
    ck_assert_int_eq(column, rows[i].column);
  }
  sql_file_free(file);
}
END_TEST

START_TEST(directives_belong_to_the_statement_behind_them) {
  struct sql_file *file = read_as("-- dgsim: handler\n"
                                  "-- dgsim: retry 3 on serialization_failure, deadlock_detected\n"
                                  "BEGIN;\n"
                                  "-- dgsim: if rows: done\n--  dgsim : IF NO ROWS: continue\n"
                                  "-- dgsim: into a, b\n"
                                  "SELECT 1, 2;\n"
                                  "-- said here\n"
                                  "-- dgsim: on unique_violation: failed\n"
                                  "-- dgsim: on error: continue\n"
                                  "INSERT INTO t VALUES (:b);\n"
                                  "COMMIT;\nSELECT 3;\n" PROBE,
                                  '?');
  const struct sql_statement *begin = &file->handler[0], *select = &file->handler[1],
                             *insert = &file->handler[2];
  ck_assert_uint_eq(begin->retries, 3);
  ck_assert_uint_eq(begin->retry_classes, 1u << SQL_CLASS_SERIALIZATION | 1u << SQL_CLASS_DEADLOCK);
  for (int i = 0; i <= 3; i++) ck_assert_int_eq(file->handler[i].retry_from, 0);
  ck_assert_int_eq(file->handler[4].retry_from, -1);
  ck_assert_int_eq(select->rows, SQL_ACTION_DONE);
  ck_assert_int_eq(select->no_rows, SQL_ACTION_CONTINUE);
  ck_assert_uint_eq(select->into_count, 2);
  ck_assert_uint_eq(insert->rule_count, 2);
  ck_assert_int_eq(insert->rules[0].action, SQL_ACTION_FAILED);
  ck_assert_uint_eq(insert->rules[1].classes, 1u << SQL_CLASS_ANY);
  ck_assert_uint_eq(insert->parameters[0], SQL_PARAMETER__COUNT + 1);
  sql_file_free(file);
}
END_TEST

/* What is wrong, and what is said of it: LINE:COL: message | note. */
#define FOREIGN "a parameter without a name that the tool knows: it would be NULL | parameters are written :id, :account, :amount"
static const struct {
  const char *text, *said;
} bad[] = {
    {"-- dgsim: shema\n", "1:11: unknown section or directive 'shema' | did you mean 'schema'?"},
    {"-- dgsim:\n",
     "1:10: section or directive is missing | one of: schema, handler, probe, if, on, retry, into"},
    {"SELECT 1;\n",
     "1:1: a statement before the first section | sections begin with: -- dgsim: schema, -- dgsim: "
     "handler, -- dgsim: probe"},
    {"-- dgsim: probe\nSELECT 1;\n", "3:1: the file has no statement in a section 'handler' | -- dgsim: "
                                     "handler, then what is done with each message"},
    {"-- dgsim: handler\nSELECT 1;\n",
     "3:1: the file has no statement in a section 'probe' | -- dgsim: probe, then "
     "a SELECT of three columns: operation, kind, amount"},
    {"-- dgsim: handler\n-- dgsim: handler\n",
     "2:11: a second section 'handler' | a file has one section of each"},
    {"-- dgsim: handler\nSELECT :ammount;\n" PROBE,
     "2:9: unknown parameter 'ammount' | did you mean 'amount'?"},
    {"-- dgsim: handler\nSELECT\n :balance;\n" PROBE,
     "3:3: unknown parameter 'balance' | one of: id, message_id, account, amount, tenant, body, "
     "idempotency_key, "
     "delivery, redelivered, partition, offset, fence, consumer, now"},
    {"-- dgsim: handler\nSELECT '?', ?;\n" PROBE, "2:13: " FOREIGN},
    {"-- dgsim: handler\nSELECT a$b,\n ?1;\n" PROBE, "3:2: " FOREIGN},
    {"-- dgsim: handler\nSELECT @id;\n" PROBE, "2:8: " FOREIGN},
    {"-- dgsim: handler\nSELECT $id;\n" PROBE, "2:8: " FOREIGN},
    {"-- dgsim: handler\nSELECT 1;\n-- dgsim: probe\nSELECT :id;\n",
     "4:8: the probe has no parameters | it is run after all messages, and says what the tables hold"},
    {"-- dgsim: handler\nSELECT 1;\n-- dgsim: probe\nSELECT 1;\nSELECT 2;\n",
     "5:1: a second statement in the section 'probe' | one SELECT: use UNION ALL"},
    {"-- dgsim: handler\nSELECT 1\n" PROBE,
     "2:1: the statement is not ended | a statement ends with ';', what is "
     "quoted with the quote that it began with"},
    {"-- dgsim: handler\nSELECT \"a;\n" PROBE,
     "2:8: the statement is not ended | a statement ends with ';', what is "
     "quoted with the quote that it began with"},
    {"-- dgsim: handler\nSELECT 1;\n/* a\n",
     "3:1: the statement is not ended | a statement ends with ';', what is "
     "quoted with the quote that it began with"},
    {"-- dgsim: handler\nSELECT 1\n-- dgsim: if rows: done\n;\n" PROBE,
     "3:1: a directive inside of a statement | it stands before the statement that it speaks of; is that one "
     "ended "
     "with ';'?"},
    {"-- dgsim: handler\nSELECT 1;\n-- dgsim: if rows: done\n" PROBE,
     "3:11: no statement follows this | a directive stands before the statement that it speaks of"},
    {"-- dgsim: schema\n-- dgsim: if rows: done\nSELECT 1;\n",
     "2:11: directives stand in the section 'handler' | "},
    {"-- dgsim: handler\n-- dgsim: if rows done\n", "2:19: ':' is missing | -- dgsim: if rows: ACTION"},
    {"-- dgsim: handler\n-- dgsim: if row: done\n", "2:14: unknown condition 'row' | did you mean 'rows'?"},
    {"-- dgsim: handler\n-- dgsim: if rows: dome\n", "2:20: unknown action 'dome' | did you mean 'done'?"},
    {"-- dgsim: handler\n-- dgsim: if rows: done or so\n",
     "2:25: more than a directive | what is to be explained stands in a comment of its own"},
    {"-- dgsim: handler\n-- dgsim: on unique: done\n",
     "2:14: unknown error 'unique' | one of: unique_violation, foreign_key_violation, not_null_violation, "
     "check_violation, serialization_failure, deadlock_detected, lock_not_available, connection_failure, "
     "error"},
    {"-- dgsim: handler\n-- dgsim: retry 0 on error\n",
     "2:17: how often: a number from 1 to 100 | -- dgsim: retry 3 on serialization_failure"},
    {"-- dgsim: handler\nBEGIN;\n-- dgsim: retry 1 on error\nSELECT 1;\nCOMMIT;\n" PROBE,
     "4:1: a retry in the middle of a transaction | it stands before BEGIN: what failed is rolled back as a "
     "whole"},
    {"-- dgsim: handler\n-- dgsim: into amount\nSELECT 1;\n" PROBE,
     "2:16: the message has a parameter 'amount' already | what a statement keeps has a name of its own"},
    {"-- dgsim: handler\n-- dgsim: into a,\nSELECT 1;\n" PROBE,
     "2:18: a name is missing | -- dgsim: into balance"},
};

START_TEST(a_mistake_is_named_with_its_place) {
  struct err err = {0};
  ck_assert_ptr_null(sql_file_of_text("h.sql", bad[_i].text, '?', &err));
  char said[1200];
  snprintf(said, sizeof said, "%d:%d: %s | %s", err.line, err.column, err.message, err.note);
  ck_assert_str_eq(said, bad[_i].said);
  ck_assert_str_eq(err.path, "h.sql");
}
END_TEST

START_TEST(what_is_foreign_to_sqlite_is_postgresql_s_own_affair) {
  struct err err = {0};
  const char text[] = "\xef\xbb\xbf-- dgsim: handler\nSELECT body::jsonb ? 'a', @ -1 FROM t;\n" PROBE;
  struct sql_file *file = sql_file_of_text("h.sql", text, '$', &err); /* with a byte order mark */
  ck_assert_msg(file, "%s", err.message);
  sql_file_free(file);
}
END_TEST

START_TEST(a_file_that_cannot_be_read) {
  struct err err = {0};
  ck_assert_ptr_null(sql_file_read("/nowhere/h.sql", '?', &err));
  ck_assert_str_eq(err.message, "cannot read /nowhere/h.sql: No such file or directory");
}
END_TEST

static char *page(void) {
  FILE *in = fopen(SOURCE_DIR "/scenarios/check/SQL.md", "r");
  ck_assert_ptr_nonnull(in);
  char *text = calloc(1, 65536);
  ck_assert_ptr_nonnull(text);
  ck_assert_uint_lt(fread(text, 1, 65535, in), 65535);
  fclose(in);
  return text;
}

static void has(const char *text, const char *line) {
  ck_assert_msg(strstr(text, line), "scenarios/check/SQL.md has no line: %s", line);
}

START_TEST(the_page_says_what_the_tables_say) {
  char *text = page(), line[512];
  for (size_t i = 0; i < SQL_PARAMETER__COUNT; i++) {
    const struct sql_parameter_row *row = &sql_parameters[i];
    snprintf(line, sizeof line, "\n| `:%s` | %s | %s |\n", row->name, row->integer ? "integer" : "text",
             row->help);
    has(text, line);
  }
  for (size_t i = 0; i < SQL_DIRECTIVE__COUNT; i++) {
    snprintf(line, sizeof line, "\n| `-- dgsim: %s` | %s |\n", sql_directives[i].form,
             sql_directives[i].help);
    has(text, line);
  }
  for (size_t i = 1; i < SQL_ACTION__COUNT; i++) {
    snprintf(line, sizeof line, "\n| `%s` | %s |\n", sql_actions[i].name, sql_actions[i].help);
    has(text, line);
  }
  for (size_t i = 0; i < SQL_CLASS__COUNT; i++) {
    const struct sql_class_row *row = &sql_classes[i];
    snprintf(line, sizeof line, "\n| `%s` | %s | %s |\n", row->name, row->state, row->help);
    has(text, line);
  }
  free(text);
}
END_TEST

START_TEST(the_example_of_the_page_is_a_handler) {
  char *text = page(), *from = strstr(text, "```sql\n");
  ck_assert_ptr_nonnull(from);
  from += strlen("```sql\n");
  char *to = strstr(from, "```");
  ck_assert_ptr_nonnull(to);
  *to = '\0';
  struct sql_file *file = read_as(from, '$');
  ck_assert_uint_eq(file->handler_count, 5);
  sql_file_free(file);
  free(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sql_file");
  TCase *all = tcase_create("all");
  tcase_add_test(all, sections_statements_and_their_parameters);
  tcase_add_test(all, a_place_of_what_is_sent_is_found_in_the_file);
  tcase_add_test(all, directives_belong_to_the_statement_behind_them);
  tcase_add_loop_test(all, a_mistake_is_named_with_its_place, 0, (int)(sizeof bad / sizeof *bad));
  tcase_add_test(all, what_is_foreign_to_sqlite_is_postgresql_s_own_affair);
  tcase_add_test(all, a_file_that_cannot_be_read);
  tcase_add_test(all, the_page_says_what_the_tables_say);
  tcase_add_test(all, the_example_of_the_page_is_a_handler);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
