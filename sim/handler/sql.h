/* A database under a handler in SQL: what the kind (sql.c) asks of a server, and a row for each.
 *
 *   handle (sql.c)  --dg_execute--> [between the two points of the call] driver->execute --> SQLite, PostgreSQL
 *
 * A process of a consumer has a connection for each message that it handles at once, as from a pool. What it
 * had open ends with it: a transaction that is not committed is rolled back by the server.
 *
 * [S1] `execute` never waits for another connection of the same run: it says that it would have to, and is
 *      asked again later, in virtual time.
 * [S2] What a statement came to depends on the statements before it alone, in the order in which they were
 *      executed; no wall clock decides anything.
 */
#ifndef SIM_HANDLER_SQL_H
#define SIM_HANDLER_SQL_H

#include "sim/handler/program.h"
#include "sim/handler/sql_file.h"

/* What a parameter stands for. */
struct sql_value {
  const char *text; /* NULL = NULL */
  uint32_t type;    /* of a kept column: the server's own number; 0 = as `integer` says */
  bool integer;
};
/* A column that a statement kept. */
struct sql_kept {
  struct sql_value value; /* its text is `text` or NULL */
  char *text;
  size_t capacity;
};

enum sql_answer_kind {
  SQL_ANSWERED,
  SQL_ERROR,       /* classes say of which kind; the transaction is as the server has left it */
  SQL_CUT,         /* the connection is gone: whether it was done is not known */
  SQL_NO_STATEMENT /* the server cannot make sense of it: the file is wrong */
};
struct sql_answer {
  enum sql_answer_kind kind;
  uint32_t classes; /* bits: 1 << enum sql_class */
  uint64_t rows;    /* that it returned or, when it returns none, changed */
  size_t at;        /* of NO_STATEMENT: bytes into statement->sent; SIZE_MAX = the server does not say */
  char text[256];   /* the server's words */
};
struct sql_request {
  const struct sql_statement *statement;
  const struct sql_value *values; /* of statement->parameters */
  struct sql_kept *kept;          /* by what statement->into says */
  int64_t waited_ns;              /* so far, in virtual time */
  uint32_t looks;                 /* how often it was asked for */
  bool sent;                      /* it is with the server */
  struct sql_answer answer;
};

/* How a connection ends. */
enum sql_cut {
  SQL_CLOSE, /* the server hears of it, and has ended what was open before anything else goes on */
  SQL_LEAVE, /* the server does not hear of it: what was open stays open until it is in somebody's way */
};

struct sql_driver {
  const char *name;
  char mark; /* of numbered parameters */
  /* What the options name; connects to nothing. NULL with *err set. */
  void *(*open)(const struct program_sql *options, struct err *err);
  void (*close)(void *database);
  /* All connections are closed. The database is as its schema makes it. False: failure noted. */
  bool (*reset)(void *database, struct program *program, const struct sql_file *file);
  /* Adds what the probe returns. */
  bool (*probe)(void *database, struct program *program, const struct sql_file *file,
                struct effect_lines *out);
  /* NULL: failure noted. */
  void *(*connect)(void *database, struct program *program, const struct sql_file *file);
  void (*disconnect)(void *connection, enum sql_cut cut);
  /* As dg_perform (execute.h): 0 = request->answer is set; else it is to be asked again so much later. */
  int64_t (*execute)(void *connection, struct sql_request *request);
  bool (*in_transaction)(const void *connection);
  /* What the server would have done with a statement that it refused; `conflict`: with its transaction, too. */
  void (*refuse)(void *connection, bool conflict);
  /* A COMMIT was executed, and its answer is lost: asks the server. False: it was not, whatever it had
   * answered; failure noted. Optional. */
  bool (*confirm)(void *connection, struct program *program);
};
extern const struct sql_driver sql_sqlite, sql_postgres;

/* How long to wait until the look after `looks` others, in ns of virtual time. */
int64_t sql_wait_ns(uint32_t looks);

/* A failure of a statement of the file, with its place: FILE:LINE:COL: error: TEXT. Returns false. */
bool sql_fail(struct program *program, enum program_failure failure, const struct sql_file *file,
              const struct sql_statement *statement, size_t at, const char *text);
/* Of a probe. */
bool sql_fail_columns(struct program *program, const struct sql_file *file, int columns);

#endif
