#include "models/rabbitmq/amqp.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

#define REDIRECTED_NS (100 * NS_PER_MS) /* before a broker is asked again that could not help */
#define SYN_FIRST_NS NS_PER_S /* Linux, TCP_TIMEOUT_INIT */

static uint16_t broker_node(const struct world *world, const struct amqp *client) {
  return (uint16_t)(world->first[ROLE_BROKER] + client->broker);
}

static void ask_for_session(struct world *world, struct node *node) {
  struct amqp *client = amqp_of(node);
  client->session = rabbit_session_name(node, ++client->sessions);
  struct message *message =
      world_message(world, node, broker_node(world, client), 0, RABBIT_OPEN);
  message->a = (int64_t)client->session;
  message->b = client->consumes;
  message->size = RABBIT_FRAME_BYTES;
  world_send(world, node, message);
  world_after(world, node, 0, AMQP_TIMER_SYN, client->sessions, span_of(client->syn_ns));
  client->syn_ns *= 2;
}

static void connect(struct world *world, struct node *node) {
  struct amqp *client = amqp_of(node);
  client->state = AMQP_OPENING;
  client->timer = world_timer(world, node, 0, client->open_lane, AMQP_TIMER_OPEN, 0);
  client->syn_ns = SYN_FIRST_NS;
  ask_for_session(world, node);
}

static void connect_later(struct world *world, struct node *node, int64_t delay) {
  world_after(world, node, 0, AMQP_TIMER_CONNECT, amqp_of(node)->sessions, span_of(delay));
}

static void go_on(struct world *world, struct amqp *client) {
  client->broker = (client->broker + 1) % rabbit_replicas(world);
}

/* Whatever state it was in, it is closed now. */
static void close_now(struct world *world, struct node *node) {
  struct amqp *client = amqp_of(node);
  bool was_open = client->state == AMQP_OPEN;
  if (client->state == AMQP_OPENING && client->timer != TIMER_NONE)
    world_cancel(world, client->timer);
  client->timer = TIMER_NONE;
  client->state = AMQP_CLOSED;
  if (was_open) client->closed(world, node);
}

void amqp_start(struct world *world, struct node *node, bool consumes, amqp_changed_fn *opened,
                  amqp_changed_fn *closed) {
  struct amqp *client = amqp_of(node);
  *client = (struct amqp){.consumes = consumes, .opened = opened, .closed = closed,
                            .timer = TIMER_NONE};
  int64_t heartbeat = rabbit_setting(world, KEY_RABBIT_HEARTBEAT);
  client->open_lane = world_lane(world, span_of(rabbit_setting(world, KEY_RABBIT_CONNECTION_TIMEOUT)));
  if (heartbeat > 0) {
    client->heartbeat_lane = world_lane(world, span_of((heartbeat + 1) / 2));
    world_timer(world, node, 0, client->heartbeat_lane, AMQP_TIMER_HEARTBEAT, 0);
  }
  connect(world, node);
}

static struct message *of_session(struct world *world, struct node *node, enum rabbit_message kind) {
  const struct amqp *client = amqp_of(node);
  struct message *message = world_message(world, node, broker_node(world, client), 0, (uint16_t)kind);
  message->a = (int64_t)client->session;
  message->size = RABBIT_FRAME_BYTES;
  return message;
}

struct message *amqp_message(struct world *world, struct node *node, enum rabbit_message kind) {
  const struct amqp *client = amqp_of(node);
  ASSERT_EQ(client->state, AMQP_OPEN);
  return of_session(world, node, kind);
}

bool amqp_hears(struct world *world, struct node *node, const struct message *message) {
  struct amqp *client = amqp_of(node);
  if (client->state != AMQP_OPEN || (uint64_t)message->a != client->session) return false;
  client->heard_ns = world->now.ns;
  return true;
}

