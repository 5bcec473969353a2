/* Connections of a run on PostgreSQL, and how they come to rest. */
#include "sim/handler/sql_postgres.h"

#include "sim/base/assert.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT_MS 10000 /* without an answer, it counts as hung; where the program has no limit of its own */

/* --- Asking --- */

const char *sql_postgres_words(const struct sql_postgres *database, const char *words, char *out,
                               size_t room) {
  const size_t length = database->password ? strlen(database->password) : 0;
  size_t written = 0;
  for (const char *at = words ? words : ""; *at && written + 4 < room;) {
    if (length && strncmp(at, database->password, length) == 0) {
      memcpy(out + written, "***", 3);
      written += 3;
      at += length;
    } else {
      out[written++] = *at == '\n' ? ' ' : *at;
      at++;
    }
  }
  while (written && out[written - 1] == ' ') written--;
  out[written] = '\0';
  return out;
}

static void control_failed(struct sql_postgres *database) {
  char words[300];
  program_fail(database->program, PROGRAM_NOT_STARTED, "PostgreSQL: %s",
               sql_postgres_words(database, PQerrorMessage(database->control), words, sizeof words));
}

PGresult *sql_postgres_ask(struct sql_postgres *database, const char *query, const char *parameter) {
  const char *values[] = {parameter};
  PGresult *result = PQexecParams(database->control, query, parameter ? 1 : 0, NULL, values, NULL, NULL, 0);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  control_failed(database);
  PQclear(result);
  return NULL;
}

/* What every session is set to; of one that has been used, after it is as new. */
static bool set_up(struct sql_postgres *database, PGconn *pg, bool used) {
  char settings[400];
  if (used) PQclear(PQexec(pg, "DISCARD ALL"));
  snprintf(
      settings, sizeof settings,
      "SET search_path = %s; SET synchronous_commit = off; SET statement_timeout = 0; SET lock_timeout = 0;"
      "SET idle_in_transaction_session_timeout = 0; SET client_min_messages = error;"
      "SET max_parallel_workers_per_gather = 0",
      database->schema);
  PGresult *result = PQstatus(pg) == CONNECTION_OK ? PQexec(pg, settings) : NULL;
  const bool set = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  if (!set) return false;
  result = PQexec(pg, "SET deadlock_timeout = '1h'");
  database->sets_check = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  return true;
}

PGconn *sql_postgres_connect(struct sql_postgres *database) {
  const char *keys[] = {"dbname", "client_encoding", "fallback_application_name", "connect_timeout", NULL};
  const char *values[] = {database->address, "UTF8", "dgsim", "10", NULL};
  char words[300];
  if (database->spares) return database->spare[--database->spares];
  PGconn *pg = PQconnectdbParams(keys, values, 1);
  if (PQstatus(pg) == CONNECTION_OK && PQserverVersion(pg) < 130000)
    program_fail(database->program, PROGRAM_NOT_STARTED, "PostgreSQL 13 or later is needed");
  else if (PQstatus(pg) == CONNECTION_OK && set_up(database, pg, false))
    return pg;
  program_fail(database->program, PROGRAM_NOT_STARTED, "PostgreSQL: %s",
               sql_postgres_words(database, PQerrorMessage(pg), words, sizeof words));
  PQfinish(pg);
  return NULL;
}

static void put_away(struct sql_postgres *database, PGconn *pg) {
  const bool room = database->spares < sizeof database->spare / sizeof *database->spare;
  if (room && set_up(database, pg, true))
    database->spare[database->spares++] = pg;
  else
    PQfinish(pg);
}

void sql_postgres_forget_spares(struct sql_postgres *database) {
  while (database->spares) PQfinish(database->spare[--database->spares]);
}

/* --- Who waits for whom --- */

static struct sql_postgres_connection *of_pid(struct sql_postgres *database, int pid) {
  struct sql_postgres_connection *connection = database->first;
  while (connection && connection->pid != pid) connection = connection->next;
  return connection;
}

/* Takes in what has come; true: it has its result now. */
static bool take_result(struct sql_postgres_connection *connection) {
  PQconsumeInput(connection->pg);
  while (!PQisBusy(connection->pg)) {
    PGresult *result = PQgetResult(connection->pg);
    if (!result) {
      connection->under_way = connection->blocked = false;
      connection->database->changes++;
      return true;
    }
    PQclear(connection->result);
    connection->result = result;
  }
  return false;
}

/* Text like {12,34}. */
static void note_waits(struct sql_postgres_connection *connection, const char *pids) {
  connection->waits = 0;
  for (const char *at = pids; *at;) {
    char *end;
    const long pid = strtol(at, &end, 10);
    if (end == at) {
      at++;
      continue;
    }
    at = end;
    struct sql_postgres_connection *other = of_pid(connection->database, (int)pid);
    const unsigned room = sizeof connection->waits_for / sizeof *connection->waits_for;
    if (other && connection->waits < room) connection->waits_for[connection->waits++] = other;
  }
  connection->blocked = connection->waits > 0;
}

