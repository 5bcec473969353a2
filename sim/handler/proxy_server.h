/* The real server behind a proxy, as the files of the proxy share it. See proxy.h. */
#ifndef SIM_HANDLER_PROXY_SERVER_H
#define SIM_HANDLER_PROXY_SERVER_H

#include "sim/handler/proxy.h"

enum side { CLIENT, SERVER }; /* whose bytes: the program's, the server's */

struct addrinfo;
struct proxy_server {
  struct addrinfo *addresses;
  uint64_t limit_ms; /* for the server to close a connection */
  char name[256], place_names[2][300];
  size_t open; /* connections of processes that live */
  int *late;   /* connections of processes that were killed late */
  size_t late_count, late_capacity;
};

/* A connection to it, or -1 and errno. */
int proxy_server_connect(const struct proxy_server *server);

/* Says that nothing more comes, as a process that ends does, and waits until the server has closed: by then it
 * has rolled back what was open. */
void proxy_server_close(const struct proxy_server *server, int connection);

/* Keeps it open until proxy_server_settle. */
void proxy_server_leave_open(struct proxy_server *server, int connection);

#endif
