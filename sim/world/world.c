#include "sim/world/world.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"
#include "sim/world/mutants.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_DEFAULT_BYTES (64 * 1024)
#define ARENA_LINES 16

/* --- Setting up --- */

struct world *world_new(size_t base_offset, unsigned char fill) {
  struct world *world = calloc(1, sizeof *world);
  ASSERT(world);
  world->base_offset = base_offset;
  world->fill = fill;
  queue_init(&world->queue);
  timers_init(&world->timers, EVENT_LANE);
  trace_init(&world->trace);
  message_pool_init(&world->messages);
  return world;
}

static void free_nodes(struct world *world) {
  for (size_t i = 0; i < world->node_capacity; i++) {
    struct node *node = &world->nodes[i];
    for (int port = 0; port < NODE_PORTS; port++)
      if (node->components[port] && node->components[port]->disk_free)
        node->components[port]->disk_free(node);
    arena_deinit(&node->arena);
    free(node->inbox);
  }
  free(world->nodes);
  world->nodes = NULL;
  world->node_capacity = world->node_count = 0;
}

void world_free(struct world *world) {
  free_nodes(world);
  queue_deinit(&world->queue);
  timers_deinit(&world->timers);
  trace_deinit(&world->trace);
  message_pool_deinit(&world->messages);
  map_deinit(&world->late_operations);
  map_deinit(&world->clients);
  faults_free(&world->faults);
  free(world->calls.items);
  free(world->channels);
  free(world->operations);
  free(world);
}

static const struct component *component_of(const struct plan *plan, enum role role, int port) {
  const struct publisher *publisher = plan->publisher;
  if (port == 1 && role == ROLE_PRODUCER) return publisher ? publisher->application : NULL;
  if (port == 1 && role == ROLE_RELAY) return publisher ? publisher->relay : NULL;
  if (port == 1) return role == ROLE_CONSUMER ? plan->system->host : NULL;
  if (role == ROLE_RELAY) role = publisher && publisher->relay ? ROLE_PRODUCER : ROLE_RELAY;
  const struct store_plan *slot = plan_store(plan, role);
  if (slot && role != ROLE_DATABASE && !plan_uses(plan, role)) return NULL;
  if (slot) return slot->store ? slot->store->component : NULL;
  return plan->system->components[role];
}

uint32_t world_nodes_of(const struct plan *plan, enum role role) {
  if (role == ROLE_CONTROLLER) return plan->system->controllers ? plan->system->controllers(plan) : 0;
  uint32_t services = role == ROLE_DATABASE ? plan_services(plan) : 0;
  return component_of(plan, role, 0) ? plan->counts[role] + services : 0;
}

static size_t arena_bytes(const struct plan *plan, const struct node *node) {
  size_t bytes = 0;
  for (int port = 0; port < NODE_PORTS; port++) {
    const struct component *component = node->components[port];
    if (component) bytes += component->arena_bytes ? component->arena_bytes(plan) : ARENA_DEFAULT_BYTES;
  }
  return bytes;
}

struct node_title world_title(const struct plan *plan, enum role role, uint32_t index) {
  const struct group_plan *groups = plan->groups;
  struct node_title title = {.word = role_names[role], .place = index};
  if (role == ROLE_DATABASE && index > plan->counts[role])
    return (struct node_title){.word = PLAN_SERVICE_DATABASE, .place = index - plan->counts[role],
                               .service = true};
  if (!groups || !group_node_name(groups, role)) return title;
  if (role != ROLE_CONSUMER)
    return (struct node_title){.group = index - 1, .word = group_node_name(&groups[index - 1], role), .place = 1};
  while (index > groups[title.group].first + groups[title.group].consumers) title.group++;
  title.word = groups[title.group].name;
  title.place = index - groups[title.group].first;
  return title;
}

