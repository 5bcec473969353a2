/* A handler in SQL: one file that psql and sqlite3 could read, as everything that is not SQL is a comment.
 *
 *   -- dgsim: schema     what makes the tables, run before each case
 *   -- dgsim: handler    the statements that handle a message, in order, with parameters (:id, :amount ...)
 *   -- dgsim: probe      one SELECT: operation, kind, amount
 *
 * Between two statements of the handler stands what a program does with the answer: directives, before the
 * statement that they speak of (`-- dgsim: if no rows: done`). scenarios/check/SQL.md is their page; the
 * tables below are what it says, and a test compares.
 *
 * LIMIT: comments do not nest, as they do in PostgreSQL; in brackets no name is quoted, as it is in SQLite.
 */
#ifndef SIM_HANDLER_SQL_FILE_H
#define SIM_HANDLER_SQL_FILE_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a statement may say of its message: X(id, name, whether it is an integer, what it is). */
#define SQL_PARAMETERS(X)                                                                                    \
  X(ID, "id", false, "the operation, `op-17`; the same on every delivery of it")                             \
  X(MESSAGE_ID, "message_id", false, "the broker's own id of this copy, `m-5`")                              \
  X(ACCOUNT, "account", false, "the entity that it is about, `account-3`")                                   \
  X(AMOUNT, "amount", true, "what the operation is to change")                                               \
  X(TENANT, "tenant", false, "whose operation it is, `tenant-1`; an id is unique within a tenant")           \
  X(BODY, "body", false, "the body as text")                                                                 \
  X(IDEMPOTENCY_KEY, "idempotency_key", false, "by which the sender has it known again, `op-17`")            \
  X(DELIVERY, "delivery", true, "how often the broker says that it was delivered; 0 = it does not count")    \
  X(REDELIVERED, "redelivered", true, "1 = the broker says that it was delivered before")                    \
  X(PARTITION, "partition", true, "of a log, from 1; 0 = the broker has none")                               \
  X(OFFSET, "offset", true, "in its partition")                                                              \
  X(FENCE, "fence", true, "rises with whoever is given this work next; 0 = none")                            \
  X(CONSUMER, "consumer", true, "the consumer that runs the handler, from 1")                                \
  X(NOW, "now", true, "milliseconds since the run began, by the consumer's clock")

enum sql_parameter {
#define X(id, name, integer, help) SQL_PARAMETER_##id,
  SQL_PARAMETERS(X)
#undef X
      SQL_PARAMETER__COUNT
};
struct sql_parameter_row {
  const char *name;
  bool integer;
  const char *help;
};
extern const struct sql_parameter_row sql_parameters[SQL_PARAMETER__COUNT];

/* What an error is: X(id, name, SQLSTATE or its class, what it is). Names are those of the standard. */
#define SQL_CLASSES(X)                                                                                       \
  X(UNIQUE, "unique_violation", "23505", "the row's key is there already")                                   \
  X(FOREIGN_KEY, "foreign_key_violation", "23503", "a row that it refers to is not there")                   \
  X(NOT_NULL, "not_null_violation", "23502", "a column that must not be NULL")                               \
  X(CHECK, "check_violation", "23514", "a CHECK constraint")                                                 \
  X(SERIALIZATION, "serialization_failure", "40001",                                                         \
    "a concurrent transaction is in its way; SQLite: SQLITE_BUSY_SNAPSHOT")                                  \
  X(DEADLOCK, "deadlock_detected", "40P01",                                                                  \
    "it was chosen to end a deadlock; SQLite: SQLITE_BUSY without a wait")                                   \
  X(LOCK, "lock_not_available", "55P03", "SQLite: SQLITE_BUSY after 5 s")                                    \
  X(CONNECTION, "connection_failure", "08", "no answer came: it may have been done")                         \
  X(ANY, "error", "", "every error")

enum sql_class {
#define X(id, name, state, help) SQL_CLASS_##id,
  SQL_CLASSES(X)
#undef X
      SQL_CLASS__COUNT
};
struct sql_class_row {
  const char *name, *state, *help;
};
extern const struct sql_class_row sql_classes[SQL_CLASS__COUNT];

