/* What a database holds durably: the balances that operations change, rows, and unique keys.
 *
 *   balance      keys 1 .. workload keys, all there at first with 0; dg_apply changes them; what STATE
 *                facts are made of
 *   inserted     ids of operations that insert under a natural key
 *   any other    made when first named: rows (key -> value) and unique keys, side by side
 *
 * Unique keys may have a retention (database_prune.c).
 * LIMIT: tables have no indexes; only unique keys are accounted as dedup memory, not rows of values (offsets,
 *        versions, tokens).
 */
#ifndef MODELS_STORE_TABLES_H
#define MODELS_STORE_TABLES_H

#include "models/store/id_set.h"
#include "sim/base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLES_MAX 16
#define TABLE_OUTBOX TABLES_MAX /* for locks: its rows are in outbox_table.h */
#define TABLE_BALANCE 0
#define TABLE_INSERTED 1
#define TABLES_FIXED 2
#define TABLE_BALANCE_NAME "balance"
#define TABLE_INSERTED_NAME "inserted"
#define BALANCE_ABSENT INT64_MIN /* there is no such row */

struct table {
  uint64_t name;        /* hash of it */
  struct map rows;      /* key + 1 -> value */
  struct id_set unique; /* keys inserted under the unique constraint */
};
struct tables {
  int64_t *balances; /* by key, [0] unused; BALANCE_ABSENT */
  size_t balance_capacity;
  uint32_t keys;
  struct table items[TABLES_MAX];
  uint32_t count;
};

/* Empty, with balances of 0 for keys 1 to `keys`; keeps memory. */
void tables_reset(struct tables *tables, uint32_t keys);
void tables_free(struct tables *tables);

/* Index of a table by the hash of its name; made when new. Limit: TABLES_MAX (assertion). */
uint32_t tables_find(struct tables *tables, uint64_t name);

/* Whether the table can hold such a row: a balance must be of a key that the workload has. */
bool tables_accept(const struct tables *tables, uint32_t table, uint64_t key);

/* Where the balance of a key that the table accepts stands. */
static inline int64_t *tables_balance(struct tables *tables, uint64_t key) { return &tables->balances[key]; }

/* false: no such row, *out is untouched. */
bool tables_get(const struct tables *tables, uint32_t table, uint64_t key, int64_t *out);
void tables_put(struct tables *tables, uint32_t table, uint64_t key, int64_t value);
/* Where there is no such row, nothing. */
void tables_remove(struct tables *tables, uint32_t table, uint64_t key);

#endif
