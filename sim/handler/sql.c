/* Programs under test that are a file of SQL: runs the statements of a handler, one call each. */
#include "sim/handler/sql.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"
#include "sim/handler/execute.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sql_program {
  struct program program; /* first */
  const struct sql_driver *driver;
  void *database;
  struct sql_file *file, *other_file; /* other_file: of the other version, else the same */
};

#define VALUE_ROOM 32

/* A message that is handled: a connection, and what its parameters stand for. Of the process, so that
 * nothing is lost with a fiber that is dropped. */
struct session {
  struct process *process;
  bool busy;
  void *connection; /* NULL = none, or cut */
  char texts[SQL_PARAMETER__COUNT][VALUE_ROOM];
  struct sql_value message[SQL_PARAMETER__COUNT];
  struct sql_kept *kept;
  struct sql_value *values; /* of the request */
  size_t value_capacity;
  struct sql_request request;
};
struct process {
  struct sql_program *sql;
  const struct sql_file *file;
  uint32_t consumer;
  struct session **sessions;
  size_t count, capacity;
};

/* --- Waits and errors --- */

/* As SQLite's own waits: soon at first, then every tenth of a second. */
int64_t sql_wait_ns(uint32_t looks) {
  static const int waits_ms[] = {1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
  const size_t count = sizeof waits_ms / sizeof *waits_ms;
  return waits_ms[looks < count ? looks : count - 1] * INT64_C(1000000);
}

bool sql_fail(struct program *program, enum program_failure failure, const struct sql_file *file,
              const struct sql_statement *statement, size_t at, const char *text) {
  int line = statement->line, column = statement->column;
  if (at != SIZE_MAX) sql_file_place(statement, at, &line, &column);
  return program_fail(program, failure, "%s:%d:%d: error: %s", file->path, line, column, text);
}

bool sql_fail_columns(struct program *program, const struct sql_file *file, int columns) {
  char text[96];
  snprintf(text, sizeof text, "the probe returns %d columns, not three: operation, kind, amount", columns);
  return sql_fail(program, PROGRAM_CANNOT_JUDGE, file, &file->probe, 0, text);
}

/* --- Values --- */

static void set(struct session *session, enum sql_parameter parameter, const char *format, int64_t number) {
  char *text = session->texts[parameter];
  snprintf(text, VALUE_ROOM, format, number);
  session->message[parameter] =
      (struct sql_value){.text = text, .integer = sql_parameters[parameter].integer};
}

/* As operations, accounts and messages are called towards every program. */
static void set_message(struct session *session, const struct dg_message *message) {
  set(session, SQL_PARAMETER_ID, "op-%" PRId64, (int64_t)message->id);
  set(session, SQL_PARAMETER_MESSAGE_ID, "m-%" PRId64, (int64_t)message->message_id);
  set(session, SQL_PARAMETER_ACCOUNT, "account-%" PRId64, (int64_t)message->key);
  set(session, SQL_PARAMETER_AMOUNT, "%" PRId64, message->amount);
  set(session, SQL_PARAMETER_TENANT, "tenant-%" PRId64, (int64_t)message->tenant);
  set(session, SQL_PARAMETER_IDEMPOTENCY_KEY, "op-%" PRIu64, (int64_t)message->idempotency_key);
  set(session, SQL_PARAMETER_DELIVERY, "%" PRId64, message->delivery);
  set(session, SQL_PARAMETER_REDELIVERED, "%" PRId64, message->redelivered);
  set(session, SQL_PARAMETER_PARTITION, "%" PRId64, message->partition);
  set(session, SQL_PARAMETER_OFFSET, "%" PRId64, (int64_t)message->offset);
  set(session, SQL_PARAMETER_FENCE, "%" PRId64, (int64_t)message->fence);
  set(session, SQL_PARAMETER_CONSUMER, "%" PRId64, session->process->consumer);
  session->message[SQL_PARAMETER_BODY] = (struct sql_value){.text = message->body};
  for (size_t i = 0; i < session->process->file->kept_count; i++)
    session->kept[i].value = (struct sql_value){0};
}

static void prepare(struct session *session, struct dg_context *context,
                    const struct sql_statement *statement) {
  set(session, SQL_PARAMETER_NOW, "%" PRId64, dg_now(context) / 1000000);
  GROW(session->values, session->value_capacity, statement->parameter_count + 1);
  for (size_t i = 0; i < statement->parameter_count; i++) {
    const uint32_t parameter = statement->parameters[i];
    session->values[i] = parameter < SQL_PARAMETER__COUNT
                             ? session->message[parameter]
                             : session->kept[parameter - SQL_PARAMETER__COUNT].value;
  }
  session->request =
      (struct sql_request){.statement = statement, .values = session->values, .kept = session->kept};
}

/* --- One statement --- */

static void cut(struct session *session, enum sql_cut how) {
  if (session->connection) session->process->sql->driver->disconnect(session->connection, how);
  session->connection = NULL;
}

/* Between the two points of its call. A pool gives a new connection for one that was cut. */
static int64_t perform(void *argument) {
  struct session *session = argument;
  struct sql_program *sql = session->process->sql;
  struct sql_request *request = &session->request;
  if (!session->connection)
    session->connection = sql->driver->connect(sql->database, &sql->program, session->process->file);
  if (!session->connection) {
    request->answer.kind = SQL_CUT;
    return 0;
  }
  const int64_t again_ns = sql->driver->execute(session->connection, request);
  request->waited_ns += again_ns;
  request->looks++;
  if (again_ns == 0) sql->program.seen++, sql->program.marked++;
  return again_ns;
}

#define CLASS(name) (1u << SQL_CLASS_##name)

static void answer_of_fault(struct session *session, int status) {
  const struct sql_driver *driver = session->process->sql->driver;
  struct sql_request *request = &session->request;
  struct sql_answer *answer = &request->answer;
  if (status == DG_UNKNOWN) {
    const bool made = request->looks > 0 && answer->kind == SQL_ANSWERED;
    if (made && request->statement->verb == SQL_COMMIT && session->connection && driver->confirm)
      driver->confirm(session->connection, &session->process->sql->program);
    cut(session, SQL_CLOSE);
    *answer = (struct sql_answer){.kind = SQL_CUT, .classes = CLASS(CONNECTION)};
    return;
  }
  if (session->connection) driver->refuse(session->connection, status == DG_CONFLICT);
  *answer = (struct sql_answer){.kind = SQL_ERROR};
  if (status == DG_CONFLICT) answer->classes = CLASS(SERIALIZATION) | CLASS(DEADLOCK);
}

/* Executes a statement as one call; session->request.answer says what it came to. */
static void execute(struct session *session, struct dg_context *context,
                    const struct sql_statement *statement) {
  struct sql_program *sql = session->process->sql;
  prepare(session, context, statement);
  const int status = dg_execute(context, statement->summary, perform, session);
  struct sql_answer *answer = &session->request.answer;
  if (status != DG_OK) answer_of_fault(session, status);
  if (answer->kind == SQL_CUT) {
    cut(session, SQL_CLOSE);
    answer->classes |= CLASS(CONNECTION);
  }
  if (answer->kind == SQL_NO_STATEMENT)
    sql_fail(&sql->program, PROGRAM_MALFORMED, session->process->file, statement, answer->at, answer->text);
}

/* --- A handler --- */

static enum sql_action action_of(const struct sql_statement *statement, const struct sql_answer *answer) {
  if (answer->kind == SQL_ANSWERED) {
    const enum sql_action action = answer->rows > 0 ? statement->rows : statement->no_rows;
    return action == SQL_ACTION_NONE ? SQL_ACTION_CONTINUE : action;
  }
  for (size_t i = 0; i < statement->rule_count; i++)
    if (statement->rules[i].classes & (answer->classes | CLASS(ANY))) return statement->rules[i].action;
  return SQL_ACTION_NONE;
}

static void roll_back(struct session *session, struct dg_context *context) {
  if (session->connection && session->process->sql->driver->in_transaction(session->connection))
    execute(session, context, &session->process->file->rollback);
}

/* Whether a statement that failed is tried again, from *next. */
static bool retries(const struct session *session, const struct sql_statement *statement, uint32_t *tries) {
  if (statement->retry_from < 0) return false;
  const struct sql_statement *from = &session->process->file->handler[statement->retry_from];
  if (!(from->retry_classes & (session->request.answer.classes | CLASS(ANY))) || *tries >= from->retries)
    return false;
  (*tries)++;
  return true;
}

/* An error that nothing in the file minds, of the server's own and not for the sake of another consumer: in a
 * run without faults it is a defect of the file. */
static void note_error(struct sql_program *sql, const struct session *session,
                       const struct sql_statement *statement) {
  const struct sql_answer *answer = &session->request.answer;
  const uint32_t others = CLASS(SERIALIZATION) | CLASS(DEADLOCK) | CLASS(LOCK) | CLASS(CONNECTION);
  if (answer->kind != SQL_ERROR || !*answer->text || (answer->classes & others)) return;
  if (sql->program.exits++ == 0)
    snprintf(sql->program.exit_text, sizeof sql->program.exit_text, "%.100s:%d:%d: error: %.100s",
             session->process->file->path, statement->line, statement->column, answer->text);
}

/* The values of the parameters are what the body says: where it cannot be read, there are none. */
static bool readable(const struct dg_message *message) {
  const char *body = message->body;
  if (!body || *body != '{') return true;
  json_t *value = json_loadb(body, message->body_size, 0, NULL);
  json_decref(value);
  return value != NULL;
}

static int run(struct session *session, struct dg_context *context) {
  const struct sql_file *file = session->process->file;
  const struct program *program = &session->process->sql->program;
  int retried_from = -1;
  uint32_t tries = 0;
  for (size_t i = 0; i < file->handler_count; i++) {
    const struct sql_statement *statement = &file->handler[i];
    if (statement->retry_from != retried_from) tries = 0;
    retried_from = statement->retry_from;
    execute(session, context, statement);
    if (program->failure != PROGRAM_NONE) return DG_FAILED;
    const enum sql_action action = action_of(statement, &session->request.answer);
    if (action == SQL_ACTION_CONTINUE) continue;
    const bool again = action == SQL_ACTION_NONE && retries(session, statement, &tries);
    if (action == SQL_ACTION_NONE && !again) note_error(session->process->sql, session, statement);
    roll_back(session, context);
    if (!again) return action == SQL_ACTION_DONE ? DG_OK : DG_FAILED;
    i = (size_t)statement->retry_from - 1;
  }
  roll_back(session, context);
  return DG_OK;
}

static struct session *take_session(struct process *process) {
  for (size_t i = 0; i < process->count; i++)
    if (!process->sessions[i]->busy) return process->sessions[i];
  struct session *session = calloc(1, sizeof *session);
  ASSERT(session);
  session->process = process;
  session->kept = calloc(process->file->kept_count + 1, sizeof *session->kept);
  ASSERT(session->kept);
  GROW(process->sessions, process->capacity, process->count + 1);
  process->sessions[process->count++] = session;
  return session;
}

static int handle(struct program *program, void *of, struct dg_context *context,
                  const struct dg_message *message) {
  if (program->failure != PROGRAM_NONE || !readable(message)) return DG_FAILED;
  struct session *session = take_session(of);
  session->busy = true;
  set_message(session, message);
  const int status = run(session, context);
  session->busy = false;
  return status;
}

/* --- Processes --- */

static void *start(struct program *program, uint32_t consumer, bool other_version) {
  struct sql_program *sql = (struct sql_program *)program;
  struct process *process = calloc(1, sizeof *process);
  ASSERT(process);
  process->sql = sql;
  process->consumer = consumer;
  process->file = other_version && sql->other_file ? sql->other_file : sql->file;
  return process;
}

static void end(struct program *program, void *of, enum program_end how) {
  struct process *process = of;
  (void)program;
  for (size_t i = 0; i < process->count; i++) {
    struct session *session = process->sessions[i];
    cut(session, how == PROGRAM_KILLED_LATE ? SQL_LEAVE : SQL_CLOSE);
    for (size_t j = 0; j < process->file->kept_count; j++) free(session->kept[j].text);
    free(session->kept);
    free(session->values);
    free(session);
  }
  free(process->sessions);
  free(process);
}

static bool reset(struct program *program) {
  struct sql_program *sql = (struct sql_program *)program;
  return sql->driver->reset(sql->database, program, sql->file);
}

static bool probe(struct program *program, struct effect_lines *out) {
  struct sql_program *sql = (struct sql_program *)program;
  return sql->driver->probe(sql->database, program, sql->file, out);
}

static void free_program(struct program *program) {
  struct sql_program *sql = (struct sql_program *)program;
  if (sql->database) sql->driver->close(sql->database);
  sql_file_free(sql->file);
  sql_file_free(sql->other_file);
  free(sql);
}

static const struct program_kind kind = {.name = "sql",
                                         .start = start,
                                         .end = end,
                                         .handle = handle,
                                         .reset = reset,
                                         .probe = probe,
                                         .free = free_program};

struct program *program_of_sql(const struct program_sql *options, struct err *err) {
  struct sql_program *sql = calloc(1, sizeof *sql);
  ASSERT(sql);
  sql->program.kind = &kind;
  sql->driver = options->database ? &sql_postgres : &sql_sqlite;
  sql->file = sql_file_read(options->path, sql->driver->mark, err);
  const bool read =
      sql->file && (!options->other_path ||
                    (sql->other_file = sql_file_read(options->other_path, sql->driver->mark, err)));
  if (read) sql->database = sql->driver->open(options, err);
  if (sql->database) return &sql->program;
  free_program(&sql->program);
  return NULL;
}