static bool ask_waits(struct sql_postgres *database, struct sql_postgres_connection *connection) {
  char pid[16];
  snprintf(pid, sizeof pid, "%d", connection->pid);
  PGresult *result = sql_postgres_ask(database, "SELECT pg_blocking_pids($1::int)", pid);
  if (!result) return false;
  note_waits(connection, PQgetvalue(result, 0, 0));
  PQclear(result);
  return true;
}

static bool reaches(const struct sql_postgres_connection *from, const struct sql_postgres_connection *to,
                    int depth) {
  if (!from->under_way || !from->blocked || depth == 0) return false;
  for (unsigned i = 0; i < from->waits; i++)
    if (from->waits_for[i] == to || reaches(from->waits_for[i], to, depth - 1)) return true;
  return false;
}

static int64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One look at everything that is under way. How many are not at rest; -1: failure noted. */
static int look(struct sql_postgres *database) {
  int moving = 0;
  for (struct sql_postgres_connection *c = database->first; c; c = c->next)
    if (c->under_way && take_result(c)) moving++; /* who waited for it goes on: to be looked at again */
  for (struct sql_postgres_connection *c = database->first; c; c = c->next) {
    if (!c->under_way) continue;
    if (!ask_waits(database, c)) return -1;
  }
  for (const struct sql_postgres_connection *c = database->first; c; c = c->next)
    if (c->under_way && (!c->blocked || reaches(c, c, 16))) moving++;
  return moving;
}

/* Sleeps until one of those under way has something, for a little while. */
static void wait_a_little(const struct sql_postgres *database, int ms) {
  struct pollfd files[64];
  nfds_t count = 0;
  for (const struct sql_postgres_connection *c = database->first; c; c = c->next)
    if (c->under_way && count < 64) files[count++] = (struct pollfd){.fd = PQsocket(c->pg), .events = POLLIN};
  if (count) poll(files, count, ms);
}

bool sql_postgres_settle(struct sql_postgres *database) {
  const uint64_t limit = database->program->answer_limit_ms;
  const int64_t until = wall_ms() + (limit ? (int64_t)limit : LIMIT_MS);
  for (int looks = 0;; looks++) {
    bool any = false;
    for (const struct sql_postgres_connection *c = database->first; c; c = c->next) any |= c->under_way;
    if (!any) return true;
    wait_a_little(database, looks < 3 ? 1 : 5);
    const int moving = look(database);
    if (moving < 0) return false;
    if (moving == 0) {
      for (struct sql_postgres_connection *c = database->first; c; c = c->next) c->rested = database->changes;
      return true;
    }
    if (wall_ms() > until)
      return program_fail(database->program, PROGRAM_HUNG,
                          "PostgreSQL: a statement is neither done nor waits for "
                          "another connection after %d ms",
                          (int)(limit ? limit : LIMIT_MS));
  }
}

void sql_postgres_set_check(struct sql_postgres_connection *connection) {
  if (!connection->database->sets_check) return; /* the attempt alone would break a transaction */
  bool others = false;
  for (const struct sql_postgres_connection *c = connection->database->first; c; c = c->next)
    others |= c != connection && c->under_way;
  if (others == connection->short_check && !others) return;
  PQclear(PQexec(connection->pg, others ? "SET deadlock_timeout = '10ms'" : "SET deadlock_timeout = '1h'"));
  connection->short_check = others || PQtransactionStatus(connection->pg) == PQTRANS_INERROR;
}

/* --- Ends --- */

static void take_out(struct sql_postgres_connection *connection, bool idle) {
  struct sql_postgres_connection **place = &connection->database->first;
  while (*place != connection) place = &(*place)->next;
  *place = connection->next;
  PQclear(connection->result);
  if (idle)
    put_away(connection->database, connection->pg);
  else
    PQfinish(connection->pg);
  free(connection);
}

static bool lives(struct sql_postgres *database, const char *pid) {
  PGresult *result = sql_postgres_ask(database, "SELECT 1 FROM pg_stat_activity WHERE pid = $1::int", pid);
  const bool there = PQntuples(result) > 0;
  PQclear(result);
  return there;
}

void sql_postgres_end(struct sql_postgres_connection *connection) {
  struct sql_postgres *database = connection->database;
  const bool idle = !connection->under_way && PQtransactionStatus(connection->pg) == PQTRANS_IDLE;
  char pid[16];
  snprintf(pid, sizeof pid, "%d", connection->pid);
  database->changes++;
  if (!idle) {
    PQclear(sql_postgres_ask(database, "SELECT pg_terminate_backend($1::int)", pid));
    const int64_t until = wall_ms() + LIMIT_MS;
    while (lives(database, pid) && wall_ms() < until) nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
  }
  take_out(connection, idle);
  if (!idle) sql_postgres_settle(database);
}

/* One that was left behind and does not wait for anybody. */
static struct sql_postgres_connection *idle_left(const struct sql_postgres *database) {
  struct sql_postgres_connection *connection = database->first;
  while (connection && (!connection->left || connection->under_way)) connection = connection->next;
  return connection;
}

void sql_postgres_end_left(struct sql_postgres *database) {
  for (struct sql_postgres_connection *connection; (connection = idle_left(database));)
    sql_postgres_end(connection);
}
