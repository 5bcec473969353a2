/* PostgreSQL under a handler in SQL, through libpq: a schema of each worker, dropped and made for each case. */
#include "sim/handler/sql_postgres.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OID_BIGINT 20
#define NOTICED_NS                                                                                           \
  INT64_C(1000000000) /* until a server notices that a client is gone which is in somebody's way */

/* --- The schema --- */

/* No list of `key=value`, in which a password is hard to see. */
static PQconninfoOption *parts_of(const char *address) {
  if (strncmp(address, "postgres://", 11) != 0 && strncmp(address, "postgresql://", 13) != 0) return NULL;
  char *words = NULL;
  PQconninfoOption *parts = PQconninfoParse(address, &words);
  PQfreemem(words); /* it may quote a password */
  return parts;
}

static void *open_database(const struct program_sql *options, struct err *err) {
  PQconninfoOption *parts = parts_of(options->database);
  if (!parts) {
    err_set(err, ERR_FORMAT, "the address of the database cannot be read");
    err_note(err,
             "such as postgres://user@localhost:5432/test, or postgres:///test?host=/folder/of/its/socket");
    return NULL;
  }
  struct sql_postgres *database = calloc(1, sizeof *database);
  ASSERT(database);
  for (const PQconninfoOption *part = parts; part->keyword; part++)
    if (strcmp(part->keyword, "password") == 0 && part->val && *part->val)
      database->password = strdup(part->val);
  PQconninfoFree(parts);
  database->address = strdup(options->database);
  ASSERT(database->address);
  database->worker = options->worker;
  snprintf(database->schema, sizeof database->schema, "dgsim_w%u", options->worker);
  return database;
}

static bool drop(struct sql_postgres *database) {
  char query[96];
  snprintf(query, sizeof query, "DROP SCHEMA IF EXISTS %s CASCADE", database->schema);
  PGresult *result = sql_postgres_ask(database, query, NULL);
  PQclear(result);
  return result != NULL;
}

static void close_database(void *of) {
  struct sql_postgres *database = of;
  struct program none = {0};
  database->program = &none;
  while (database->first) sql_postgres_end(database->first);
  sql_postgres_forget_spares(database);
  if (database->control) drop(database);
  PQfinish(database->control);
  free(database->address);
  free(database->password);
  free(database);
}

