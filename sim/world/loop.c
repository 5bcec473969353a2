/* The loop over events: what each of them does, and when a run is over. */
#include "sim/world/world.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"
#include "sim/world/mutants.h"

/* --- Events --- */

/* Dropped where it arrived: its connection breaks at this transmission, unless it is a new one. */
static void drop_received(struct world *world, const struct message *message) {
  struct channel *channel = &world->channels[message->channel];
  if (world->link_rules[channel->link].kind == LINK_KIND_CONNECTION &&
      channel->epoch == message->epoch)
    link_drop(world, channel, message);
}

static inline __attribute__((always_inline)) void serve(struct world *world, struct node *node,
                                                        const struct component *component,
                                                        struct message *message, uint32_t of_kind) {
  const struct message_kind *kind = &component->messages[of_kind];
  uint64_t intent = message->intent;
  uint32_t row = LIKELY(component == node->components[0]) ? node->stage : 0;
  message_fn *on = component->on[row * component->message_count + of_kind];
  ASSERT_MSG(on, "protocol breach: %s got '%s' in stage '%s'", component->name, kind->name,
             component->stage_names ? component->stage_names[row] : "-");
  bool go = true;
  if (world_armed(world, kind->received) && kind->received != POINT_NONE)
    go = world_point_slow(world, node, kind->received, true, intent, message) &&
         world_point_slow(world, node, kind->received, false, intent, message);
  if (UNLIKELY(message->dropped)) drop_received(world, message);
  if (LIKELY(go && !message->dropped)) {
    world_count(world, COUNTER_ROUND_TRIPS, kind->reply);
    world->served = message;
    on(world, node, message);
    world->served = NULL;
  }
  if (LIKELY(!message->taken)) message_free(&world->messages, message);
  world_unhold_message(world, intent);
}

static uint32_t soonest_core(const struct node *node) {
  uint32_t best = 0;
  for (uint32_t i = 1; UNLIKELY(i < node->cores); i++)
    if (node->core_free[i] < node->core_free[best]) best = i;
  return best;
}

/* A request gets a core: it is executed when its service starts, its answers leave when it ends. */
static void occupy(struct world *world, struct node *node, uint32_t core, const struct component *component,
                   const struct message *message) {
  node->depart =
      world->now.ns + node_takes(world, node, NODE_CPU, component->cost(world, message));
  node->core_free[core] = node->depart;
}

static void await_core(struct world *world, struct node *node) {
  if (node->core_event || node->inbox_count == 0) return;
  node->core_event = true;
  queue_push(&world->queue, &(struct event){.at = node->core_free[soonest_core(node)],
                                            .node = node->id, .kind = EVENT_CORE,
                                            .b = node->incarnation});
}

static void enqueue(struct node *node, const struct message *message) {
  if (node->inbox_count == node->inbox_capacity) {
    size_t old = node->inbox_capacity;
    GROW(node->inbox, node->inbox_capacity, old + 1);
    for (size_t i = 0; i < node->inbox_head; i++) node->inbox[old + i] = node->inbox[i];
  }
  size_t at = (node->inbox_head + node->inbox_count++) & (node->inbox_capacity - 1);
  node->inbox[at] = message->id;
}

static void trace_message(struct world *world, const struct message *message, enum trace_event kind) {
  *trace_next(&world->trace) = (struct trace_record){
      .at = world->now.ns, .intent = message->intent, .value = message->transmission,
      .kind = (uint16_t)kind, .node = message->to,
      .detail = (uint32_t)message->kind << 16 | message->from};
}

/* [I3] of node.h: whether an event has to wait for a node that stands still; then it does. */
static inline __attribute__((always_inline)) bool waits(struct world *world, const struct node *node,
                                                        const struct event *event) {
  if (LIKELY(node->paused_until <= world->now.ns) || MUTANT(WORLD_NO_PAUSE)) return false;
  struct event again; /* what is pushed may take its place */
  event_copy(&again, event);
  again.at = node->paused_until;
  queue_push(&world->queue, &again);
  faults_hit(world, node->paused_by, node->id, 0);
  return true;
}

