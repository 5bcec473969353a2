#include "sim/handler/proxy_server.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define BUFFER_BYTES (32 * 1024)

struct flow {
  int from; /* descriptor that they come from */
  size_t start, end;
  bool over; /* no more come */
  bool told; /* and the other side has been told */
  char bytes[BUFFER_BYTES];
};
struct proxy_connection {
  struct proxy *proxy;
  struct flow flows[2];
  int speaking; /* whose bytes passed last; -1 = nobody's yet */
  bool held;
};
struct proxy {
  struct proxy_server *server;
  int listener;
  uint16_t port;
  struct proxy_connection *connections[CONNECTIONS_MAX];
  size_t count;
};

struct proxy *proxy_new(struct proxy_server *server) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (listener < 0) return NULL;
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, CONNECTIONS_MAX) ||
      getsockname(listener, (struct sockaddr *)&address, &size))
    return close(listener), NULL;
  struct proxy *proxy = calloc(1, sizeof *proxy);
  ASSERT(proxy);
  *proxy = (struct proxy){.server = server, .listener = listener, .port = ntohs(address.sin_port)};
  return proxy;
}

uint16_t proxy_port(const struct proxy *proxy) { return proxy->port; }

static struct flow *other_flow(struct proxy_connection *connection, const struct flow *flow) {
  return &connection->flows[flow == &connection->flows[CLIENT] ? SERVER : CLIENT];
}

/* The program sees a connection that was reset. */
static void reset(int descriptor) {
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(descriptor);
}

static void forget(struct proxy_connection *connection) {
  struct proxy *proxy = connection->proxy;
  size_t i = 0;
  while (proxy->connections[i] != connection) i++;
  memmove(&proxy->connections[i], &proxy->connections[i + 1],
          (--proxy->count - i) * sizeof(struct proxy_connection *));
  proxy->server->open--;
  free(connection);
}

/* False: the server cannot be reached. */
static bool accept_all(struct proxy *proxy) {
  for (;;) {
    const int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return true;
    const int server = proxy->count < CONNECTIONS_MAX ? proxy_server_connect(proxy->server) : -1;
    if (server < 0) {
      const int error = errno;
      reset(client);
      errno = error;
      if (proxy->count == CONNECTIONS_MAX) continue; /* too many */
      return false;
    }
    const int at_once = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    fcntl(server, F_SETFL, O_NONBLOCK);
    struct proxy_connection *connection = malloc(sizeof *connection);
    ASSERT(connection);
    connection->proxy = proxy;
    connection->speaking = -1;
    connection->held = false;
    for (int i = 0; i < 2; i++) {
      struct flow *flow = &connection->flows[i];
      flow->from = i == CLIENT ? client : server;
      flow->start = flow->end = 0;
      flow->over = flow->told = false;
    }
    proxy->connections[proxy->count++] = connection;
    proxy->server->open++;
  }
}

static void take_in(struct flow *flow) {
  if (flow->over || flow->end > flow->start) return;
  const ssize_t got = recv(flow->from, flow->bytes, sizeof flow->bytes, 0);
  if (got > 0)
    flow->start = 0, flow->end = (size_t)got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    flow->over = true;
}

/* Returns whether anything has moved. Who does not listen any more is told nothing. */
static bool pass_on(struct proxy_connection *connection, struct flow *flow) {
  const int to = other_flow(connection, flow)->from;
  bool moved = false;
  if (flow->end > flow->start) {
    const ssize_t sent = send(to, flow->bytes + flow->start, flow->end - flow->start, MSG_NOSIGNAL);
    if (sent > 0) flow->start += (size_t)sent, moved = true;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) flow->start = flow->end;
  }
  if (flow->end == flow->start && flow->over && !flow->told) shutdown(to, SHUT_WR), flow->told = true;
  return moved;
}

static bool at_place(const struct proxy_connection *connection, enum side side) {
  const struct flow *flow = &connection->flows[side];
  return flow->end > flow->start && connection->speaking != (int)side;
}

/* Moves the bytes of one connection. It may be gone afterwards. */
static enum proxy_news move(struct proxy_connection *connection) {
  bool moved = false;
  for (int i = 0; i < 2; i++) take_in(&connection->flows[i]);
  if (connection->held) return PROXY_QUIET;
  for (int i = 0; i < 2; i++)
    if (!at_place(connection, (enum side)i)) moved |= pass_on(connection, &connection->flows[i]);
  if (at_place(connection, CLIENT) || at_place(connection, SERVER)) return PROXY_AT_PLACE;
  if (connection->flows[CLIENT].told && connection->flows[SERVER].told) {
    for (int i = 0; i < 2; i++) close(connection->flows[i].from);
    forget(connection);
  }
  return moved ? PROXY_MOVED : PROXY_QUIET;
}

enum proxy_news proxy_serve(struct proxy *proxy) {
  enum proxy_news news = PROXY_QUIET;
  if (!accept_all(proxy)) return PROXY_NO_SERVER;
  for (size_t i = proxy->count; i-- > 0;) {
    const enum proxy_news one = move(proxy->connections[i]);
    if (one > news) news = one;
  }
  return news;
}

size_t proxy_poll(const struct proxy *proxy, struct pollfd *polls) {
  size_t count = 0;
  polls[count++] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
  for (size_t i = 0; i < proxy->count; i++) {
    const struct proxy_connection *connection = proxy->connections[i];
    for (int side = 0; side < 2; side++) {
      const struct flow *own = &connection->flows[side], *towards = &connection->flows[!side];
      short events = 0;
      if (!own->over && own->end == own->start) events |= POLLIN;
      if (!connection->held && towards->end > towards->start) events |= POLLOUT;
      if (events) polls[count++] = (struct pollfd){.fd = own->from, .events = events};
    }
  }
  return count;
}

/* --- Places --- */

struct proxy_connection *proxy_hold(struct proxy *proxy, const char **name) {
  for (size_t i = 0; i < proxy->count; i++) {
    struct proxy_connection *connection = proxy->connections[i];
    for (int side = 0; side < 2 && !connection->held; side++) {
      if (!at_place(connection, (enum side)side)) continue;
      connection->held = true;
      connection->speaking = side; /* once they have passed */
      *name = proxy->server->place_names[side];
      return connection;
    }
  }
  return NULL;
}

void proxy_pass(struct proxy_connection *connection) {
  connection->held = false;
  pass_on(connection, &connection->flows[connection->speaking]);
}

void proxy_cut(struct proxy_connection *connection) {
  proxy_server_close(connection->proxy->server, connection->flows[SERVER].from);
  reset(connection->flows[CLIENT].from);
  forget(connection);
}

bool proxy_may_be_blocked(const struct proxy *proxy) {
  bool waits = false;
  for (size_t i = 0; i < proxy->count; i++) waits = waits || proxy->connections[i]->speaking == CLIENT;
  return waits && (proxy->server->open > proxy->count || proxy->server->late_count > 0);
}

void proxy_end(struct proxy *proxy, enum program_end how) {
  if (!proxy) return;
  while (proxy->count > 0) {
    struct proxy_connection *connection = proxy->connections[0];
    if (how != PROGRAM_KILLED_LATE) {
      proxy_cut(connection);
      continue;
    }
    proxy_server_leave_open(proxy->server, connection->flows[SERVER].from);
    reset(connection->flows[CLIENT].from);
    forget(connection);
  }
  close(proxy->listener);
  free(proxy);
}
