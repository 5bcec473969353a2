/* A client's connection, for producers and consumers alike.
 *
 *            OPEN                OPENED
 *   [closed] ----> [opening] ------------> [open] --CLOSED, broken, silent, given up--> [closed]
 *      ^              |                                                                    |
 *      '--------------+------------------ waits, goes on to the next broker ---------------'
 *
 * The next broker: the one that CLOSED names, else the next of those that hold the queue. After a broken
 * connection network_recovery_interval passes first; a broker that does not answer an OPEN is left after
 * connection_timeout; meanwhile it is sent again after 1 s, 2 s, 4 s …, as the system does with a SYN, so
 * that a machine that comes back is found. A heartbeat is sent, and the broker's looked for, each half of
 * `heartbeat`.
 *
 * [I1] At most one session is open. What arrives of another one is not for it. An OPEN that is sent again
 *      asks for another session, so that no tag of an answer to the first can be taken for one of the second.
 * [I2] A client that leaves by itself tells the broker, on the connection that it leaves; also one that has waited
 *      in vain for the broker's OPENED: its system closes the connection.
 * [I3] A process that stops exits when the broker has answered its LEAVE, and so has executed all that was
 *      sent before it, or when the connection is gone; it does not connect again. (connection.close and
 *      close-ok; the Java client's close() waits without a limit, a connection that breaks or is silent for
 *      `heartbeat` ends the wait, and the grace of the stop does.)
 * [I4] A consumer that is closed for its consumer_timeout stays closed with `on_consumer_timeout: stops`, until
 *      its process is started again: a channel exception, or a basic.cancel, makes no client library subscribe
 *      anew by itself; only a broken connection does. With `resubscribes` the program, or its framework, does it.
 * LIMIT: the Java client's recovery of a connection that breaks later opens also the channel that was closed
 *        (rabbitmq-java-client, issue 1085); here that connection is gone with its channel.
 * LIMIT: a broker that does not lead says who does; clients of a real cluster stay where they are and the
 *        node that they are connected to goes and asks.
 */
#ifndef MODELS_RABBITMQ_AMQP_H
#define MODELS_RABBITMQ_AMQP_H

#include "models/rabbitmq/wire.h"

enum amqp_state { AMQP_CLOSED, AMQP_OPENING, AMQP_OPEN };
/* The first timers of each component that has a client. */
enum amqp_timer {
  AMQP_TIMER_OPEN,
  AMQP_TIMER_CONNECT,
  AMQP_TIMER_SYN,
  AMQP_TIMER_HEARTBEAT,
  AMQP_TIMER__COUNT
};

typedef void amqp_changed_fn(struct world *world, struct node *node);

struct amqp {
  uint64_t session;
  int64_t heard_ns;
  uint32_t sessions; /* named so far */
  uint32_t broker;   /* index from 0 */
  uint32_t timer;
  int64_t syn_ns; /* until the OPEN is sent again */
  uint16_t open_lane, heartbeat_lane;
  uint8_t state;
  bool consumes;
  bool leaving; /* [I3] */
  amqp_changed_fn *opened, *closed;
};

/* The component's state begins with its client. */
static inline struct amqp *amqp_of(const struct node *node) { return node->state[0]; }

void amqp_start(struct world *world, struct node *node, bool consumes, amqp_changed_fn *opened,
                  amqp_changed_fn *closed);
/* A fresh message of the open session, to be filled and sent. */
struct message *amqp_message(struct world *world, struct node *node, enum rabbit_message kind);
/* Whether an arriving message is of the open session. */
bool amqp_hears(struct world *world, struct node *node, const struct message *message);
/* Gives the connection up and goes on to the next broker. */
void amqp_give_up(struct world *world, struct node *node);
/* Says good-bye. */
void amqp_leave(struct world *world, struct node *node, bool closes);
/* The last thing that a process does. Without an open session it exits at once; with one it says good-bye,
 * and `closed`, called when that is answered or the connection is gone, is to call this again. [I3] */
void amqp_close(struct world *world, struct node *node);

message_fn amqp_on_opened, amqp_on_closed, amqp_on_heartbeat;
timer_fn amqp_on_open_timeout, amqp_on_connect, amqp_on_syn, amqp_on_heartbeat_due;
void amqp_disconnected(struct world *world, struct node *node, uint16_t peer);

#endif