static inline __attribute__((always_inline)) void on_message(struct world *world, const struct event *event) {
  struct message *message = (struct message *)(uintptr_t)event->a;
  struct node *node = (struct node *)(uintptr_t)event->b;
  const uint32_t port = event->node, of_kind = event->detail;
  if (waits(world, node, event)) return;
  const struct component *component = node->components[port];
  trace_message(world, message, TRACE_ARRIVED);
  if (!link_arrive(world, message, node)) return;
  if (UNLIKELY(world->observer != NULL) && world->observer->arrived)
    world->observer->arrived(world->observer->context, world, message);
  const bool needs_core = !message->is_reply && component->cost;
  if (needs_core) {
    uint32_t core = soonest_core(node);
    if (UNLIKELY(node->inbox_count > 0 || node->core_free[core] > world->now.ns) && !MUTANT(WORLD_ONE_CORE_MORE)) {
      enqueue(node, message);
      return await_core(world, node);
    }
    occupy(world, node, core, component, message);
  }
  serve(world, node, component, message, of_kind);
  node->depart = 0;
}

static void on_core(struct world *world, const struct event *event) {
  struct node *node = &world->nodes[event->node];
  if (waits(world, node, event)) return;
  if (!node->alive || node->incarnation != event->b) return;
  node->core_event = false;
  uint32_t core = soonest_core(node);
  while (node->inbox_count > 0 && node->core_free[core] <= world->now.ns && !node->doomed) {
    struct message *message = message_at(&world->messages, node->inbox[node->inbox_head]);
    node->inbox_head = (node->inbox_head + 1) & (node->inbox_capacity - 1);
    node->inbox_count--;
    trace_message(world, message, TRACE_SERVED);
    const struct component *component = node->components[message->port];
    occupy(world, node, core, component, message);
    serve(world, node, component, message, message->kind);
    node->depart = 0;
    core = soonest_core(node);
  }
  await_core(world, node);
}

static void fire(struct world *world, uint32_t id, uint32_t incarnation, uint16_t kind,
                 uint64_t argument) {
  struct node *node = &world->nodes[id];
  *trace_next(&world->trace) = (struct trace_record){.at = world->now.ns, .value = argument,
                                                     .kind = TRACE_TIMER, .node = (uint16_t)id,
                                                     .detail = kind};
  if (UNLIKELY(!node->alive || node->doomed || node->incarnation != incarnation)) return;
  const struct component *component = node->components[kind >> 15];
  component->on_timer[kind & 0x7fff](world, node, argument);
}

static void on_lane(struct world *world, const struct event *event) {
  const uint16_t lane = (uint16_t)event->a;
  struct timer timer;
  while (timers_expire(&world->timers, &world->queue, world->now, lane, &timer)) {
    const struct node *node = &world->nodes[timer.node];
    if (node->paused_until > world->now.ns) {
      timers_park(&world->timers, &timer);
      faults_hit(world, node->paused_by, node->id, 0);
      continue;
    }
    fire(world, timer.node, timer.incarnation, timer.kind, timer.argument);
    if (world->faults.deferred_count) faults_deferred(world);
  }
}

static void on_timer(struct world *world, const struct event *event) {
  if (waits(world, &world->nodes[event->node], event)) return;
  fire(world, event->node, (uint32_t)event->b, event->detail, event->a);
}

static void on_arrival(struct world *world, const struct event *event) {
  (void)event;
  workload_arrive(world);
  if (world->arrivals_done) world_quiet(world);
}

static void on_disconnect(struct world *world, const struct event *event) {
  struct node *node = &world->nodes[event->node];
  const uint16_t peer = event->detail;
  if (waits(world, node, event)) return;
  *trace_next(&world->trace) = (struct trace_record){.at = world->now.ns, .value = EVENT_DISCONNECT,
                                                     .kind = TRACE_WORLD, .node = node->id,
                                                     .detail = peer};
  if (!node->alive || node->doomed || node->incarnation != event->b) return;
  link_told(world, node, peer);
  for (int port = 0; port < NODE_PORTS; port++)
    if (node->components[port] && node->components[port]->disconnected)
      node->components[port]->disconnected(world, node, peer);
}

static void on_fault(struct world *world, const struct event *event) {
  faults_event(world, (enum fault_step)event->detail, (uint32_t)event->a, event->b);
}

static void on_client(struct world *world, const struct event *event) {
  *trace_next(&world->trace) = (struct trace_record){.at = world->now.ns, .intent = event->a,
                                                     .value = EVENT_CLIENT, .kind = TRACE_WORLD,
                                                     .detail = event->detail};
  client_event(world, event->a, (uint32_t)event->b, event->detail);
}

void node_resume(struct world *world, struct node *node) {
  if (node->paused_until > world->now.ns) return;
  node->paused_until = 0;
  node_tell(world, node, NODE_CHANGE_RESUMED);
  struct timer timer;
  while (timers_unpark(&world->timers, node->id, &timer)) {
    fire(world, timer.node, timer.incarnation, timer.kind, timer.argument);
    if (world->faults.deferred_count) faults_deferred(world);
    if (node->paused_until > world->now.ns) return;
  }
}