/* The schema is this worker's alone: another run of the tool that uses it would make it anew in the middle. */
static bool take_schema(struct sql_postgres *database) {
  for (int tries = 0; tries < 100; tries++) { /* a worker that was killed takes a moment to be gone */
    PGresult *result =
        sql_postgres_ask(database, "SELECT pg_try_advisory_lock(hashtext($1))", database->schema);
    if (!result) return false;
    const bool taken = *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    if (taken) return true;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
  return program_fail(database->program, PROGRAM_NOT_STARTED, "PostgreSQL: another run uses the schema %s",
                      database->schema);
}

/* Positions are counted in characters, from 1. */
static size_t place_of(const PGresult *result, const char *text) {
  const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
  if (!position) return SIZE_MAX;
  size_t at = 0;
  for (long left = strtol(position, NULL, 10) - 1; left > 0 && text[at]; left--) do
      at++;
    while (((unsigned char)text[at] & 0xc0) == 0x80);
  return at;
}

static const char *message_of(const PGresult *result) {
  const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return message ? message : PQresultErrorMessage(result);
}

static bool run_schema(struct sql_postgres *database, const struct sql_file *file) {
  if (!file->schema.text) return true;
  PGresult *result = PQexec(database->control, file->schema.text);
  const ExecStatusType status = PQresultStatus(result);
  const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  if (!done) {
    const size_t at = place_of(result, file->schema.text);
    sql_fail(database->program, PROGRAM_NOT_STARTED, file, &file->schema, at == SIZE_MAX ? 0 : at,
             message_of(result));
  }
  PQclear(result);
  return done;
}

static bool run(struct sql_postgres *database, const char *query) {
  PGresult *result = sql_postgres_ask(database, query, NULL);
  PQclear(result);
  return result != NULL;
}

/* No vacuum comes between two statements. */
static bool stop_vacuum(struct sql_postgres *database) {
  if (!database->vacuums) return true;
  return run(database,
             "DO $$DECLARE t record; BEGIN "
             "FOR t IN SELECT oid::regclass AS name FROM pg_class "
             "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' LOOP "
             "EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', t.name); END LOOP; END$$");
}

static bool begin(struct sql_postgres *database) {
  database->control = sql_postgres_connect(database);
  if (!database->control || !take_schema(database)) return false;
  PGresult *result = sql_postgres_ask(database, "SHOW autovacuum", NULL);
  database->vacuums = result && strcmp(PQgetvalue(result, 0, 0), "on") == 0;
  PQclear(result);
  return result != NULL;
}

static bool reset(void *of, struct program *program, const struct sql_file *file) {
  struct sql_postgres *database = of;
  database->program = program;
  if (!database->control && !begin(database)) return false;
  while (database->first) sql_postgres_end(database->first);
  char query[64];
  snprintf(query, sizeof query, "CREATE SCHEMA %s", database->schema);
  return drop(database) && run(database, query) && run_schema(database, file) && stop_vacuum(database);
}

/* --- Connections --- */

static void *connect_postgres(void *of, struct program *program, const struct sql_file *file) {
  struct sql_postgres *database = of;
  (void)file;
  database->program = program;
  PGconn *pg = sql_postgres_connect(database);
  if (!pg) return NULL;
  struct sql_postgres_connection *connection = calloc(1, sizeof *connection);
  ASSERT(connection);
  *connection = (struct sql_postgres_connection){.database = database, .pg = pg, .pid = PQbackendPID(pg)};
  struct sql_postgres_connection **last = &database->first;
  while (*last) last = &(*last)->next;
  return *last = connection;
}

static bool in_transaction(const void *of) {
  const struct sql_postgres_connection *connection = of;
  const PGTransactionStatusType status = PQtransactionStatus(connection->pg);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static void disconnect(void *of, enum sql_cut cut) {
  struct sql_postgres_connection *connection = of;
  if (cut == SQL_LEAVE && (connection->under_way || in_transaction(of)))
    connection->left = true;
  else
    sql_postgres_end(connection);
}

/* An error in a transaction, whatever it is, leaves nothing to be done in it but a ROLLBACK. */
static void refuse(void *of, bool conflict) {
  struct sql_postgres_connection *connection = of;
  (void)conflict;
  if (PQtransactionStatus(connection->pg) == PQTRANS_INTRANS)
    PQclear(PQexec(connection->pg, "DO $$BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '40001'; END$$"));
}

/* --- Statements --- */

static void note_transaction(struct sql_postgres_connection *connection) {
  PGresult *result = PQexec(connection->pg, "SELECT pg_current_xact_id_if_assigned()");
  const bool known = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
  snprintf(connection->transaction, sizeof connection->transaction, "%s",
           known ? PQgetvalue(result, 0, 0) : "");
  PQclear(result);
}

static bool confirm(void *of, struct program *program) {
  struct sql_postgres_connection *connection = of;
  if (!*connection->transaction) return true;
  PGresult *result =
      sql_postgres_ask(connection->database, "SELECT pg_xact_status($1::xid8)", connection->transaction);
  if (!result) return false;
  const bool committed = strcmp(PQgetvalue(result, 0, 0), "committed") == 0;
  if (!committed)
    program_fail(program, PROGRAM_CANNOT_JUDGE,
                 "PostgreSQL: a COMMIT was answered, and its transaction is %s", PQgetvalue(result, 0, 0));
  PQclear(result);
  return committed;
}

#define PARAMETERS_MAX 64

static bool send_statement(struct sql_postgres_connection *connection, const struct sql_request *request) {
  const struct sql_statement *statement = request->statement;
  Oid types[PARAMETERS_MAX];
  const char *values[PARAMETERS_MAX];
  ASSERT_MSG(statement->parameter_count <= PARAMETERS_MAX, "a statement of more than %d parameters",
             PARAMETERS_MAX);
  for (size_t i = 0; i < statement->parameter_count; i++) {
    const struct sql_value *value = &request->values[i];
    types[i] = value->integer ? OID_BIGINT : value->type;
    values[i] = value->text;
  }
  connection->database->changes++;
  sql_postgres_set_check(connection);
  if (statement->verb == SQL_COMMIT) {
    *connection->transaction = '\0';
    if (PQtransactionStatus(connection->pg) == PQTRANS_INTRANS) note_transaction(connection);
  }
  PQclear(connection->result);
  connection->result = NULL;
  return connection->under_way = PQsendQueryParams(
             connection->pg, statement->sent, (int)statement->parameter_count, types, values, NULL, NULL, 0);
}

static uint32_t class_of(const char *state) {
  for (size_t i = 0; i < SQL_CLASS__COUNT; i++)
    if (*sql_classes[i].state && strncmp(state, sql_classes[i].state, strlen(sql_classes[i].state)) == 0)
      return 1u << i;
  return 0;
}

static void keep(const struct sql_request *request, const PGresult *result) {
  const struct sql_statement *statement = request->statement;
  const bool any = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
  for (size_t i = 0; i < statement->into_count; i++) {
    struct sql_kept *kept = &request->kept[statement->into[i]];
    kept->value = (struct sql_value){0};
    if (!any || (int)i >= PQnfields(result)) continue;
    kept->value.type = PQftype(result, (int)i);
    if (PQgetisnull(result, 0, (int)i)) continue;
    const char *text = PQgetvalue(result, 0, (int)i);
    GROW(kept->text, kept->capacity, strlen(text) + 1);
    strcpy(kept->text, text);
    kept->value.text = kept->text;
  }
}

/* Reads an answer. An error of class 42 means that the statement makes no sense to the server. */
static void read_answer(struct sql_postgres_connection *connection, struct sql_request *request) {
  struct sql_answer *answer = &request->answer;
  const PGresult *result = connection->result;
  const ExecStatusType status = PQresultStatus(result);
  *answer = (struct sql_answer){.kind = SQL_ANSWERED, .at = SIZE_MAX};
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
    answer->rows = status == PGRES_TUPLES_OK ? (uint64_t)PQntuples(result)
                                             : strtoull(PQcmdTuples((PGresult *)result), NULL, 10);
    keep(request, result);
    return;
  }
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  sql_postgres_words(connection->database, result ? message_of(result) : PQerrorMessage(connection->pg),
                     answer->text, sizeof answer->text);
  if (!state || PQstatus(connection->pg) != CONNECTION_OK) {
    answer->kind = SQL_CUT;
    return;
  }
  answer->kind = strncmp(state, "42", 2) == 0 ? SQL_NO_STATEMENT : SQL_ERROR;
  answer->classes = class_of(state);
  answer->at = place_of(result, request->statement->sent);
}

/* Nobody is asked to wait; who waits for a transaction whose process is dead does so for a while. */
static int64_t execute(void *of, struct sql_request *request) {
  struct sql_postgres_connection *connection = of;
  struct sql_postgres *database = connection->database;
  if (!request->sent && !send_statement(connection, request)) {
    read_answer(connection, request);
    return 0;
  }
  const bool again = request->sent;
  request->sent = true;
  if (connection->under_way && request->waited_ns >= NOTICED_NS) sql_postgres_end_left(database);
  const bool rests = again && connection->under_way && connection->rested == database->changes;
  if (!rests && !sql_postgres_settle(database)) {
    request->answer.kind = SQL_CUT;
    return 0;
  }
  if (connection->under_way) return sql_wait_ns(request->looks);
  read_answer(connection, request);
  return 0;
}

/* --- The probe --- */

static bool probe(void *of, struct program *program, const struct sql_file *file, struct effect_lines *out) {
  struct sql_postgres *database = of;
  database->program = program;
  sql_postgres_end_left(database);
  while (database->first) sql_postgres_end(database->first);
  PGresult *result = PQexecParams(database->control, file->probe.sent, 0, NULL, NULL, NULL, NULL, 0);
  bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQnfields(result) == 3;
  if (PQresultStatus(result) != PGRES_TUPLES_OK)
    sql_fail(program, PROGRAM_CANNOT_JUDGE, file, &file->probe, place_of(result, file->probe.sent),
             message_of(result));
  else if (!good)
    sql_fail_columns(program, file, PQnfields(result));
  else
    for (int i = 0; i < PQntuples(result); i++)
      effect_lines_add(out, PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));
  PQclear(result);
  return good;
}

const struct sql_driver sql_postgres = {
    .name = "PostgreSQL",
    .mark = '$',
    .open = open_database,
    .close = close_database,
    .reset = reset,
    .probe = probe,
    .connect = connect_postgres,
    .disconnect = disconnect,
    .execute = execute,
    .in_transaction = in_transaction,
    .refuse = refuse,
    .confirm = confirm,
};
