/* Nodes: processes that live, die and come back.
 *
 *            node_start                     node_terminate
 *   [down] ------------> [up, incarnation n] -----------> [stopping] --node_exit--> [down]
 *      ^                        |  node_kill                  |  grace over: node_kill
 *      +------------------------+-----------------------------+
 *
 * A node's volatile state is its arena: a crash drops it whole. Its disk is what the component keeps in
 * node->disk; a kill keeps it (the page cache survives), a power loss drops what was not synced, and with
 * the disk gone it is as it was before the first start.
 *
 * [I1] Timers and answers of a dead incarnation never reach a later one. Requests that it had already
 *      sent do reach their receivers (sim/oracle/README.md).
 * [I2] A doomed node (killed at a point in the middle of its own step) sends nothing and stores nothing
 *      from that point on; it dies when the step returns.
 * [I3] A paused node does nothing: what reaches it, and its timers, wait until it goes on, in order.
 */
#ifndef SIM_WORLD_NODE_H
#define SIM_WORLD_NODE_H

#include "sim/base/arena.h"
#include "sim/base/likely.h"
#include "sim/kernel/time.h"
#include "sim/world/message.h"
#include "sim/world/model.h"
#include "sim/world/observer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODE_PORTS 2
#define NODE_CORES_MAX 64
#define NO_FAULT UINT32_MAX

enum node_part { NODE_CPU, NODE_DISK, NODE_PART__COUNT };
#define NODE_SLOW_MAX 1000000 /* faults that overlap multiply, up to this */

enum death { DEATH_NONE, DEATH_EXIT, DEATH_KILL, DEATH_POWER, DEATH_DISK };

/* Whether the machine went, and not only the process: nobody answers there, no page cache survives. */
static inline bool death_of_machine(enum death death) { return death >= DEATH_POWER; }

/* What every event at a node, or between two, touches comes first, in one cache line; the second is the rest of what
 * many do. */
struct node {
  _Alignas(CACHE_LINE) uint16_t id; /* index in world->nodes */
  uint16_t group; /* consumers and databases: the sink group that they belong to, from 0 */
  uint8_t role;   /* enum role */
  uint8_t stage;  /* of the component at port 0: the row of its `on` table */
  bool alive : 1, doomed : 1;
  bool skewed : 1;      /* its clock is off, see world_clock */
  bool slowed : 1;      /* some of what it does takes longer, see node_takes */
  uint32_t incarnation; /* from 1 */
  uint32_t holds;       /* volatile holds, see world_hold */
  int64_t paused_until; /* ns; 0 = it is not paused */
  int64_t depart;       /* ns: when what it sends in this step leaves; 0 = now */
  const struct component *components[NODE_PORTS];
  void *state[NODE_PORTS]; /* volatile: in the arena */
  void *disk[NODE_PORTS];  /* durable: the component's own memory */
  uint64_t key;            /* hash of its name: keys luck */
  uint32_t first_call;     /* open calls of its clients (sim/world/call.h) */
  uint32_t cores;          /* a server's, and its queue for them */
  size_t inbox_count;
  bool stopping;
  bool core_event; /* an event for the next free core is pending */
  /* how many times as long what it does takes, by faults under way; ask node_takes */
  uint32_t slow[NODE_PART__COUNT], slow_by[NODE_PART__COUNT]; /* factor; the last fault to begin */
  int64_t core_free[NODE_CORES_MAX]; /* ns at which each is free */
  uint32_t *inbox;
  size_t inbox_head, inbox_capacity;
  uint32_t index;   /* from 1 within its role */
  bool service;     /* a database: it is its producers', and no group's */
  const char *word; /* what its name begins with: the role's, or its group's (plan.h) */
  uint32_t place;   /* from 1 among those of that word */
  enum death death; /* how the last incarnation ended */
  int64_t died_at;  /* ns */
  int64_t late_until;   /* ns: what it had sent when it died arrives no earlier; 0 = as it does */
  uint32_t paused_by;   /* fault */
  uint32_t down_by;     /* fault that took it down, NO_FAULT */
  uint32_t stopped_by;  /* fault that is terminating it, NO_FAULT */
  struct span down_for; /* from its end to its restart, as the fault that ends it says */
  struct arena arena;
  int64_t clock_skew;     /* ns: what its clock is off by */
  uint32_t clock_skew_by; /* the last fault in the plan that says so, when it is not 0 */
  /* its disk, as faults have made it; a model asks node_flush */
  uint32_t fsync_lies;     /* faults under way by which a flush says that it is done and is not */
  uint32_t fsync_lies_by;  /* the last of them to begin */
  uint32_t fsync_fails_by; /* fault by which the next flush fails, NO_FAULT */
};

