/* What the disk may yet lose: commits whose flush lied, until a true one; with the disk, everything. */
#include "models/store/database_state.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

void database_note(struct database *database, const struct write *write, int64_t now_ns) {
  if (!write_is_outbox(write->kind)) database_replica_note(database, write->table, write->key, now_ns);
  if (!database->lied && !database->remembers) return;
  struct undo undo = {.kind = write->kind, .table = write->table, .key = write->key,
                      .intent = write->intent, .commit = database->commits, .at = now_ns};
  if (write_is_outbox(write->kind))
    database_outbox_note(database, write, &undo);
  else if (write->kind == WRITE_UNIQUE)
    undo.existed = id_set_has(&database->tables.items[write->table].unique, write->key);
  else
    undo.existed = tables_get(&database->tables, write->table, write->key, &undo.before);
  if (write->kind == WRITE_DELETE)
    undo.unique = id_set_has(&database->tables.items[write->table].unique, write->key);
  GROW(database->undo, database->undo_capacity, database->undo_count + 1);
  database->undo[database->undo_count++] = undo;
}

void database_note_deleted(struct database *database, const struct aged *row, int64_t now_ns) {
  database_replica_note(database, row->table, row->key, now_ns);
  if (!database->lied && !database->remembers) return;
  GROW(database->undo, database->undo_capacity, database->undo_count + 1);
  database->undo[database->undo_count++] = (struct undo){
      .kind = WRITE_UNIQUE, .table = row->table, .key = row->key, .commit = database->commits, .at = now_ns,
      .deleted = true, .existed = id_set_has(&database->tables.items[row->table].unique, row->key)};
}

void database_note_flushed(struct database *database) {
  database->lied = false;
  database->flushed = database->commits;
  if (!database->remembers) database->undo_count = 0;
}

static void take_back(struct world *world, struct node *node, const struct undo *undo) {
  struct tables *tables = &database_of(node)->tables;
  if (write_is_outbox(undo->kind)) return database_outbox_undo(world, node, undo);
  struct id_set *unique = &tables->items[undo->table].unique;
  if (undo->kind == WRITE_UNIQUE) {
    if (undo->deleted)
      database_row_undeleted(world, database_of(node), undo->existed);
    else if (!undo->existed && id_set_remove(unique, undo->key) && undo->table != TABLE_INSERTED)
      database_row_uninserted(world, database_of(node));
    return;
  }
  if (undo->kind == WRITE_APPLY)
    world_fact(world, database_of(node)->states_commits ? FACT_COMMITTED_UNDONE : FACT_EFFECT_UNDONE, node->id,
               undo->intent, 0, node->group);
  if (undo->existed)
    tables_put(tables, undo->table, undo->key, undo->before);
  else
    tables_remove(tables, undo->table, undo->key);
  if (undo->kind == WRITE_DELETE && undo->unique && id_set_add(unique, undo->key))
    world_dedup_bytes(world, DATABASE_UNIQUE_ROW_BYTES);
}

static void undo_behind(struct world *world, struct node *node, uint64_t commits) {
  struct database *database = database_of(node);
  while (database->undo_count > 0 && database->undo[database->undo_count - 1].commit > commits)
    take_back(world, node, &database->undo[--database->undo_count]);
  database_replica_undo(database, commits);
  database->commits = commits;
  if (database->flushed > commits) database->flushed = commits;
}

void database_undo(struct world *world, struct node *node, uint64_t commits) {
  if (database_of(node)->commits == commits) return;
  faults_hit(world, node->down_by, node->id, 0);
  undo_behind(world, node, commits);
}

uint32_t database_undo_since(struct world *world, struct node *node, int64_t at_ns) {
  struct database *database = database_of(node);
  size_t first = database->undo_count;
  while (first > 0 && database->undo[first - 1].at > at_ns) first--;
  if (first == database->undo_count) return 0;
  uint64_t before = database->commits;
  undo_behind(world, node, database->undo[first].commit - 1);
  return (uint32_t)(before - database->commits);
}

void database_disk_lost(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  ASSERT(database->remembers);
  database_undo(world, node, 0);
  ASSERT_EQ(database->undo_count, 0);
  database->flushed = 0;
  database->lied = false;
  change_log_lose_slot(world, &database->changes);
}
