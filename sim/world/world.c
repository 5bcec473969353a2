/* A world is set up: its nodes, their memory, and what it is like when a run begins. */
#include "sim/world/world.h"

#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_DEFAULT_BYTES (64 * 1024)
#define ARENA_LINES 16

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