_Static_assert(offsetof(struct node, disk) <= CACHE_LINE, "what every event touches is in one line");

/* Into the cache with what a component has in the first two lines of its memory: a message for it is on its way. */
static inline void node_fetch(const struct node *node, int port) {
  const uintptr_t state = (uintptr_t)node->state[port]; /* 0 when it is dead */
  __builtin_prefetch((const void *)state, 1);
  __builtin_prefetch((const void *)(state + CACHE_LINE), 1);
}

/* The row of a message's kind, at who gets it. */
static inline const struct message_kind *node_message_kind(const struct node *to, const struct message *message) {
  return &to->components[message->port]->messages[message->kind];
}

/* How long a piece of work takes that begins now, where it is `ns` on a node in good health: every price
 * of CPU or disk goes through here (of a server's requests the world sees to it). Credits the fault. */
int64_t node_takes_longer(struct world *world, struct node *node, enum node_part part, int64_t ns);
static inline int64_t node_takes(struct world *world, struct node *node, enum node_part part, int64_t ns) {
  if (LIKELY(!node->slowed) || node->slow[part] == 1) return ns;
  return node_takes_longer(world, node, part, ns);
}

/* What came of a flush of the disk. */
enum flush {
  FLUSH_DONE,   /* all that was written so far is durable, also what earlier flushes lied about */
  FLUSH_LIED,   /* it says so and is not: written, but lost with the power until a later flush is true */
  FLUSH_FAILED, /* the node is doomed, as by a kill at a point: return at once, write and answer nothing */
};

/* A flush of the node's disk (fsync, fdatasync, the operating system's write-back) ends now, in a step of
 * its own. To be called once for each, whether or not a fault is under way; credits the fault. What was
 * written and not flushed is for the model to remember, and to undo in `crash` when the power is lost.
 *
 * A flush that fails is never asked for again (PostgreSQL, since 2018, and Kafka's log directories): the
 * process stops, and comes back after the fault's `for`. */
enum flush node_flush(struct world *world, struct node *node);

void node_start(struct world *world, struct node *node, enum start_reason reason);

/* Ends the process at once. `fault`: who did it, or NO_FAULT. Does nothing when it is down. */
void node_kill(struct world *world, struct node *node, enum death death, uint32_t fault);

/* Stands still until an instant (ns), or until a later one that it is paused to already. */
void node_pause(struct world *world, struct node *node, int64_t until, uint32_t fault);
/* Goes on, when no later pause holds it: fires what came due meanwhile. */
void node_resume(struct world *world, struct node *node);

/* SIGTERM. The topmost component that has `terminate` drains, and passes it on or calls node_exit; without
 * one the process exits at once. */
void node_terminate(struct world *world, struct node *node, uint32_t fault);

/* The process ends by itself, connections closed in order. To be called from its own step: takes
 * effect when the step returns. */
void node_exit(struct world *world, struct node *node);

/* Tells the observer, if there is one. */
void node_tell(const struct world *world, const struct node *node, enum node_change change);

/* "consumer.1", "payment.1", into a buffer of at least 32 bytes. */
const char *node_name(const struct node *node, char *out, size_t size);

#endif