void amqp_leave(struct world *world, struct node *node, bool closes) {
  if (amqp_of(node)->state != AMQP_OPEN) return;
  struct message *message = amqp_message(world, node, RABBIT_LEAVE);
  message->b = closes;
  world_send(world, node, message);
}

void amqp_close(struct world *world, struct node *node) {
  struct amqp *client = amqp_of(node);
  if (client->state != AMQP_OPEN) return node_exit(world, node);
  if (client->leaving) return;
  client->leaving = true;
  amqp_leave(world, node, true);
  if (MUTANT(RABBIT_NO_CLOSE_OK) && !node->doomed) node_exit(world, node);
}

void amqp_give_up(struct world *world, struct node *node) {
  struct amqp *client = amqp_of(node);
  if (client->state != AMQP_CLOSED) { /* [I2] */
    struct message *message = of_session(world, node, RABBIT_LEAVE);
    message->b = true;
    world_send(world, node, message);
  }
  link_close(world, node, broker_node(world, client));
  close_now(world, node);
  go_on(world, client);
  if (!node->doomed && !client->leaving) connect(world, node);
}

void amqp_on_opened(struct world *world, struct node *node, struct message *message) {
  struct amqp *client = amqp_of(node);
  if (client->state != AMQP_OPENING || (uint64_t)message->a != client->session) return;
  world_cancel(world, client->timer);
  client->timer = TIMER_NONE;
  client->state = AMQP_OPEN;
  client->heard_ns = world->now.ns;
  client->opened(world, node);
}

void amqp_on_closed(struct world *world, struct node *node, struct message *message) {
  struct amqp *client = amqp_of(node);
  if (client->state == AMQP_CLOSED || (uint64_t)message->a != client->session) return;
  uint32_t there = (uint32_t)message->b;
  close_now(world, node);
  if (node->doomed || client->leaving) return;
  if (message->c && rabbit_setting(world, KEY_RABBIT_ON_CONSUMER_TIMEOUT) == RABBIT_STOPS) return; /* [I4] */
  if (there > 0 && there - 1 != client->broker) {
    client->broker = there - 1;
    return connect(world, node);
  }
  if (there == 0) go_on(world, client);
  connect_later(world, node, REDIRECTED_NS);
}

void amqp_on_heartbeat(struct world *world, struct node *node, struct message *message) {
  amqp_hears(world, node, message);
}

void amqp_on_open_timeout(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  amqp_of(node)->timer = TIMER_NONE;
  amqp_give_up(world, node);
}

/* A later session has made it obsolete. */
void amqp_on_connect(struct world *world, struct node *node, uint64_t sessions) {
  const struct amqp *client = amqp_of(node);
  if (client->state == AMQP_CLOSED && client->sessions == sessions) connect(world, node);
}

void amqp_on_syn(struct world *world, struct node *node, uint64_t sessions) {
  const struct amqp *client = amqp_of(node);
  if (client->state == AMQP_OPENING && client->sessions == sessions) ask_for_session(world, node);
}

void amqp_on_heartbeat_due(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct amqp *client = amqp_of(node);
  world_timer(world, node, 0, client->heartbeat_lane, AMQP_TIMER_HEARTBEAT, 0);
  if (client->state != AMQP_OPEN) return;
  if (world->now.ns - client->heard_ns >= rabbit_setting(world, KEY_RABBIT_HEARTBEAT))
    return amqp_give_up(world, node);
  world_send(world, node, amqp_message(world, node, RABBIT_HEARTBEAT));
}

void amqp_disconnected(struct world *world, struct node *node, uint16_t peer) {
  struct amqp *client = amqp_of(node);
  if (peer != broker_node(world, client) || client->state == AMQP_CLOSED) return;
  link_close(world, node, peer);
  close_now(world, node);
  go_on(world, client);
  if (!node->doomed && !client->leaving)
    connect_later(world, node, rabbit_setting(world, KEY_RABBIT_RECOVERY_INTERVAL));
}
