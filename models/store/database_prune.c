/* The retention of handled ids: the job that deletes old rows, as users schedule one.
 *
 *   every prune_every (at its multiples, as cron does):
 *     DELETE FROM processed WHERE processed_at < now() - retention; COMMIT
 *
 * So a row stands for at least its retention, and for at most prune_every and a flush longer. A row is
 * dated when its insert is durable. The timer is set for when there will be something to delete.
 *
 * LIMIT: the job costs the flush of its commit, and no time of the database's cores; it locks nothing. An id
 *        that a handler deletes and inserts again keeps its first date.
 * LIMIT: all tables with unique ids of the database are pruned; a row's date is that of its commit
 *        (PostgreSQL's now() is that of its transaction's beginning).
 * LIMIT: an id that a handler deletes and inserts again goes by the date of the first time.
 */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/base/grow.h"

#include <string.h>

static int64_t expires(const struct database *database, const struct aged *row) {
  return row->at + database->retention;
}

/* Sets the timer to the job's next time at which the oldest row has expired. */
static void arm(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  if (database->prune_armed || database->aged_first == database->aged_end) return;
  if (MUTANT(DATABASE_NEVER_PRUNES)) return;
  int64_t every = database->prune_every;
  int64_t at = (expires(database, &database->aged[database->aged_first]) / every + 1) * every;
  if (at <= world->now.ns) at = (world->now.ns / every + 1) * every;
  database->prune_armed = true;
  world_after(world, node, 0, TIMER_PRUNE, 0, span_of(at - world->now.ns));
}

void database_prune_start(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  database->retention = plan_handler_value(world->plan, node->group, "retention", 0);
  database->prune_every = plan_handler_value(world->plan, node->group, "prune_every", NS_PER_MIN);
  database->prune_armed = false;
  database->prune_asked = NOT_ASKED;
  arm(world, node);
}

void database_row_inserted(struct world *world, struct node *node, uint32_t table, uint64_t key) {
  struct database *database = database_of(node);
  world_dedup_bytes(world, DATABASE_UNIQUE_ROW_BYTES);
  if (database->retention == 0) return;
  GROW(database->aged, database->aged_capacity, database->aged_end + 1);
  database->aged[database->aged_end++] = (struct aged){.key = key, .at = world->now.ns, .table = table};
  if (node->alive) arm(world, node);
}

void database_row_uninserted(struct world *world, struct database *database) {
  world_dedup_bytes(world, -DATABASE_UNIQUE_ROW_BYTES);
  if (database->retention > 0) database->aged_end--;
}

void database_row_undeleted(struct world *world, struct database *database, bool existed) {
  const struct aged *row = &database->aged[--database->aged_first];
  if (existed && id_set_add(&database->tables.items[row->table].unique, row->key))
    world_dedup_bytes(world, DATABASE_UNIQUE_ROW_BYTES);
}

void database_on_prune(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct database *database = database_of(node);
  database->prune_armed = false;
  database->prune_asked = world->now.ns;
  database_want_flush(world, node);
}

/* Room at the front is given back when most of it is that; not while a deletion may be taken back. */
static void compact(struct database *database) {
  if (database->undo_count > 0 || database->aged_first < database->aged_end / 2) return;
  database->aged_end -= database->aged_first;
  memmove(database->aged, database->aged + database->aged_first, database->aged_end * sizeof *database->aged);
  database->aged_first = 0;
}

void database_prune(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  database->commits++;
  if (!database->lied) database->flushed = database->commits;
  isolation_commits(&database->isolation);
  while (database->aged_first < database->aged_end) {
    const struct aged *row = &database->aged[database->aged_first];
    if (expires(database, row) >= database->prune_asked) break;
    database_note_deleted(database, row, world->now.ns);
    isolation_changes(&database->isolation, row->table, row->key);
    if (id_set_remove(&database->tables.items[row->table].unique, row->key))
      world_dedup_bytes(world, -DATABASE_UNIQUE_ROW_BYTES);
    database->aged_first++;
  }
  database->prune_asked = NOT_ASKED;
  compact(database);
  arm(world, node);
}
