/* Commits: the flushes of the write-ahead log. */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

static void start_flush(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  uint32_t first = database->sessions.first_commit;
  int64_t ready = first == SESSION_NONE ? world->now.ns : transaction_at(database, first)->ready_at;
  int64_t cost = node_takes(world, node, NODE_DISK, world->plan->costs.values[COST_DATABASE_COMMIT].i);
  database->flushing = true;
  database->flush_started = ready > world->now.ns ? ready : world->now.ns;
  world_after(world, node, 0, TIMER_FLUSH, 0,
              span_of(database->flush_started + cost - world->now.ns));
}

void database_want_flush(struct world *world, struct node *node) {
  if (!database_of(node)->flushing) start_flush(world, node);
}

bool database_commit(struct world *world, struct node *node, uint32_t index, struct message *request) {
  struct database *database = database_of(node);
  struct transaction *transaction = transaction_at(database, index);
  if (transaction->first_write == SESSION_NONE) {
    database_answer(world, node, request, DG_OK, 0);
    database_end(world, node, index);
    return false;
  }
  if (!isolation_allows(&database->isolation, &database->sessions, transaction)) {
    database_conflict(world, node, index, request);
    return false;
  }
  world_take(request);
  transaction->request = request;
  int64_t ready = node->depart > world->now.ns ? node->depart : world->now.ns;
  sessions_queue_commit(&database->sessions, index, ready);
  database_want_flush(world, node);
  return true;
}

static void write_balance(int64_t *balance, const struct write *write) {
  struct row row = {.exists = *balance != BALANCE_ABSENT, .value = *balance};
  write_change(write, &row);
  *balance = row.exists ? row.value : BALANCE_ABSENT;
}

static void write_row(struct tables *tables, const struct write *write) {
  struct row row = {.value = 0};
  if (write->table == TABLE_BALANCE) return write_balance(tables_balance(tables, write->key), write);
  row.exists = tables_get(tables, write->table, write->key, &row.value);
  write_change(write, &row);
  if (row.exists)
    tables_put(tables, write->table, write->key, row.value);
  else
    tables_remove(tables, write->table, write->key);
}

static void write_one(struct world *world, struct node *node, const struct write *write) {
  struct tables *tables = &database_of(node)->tables;
  database_note(database_of(node), write, world->now.ns);
  if (write_is_outbox(write->kind)) return database_outbox_write(world, node, write);
  struct id_set *unique = &tables->items[write->table].unique;
  isolation_changes(&database_of(node)->isolation, write->table, write->key);
  if (write->kind != WRITE_UNIQUE) {
    write_row(tables, write);
  } else if (id_set_add(unique, write->key) && write->table != TABLE_INSERTED) {
    database_row_inserted(world, node, write->table, write->key);
  }
  if (write->kind == WRITE_DELETE && id_set_remove(unique, write->key))
    world_dedup_bytes(world, -DATABASE_UNIQUE_ROW_BYTES);
  if (write->kind != WRITE_APPLY) return;
  if (database_of(node)->states_commits)
    world_fact(world, FACT_COMMITTED, node->id, write->intent, 0, 0);
  else
    world_effect(world, node, write->intent, world->now.ns, node->group);
}

/* Makes a transaction's changes the state; false: the process dies before it does. */
static bool write_all(struct world *world, struct node *node, uint32_t index) {
  struct database *database = database_of(node);
  const enum point point = database->states_commits ? POINT_COMMITTED : POINT_EFFECT;
  const struct write *writes = database->sessions.writes;
  uint32_t first = transaction_at(database, index)->first_write;
  for (uint32_t i = first; i != SESSION_NONE && node->alive; i = writes[i].next)
    if (writes[i].kind == WRITE_APPLY &&
        !world_point(world, node, point, true, writes[i].intent))
      return false;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  database->commits++;
  isolation_commits(&database->isolation);
  if (!database->lied) database->flushed = database->commits;
  for (uint32_t i = first; i != SESSION_NONE; i = writes[i].next) write_one(world, node, &writes[i]);
  for (uint32_t i = first; i != SESSION_NONE && node->alive; i = writes[i].next)
    if (writes[i].kind == WRITE_APPLY) world_point(world, node, point, false, writes[i].intent);
  return true;
}

/* A flush has ended: the commits in it are durable, or are said to be. */
void database_flushed(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct database *database = database_of(node);
  struct sessions *sessions = &database->sessions;
  const enum flush flush = MUTANT(DATABASE_NO_FSYNC) ? FLUSH_LIED : node_flush(world, node);
  if (flush == FLUSH_FAILED) return; /* PANIC: nobody is answered, nothing of it is written */
  if (flush == FLUSH_DONE) database_note_flushed(database);
  database->lied = flush == FLUSH_LIED;
  while (sessions->first_commit != SESSION_NONE) {
    uint32_t index = sessions->first_commit;
    if (transaction_at(database, index)->ready_at > database->flush_started) break;
    if (!write_all(world, node, index)) return;
    sessions_dequeue_commit(sessions);
    if (node->doomed) return; /* after the write, before its answer */
    database_answer(world, node, transaction_at(database, index)->request, DG_OK, 0);
    database_end(world, node, index);
  }
  database_serve_reader(world, node);
  if (database->prune_asked <= database->flush_started) database_prune(world, node);
  database->flushing = false;
  if (sessions->first_commit != SESSION_NONE || database->prune_asked != NOT_ASKED)
    start_flush(world, node);
}

/* How many commits of the flush under way the process had handed to the operating system, which writes
 * them; of a clean exit all, also those that waited for the next. */
static uint32_t written_commits(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  uint32_t count = 0;
  bool in_the_middle = node->doomed && node->death != DEATH_EXIT; /* of a step: it stored nothing more */
  if (!database->flushing || in_the_middle) return 0;
  for (uint32_t i = database->sessions.first_commit; i != SESSION_NONE;
       i = transaction_at(database, i)->next) {
    bool waits = transaction_at(database, i)->ready_at > database->flush_started ||
                 database->flush_started > world->now.ns;
    if (waits && node->death != DEATH_EXIT) break;
    count++;
  }
  return count;
}

/* How many of those that are not on the disk a power loss leaves there: none, or, of a torn write, the
 * first few. */
static uint64_t left_by_power_loss(struct world *world, const struct node *node, uint64_t count) {
  bool torn = node->down_by != NO_FAULT &&
              faults_rules(world, node->down_by)->unsynced == UNSYNCED_TORN;
  if (!torn) return 0;
  uint64_t address = world_address(node, hash_name("torn"), node->incarnation);
  return count - luck_choice(&world->luck, address, count + 1);
}

void database_salvage(struct world *world, struct node *node, bool power) {
  struct database *database = database_of(node);
  struct sessions *sessions = &database->sessions;
  uint64_t left = written_commits(world, node);
  if (power) { /* first what earlier flushes lied about, then what was being written */
    uint64_t lied = database->commits - database->flushed;
    left = left_by_power_loss(world, node, lied + left);
    if (left < lied) database_undo(world, node, database->flushed + left);
    left = left > lied ? left - lied : 0;
    database_note_flushed(database);
  } else if (node->fsync_lies > 0 || database->commits > database->flushed) {
    database->lied = true; /* also of those that only the operating system writes out now */
  }
  for (; left > 0; left--) {
    write_all(world, node, sessions->first_commit);
    sessions_dequeue_commit(sessions);
  }
}
