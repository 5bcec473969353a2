/* The world: nodes, links, faults and workload of one run, and the loop over its events.
 *
 * A model's functions are called with the world and their node; everything they may do to anybody else
 * is here: send, start timers, state facts, announce points. A run is a value: there is no other state.
 *
 *   workload -> producer.submit -> world_send -> link -> broker.on[stage][kind] -> ... -> world_effect
 *
 * [I1] Between two events of a node its state is touched by nobody else.
 * [I2] Every popped event writes one trace record before anything that it causes.
 * [I3] The run has drained when nothing is held (world_hold), no operation is to come and no fault is
 *      under way or still to come.
 */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include "sim/base/likely.h"
#include "sim/base/map.h"
#include "sim/kernel/luck.h"
#include "sim/kernel/queue.h"
#include "sim/kernel/timers.h"
#include "sim/kernel/trace.h"
#include "sim/world/call.h"
#include "sim/world/cost.h"
#include "sim/world/fact.h"
#include "sim/world/fault.h"
#include "sim/world/link.h"
#include "sim/world/message.h"
#include "sim/world/node.h"
#include "sim/world/observer.h"
#include "sim/world/plan.h"
#include "sim/world/workload.h"

/* Kinds of events in the queue. */
enum world_event {
  EVENT_MESSAGE,    /* node = port, detail = kind, a = the message, b = who gets it: pointers, which no trace sees */
  EVENT_LANE,       /* a = lane */
  EVENT_TIMER,      /* node, detail = kind, a = argument, b = incarnation << 1 | port */
  EVENT_CORE,       /* node: a core is free */
  EVENT_ARRIVAL,    /* the next operation */
  EVENT_DISCONNECT, /* node, detail = peer, a = channel, b = incarnation */
  EVENT_FAULT,      /* detail = enum fault_step, a = fault index, b = instance or node */
  EVENT_CLIENT,     /* detail = submit again, else a timeout; a = intent, b = attempt */
  EVENT_RETRANSMISSION, /* node, detail = peer, a = first sent (ns), b = incarnation: of what half a connection sends */
  EVENT__COUNT
};

/* What is remembered of an operation while it is young: its transmissions by hop and direction (they
 * key its luck across message ids and incarnations), its executions. */
#define OPERATION_WINDOW (1 << 15)
struct operation_memory {
  _Alignas(CACHE_LINE) uint64_t intent;
  uint16_t transmissions[LINK__COUNT][2];
  uint16_t executions;
  bool effected; /* saturating workloads: this obligation has had its first effect */
  uint8_t ended; /* saturating workloads: groups with a first effect; the first group's entry has it */
  uint32_t run;  /* world->run when it was written: what an earlier run left is not there */
};

struct world {
  const struct plan *plan;
  struct luck luck;
  struct queue queue;
  struct timers timers;
  struct trace trace;
  struct instant now;
  struct node *nodes;
  size_t node_count, node_capacity;
  uint32_t first[ROLE__COUNT], count[ROLE__COUNT]; /* nodes of a role */
  struct link_state links[LINK__COUNT];
  struct channel *channels;
  size_t channel_count, channel_capacity;
  struct message_pool messages;
  struct message *served; /* the message whose step is under way */
  struct calls calls;
  struct operation_memory *operations; /* a ring by intent for each group, one behind the other */
  uint32_t operation_groups;           /* rings there are */
  uint32_t run;                        /* how often world_reset was called */
  struct map clients;                  /* operations that are not over: see client.c */
  struct map late_operations;          /* transmissions of those that left the ring */
  struct faults faults;
  uint64_t intents; /* how many were issued so far: their ids may have gaps */
  struct intent_plan upcoming; /* the next to be issued: drawn before its time, so that what it needs is there then */
  struct node *upcoming_producer;
  uint64_t arrivals_pending; /* arrival events in the queue */
  bool arrivals_done;
  bool watched; /* there is more to ask than if anything is held: the end is near, or the workload saturates */
  uint64_t live; /* holds, see world_hold */
  int64_t quiet_since; /* ns: arrivals done and no fault under way or to come since then, and nothing
                          has been got out of the way since; -1 = not yet */
  uint64_t live_least; /* holds when that last happened */
  uint64_t quiet_events; /* as quiet_since, of COUNTER_EVENTS */
  int64_t drain_limit;
  uint64_t drain_events;
  int64_t issued_ns; /* when the latest operation arrived */
  uint64_t issued_events; /* likewise, of COUNTER_EVENTS */
  /* Around the point of a handler's call that may fail, and what a fault has made of it: 1 + enum call_error. */
  bool call_may_fail;
  uint8_t handler_call; /* 1 + enum handler_call; 0 = the point is none of a call */
  uint8_t call_failed;
  bool stopped, stuck;
  uint64_t counters[COUNTER__COUNT];
  uint64_t dedup_bytes;
  bool some_armed; /* any of these: mostly none is, and then none need be looked at */
  uint64_t armed[POINT__MAX / 64]; /* bit p: a trigger, or the observer, waits for point p */
  struct link_rules link_rules[LINK__COUNT];
  struct link_route routes[ROLE__COUNT * ROLE__COUNT]; /* by role of who sends, and of who gets it */
  const struct observer *observer; /* NULL = nobody looks on */
  size_t base_offset;
  unsigned char fill;
};