/* What an event does, but for the arrival of a message, which the loop itself does. The event is in its place in the
 * queue: what is read of it is read before another is pushed, which may take that place. */
typedef void event_fn(struct world *world, const struct event *event);
static event_fn *const on_event[EVENT__COUNT] = {
    [EVENT_LANE] = on_lane,
    [EVENT_TIMER] = on_timer,     [EVENT_CORE] = on_core,
    [EVENT_ARRIVAL] = on_arrival, [EVENT_DISCONNECT] = on_disconnect,
    [EVENT_FAULT] = on_fault,     [EVENT_CLIENT] = on_client,
    [EVENT_RETRANSMISSION] = link_retransmission,
};

/* --- Running --- */

void world_quiet(struct world *world) {
  bool quiet = world->arrivals_done && world->faults.pending == 0 && world->faults.active == 0;
  if (!quiet) {
    world->quiet_since = -1;
  } else if (world->quiet_since < 0) {
    world->quiet_since = world->now.ns;
    world->quiet_events = world->counters[COUNTER_EVENTS];
    world->live_least = world->live;
    world_fact(world, FACT_HEALED, 0, 0, 0, 0);
  }
  world->watched = quiet || world->plan->workload.outstanding > 0;
}

/* `events`: in how many nothing got done, when that is why; else 0. */
static bool give_up(struct world *world, uint64_t events) {
  world->stuck = true;
  world_fact(world, MUTANT(WORLD_STUCK_IS_DRAINED) ? FACT_DRAINED : FACT_STUCK, 0, 0, events, 0);
  return true;
}

/* Gives up if nothing has got done for longer than the bounds. A livelock takes long to be late by the clock. */
static bool in_vain(struct world *world, int64_t since, uint64_t since_events) {
  if (world->now.ns - since > world->drain_limit) return give_up(world, 0);
  uint64_t events = world->counters[COUNTER_EVENTS] - since_events;
  return events > world->drain_events && give_up(world, events);
}

/* A saturating workload: nothing goes wrong any more, and no operation has ended for longer than the bound. */
static bool saturated_in_vain(struct world *world) {
  bool calm = world->faults.pending == 0 && world->faults.active == 0;
  return calm && !world->arrivals_done && in_vain(world, world->issued_ns, world->issued_events);
}

/* Whether the run is over: drained, or past the bound. The bound is counted from the heal, or from when
 * less was under way than ever since: a backlog may take its time, a livelock may not. */
static bool over(struct world *world) {
  if (world->live == 0 || (MUTANT(WORLD_ENDS_EARLY) && world->live == 1 && world->arrivals_done)) {
    world_fact(world, FACT_DRAINED, 0, 0, 0, 0);
    return true;
  }
  if (world->quiet_since >= 0 && world->live < world->live_least) {
    world->live_least = world->live;
    world->quiet_since = world->now.ns;
    world->quiet_events = world->counters[COUNTER_EVENTS];
  }
  if (world->quiet_since >= 0 && in_vain(world, world->quiet_since, world->quiet_events)) return true;
  if (world->plan->workload.outstanding == 0) return false;
  if (saturated_in_vain(world)) return true;
  if (world->live == 1) workload_idle(world);
  return false;
}

static void finish(struct world *world) {
  for (size_t i = 0; i < world->node_count; i++)
    for (int port = 0; port < NODE_PORTS; port++)
      if (world->nodes[i].components[port] && world->nodes[i].components[port]->finish)
        world->nodes[i].components[port]->finish(world, &world->nodes[i]);
  world_state_counters(world);
  trace_flush(&world->trace);
}

void world_run(struct world *world) {
  for (size_t i = 0; i < world->node_count; i++)
    node_start(world, &world->nodes[i], START_FIRST);
  workload_start(world);
  world_quiet(world);
  while (LIKELY(world->live > 0 && !world->watched) || !over(world)) {
    const struct event *next = queue_take(&world->queue);
    if (UNLIKELY(!next)) { /* something is held that no event will ever free */
      give_up(world, 0);
      break;
    }
    world->now = instant_of(next->at);
    world->counters[COUNTER_EVENTS]++;
    if (next->kind == EVENT_MESSAGE) /* most are */
      on_message(world, next);
    else
      on_event[next->kind](world, next);
    if (UNLIKELY(world->faults.deferred_count)) faults_deferred(world);
  }
  finish(world);
}
