#include "sim/world/node.h"

#include "sim/base/assert.h"
#include "sim/world/mutants.h"
#include "sim/world/world.h"

#include <stdio.h>

const char *node_name(const struct node *node, char *out, size_t size) {
  snprintf(out, size, "%s.%u", node->word, node->place);
  return out;
}

void node_tell(const struct world *world, const struct node *node, enum node_change change) {
  if (world->observer && world->observer->node)
    world->observer->node(world->observer->context, world, node, change);
}

void node_start(struct world *world, struct node *node, enum start_reason reason) {
  ASSERT(!node->alive);
  node->alive = true;
  node->stopping = node->doomed = false;
  if (!MUTANT(WORLD_SAME_INCARNATION) || node->incarnation == 0) node->incarnation++;
  node->stage = 0;
  node->stopped_by = NO_FAULT;
  if (reason == START_FIRST) node->down_by = NO_FAULT; /* else kept: for what never left it */
  node->core_event = false;
  node->paused_until = 0;
  node->depart = 0;
  for (uint32_t i = 0; i < node->cores; i++) node->core_free[i] = 0;
  world_fact(world, FACT_NODE_UP, node->id, 0, node->incarnation, 0);
  node_tell(world, node, NODE_CHANGE_UP);
  for (int port = 0; port < NODE_PORTS; port++)
    if (node->components[port]) node->components[port]->start(world, node, reason);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  uint32_t count = (uint32_t)node->inbox_count + (node->first_call != CALL_NONE);
  for (int port = 0; port < NODE_PORTS; port++)
    if (node->components[port] && node->components[port]->busy)
      count += node->components[port]->busy(world, node);
  return count;
}

static void empty_inbox(struct world *world, struct node *node) {
  for (; node->inbox_count > 0; node->inbox_count--) {
    struct message *message = message_at(&world->messages, node->inbox[node->inbox_head]);
    node->inbox_head = (node->inbox_head + 1) & (node->inbox_capacity - 1);
    world_unhold_message(world, message->intent);
    message_free(&world->messages, message);
  }
  node->inbox_head = 0;
}

void node_kill(struct world *world, struct node *node, enum death death, uint32_t fault) {
  if (!node->alive) return;
  if (busy(world, node) > 0) faults_hit(world, fault, node->id, 0);
  node->alive = false;
  node->death = death;
  node->died_at = world->now.ns;
  node->late_until = 0;
  if (fault != NO_FAULT && faults_rules(world, fault)->late.ns > 0)
    node->late_until = world->now.ns + faults_rules(world, fault)->late.ns;
  node->paused_until = 0;
  node->down_by = fault;
  world_fact(world, FACT_NODE_DOWN, node->id, 0, node->incarnation, 0);
  node_tell(world, node, NODE_CHANGE_DOWN);
  const bool loses_power = death_of_machine(death) && !MUTANT(WORLD_POWER_LOSS_AS_KILL);
  for (int port = NODE_PORTS - 1; port >= 0; port--)
    if (node->components[port] && node->components[port]->crash)
      node->components[port]->crash(world, node, loses_power);
  for (int port = NODE_PORTS - 1; port >= 0 && death == DEATH_DISK && !MUTANT(WORLD_DISK_STAYS); port--)
    if (node->components[port] && node->components[port]->disk_lost)
      node->components[port]->disk_lost(world, node);
  if (!MUTANT(WORLD_CALLS_SURVIVE)) call_abandon_all(world, node);
  empty_inbox(world, node);
  link_node_down(world, node);
  ASSERT_LE(node->holds, world->live);
  world->live -= node->holds;
  node->holds = 0;
  for (int port = 0; port < NODE_PORTS; port++) node->state[port] = NULL;
  arena_reset(&node->arena);
  node->stopping = node->doomed = false;
  faults_node_down(world, node);
}

void node_terminate(struct world *world, struct node *node, uint32_t fault) {
  if (!node->alive || node->stopping) return;
  if (busy(world, node) > 0) faults_hit(world, fault, node->id, 0);
  node->stopping = true;
  node->stopped_by = fault;
  for (int port = NODE_PORTS - 1; port >= 0; port--)
    if (node->components[port] && node->components[port]->terminate)
      return node->components[port]->terminate(world, node);
  node_exit(world, node);
}

int64_t node_takes_longer(struct world *world, struct node *node, enum node_part part, int64_t ns) {
  if (ns == 0) return 0;
  faults_hit(world, node->slow_by[part], node->id, 0);
  __extension__ __int128 longer = (__int128)ns * node->slow[part];
  return longer > SCHEMA_TIME_MAX_NS ? SCHEMA_TIME_MAX_NS : (int64_t)longer;
}

enum flush node_flush(struct world *world, struct node *node) {
  uint32_t fault = node->fsync_fails_by;
  if (fault != NO_FAULT) {
    node->fsync_fails_by = NO_FAULT;
    faults_hit(world, fault, node->id, 0);
    faults_defer_death(world, node, fault);
    return FLUSH_FAILED;
  }
  if (node->fsync_lies == 0) return FLUSH_DONE;
  if (MUTANT(WORLD_FSYNC_TRUE)) return FLUSH_DONE;
  faults_hit(world, node->fsync_lies_by, node->id, 0);
  return FLUSH_LIED;
}

void node_pause(struct world *world, struct node *node, int64_t until, uint32_t fault) {
  if (!node->alive || node->paused_until >= until) return;
  node->paused_until = until;
  node->paused_by = fault;
  node_tell(world, node, NODE_CHANGE_PAUSED);
}

void node_exit(struct world *world, struct node *node) {
  node->doomed = true;
  faults_defer_exit(world, node);
}
