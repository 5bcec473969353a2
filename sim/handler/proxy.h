/* Connections of a program to a server of its own (a database, a cache), which go through the tool:
 *
 *   program --- 127.0.0.1:PORT (DGSIM_PROXY) ---> tool ---> the real server
 *
 * Where the direction changes there is a place: the first bytes of a request that follow an answer, the first
 * bytes of an answer. Bytes at a place are held until whoever drives the process lets them pass or cuts the
 * connection; others pass at once. So nothing but the moments of a protocol at which one side has spoken and the
 * other has not is a place, however the bytes were cut up on their way.
 *
 * [I1] It listens at the loopback address only, at a port of its own for each process.
 * [I2] Places come in the order of the connections of a process, oldest first; bytes of one direction in order.
 * [I3] After proxy_cut, and proxy_end unless late, the server has closed its side as well, or the limit is over:
 *      what was open there has ended.
 *
 * LIMIT: a server that speaks without being asked, an encrypted connection and a program that talks on several
 *        connections at once make places in an order that the tool does not control.
 * LIMIT: that a server waits for another process's transaction is not known, but taken from how long it takes: a
 *        tenth of the answer limit.
 */
#ifndef SIM_HANDLER_PROXY_H
#define SIM_HANDLER_PROXY_H

#include "sim/handler/program.h"

#include <poll.h>

/* The real server, and connections to it that were left open when a process was killed late. */
struct proxy_server;
struct proxy_server *proxy_server_new(const char *host_and_port, uint64_t limit_ms, struct err *err);
void proxy_server_free(struct proxy_server *server);
/* Ends what was left open. Returns whether there was anything. */
bool proxy_server_settle(struct proxy_server *server);

struct proxy;
struct proxy *proxy_new(struct proxy_server *server); /* NULL: it cannot listen, errno says why */
uint16_t proxy_port(const struct proxy *proxy);

/* Sets what has to be waited for; returns how many, at most PROXY_POLL_MAX. */
#define PROXY_POLL_MAX (1 + 2 * 64)
size_t proxy_poll(const struct proxy *proxy, struct pollfd *polls);

enum proxy_news {
  PROXY_QUIET,
  PROXY_MOVED,    /* bytes have passed */
  PROXY_AT_PLACE, /* there is a place: proxy_hold */
  PROXY_NO_SERVER /* the real server cannot be reached: errno */
};
/* Moves what can be moved; never blocks but to connect. */
enum proxy_news proxy_serve(struct proxy *proxy);

struct proxy_connection;
/* Takes the next place. Its bytes wait until one of these two was called. *name lives as long as the server. */
struct proxy_connection *proxy_hold(struct proxy *proxy, const char **name);
void proxy_pass(struct proxy_connection *connection);
void proxy_cut(struct proxy_connection *connection);

/* Whether the server owes an answer, and may do so because of what another connection has open there: that of
 * another process, or one that was left open. */
bool proxy_may_be_blocked(const struct proxy *proxy);

/* The process has ended in this way: ends its connections, and frees the proxy (may be NULL). */
void proxy_end(struct proxy *proxy, enum program_end how);

/* "HOST:PORT" as it was given. */
const char *proxy_server_name(const struct proxy_server *server);

#endif