/* A world to be used for many runs. base_offset and fill: see arena.h. */
struct world *world_new(size_t base_offset, unsigned char fill);
void world_free(struct world *world);

/* How many nodes of a role a run of this plan has: none where the plan puts nothing on them. Ids of
 * nodes follow each other in the order of roles. */
uint32_t world_nodes_of(const struct plan *plan, enum role role);

/* What the n-th node of a role (from 1) is called: WORD.PLACE, and its group; or it is a service's. */
struct node_title {
  const char *word;
  uint32_t place, group;
  bool service;
};
struct node_title world_title(const struct plan *plan, enum role role, uint32_t index);

/* Prepares a run; sinks may be added to world->trace once, after world_new. */
void world_reset(struct world *world, const struct plan *plan, uint64_t seed);

/* To be called when an operation was the last, or a fault has begun, ended or been used up: notes since
 * when nothing is to come any more. */
void world_quiet(struct world *world);
/* At the end of a run, once: states what was counted in it. */
void world_state_counters(struct world *world);

/* Runs to the end; the trace is flushed. */
void world_run(struct world *world);

/* --- For models: messages --- */

/* A fresh message to `to`; kind is of the component at `port` there. Fill it, then send it or free it. */
struct message *world_message(struct world *world, const struct node *from, uint16_t to, uint8_t port,
                              uint16_t kind);
/* Sends it: announces its points, transmits. Owns it from here. It leaves now, or, from a server in the
 * middle of a request, when the service of that request ends; `message->depart` later than that wins. */
void world_send(struct world *world, struct node *from, struct message *message);
/* A fresh answer to a request, to be filled and sent: it goes back where that came from. Of the request it reads from,
 * from_incarnation, reply_port, correlation, channel, direction and epoch. */
struct message *world_answer(struct world *world, const struct node *from, const struct message *request,
                             uint16_t kind);
/* Keeps a message past the function that it was given to; then it must be freed. */
static inline void world_take(struct message *message) { message->taken = true; }
static inline void world_release(struct world *world, struct message *message) {
  if (message == world->served)
    message->taken = false; /* still in its own step: freed when that ends */
  else
    message_free(&world->messages, message);
}

/* --- For models: time --- */

/* Lane of a constant timeout, for timers that are mostly cancelled. To be called at start. */
uint16_t world_lane(struct world *world, struct span duration);
uint32_t world_timer(struct world *world, struct node *node, uint8_t port, uint16_t lane,
                     uint16_t kind, uint64_t argument);
void world_cancel(struct world *world, uint32_t timer);
/* Fires once, cannot be cancelled; dies with the incarnation. */
void world_after(struct world *world, struct node *node, uint8_t port, uint16_t kind, uint64_t argument,
                 struct span delay);

/* --- For models: facts, points, luck --- */

static inline void world_fact(struct world *world, enum fact fact, uint16_t node, uint64_t intent,
                              uint64_t value, uint32_t detail) {
  *trace_next(&world->trace) = (struct trace_record){
      .at = world->now.ns, .intent = intent, .value = value, .kind = (uint16_t)fact, .node = node,
      .detail = detail};
  if (LIKELY(fact_is_judged(fact))) trace_mark(&world->trace);
}
/* A store or sink has applied the operation; it can be seen, durably, from visible_ns on. `group`: of
 * the node that it was done for, as in every fact about what a group got. */
