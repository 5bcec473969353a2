#include "sim/handler/proxy_server.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/command_spawn.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_SECONDS 5

struct proxy_server *proxy_server_new(const char *host_and_port, uint64_t limit_ms, struct err *err) {
  const char *colon = strrchr(host_and_port, ':');
  char host[256];
  if (!colon || colon == host_and_port || !colon[1] || (size_t)(colon - host_and_port) >= sizeof host) {
    err_set(err, ERR_USAGE, "'%s' is not host:port", host_and_port);
    return err_note(err, "the server that your program talks to, as in 127.0.0.1:5432"), NULL;
  }
  snprintf(host, sizeof host, "%.*s", (int)(colon - host_and_port), host_and_port);
  struct addrinfo *addresses, hints = {.ai_socktype = SOCK_STREAM};
  const int failed = getaddrinfo(host, colon + 1, &hints, &addresses);
  if (failed) return err_set(err, ERR_USAGE, "'%s': %s", host_and_port, gai_strerror(failed)), NULL;
  struct proxy_server *server = calloc(1, sizeof *server);
  ASSERT(server);
  server->addresses = addresses;
  server->limit_ms = limit_ms;
  snprintf(server->name, sizeof server->name, "%s", host_and_port);
  snprintf(server->place_names[CLIENT], sizeof server->place_names[CLIENT], "request to %s", server->name);
  snprintf(server->place_names[SERVER], sizeof server->place_names[SERVER], "answer of %s", server->name);
  return server;
}

const char *proxy_server_name(const struct proxy_server *server) { return server->name; }

int proxy_server_connect(const struct proxy_server *server) {
  int error = ECONNREFUSED;
  for (const struct addrinfo *at = server->addresses; at; at = at->ai_next) {
    int connection = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_sec = CONNECT_SECONDS}; /* connect keeps to it as well: socket(7) */
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connection >= 0 && connect(connection, at->ai_addr, at->ai_addrlen) == 0) return connection;
    error = errno;
    if (connection >= 0) close(connection);
  }
  errno = error;
  return -1;
}

void proxy_server_close(const struct proxy_server *server, int connection) {
  const uint64_t end = command_clock_ms() + server->limit_ms;
  char bytes[1024];
  shutdown(connection, SHUT_WR);
  for (;;) {
    const ssize_t got = recv(connection, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    const uint64_t now = command_clock_ms();
    if (now >= end) break;
    struct pollfd closed = {.fd = connection, .events = POLLIN};
    if (got < 0) poll(&closed, 1, (int)(end - now));
  }
  close(connection);
}

bool proxy_server_settle(struct proxy_server *server) {
  const bool any = server->late_count > 0;
  for (size_t i = 0; i < server->late_count; i++) proxy_server_close(server, server->late[i]);
  server->late_count = 0;
  return any;
}

void proxy_server_free(struct proxy_server *server) {
  if (!server) return;
  proxy_server_settle(server);
  freeaddrinfo(server->addresses);
  free(server->late);
  free(server);
}

void proxy_server_leave_open(struct proxy_server *server, int connection) {
  GROW(server->late, server->late_capacity, server->late_count + 1);
  server->late[server->late_count++] = connection;
}
