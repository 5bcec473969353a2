/* SQLite under a handler in SQL: the database is a file of the worker, in memory (folder.h).
 *
 * A file, and no shared cache or database in memory, as SQLite's locks are those of files: a reader beside a
 * writer, a COMMIT that waits for readers, and whatever journal the schema asks for (PRAGMA journal_mode =
 * WAL). A process that is killed is a connection that is closed: SQLite rolls back what it had open, as the
 * next to open the file does after a real death.
 *
 * Where SQLite would call its busy handler, it would wait: the statement is asked for again later, for up to
 * 5 s of virtual time. Where it refuses to wait, as that would be a deadlock, it fails at once.
 *
 * The database is made once, from the schema; each case begins with the bytes of that file.
 *
 * LIMIT: SQLite has no server, so nothing that a process had asked for is executed after its death: killed
 * late is killed. PRAGMA busy_timeout is not heeded. Nothing committed is lost with the power (PRAGMA
 * synchronous is OFF).
 */
#include "sim/handler/folder.h"
#include "sim/handler/sql.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_NS INT64_C(5000000000)

struct database {
  struct folder folder;
  char path[FOLDER_PATH_ROOM + 16];
  char *image; /* the file as the schema makes it */
  size_t image_size;
  bool ready;
};

struct connection {
  sqlite3 *sqlite;
  const struct sql_file *file;
  sqlite3_stmt **prepared; /* of file->handler */
  bool would_wait;
};

/* --- The file --- */

static void *open_database(const struct program_sql *options, struct err *err) {
  (void)options;
  struct database *database = calloc(1, sizeof *database);
  ASSERT(database);
  if (!folder_make(&database->folder, err)) {
    free(database);
    return NULL;
  }
  snprintf(database->path, sizeof database->path, "%s/database", database->folder.path);
  return database;
}

static void close_database(void *of) {
  struct database *database = of;
  folder_remove(&database->folder);
  free(database->image);
  free(database);
}