/* What is done next: X(id, name, what it is). */
#define SQL_ACTIONS(X)                                                                                       \
  X(NONE, "", "")                                                                                            \
  X(DONE, "done", "an open transaction is rolled back, and the message may be acknowledged")                 \
  X(FAILED, "failed", "an open transaction is rolled back, and the message is not acknowledged")             \
  X(CONTINUE, "continue", "the next statement, as if nothing had happened")

enum sql_action {
#define X(id, name, help) SQL_ACTION_##id,
  SQL_ACTIONS(X)
#undef X
      SQL_ACTION__COUNT
};
struct sql_action_row {
  const char *name, *help;
};
extern const struct sql_action_row sql_actions[SQL_ACTION__COUNT];

/* X(id, how it is written, what it is) */
#define SQL_DIRECTIVES(X)                                                                                    \
  X(IF_ROWS, "if rows: ACTION", "when the next statement returned rows, or changed some")                    \
  X(IF_NO_ROWS, "if no rows: ACTION", "when it returned none, and changed none")                             \
  X(ON, "on ERROR, ...: ACTION", "when it failed with one of these errors")                                  \
  X(RETRY, "retry N on ERROR, ...",                                                                          \
    "before BEGIN: the transaction is rolled back and begun again, up to N times; before a statement "       \
    "outside of a transaction: that statement")                                                              \
  X(INTO, "into NAME, ...", "keeps the columns of its first row as parameters :NAME of later statements; NULL when there is none")

enum sql_directive {
#define X(id, form, help) SQL_DIRECTIVE_##id,
  SQL_DIRECTIVES(X)
#undef X
      SQL_DIRECTIVE__COUNT
};
struct sql_directive_row {
  const char *form, *help;
};
extern const struct sql_directive_row sql_directives[SQL_DIRECTIVE__COUNT];

enum sql_verb { SQL_OTHER, SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK, SQL_CHANGE /* INSERT, UPDATE, DELETE ... */ };

#define SQL_SUMMARY_ROOM 64

/* Where a parameter stands: in the text of the file, and in what the server is sent. */
struct sql_use {
  size_t at, length, sent_at, sent_length;
};
struct sql_rule {
  uint32_t classes; /* bits: 1 << enum sql_class */
  enum sql_action action;
};
struct sql_statement {
  char *text;                     /* as it stands in the file, without what ends it */
  char *sent;                     /* the same with $1, $2 (?1, ?2) for its parameters */
  char summary[SQL_SUMMARY_ROOM]; /* the same on one line, shortened */
  int line, column;
  enum sql_verb verb;
  struct sql_use *uses;
  size_t use_count, use_capacity;
  uint32_t *parameters; /* $1, $2: enum sql_parameter, or SQL_PARAMETER__COUNT + index of a kept column */
  size_t parameter_count, parameter_capacity;
  uint32_t *into; /* indexes of kept columns */
  size_t into_count, into_capacity;
  enum sql_action rows, no_rows;
  struct sql_rule *rules; /* the first that fits */
  size_t rule_count, rule_capacity;
  uint32_t retries, retry_classes;
  int retry_from; /* the statement of the handler that it is retried from; -1 = none */
};

struct sql_file {
  char *path;
  char *source;                       /* all of it, for its lines in errors */
  struct sql_statement schema, probe; /* the schema is one text of several statements */
  struct sql_statement *handler;
  size_t handler_count, handler_capacity;
  struct sql_statement rollback; /* what is done with an open transaction that is given up */
  char **kept;                   /* names of the columns that statements keep (into) */
  size_t kept_count, kept_capacity;
};

/* Reads a file; `mark` is what a numbered parameter begins with, for the server that it is meant for. NULL
 * with *err set: it cannot be read or is not a handler. Owned by the caller. */
struct sql_file *sql_file_read(const char *path, char mark, struct err *err);
/* The same, of text; `path` is what errors call it. */
struct sql_file *sql_file_of_text(const char *path, const char *text, char mark, struct err *err);
void sql_file_free(struct sql_file *file);

/* Where in the file a place of statement->sent is (bytes from its beginning): line and column, from 1. */
void sql_file_place(const struct sql_statement *statement, size_t sent_at, int *line, int *column);
/* A line of the file, without its end, into `out`. */
void sql_file_line(const struct sql_file *file, int line, char *out, size_t room);

#endif