static void make_node(struct world *world, enum role role, uint32_t index) {
  ASSERT_LT(world->node_count, world->node_capacity);
  struct node *node = &world->nodes[world->node_count];
  char name[32];
  *node = (struct node){.id = (uint16_t)world->node_count, .role = (uint8_t)role, .index = index + 1};
  struct node_title title = world_title(world->plan, role, index + 1);
  node->group = title.group;
  node->service = title.service;
  node->word = title.word;
  node->place = title.place;
  node->key = hash_name(node_name(node, name, sizeof name));
  node->cores = world->plan->cores;
  ASSERT_LE(node->cores, NODE_CORES_MAX);
  for (int port = 0; port < NODE_PORTS; port++) node->components[port] = component_of(world->plan, role, port);
  /* Not all of them begin at the same line of a page: those of one number share a few sets of a cache. */
  const size_t line = world->node_count % ARENA_LINES * CACHE_LINE;
  arena_init(&node->arena, arena_bytes(world->plan, node), world->base_offset + line, world->fill);
  world->node_count++;
}

/* Lays the nodes of a plan out anew. */
static void make_nodes(struct world *world) {
  const struct plan *plan = world->plan;
  free_nodes(world);
  size_t total = 0;
  for (int role = 0; role < ROLE__COUNT; role++) {
    world->first[role] = (uint32_t)total;
    world->count[role] = world_nodes_of(plan, (enum role)role);
    total += world->count[role];
  }
  ASSERT_LT(total, NODE_NOBODY);
  world->nodes = aligned_alloc(_Alignof(struct node), (total ? total : 1) * sizeof *world->nodes);
  ASSERT(world->nodes);
  world->node_capacity = total;
  for (int role = 0; role < ROLE__COUNT; role++)
    for (uint32_t i = 0; i < world->count[role]; i++) make_node(world, (enum role)role, i);
}

/* As at the start of a first run, with the memory that is there. */
static void reset_node(struct world *world, struct node *node) {
  for (int port = 0; port < NODE_PORTS; port++) {
    node->state[port] = NULL;
    if (node->components[port] && node->components[port]->disk_reset)
      node->components[port]->disk_reset(world, node);
  }
  arena_reset(&node->arena);
  node->alive = node->stopping = node->doomed = node->skewed = node->slowed = false;
  node->incarnation = 0;
  node->death = DEATH_NONE;
  node->died_at = 0;
  node->late_until = node->paused_until = 0;
  for (int part = 0; part < NODE_PART__COUNT; part++) {
    node->slow[part] = 1;
    node->slow_by[part] = NO_FAULT;
  }
  node->clock_skew = node->fsync_lies = 0;
  node->clock_skew_by = node->fsync_lies_by = node->fsync_fails_by = NO_FAULT;
  node->inbox_head = node->inbox_count = 0;
  node->first_call = CALL_NONE;
  node->holds = 0;
}

/* Each group counts the executions and transmissions of an operation for itself. */
static void make_operations(struct world *world) {
  uint32_t groups = plan_group_count(world->plan);
  if (groups <= world->operation_groups) return;
  size_t bytes = groups * OPERATION_WINDOW * sizeof *world->operations;
  free(world->operations);
  world->operations = aligned_alloc(_Alignof(struct operation_memory), bytes);
  ASSERT(world->operations);
  memset(world->operations, 0, bytes);
  world->operation_groups = groups;
}

void world_reset(struct world *world, const struct plan *plan, uint64_t seed) {
  bool same = world->plan == plan;
  world->plan = plan;
  message_pool_reset(&world->messages);
  queue_reset(&world->queue);
  timers_reset(&world->timers);
  trace_reset(&world->trace);
  luck_init(&world->luck, plan->luck_none ? LUCK_NONE : LUCK_DRAWN, seed);
  world->now = instant_of(0);
  if (!same) make_nodes(world);
  make_operations(world);
  for (size_t i = 0; i < world->node_count; i++) reset_node(world, &world->nodes[i]);
  link_init(world);
  world->calls.count = world->calls.open = 0;
  world->calls.free_list = CALL_NONE;
  world->run++;
  map_clear(&world->late_operations);
  map_clear(&world->clients);
  world->intents = world->arrivals_pending = 0;
  world->arrivals_done = world->stopped = world->stuck = false;
  world->live = 0;
  world->quiet_since = -1;
  world->issued_ns = 0, world->issued_events = world->quiet_events = 0;
  world->drain_limit = plan->drain_limit.ns;
  if (world->drain_limit == 0) world->drain_limit = 2 * plan_longest_wait(plan).ns;
  world->drain_events = plan->drain_events ? plan->drain_events : UINT64_MAX;
  memset(world->counters, 0, sizeof world->counters);
  world->dedup_bytes = 0;
  faults_reset(world);
}

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