void world_effect(struct world *world, const struct node *node, uint64_t intent, int64_t visible_ns,
                  uint32_t group);

/* Announces an occurrence of a point outside of messages. `before`: it is about to happen. Returns
 * false when the node has just been doomed there: the caller returns at once and does not do it. */
bool world_point_slow(struct world *world, struct node *node, uint32_t point, bool before,
                      uint64_t intent, struct message *message);
static inline bool world_armed(const struct world *world, uint32_t point) {
  return UNLIKELY(world->some_armed) && (world->armed[point / 64] >> (point % 64)) & 1;
}
static inline bool world_point(struct world *world, struct node *node, uint32_t point, bool before,
                               uint64_t intent) {
  if (UNLIKELY(world_armed(world, point)))
    world_point_slow(world, node, point, before, intent, NULL);
  return LIKELY(!node->doomed);
}

/* Address of a draw of a node's own: purpose is a hash of a name. */
static inline uint64_t world_address(const struct node *node, uint64_t purpose, uint64_t n) {
  return hash_pair(node->key ^ purpose, n);
}

/* The n-th transmission, or execution, of an operation: counted here, outside every node's memory, and
 * for each group apart (hops that belong to none count as the first one's). */
uint32_t world_count_transmission_slow(struct world *world, uint64_t intent, uint32_t group, enum link link,
                                       int direction);
static inline uint32_t world_count_transmission(struct world *world, uint64_t intent, uint32_t group,
                                                enum link link, int direction) {
  struct operation_memory *memory = &world->operations[intent & (OPERATION_WINDOW - 1)];
  uint16_t *count = &memory->transmissions[link][direction];
  if (LIKELY(group == 0 && memory->intent == intent && memory->run == world->run && *count < UINT16_MAX))
    return ++*count;
  return world_count_transmission_slow(world, intent, group, link, direction);
}
uint32_t world_count_execution(struct world *world, uint64_t intent, uint32_t group);

/* --- For models: what is still under way --- */

/* Something that may still change an obligation: a copy that is not acknowledged, an open transaction,
 * a handler at work. With a node: it dies with the node's memory. Without (NULL): durable. */
static inline void world_hold(struct world *world, struct node *node) {
  world->live++;
  if (node) node->holds++;
}
static inline void world_unhold(struct world *world, struct node *node) {
  ASSERT(world->live > 0);
  world->live--;
  if (!node) return;
  ASSERT(node->holds > 0);
  node->holds--;
}
/* Of something durable there is another number now. */
static inline void world_hold_count(struct world *world, uint64_t *held, uint64_t count) {
  ASSERT_LE(*held, world->live + count);
  world->live += count - *held;
  *held = count;
}

/* Whether operations are still to come: who is idle until then waits for them. */
static inline bool world_more_to_come(const struct world *world) { return !world->arrivals_done; }

/* A message that carries an operation (0 = it does not) is held while it is under way. Without a branch: which it is
 * that comes next is luck. */
static inline void world_hold_message(struct world *world, uint64_t intent) { world->live += intent != 0; }
static inline void world_unhold_message(struct world *world, uint64_t intent) {
  ASSERT(world->live >= (intent != 0));
  world->live -= intent != 0;
}

/* Whether the plan has such a fault, so that it may come: what a model has to remember for it. */
static inline bool world_expects(const struct world *world, enum verb verb) {
  return (world->faults.planned >> verb) & 1;
}

/* The time by a node's own clock, ns: what an application that runs there reads, which faults can put wrong.
 * Who reads it says so: world_clock_read credits the fault. */
static inline int64_t world_clock(const struct world *world, const struct node *node) {
  return world->now.ns + (UNLIKELY(node->skewed) ? node->clock_skew : 0);
}
static inline void world_clock_read(struct world *world, const struct node *node, uint64_t intent) {
  if (UNLIKELY(node->skewed)) faults_hit(world, node->clock_skew_by, node->id, intent);
}

static inline struct node *world_node(struct world *world, enum role role, uint32_t index_from_0) {
  return &world->nodes[world->first[role] + index_from_0];
}
static inline void world_count(struct world *world, enum counter counter, uint64_t by) {
  world->counters[counter] += by;
}
/* A dedup store grew or shrank by so many bytes. */
void world_dedup_bytes(struct world *world, int64_t by);

#endif
