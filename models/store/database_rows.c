/* What a database holds when a run is over, for who looks on. */
#include "models/store/database_state.h"

#include "sim/base/assert.h"

#include <stdlib.h>

static void tell(const struct world *world, const struct node *node, uint64_t table, uint64_t key, int64_t value) {
  world->observer->row(world->observer->context, world, node, table, key, value);
}

static void show_balances(const struct world *world, const struct node *node, const struct tables *tables) {
  for (uint32_t key = 1; key <= tables->keys; key++)
    if (tables->balances[key] != BALANCE_ABSENT)
      tell(world, node, tables->items[TABLE_BALANCE].name, key, tables->balances[key]);
}

/* Rows and unique keys are one: a key that has both is told with the row's value. */
static void show_rows(const struct world *world, const struct node *node, const struct tables *tables, uint32_t table) {
  const struct table *item = &tables->items[table];
  const size_t rows = item->rows.count, unique = item->unique.count;
  uint64_t *keys = malloc((rows + unique + 1) * sizeof *keys), *ids = keys + rows;
  ASSERT(keys);
  map_keys(&item->rows, keys);
  id_set_ids(&item->unique, ids);
  for (size_t i = 0, j = 0; i < rows || j < unique;) {
    const bool row = i < rows && (j == unique || keys[i] - 1 <= ids[j]);
    const uint64_t key = row ? keys[i] - 1 : ids[j];
    if (j < unique && ids[j] == key) j++;
    if (row) i++;
    tell(world, node, item->name, key, row ? (int64_t)*map_get(&item->rows, key + 1) : 0);
  }
  free(keys);
}

/* Tables by the hash of their name: in which order a run came to name them is no matter. */
void database_show_rows(const struct world *world, const struct node *node) {
  if (!world->observer || !world->observer->row || node->service) return;
  const struct tables *tables = &database_of(node)->tables;
  uint64_t last = 0;
  for (uint32_t shown = 0; shown < tables->count; shown++) {
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < tables->count; i++) {
      const uint64_t name = tables->items[i].name;
      if ((shown == 0 || name > last) && (next == UINT32_MAX || name < tables->items[next].name)) next = i;
    }
    ASSERT_LT(next, tables->count);
    last = tables->items[next].name;
    if (next == TABLE_BALANCE)
      show_balances(world, node, tables);
    else
      show_rows(world, node, tables, next);
  }
}
