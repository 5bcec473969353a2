/* Statements that change something only if: INSERT … ON CONFLICT DO NOTHING, DELETE, and
 * UPDATE … WHERE value = expected. Each is looked at again when it has waited for its row; an
 * INSERT is looked at only when nobody else holds it. */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/handler/dgsim.h"

bool database_has_unique(const struct database *database, uint32_t index, uint32_t table, uint64_t key) {
  bool committed = id_set_has(&database->tables.items[table].unique, key);
  return sessions_unique(&database->sessions, index, table, key, committed);
}

bool database_row(const struct database *database, uint32_t index, uint32_t table, uint64_t key,
                  int64_t *out) {
  struct row row = {.value = 0};
  row.exists = tables_get(&database->tables, table, key, &row.value);
  sessions_overlay(&database->sessions, index, table, key, &row);
  *out = row.exists ? row.value : 0;
  return row.exists || database_has_unique(database, index, table, key);
}

int database_condition(const struct database *database, uint32_t index, const struct message *request,
                       const struct write *write) {
  int64_t value;
  switch (request->kind) {
  case DATABASE_INSERT_UNIQUE: return database_has_unique(database, index, write->table, write->key) ? DG_EXISTS : DG_OK;
  case DATABASE_DELETE:
    if (write->table == TABLE_BALANCE) return DG_FAILED; /* what operations change is theirs */
    return database_row(database, index, write->table, write->key, &value) ? DG_OK : DG_NOT_FOUND;
  case DATABASE_PUT_IF:
    database_row(database, index, write->table, write->key, &value);
    if (MUTANT(DATABASE_UNCONDITIONAL)) return DG_OK;
    return value == (int64_t)request->records[0].handle ? DG_OK : DG_EXISTS;
  default: return DG_OK;
  }
}
