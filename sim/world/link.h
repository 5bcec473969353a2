/* Links: how messages travel between two nodes.
 *
 *   connection    ordered, reliable while it lasts. Loss is delay (200 ms, doubling); a cut stalls it;
 *                 a reset breaks it: a prefix of what was under way arrives, the rest never does.
 *   per-request   each request and each answer is lost alone.
 *   datagram      each message is lost, doubled or overtaken alone.
 *
 * A channel is one pair of nodes on one link, with two directions: 0 from who connects, 1 back.
 *
 * [I1] Within one connection (one epoch of a channel) and direction, messages arrive in the order sent.
 * [I2] Never across two epochs: what the old one had sent may arrive after what the new one sends.
 * [I3] An answer reaches only the incarnation and the connection that asked.
 * LIMIT: opening a connection costs nothing; both ends learn of a reset at once.
 */
#ifndef SIM_WORLD_LINK_H
#define SIM_WORLD_LINK_H

#include "sim/kernel/time.h"
#include "sim/world/message.h"
#include "sim/world/model.h"
#include "sim/world/role.h"

#include <stdbool.h>
#include <stdint.h>

#define LINK_MESSAGE_KINDS_MAX 64
#define RETRANSMISSION_FIRST_NS (200 * NS_PER_MS) /* RFC 6298's minimum as Linux has it, TCP_RTO_MIN */
#define RETRANSMISSION_LAST_NS (120 * NS_PER_S)   /* TCP_RTO_MAX */
#define CONNECTION_GIVES_UP_NS (924600 * NS_PER_MS) /* net.ipv4.tcp_retries2 = 15 */

/* Why a transmission was lost: the `value` of a LOST event. */
enum loss { LOSS_LINK, LOSS_CUT, LOSS_RESET, LOSS_DEAD, LOSS_STALE, LOSS_DROPPED, LOSS_UNSENT };

struct channel {
  enum link link;
  uint16_t ends[2]; /* node ids: who connects, who answers */
  uint32_t epoch;   /* of the connection */
  struct {
    uint64_t sent;        /* sequence of the last sent */
    uint64_t arrived;     /* sequence of the last arrived in this epoch */
    uint64_t old_limit;   /* of the epoch before: messages up to this sequence still arrive */
    int64_t last_arrival; /* ns, of this epoch */
    int64_t stall_until;  /* ns: head of line is sent again then, all behind it wait */
    int64_t stalled_since; /* ns, -1 = not stalled */
    uint32_t stall_rounds;
    uint32_t cuts;        /* partitions that cut this direction now */
    uint32_t cut_by;      /* fault index of the last of them */
  } ways[2];
  uint32_t reset_by;  /* fault index of the last reset, NO_FAULT */
  bool used;          /* something was sent in this epoch */
  uint32_t control[LINK_MESSAGE_KINDS_MAX]; /* control requests so far, by kind: key their luck */
};

struct link_state {
  bool used;
  uint32_t first_channel, from_count, to_count, from_node, to_node;
};

struct world;

/* Lays out the channels of a plan's links. */
void link_init(struct world *world);

/* Sends; owns the message from here. Its from, to, kind, port are set. Called by world_send. */
void link_transmit(struct world *world, struct message *message);

/* A transmission reaches the far end now: true = to be delivered; else it was lost or stalled, traced
 * and taken care of. */
bool link_arrive(struct world *world, struct message *message);

/* The kind of the link between two nodes; LINK_KIND__COUNT when there is none. */
enum link_kind link_kind_between(const struct world *world, uint16_t from, uint16_t to);

/* The channel between two nodes, or NULL. */
struct channel *link_channel(struct world *world, uint16_t from, uint16_t to);

/* Breaks the connection, as a RST in the middle does: of what is under way in each direction a prefix
 * drawn by luck arrives. `fault` is credited with what is lost. Both ends are told. */
void link_reset(struct world *world, struct channel *channel, uint32_t fault);

/* A message that is just being sent is dropped: a reset at that transmission. What was sent before it
 * still arrives, it and all that follows does not. */
void link_drop(struct world *world, struct channel *channel, const struct message *message);

/* `node` closes its connection to `peer`: what it sent still arrives, answers do not. */
void link_close(struct world *world, struct node *node, uint16_t peer);

/* A node died: its connections break. What it had sent still arrives; what was under way to it does
 * not. Peers are told after one latency, unless the machine itself is gone (DEATH_POWER). */
void link_node_down(struct world *world, struct node *node);

/* Cuts (on = true) or mends one direction between two sets of nodes for a partition. Sets are bitmaps
 * by node id. direction as in the plan, seen from `targets`. */
void link_cut(struct world *world, const uint8_t *targets, const uint8_t *others, int direction,
              bool on, uint32_t fault);

#endif
