/* What faults do to whole links: clogging, degrading, cutting. */
#include "sim/world/link.h"

#include "sim/base/assert.h"
#include "sim/world/mutants.h"
#include "sim/world/world.h"

static bool has(const uint8_t *set, uint16_t node) { return (set[node / 8] >> (node % 8)) & 1; }

void link_clog(struct world *world, enum link link, const uint8_t *froms, int64_t until,
               uint32_t fault) {
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->link != link || !has(froms, channel->ends[0])) continue;
    if (channel->clogged_until >= until) continue;
    channel->clogged_until = until;
    link_trouble(channel);
    channel->clogged_by = fault;
  }
}

struct link_rules link_degraded(const struct world *world, const struct fault_plan *plan) {
  const struct link_plan *change = &plan->degrade;
  struct link_rules rules = world->link_rules[plan->target_link];
  int64_t request = change->request_loss >= 0 ? change->request_loss : plan->degrade_loss;
  int64_t reply = change->reply_loss >= 0 ? change->reply_loss : plan->degrade_loss;
  if (change->latency) rules.latency = change->latency->table;
  if (request >= 0) rules.loss[0] = luck_threshold(request, SCHEMA_SHARE_SCALE);
  if (reply >= 0) rules.loss[1] = luck_threshold(reply, SCHEMA_SHARE_SCALE);
  if (change->bandwidth > 0) rules.bandwidth = change->bandwidth;
  if (rules.kind != LINK_KIND_DATAGRAM) return rules;
  if (change->duplication >= 0)
    rules.duplication = luck_threshold(change->duplication, SCHEMA_SHARE_SCALE);
  if (change->reordering >= 0)
    rules.reordering = luck_threshold(change->reordering, SCHEMA_SHARE_SCALE);
  return rules;
}

void link_set_rules(struct world *world, enum link link, const uint8_t *froms,
                    const struct link_rules *rules, uint32_t fault, int64_t until) {
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->link != link || !has(froms, channel->ends[0])) continue;
    if (!rules && MUTANT(WORLD_DEGRADED_FOR_EVER)) continue;
    channel->rules = rules ? rules : &world->link_rules[link];
    channel->degraded_by = rules ? fault : NO_FAULT;
    channel->degraded_until = until;
    link_trouble(channel);
  }
}

static void cut_way(struct channel *channel, int way, bool on, uint32_t fault) {
  link_trouble(channel);
  if (on) {
    channel->ways[way].cuts++;
    channel->ways[way].cut_by = fault;
  } else {
    ASSERT(channel->ways[way].cuts > 0);
    channel->ways[way].cuts--;
  }
}

void link_cut(struct world *world, const uint8_t *targets, const uint8_t *others, int direction,
              bool on, uint32_t fault) {
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    for (int end = 0; end < 2; end++) { /* end: which one is the target */
      if (!has(targets, channel->ends[end]) || !has(others, channel->ends[1 - end])) continue;
      for (int way = 0; way < 2; way++) {
        bool outward = way == end; /* way 0 leaves from end 0 */
        if (direction == DIRECTION_OUT && !outward) continue;
        if (direction == DIRECTION_IN && outward) continue;
        cut_way(channel, way, on, fault);
      }
      break;
    }
  }
}

/* How many of a set stand before a node. */
static uint32_t place_of(const uint8_t *set, uint16_t node) {
  uint32_t place = 0;
  for (uint16_t i = 0; i < node; i++) place += has(set, i);
  return place;
}

void link_cut_ring(struct world *world, const uint8_t *set, bool on, uint32_t fault) {
  uint32_t count = place_of(set, (uint16_t)world->node_count);
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (!has(set, channel->ends[0]) || !has(set, channel->ends[1])) continue;
    uint32_t apart = (place_of(set, channel->ends[0]) + count - place_of(set, channel->ends[1])) % count;
    if (apart <= 1 || apart == count - 1) continue;
    for (int way = 0; way < 2; way++) cut_way(channel, way, on, fault);
  }
}
