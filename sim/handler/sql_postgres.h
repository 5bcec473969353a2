/* What the two files of the PostgreSQL driver share: connections, and who waits for whom. See sql.h.
 *
 *   consumer's connection --statement--> backend --waits for--> backend of another connection
 *   control connection ----pg_blocking_pids----^
 *
 * After each statement is sent, everything comes to rest before anything else goes on: each statement that
 * is under way has its result, or pg_blocking_pids names a backend of this run that it waits for. That is
 * asked as often as needed; how long it takes decides nothing. A backend that waits for one of somebody
 * else's (another worker, an administrator) is not at rest: that ends by itself.
 *
 * A deadlock is ended by the server, not by us. Its victim is the backend whose own check finds it,
 * deadlock_timeout after its wait began. So that this does not depend on the clock, the timeout is an hour
 * for who waits first, and 10 ms for who is sent while others wait: who closes the circle is its victim.
 * That takes the right to set deadlock_timeout (a superuser's, or by GRANT SET ON PARAMETER); without it the
 * server's own timeout decides, and then as a rule who waits first is the victim.
 *
 * Who is killed late leaves its backend: an open transaction stays open, a statement under way goes on. Such
 * a backend ends when somebody has waited 1 s of virtual time, and at the end of the run.
 *
 * LIMIT: of three or more connections that wait for one transaction, the server chooses who goes on first;
 * with as many that insert the same key it is whoever wakes first.
 */
#ifndef SIM_HANDLER_SQL_POSTGRES_H
#define SIM_HANDLER_SQL_POSTGRES_H

#include "sim/handler/sql.h"

#include <libpq-fe.h>

struct sql_postgres_connection;
struct sql_postgres {
  char *address, *password; /* password: NULL = the address has none */
  char schema[32];
  uint32_t worker;
  PGconn *control;
  bool sets_check;         /* it may set deadlock_timeout */
  struct program *program; /* of the run */
  uint64_t changes;        /* so often something was sent, answered or ended */
  bool vacuums;            /* the server vacuums by itself */
  PGconn *spare[8];        /* as new, for the next: a backend takes longer to start than a case */
  unsigned spares;
  /* All that live, those left behind too, in the order of their making. */
  struct sql_postgres_connection *first;
};
struct sql_postgres_connection {
  struct sql_postgres *database;
  struct sql_postgres_connection *next;
  PGconn *pg;
  int pid;
  bool under_way;       /* a statement is with the server */
  bool blocked;         /* and waits for one of ours */
  uint64_t rested;      /* changes, when it came to rest: until there is another, it still waits */
  bool left;            /* its process is dead */
  bool short_check;     /* its deadlock_timeout may be the short one */
  PGresult *result;     /* of the statement that was under way; NULL = none */
  char transaction[32]; /* its number, before COMMIT; "" = it has changed nothing */
  struct sql_postgres_connection *waits_for[8];
  unsigned waits;
};

/* A connection with what every session is set to. NULL: failure noted. */
PGconn *sql_postgres_connect(struct sql_postgres *database);
void sql_postgres_forget_spares(struct sql_postgres *database);
/* A query on the control connection, with one parameter or NULL. NULL: failure noted. Cleared by the caller. */
PGresult *sql_postgres_ask(struct sql_postgres *database, const char *query, const char *parameter);
/* Waits until everything is at rest. False: failure noted. */
bool sql_postgres_settle(struct sql_postgres *database);
/* Ends a backend that has anything open or under way, and waits until it is gone; frees the connection. */
void sql_postgres_end(struct sql_postgres_connection *connection);
/* Ends those that were left behind, but such as wait for a consumer that lives. */
void sql_postgres_end_left(struct sql_postgres *database);
/* Before a statement is sent: sets which deadlock_timeout it has. */
void sql_postgres_set_check(struct sql_postgres_connection *connection);
/* The server's words, without a password. */
const char *sql_postgres_words(const struct sql_postgres *database, const char *words, char *out,
                               size_t room);

#endif
