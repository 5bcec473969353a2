#include "models/store/tables.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <stdlib.h>
#include <string.h>

void tables_reset(struct tables *tables, uint32_t keys) {
  GROW(tables->balances, tables->balance_capacity, (size_t)keys + 1);
  memset(tables->balances, 0, ((size_t)keys + 1) * sizeof *tables->balances);
  tables->keys = keys;
  for (uint32_t i = 0; i < tables->count; i++) {
    map_clear(&tables->items[i].rows);
    id_set_clear(&tables->items[i].unique);
  }
  tables->count = TABLES_FIXED;
  tables->items[TABLE_BALANCE].name = hash_name(TABLE_BALANCE_NAME);
  tables->items[TABLE_INSERTED].name = hash_name(TABLE_INSERTED_NAME);
}

void tables_free(struct tables *tables) {
  for (uint32_t i = 0; i < TABLES_MAX; i++) {
    map_deinit(&tables->items[i].rows);
    id_set_free(&tables->items[i].unique);
  }
  free(tables->balances);
  *tables = (struct tables){0};
}

uint32_t tables_find(struct tables *tables, uint64_t name) {
  for (uint32_t i = 0; i < tables->count; i++)
    if (tables->items[i].name == name) return i;
  ASSERT_MSG(tables->count < TABLES_MAX, "a handler uses more than %d tables (TABLES_MAX)", TABLES_MAX);
  tables->items[tables->count].name = name;
  return tables->count++;
}

bool tables_accept(const struct tables *tables, uint32_t table, uint64_t key) {
  if (table == TABLE_BALANCE) return key >= 1 && key <= tables->keys;
  return key < UINT64_MAX;
}

bool tables_get(const struct tables *tables, uint32_t table, uint64_t key, int64_t *out) {
  if (!tables_accept(tables, table, key)) return false;
  if (table == TABLE_BALANCE) {
    if (tables->balances[key] == BALANCE_ABSENT) return false;
    *out = tables->balances[key];
    return true;
  }
  const uint64_t *value = map_get(&tables->items[table].rows, key + 1);
  if (value) *out = (int64_t)*value;
  return value != NULL;
}

void tables_put(struct tables *tables, uint32_t table, uint64_t key, int64_t value) {
  ASSERT(tables_accept(tables, table, key));
  if (table == TABLE_BALANCE)
    tables->balances[key] = value;
  else
    *map_put(&tables->items[table].rows, key + 1, NULL) = (uint64_t)value;
}

void tables_remove(struct tables *tables, uint32_t table, uint64_t key) {
  ASSERT(tables_accept(tables, table, key));
  if (table == TABLE_BALANCE)
    tables->balances[key] = BALANCE_ABSENT;
  else
    map_remove(&tables->items[table].rows, key + 1);
}
