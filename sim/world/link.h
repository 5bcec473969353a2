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
 * A clogged channel loses nothing: what arrives waits, and goes on in order when it is free again. A
 * degraded one has other rules for the time being.
 *
 * [I3] An answer reaches only the incarnation and the connection that asked.
 * LIMIT: a request that LINK_OLD_EPOCHS reconnections have overtaken is lost.
 * LIMIT: opening a connection costs nothing; both ends learn of a reset at once. What is sent to a machine that is
 * away to open one is lost, and not sent again by TCP.
 * LIMIT: who was connected to does not learn from the other machine, once that is back, that it had been gone.
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
#define LINK_OLD_EPOCHS 4 /* requests of so many connections back may still come */
#define RETRANSMISSION_FIRST_NS (200 * NS_PER_MS) /* RFC 6298's minimum as Linux has it, TCP_RTO_MIN */
#define RETRANSMISSION_LAST_NS (120 * NS_PER_S)   /* TCP_RTO_MAX */
#define CONNECTION_GIVES_UP_NS (924600 * NS_PER_MS) /* net.ipv4.tcp_retries2 = 15 */

/* Why a transmission was lost: the `value` of a LOST event. */
enum loss { LOSS_LINK, LOSS_CUT, LOSS_RESET, LOSS_DEAD, LOSS_STALE, LOSS_DROPPED, LOSS_UNSENT };

/* The plan's links, ready for the hot path. */
struct link_rules {
  enum link_kind kind;
  const struct quantile_table *latency;
  uint64_t loss[2]; /* thresholds by direction */
  uint64_t duplication, reordering;
  int64_t bandwidth;
  uint64_t key;
};

/* What every transmission touches is in the first cache line, what a control request does beside that in the
 * second. */
struct channel {
  _Alignas(CACHE_LINE) const struct link_rules *rules; /* the link's, or those of a fault that degrades it */
  uint64_t sent[2];     /* a connection, by direction: sequence of the last sent */
  uint64_t control_key; /* of the luck of control requests of one kind and direction: the last that came */
  uint32_t control_of;  /* which these are: (kind << 1 | direction) + 1, 0 = none yet */
  uint32_t epoch;       /* of the connection */
  uint32_t degraded_by; /* fault, NO_FAULT */
  uint16_t ends[2];     /* node ids: who connects, who answers */
  uint8_t link;         /* enum link */
  uint8_t kind;         /* enum link_kind */
  bool half_open;       /* a connection: who connects does not know that the other machine was gone */
  uint8_t half_open_state; /* see link_break.c */
  uint16_t group;       /* of who connects */
  bool used;            /* a connection: something was sent in this epoch */
  bool troubled;        /* in this run a fault has degraded, clogged or cut it: else none of that need be asked */
  bool plain;           /* per-request and not troubled: a message is lost or it arrives, that is all */
  _Alignas(CACHE_LINE) uint32_t control[LINK_MESSAGE_KINDS_MAX]; /* control requests so far, by kind: key their luck */
  struct channel_way {
    uint64_t arrived;     /* sequence of the last arrived in this epoch */
    int64_t last_arrival; /* ns, of this epoch */
    uint64_t old_limit;   /* of the epoch before: messages up to this sequence still arrive; answers of
                             older ones do not: nobody reads that socket any more */
    int64_t stall_until;  /* ns: head of line is sent again then, all behind it wait */
    int64_t stalled_since; /* ns, -1 = not stalled */
    uint32_t stall_rounds;
    uint32_t stalled_by;  /* fault that clogs it; NO_FAULT: who cuts it */
    uint32_t cuts;        /* partitions that cut this direction now */
    uint32_t cut_by;      /* fault index of the last of them */
  } ways[2];
  uint32_t reset_by;      /* fault index of the last reset, NO_FAULT */
  int64_t degraded_until; /* ns */
  int64_t clogged_until;  /* ns: what arrives before waits until then */
  uint32_t clogged_by;    /* the fault that clogs it longest */
  uint64_t request_limits[LINK_OLD_EPOCHS]; /* by epoch: requests up to this sequence still arrive, as
                                               they lie in that connection's buffer at who answers */
  char unused[64]; /* see below */
};
/* The first lines of many channels lie in all sets of a cache then, and not in every eighth. */
_Static_assert(sizeof(struct channel) / 64 % 2 == 1, "an odd number of cache lines");

struct link_state {
  bool used;
  uint32_t first_channel, from_count, to_count, from_node, to_node;
};

/* From one role to another: which link, and where its channels are. Between nodes of one role it is that of
 * requests. */
struct link_route {
  int8_t link; /* enum link, -1 = none */
  uint8_t direction;
  uint32_t from_step, to_step; /* the channel of two ids: base + from * from_step + to * to_step */
  int64_t base;
};

struct event;
struct fault_plan;
struct world;

/* Compiles the rules of a plan's links, and lays out their channels. */
void link_init(struct world *world);

/* Sends; owns the message from here. Its from, to, kind, port are set, an answer's channel and direction too. Called
 * by world_send, which knows the nodes. */
void link_transmit(struct world *world, struct message *message, const struct node *from, const struct node *to);

/* A transmission reaches the far end, `to`, now: true = to be delivered; else it was lost or stalled, traced
 * and taken care of. */
bool link_arrive(struct world *world, struct message *message, const struct node *to);

/* Up to which sequence messages of a connection that is broken still arrive; 0 = none. */
uint64_t link_old_limit(const struct channel *channel, uint32_t epoch, int way);

/* The kind of the link between two nodes; LINK_KIND__COUNT when there is none. */
enum link_kind link_kind_between(const struct world *world, uint16_t from, uint16_t to);

/* It is not plain from here to the end of the run. */
static inline void link_trouble(struct channel *channel) {
  channel->troubled = true;
  channel->plain = false;
}

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
 * not. Peers are told after one latency, unless the machine itself is gone (death_of_machine): then who has connected
 * to it learns of it by sending, once it is back. */
void link_node_down(struct world *world, struct node *node);

/* Who has connected sends again what nobody has acknowledged; an event. */
void link_retransmission(struct world *world, const struct event *event);

/* `node` hears that its connection to `peer` is over. */
void link_told(struct world *world, const struct node *node, uint16_t peer);

/* Clogs every channel of a link that one of `froms` connects, for so long. */
void link_clog(struct world *world, enum link link, const uint8_t *froms, int64_t until, uint32_t fault);

/* Rules of a link for the time being: those of the plan but for what the fault says. */
struct link_rules link_degraded(const struct world *world, const struct fault_plan *plan);

/* From here, channels of a link that one of `froms` connects have these rules, until an instant (ns);
 * NULL: the plan's. */
void link_set_rules(struct world *world, enum link link, const uint8_t *froms,
                    const struct link_rules *rules, uint32_t fault, int64_t until);

/* Cuts (on = true) or mends one direction between two sets of nodes for a partition. Sets are bitmaps
 * by node id. direction as in the plan, seen from `targets`. */
void link_cut(struct world *world, const uint8_t *targets, const uint8_t *others, int direction,
              bool on, uint32_t fault);

/* Likewise, both directions between any two of a set that are not neighbours in the ring of their ids. */
void link_cut_ring(struct world *world, const uint8_t *set, bool on, uint32_t fault);

#endif
