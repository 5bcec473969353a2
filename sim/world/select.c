#include "sim/world/select.h"

#include "sim/world/world.h"

#include <string.h>

static void include(uint8_t *set, uint32_t node) { set[node / 8] |= (uint8_t)(1u << (node % 8)); }

/* `wanted` of so many nodes in a row, without repetition: each of the others is as likely. */
static void draw_some(struct world *world, uint32_t first, uint32_t count, uint32_t wanted,
                      uint64_t address, uint8_t *set) {
  uint32_t left = wanted;
  for (uint32_t i = 0; i < count && left > 0; i++) {
    /* Chosen with probability left / (count - i): selection sampling (Knuth, algorithm S). */
    if (luck_draw(&world->luck, hash_pair(address, i)) % (count - i) >= left) continue;
    include(set, first + i);
    left--;
  }
}

static uint16_t asked(const struct world *world, enum selector_which which) {
  const struct system *system = world->plan->system;
  if (which == WHICH_COORDINATOR) return system->coordinator ? system->coordinator(world) : NODE_NOBODY;
  if (system->leader) return system->leader(world);
  return world->count[ROLE_BROKER] ? (uint16_t)world->first[ROLE_BROKER] : NODE_NOBODY;
}

static void select_item(struct world *world, const struct selector_item *item, uint64_t address,
                        const struct node *this, uint8_t *set) {
  bool part = item->word && world->count[item->role] > 0; /* of one group, or of a service */
  uint32_t first = world->first[item->role] + (part ? item->offset : 0);
  uint32_t count = part ? item->count : world->count[item->role];
  if (part && item->offset + count > world->count[item->role]) count = 0; /* the row has no such node */
  switch (item->which) {
  case WHICH_THIS:
    if (this) include(set, this->id);
    break;
  case WHICH_INDEX:
    if (item->index <= count) include(set, first + item->index - 1);
    break;
  case WHICH_LEADER:
  case WHICH_COORDINATOR: {
    uint16_t id = asked(world, item->which);
    if (id != NODE_NOBODY) include(set, id);
    break;
  }
  case WHICH_ALL:
    for (uint32_t i = 0; i < count; i++) include(set, first + i);
    break;
  case WHICH_ANY:
    if (count) draw_some(world, first, count, 1, address, set);
    break;
  case WHICH_MINORITY:
    if (count) draw_some(world, first, count, (count - 1) / 2, address, set);
    break;
  case WHICH_MAJORITY:
    if (count) draw_some(world, first, count, count / 2 + 1, address, set);
    break;
  }
}

void selector_draw(struct world *world, const struct selector *selector, uint64_t address,
                  const struct node *this, uint8_t *set) {
  memset(set, 0, (world->node_count + 7) / 8);
  for (uint32_t i = 0; i < selector->count; i++)
    select_item(world, &selector->items[i], hash_pair(address, i), this, set);
}

void selector_complement(struct world *world, const uint8_t *set, uint8_t *others) {
  memset(others, 0, (world->node_count + 7) / 8);
  for (uint32_t i = 0; i < world->node_count; i++)
    if (!((set[i / 8] >> (i % 8)) & 1)) include(others, i);
}

bool selector_names(const struct world *world, const struct selector *selector, const struct node *node) {
  for (uint32_t i = 0; i < selector->count; i++) {
    const struct selector_item *item = &selector->items[i];
    if (item->role != node->role) continue;
    uint32_t place = node->index - (item->word ? item->offset : 0); /* wraps before the group */
    if (item->word && place - 1 >= item->count) continue;
    if (item->which == WHICH_ALL || (item->which == WHICH_INDEX && item->index == place))
      return true;
    if ((item->which == WHICH_LEADER || item->which == WHICH_COORDINATOR) &&
        node->id == asked(world, item->which))
      return true;
  }
  return false;
}

static bool includes(const uint8_t *set, uint32_t node) { return (set[node / 8] >> (node % 8)) & 1; }

uint32_t selector_count(const struct world *world, const uint8_t *set) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < world->node_count; i++) count += includes(set, i);
  return count;
}

void selector_split(struct world *world, const uint8_t *set, uint32_t wanted, uint64_t address, uint8_t *a,
                    uint8_t *b) {
  uint32_t left = selector_count(world, set);
  memset(a, 0, (world->node_count + 7) / 8);
  memset(b, 0, (world->node_count + 7) / 8);
  for (uint32_t i = 0; i < world->node_count; i++) {
    if (!includes(set, i)) continue;
    bool taken = luck_draw(&world->luck, hash_pair(address, world->nodes[i].key)) % left-- < wanted;
    include(taken ? a : b, i);
    wanted -= taken;
  }
}
