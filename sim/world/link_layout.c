/* How the links of a run are laid out, before it begins: rules, routes, channels. */
#include "sim/world/link.h"

#include "sim/base/assert.h"
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

/* Links of the same latency read one table: it is in the cache once. */
static const struct quantile_table *latency_of(const struct plan *plan, int link) {
  const struct distribution *latency = plan->links[link].latency;
  for (int i = 0; i < link; i++) {
    const struct distribution *other = plan->links[i].latency;
    if (other && strcmp(other->text, latency->text) == 0) return other->table;
  }
  return latency->table;
}

static void compile_rules(struct world *world) {
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_plan *plan = &world->plan->links[i];
    if (!plan_link_rule(world->plan, (enum link)i).used) continue;
    world->link_rules[i].kind = plan->kind;
    world->link_rules[i].latency = latency_of(world->plan, i);
    world->link_rules[i].loss[0] = luck_threshold(plan->request_loss, SCHEMA_SHARE_SCALE);
    world->link_rules[i].loss[1] = luck_threshold(plan->reply_loss, SCHEMA_SHARE_SCALE);
    world->link_rules[i].duplication = luck_threshold(plan->duplication, SCHEMA_SHARE_SCALE);
    world->link_rules[i].reordering = luck_threshold(plan->reordering, SCHEMA_SHARE_SCALE);
    world->link_rules[i].bandwidth = plan->bandwidth;
    world->link_rules[i].key = hash_name(link_rows[i].name);
  }
}

static void make_route(struct world *world, enum link link) {
  const struct link_row *row = &link_rows[link];
  const struct link_state *state = &world->links[link];
  struct link_route there = {.link = (int8_t)link, .direction = 0,
                             .from_step = state->to_count, .to_step = 1};
  there.base = (int64_t)state->first_channel - (int64_t)state->from_node * state->to_count - state->to_node;
  struct link_route back = there;
  back.direction = 1;
  back.from_step = 1;
  back.to_step = state->to_count;
  world->routes[row->to * ROLE__COUNT + row->from] = back;
  world->routes[row->from * ROLE__COUNT + row->to] = there;
}

static void make_channel(struct world *world, enum link link, uint16_t connector, uint16_t answerer) {
  const struct link_rules *rules = &world->link_rules[link];
  struct channel *channel = &world->channels[world->channel_count++];
  *channel = (struct channel){.link = (uint8_t)link, .kind = (uint8_t)rules->kind, .rules = rules,
                              .plain = rules->kind == LINK_KIND_PER_REQUEST,
                              .group = world->nodes[connector].group, .ends = {connector, answerer},
                              .degraded_by = NO_FAULT, .clogged_by = NO_FAULT, .reset_by = NO_FAULT};
  for (int way = 0; way < 2; way++) {
    channel->ways[way].cut_by = channel->ways[way].stalled_by = NO_FAULT;
    channel->ways[way].stalled_since = -1;
  }
}

/* Keeps nothing of what was there. */
static void make_room(struct world *world, size_t count) {
  if (count <= world->channel_capacity) return;
  free(world->channels);
  world->channels = aligned_alloc(_Alignof(struct channel), count * sizeof *world->channels);
  ASSERT_MSG(world->channels, "out of memory for %zu channels", count);
  world->channel_capacity = count;
}

void link_init(struct world *world) {
  compile_rules(world);
  size_t total = 0;
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_row *row = &link_rows[i];
    world->links[i] = (struct link_state){.used = plan_link_rule(world->plan, (enum link)i).used,
                                          .first_channel = (uint32_t)total,
                                          .from_count = world->count[row->from],
                                          .to_count = world->count[row->to],
                                          .from_node = world->first[row->from],
                                          .to_node = world->first[row->to]};
    if (world->links[i].used) total += (size_t)world->links[i].from_count * world->links[i].to_count;
  }
  make_room(world, total);
  world->channel_count = 0;
  for (int i = 0; i < ROLE__COUNT * ROLE__COUNT; i++) world->routes[i].link = -1;
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_state *link = &world->links[i];
    if (!link->used) continue;
    make_route(world, (enum link)i);
    for (uint32_t from = 0; from < link->from_count; from++)
      for (uint32_t to = 0; to < link->to_count; to++)
        make_channel(world, (enum link)i, (uint16_t)(link->from_node + from), (uint16_t)(link->to_node + to));
  }
}
