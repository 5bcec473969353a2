/* Selectors: from `consumer.any` to a set of nodes, drawn where it says so. */
#ifndef SIM_WORLD_SELECT_H
#define SIM_WORLD_SELECT_H

#include "sim/world/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct node;
struct world;

/* Fills a bitmap by node id. `address` keys what is drawn (any, minority, majority): the same for every
 * row of a comparison. `leader` and `coordinator`: who the system says it is now (sim/world/model.h).
 * `this`: the node at a point, or NULL. */
void selector_draw(struct world *world, const struct selector *selector, uint64_t address,
                  const struct node *this, uint8_t *set);

/* Everybody who is not in `set`. */
void selector_complement(struct world *world, const uint8_t *set, uint8_t *others);

/* Whether a node is among what a selector names without drawing: an index, all of a role, or who leads
 * or coordinates now. */
bool selector_names(const struct world *world, const struct selector *selector, const struct node *node);

#endif