static sqlite3 *open_sqlite(const struct database *database, struct program *program) {
  static const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3 *sqlite = NULL;
  if (sqlite3_open_v2(database->path, &sqlite, flags, NULL) != SQLITE_OK) {
    program_fail(program, PROGRAM_NOT_STARTED, "SQLite: %s", sqlite ? sqlite3_errmsg(sqlite) : "no memory");
    sqlite3_close(sqlite);
    return NULL;
  }
  /* Where another is about to commit, it cannot be set, and its file is flushed for nothing. */
  sqlite3_exec(sqlite, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
  return sqlite;
}

static size_t error_place(sqlite3 *sqlite) {
  const int at = sqlite3_error_offset(sqlite);
  return at < 0 ? SIZE_MAX : (size_t)at;
}

static bool run_schema(sqlite3 *sqlite, struct program *program, const struct sql_file *file) {
  const struct sql_statement *schema = &file->schema;
  for (const char *at = schema->text; at && *at;) {
    sqlite3_stmt *statement = NULL;
    const char *next = at;
    int code = sqlite3_prepare_v2(sqlite, at, -1, &statement, &next);
    const size_t place = code == SQLITE_OK ? 0 : error_place(sqlite);
    if (code == SQLITE_OK && statement) {
      do code = sqlite3_step(statement);
      while (code == SQLITE_ROW);
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) {
      if (place == SIZE_MAX) at += strspn(at, " \t\r\n;");
      sql_fail(program, PROGRAM_NOT_STARTED, file, schema,
               (size_t)(at - schema->text) + (place == SIZE_MAX ? 0 : place), sqlite3_errmsg(sqlite));
      sqlite3_finalize(statement);
      return false;
    }
    sqlite3_finalize(statement);
    at = next;
  }
  return true;
}

static bool read_image(struct database *database, struct program *program) {
  FILE *in = fopen(database->path, "re");
  if (!in) return program_fail(program, PROGRAM_NOT_STARTED, "%s: %s", database->path, strerror(errno));
  fseek(in, 0, SEEK_END);
  database->image_size = (size_t)ftell(in);
  rewind(in);
  database->image = malloc(database->image_size + 1);
  ASSERT(database->image);
  const bool read = fread(database->image, 1, database->image_size, in) == database->image_size;
  fclose(in);
  return read || program_fail(program, PROGRAM_NOT_STARTED, "%s: cannot be read", database->path);
}

static bool make(struct database *database, struct program *program, const struct sql_file *file) {
  sqlite3 *sqlite = open_sqlite(database, program);
  if (!sqlite) return false;
  const bool made = run_schema(sqlite, program, file);
  sqlite3_close(sqlite);
  return made && read_image(database, program);
}

/* No connection is open: so no lock is lost by closing the file here. */
static bool put_image(struct database *database, struct program *program) {
  static const char *const beside[] = {"-journal", "-wal", "-shm"};
  char path[sizeof database->path + 16];
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    snprintf(path, sizeof path, "%s%s", database->path, beside[i]);
    unlink(path);
  }
  const int out = open(database->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      out >= 0 && write(out, database->image, database->image_size) == (ssize_t)database->image_size;
  if (out >= 0) close(out);
  return written || program_fail(program, PROGRAM_NOT_STARTED, "%s: %s", database->path, strerror(errno));
}

static bool reset(void *of, struct program *program, const struct sql_file *file) {
  struct database *database = of;
  if (database->ready) return put_image(database, program);
  return database->ready = make(database, program, file);
}

/* --- Connections --- */

static void *connect_sqlite(void *of, struct program *program, const struct sql_file *file) {
  sqlite3 *sqlite = open_sqlite(of, program);
  if (!sqlite) return NULL;
  struct connection *connection = calloc(1, sizeof *connection);
  ASSERT(connection);
  connection->sqlite = sqlite;
  connection->file = file;
  connection->prepared = calloc(file->handler_count + 1, sizeof(sqlite3_stmt *));
  ASSERT(connection->prepared);
  return connection;
}

static void disconnect(void *of, enum sql_cut cut) {
  struct connection *connection = of;
  (void)cut;
  for (size_t i = 0; i < connection->file->handler_count; i++) sqlite3_finalize(connection->prepared[i]);
  ASSERT_EQ(sqlite3_close(connection->sqlite), SQLITE_OK);
  free(connection->prepared);
  free(connection);
}

static int note_wait(void *of, int count) {
  (void)count;
  ((struct connection *)of)->would_wait = true;
  return 0;
}

static bool in_transaction(const void *of) {
  return !sqlite3_get_autocommit(((const struct connection *)of)->sqlite);
}

/* A statement that fails leaves its transaction open, but where it is rolled back as a whole. */
static void refuse(void *of, bool conflict) {
  struct connection *connection = of;
  if (conflict && in_transaction(of)) sqlite3_exec(connection->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

/* --- Statements --- */

static uint32_t class_of(const struct connection *connection, int code) {
  static const struct {
    int code;
    enum sql_class class;
  } rows[] = {
      {SQLITE_CONSTRAINT_UNIQUE, SQL_CLASS_UNIQUE},    {SQLITE_CONSTRAINT_PRIMARYKEY, SQL_CLASS_UNIQUE},
      {SQLITE_CONSTRAINT_ROWID, SQL_CLASS_UNIQUE},     {SQLITE_CONSTRAINT_FOREIGNKEY, SQL_CLASS_FOREIGN_KEY},
      {SQLITE_CONSTRAINT_NOTNULL, SQL_CLASS_NOT_NULL}, {SQLITE_CONSTRAINT_CHECK, SQL_CLASS_CHECK},
      {SQLITE_BUSY_SNAPSHOT, SQL_CLASS_SERIALIZATION}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].code == code) return 1u << rows[i].class;
  if ((code & 0xff) != SQLITE_BUSY) return 0;
  return 1u << (connection->would_wait ? SQL_CLASS_LOCK : SQL_CLASS_DEADLOCK);
}

static sqlite3_stmt *prepared(const struct connection *connection, const struct sql_statement *statement,
                              sqlite3_stmt ***out_place) {
  const struct sql_file *file = connection->file;
  *out_place = NULL;
  if (statement < file->handler || statement >= file->handler + file->handler_count) return NULL;
  *out_place = &connection->prepared[statement - file->handler];
  return **out_place;
}

static void bind(sqlite3_stmt *statement, int number, const struct sql_value *value) {
  if (!value->text)
    sqlite3_bind_null(statement, number);
  else if (value->integer || value->type == SQLITE_INTEGER)
    sqlite3_bind_int64(statement, number, strtoll(value->text, NULL, 10));
  else if (value->type == SQLITE_FLOAT)
    sqlite3_bind_double(statement, number, strtod(value->text, NULL));
  else
    sqlite3_bind_text(statement, number, value->text, -1, SQLITE_STATIC);
}

static void keep(struct sql_kept *kept, sqlite3_stmt *row, int column) {
  const int type = sqlite3_column_type(row, column);
  const char *text = (const char *)sqlite3_column_text(row, column);
  kept->value = (struct sql_value){.type = (uint32_t)type};
  if (type == SQLITE_NULL || !text) return;
  const size_t size = strlen(text) + 1;
  GROW(kept->text, kept->capacity, size);
  memcpy(kept->text, text, size);
  kept->value.text = kept->text;
}

static void keep_nothing(const struct sql_request *request) {
  for (size_t i = 0; i < request->statement->into_count; i++)
    request->kept[request->statement->into[i]].value = (struct sql_value){0};
}

/* Runs it to its end; every row is read, as a client reads them. */
static int step(struct connection *connection, sqlite3_stmt *running, struct sql_request *request) {
  const struct sql_statement *statement = request->statement;
  const int columns = sqlite3_column_count(running);
  uint64_t rows = 0;
  int code;
  keep_nothing(request);
  while ((code = sqlite3_step(running)) == SQLITE_ROW)
    if (rows++ == 0)
      for (size_t i = 0; i < statement->into_count && (int)i < columns; i++)
        keep(&request->kept[statement->into[i]], running, (int)i);
  if (columns == 0 && statement->verb == SQL_CHANGE) rows = (uint64_t)sqlite3_changes64(connection->sqlite);
  request->answer.rows = rows;
  return code;
}

static void failed(const struct connection *connection, struct sql_request *request, int code, bool understood) {
  struct sql_answer *answer = &request->answer;
  const bool no_statement = !understood && (code & 0xff) == SQLITE_ERROR;
  answer->kind = no_statement ? SQL_NO_STATEMENT : SQL_ERROR;
  answer->at = no_statement ? error_place(connection->sqlite) : SIZE_MAX;
  answer->classes = class_of(connection, code);
  snprintf(answer->text, sizeof answer->text, "%s", sqlite3_errmsg(connection->sqlite));
}

static int64_t execute(void *of, struct sql_request *request) {
  struct connection *connection = of;
  sqlite3_stmt **place, *running = prepared(connection, request->statement, &place);
  connection->would_wait = false;
  /* Each time: a PRAGMA may have taken it away. */
  sqlite3_busy_handler(connection->sqlite, note_wait, connection);
  int code = running ? SQLITE_OK
                     : sqlite3_prepare_v2(connection->sqlite, request->statement->sent, -1, &running, NULL);
  const bool understood = code == SQLITE_OK;
  if (place) *place = running;
  request->answer = (struct sql_answer){.kind = SQL_ANSWERED};
  if (running) {
    for (size_t i = 0; i < request->statement->parameter_count; i++)
      bind(running, (int)i + 1, &request->values[i]);
    code = step(connection, running, request);
  }
  const bool waits = (code & 0xff) == SQLITE_BUSY && connection->would_wait && request->waited_ns < BUSY_NS;
  int64_t again_ns = 0;
  if (waits) again_ns = sql_wait_ns(request->looks);
  else if (code != SQLITE_DONE && code != SQLITE_OK) failed(connection, request, code, understood);
  if (place)
    sqlite3_reset(running);
  else
    sqlite3_finalize(running);
  return again_ns;
}

/* --- The probe --- */

static bool read_probe(sqlite3 *sqlite, struct program *program, const struct sql_file *file,
                       struct effect_lines *out) {
  sqlite3_stmt *rows = NULL;
  if (sqlite3_prepare_v2(sqlite, file->probe.sent, -1, &rows, NULL) != SQLITE_OK)
    return sql_fail(program, PROGRAM_CANNOT_JUDGE, file, &file->probe, error_place(sqlite),
                    sqlite3_errmsg(sqlite));
  const int columns = sqlite3_column_count(rows);
  int code = SQLITE_DONE;
  if (columns == 3)
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
      const char *fields[3];
      for (int i = 0; i < 3; i++) {
        fields[i] = (const char *)sqlite3_column_text(rows, i);
        if (!fields[i]) fields[i] = "";
      }
      effect_lines_add(out, fields[0], fields[1], fields[2]);
    }
  sqlite3_finalize(rows);
  if (columns != 3) return sql_fail_columns(program, file, columns);
  return code == SQLITE_DONE ||
         sql_fail(program, PROGRAM_CANNOT_JUDGE, file, &file->probe, SIZE_MAX, sqlite3_errmsg(sqlite));
}

static bool probe(void *of, struct program *program, const struct sql_file *file, struct effect_lines *out) {
  sqlite3 *sqlite = open_sqlite(of, program);
  if (!sqlite) return false;
  const bool good = read_probe(sqlite, program, file, out);
  sqlite3_close(sqlite);
  return good;
}

const struct sql_driver sql_sqlite = {
    .name = "SQLite",
    .mark = '?',
    .open = open_database,
    .close = close_database,
    .reset = reset,
    .probe = probe,
    .connect = connect_sqlite,
    .disconnect = disconnect,
    .execute = execute,
    .in_transaction = in_transaction,
    .refuse = refuse,
};
