/* A replica of a group's database, for reads: it follows replication_delay behind.
 *
 * What a row was is found in a log of the changes of that time, kept only where somebody may read a replica.
 * Commits that a failover or the disk takes back never were on the replica, which then follows what took over.
 *
 * LIMIT: the replica is reached as its primary is, over the same link, and is down with it; it has connections
 *        enough, and its reads cost the primary's cores. The delay is always the same.
 */
#include "models/store/database_state.h"

#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"

#include <string.h>

void database_replica_start(const struct world *world, struct node *node) {
  const struct handler *handler = node->service ? NULL : plan_handler(world->plan, node->group);
  const bool read = handler && (handler->reads_replica || handler->program);
  database_of(node)->behind = read ? database_setting(world, KEY_DATABASE_REPLICATION_DELAY) : 0;
}

void database_replica_clear(struct database *database) { database->recent_first = database->recent_end = 0; }

/* What the replica has done by now needs no log. Room at the front is given back when most of it is that. */
static void trim(struct database *database, int64_t now_ns) {
  const int64_t seen = now_ns - database->behind;
  while (database->recent_first < database->recent_end && database->recent[database->recent_first].at <= seen)
    database->recent_first++;
  if (database->recent_first < 64 || database->recent_first < database->recent_end / 2) return;
  database->recent_end -= database->recent_first;
  memmove(database->recent, database->recent + database->recent_first,
          database->recent_end * sizeof *database->recent);
  database->recent_first = 0;
}

/* As a SELECT of a row finds it, or its unique key. */
static bool committed(const struct database *database, uint32_t table, uint64_t key, int64_t *out) {
  *out = 0;
  return tables_get(&database->tables, table, key, out) ||
         id_set_has(&database->tables.items[table].unique, key);
}

void database_replica_note(struct database *database, uint32_t table, uint64_t key, int64_t now_ns) {
  if (database->behind == 0) return;
  trim(database, now_ns);
  struct recent recent = {.table = table, .key = key, .at = now_ns, .commit = database->commits};
  recent.existed = committed(database, table, key, &recent.before);
  GROW(database->recent, database->recent_capacity, database->recent_end + 1);
  database->recent[database->recent_end++] = recent;
}

void database_replica_undo(struct database *database, uint64_t commits) {
  while (database->recent_end > database->recent_first &&
         database->recent[database->recent_end - 1].commit > commits)
    database->recent_end--;
}

/* The first change that the replica has not seen says what was there before it. */
void database_replica_read(struct world *world, struct node *node, struct message *request) {
  struct database *database = database_of(node);
  const uint32_t table = tables_find(&database->tables, (uint64_t)request->a);
  const uint64_t key = (uint64_t)request->b;
  int64_t value = 0;
  bool exists = tables_accept(&database->tables, table, key) && committed(database, table, key, &value);
  trim(database, world->now.ns);
  for (size_t i = database->recent_first; i < database->recent_end; i++) {
    const struct recent *recent = &database->recent[i];
    if (recent->table != table || recent->key != key) continue;
    exists = recent->existed;
    value = recent->before;
    break;
  }
  database_answer(world, node, request, exists ? DG_OK : DG_NOT_FOUND, value);
}
