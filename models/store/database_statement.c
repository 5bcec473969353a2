/* Statements and the transactions that they are part of. */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/handler/dgsim.h"
#include "sim/world/workload.h"

void database_answer(struct world *world, struct node *node, const struct message *request,
                     int status, int64_t value) {
  struct message *message = world_answer(world, node, request, STORE_ANSWER);
  message->intent = request->intent;
  message->a = status;
  message->b = value;
  message->size = STORE_WIRE_BYTES;
  world_send(world, node, message);
}

uint32_t database_begin(struct world *world, struct node *node, const struct message *request) {
  struct database *database = database_of(node);
  uint32_t id = client_id(request);
  uint32_t index = sessions_begin(&database->sessions, request, id, world->now.ns);
  world_hold(world, node);
  struct transaction *transaction = transaction_at(database, index);
  isolation_begins(&database->isolation, transaction);
  if (id && database_setting(world, KEY_DATABASE_IDLE_TIMEOUT))
    transaction->timer = world_timer(world, node, 0, database->idle_lane, TIMER_IDLE,
                                     (uint64_t)transaction->generation << 32 | index);
  return index;
}

void database_wait_over(struct world *world, struct transaction *transaction) {
  if (transaction->wait_timer != TIMER_NONE) world_cancel(world, transaction->wait_timer);
  transaction->wait_timer = TIMER_NONE;
}

/* From its first wait on, which is when it came; after a wait for one lock it may wait for another. */
static void limit_wait(struct world *world, struct node *node, uint32_t index) {
  struct transaction *transaction = transaction_at(database_of(node), index);
  if (transaction->wait_timer != TIMER_NONE || !database_setting(world, KEY_DATABASE_STATEMENT_TIMEOUT)) return;
  transaction->wait_timer = world_timer(world, node, 0, database_of(node)->wait_lane, TIMER_WAIT,
                                        (uint64_t)transaction->generation << 32 | index);
}

static void forget_request(struct world *world, struct transaction *transaction) {
  if (transaction->request) world_release(world, transaction->request);
  transaction->request = NULL;
}

/* Lets those go on who waited for what has been released. */
static void wake(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  for (;;) {
    uint32_t index = sessions_wake(&database->sessions);
    if (index == SESSION_NONE) return;
    struct message *request = transaction_at(database, index)->request;
    transaction_at(database, index)->request = NULL;
    if (!database_execute(world, node, index, request)) world_release(world, request);
  }
}

void database_end(struct world *world, struct node *node, uint32_t index) {
  struct database *database = database_of(node);
  struct transaction *transaction = transaction_at(database, index);
  forget_request(world, transaction);
  if (database->states_commits) database_outbox_abandon(database, index);
  if (transaction->timer != TIMER_NONE) world_cancel(world, transaction->timer);
  database_wait_over(world, transaction);
  sessions_end(&database->sessions, index);
  isolation_ends(&database->isolation, transaction, database->sessions.live);
  world_unhold(world, node);
  wake(world, node);
}

void database_abort(struct world *world, struct node *node, uint32_t index) {
  world_fact(world, FACT_TRANSACTION_ABORTED, node->id, 0, 0, 0);
  database_end(world, node, index);
}

void database_refuse(struct world *world, struct node *node, uint32_t index,
                     const struct message *request) {
  database_answer(world, node, request, DG_FAILED, 0);
  database_abort(world, node, index);
}

void database_conflict(struct world *world, struct node *node, uint32_t index,
                       const struct message *request) {
  world_fact(world, FACT_SERIALIZATION_FAILED, node->id, request->intent, 0, node->group);
  database_answer(world, node, request, DG_CONFLICT, 0);
  database_abort(world, node, index);
}

static bool get(struct world *world, struct node *node, uint32_t index,
                const struct message *request) {
  struct database *database = database_of(node);
  uint32_t table = tables_find(&database->tables, (uint64_t)request->a);
  int64_t value;
  bool exists = database_row(database, index, table, (uint64_t)request->b, &value);
  database_answer(world, node, request, exists ? DG_OK : DG_NOT_FOUND, value);
  return false;
}

/* --- Changes: lock, note, answer or commit --- */

enum locked database_lock(struct world *world, struct node *node, uint32_t index,
                          struct message *request, uint32_t table, uint64_t key) {
  struct database *database = database_of(node);
  if (!isolation_touch(&database->isolation, transaction_at(database, index), table, key))
    return database_conflict(world, node, index, request), LOCKED_REFUSED;
  enum lock_result locked = sessions_lock(&database->sessions, index, table, key);
  if (locked == LOCK_TAKEN) return LOCKED;
  if (locked == LOCK_DEADLOCK) return database_refuse(world, node, index, request), LOCKED_REFUSED;
  world_take(request);
  transaction_at(database, index)->request = request;
  limit_wait(world, node, index);
  return LOCKED_KEPT;
}

bool database_noted(struct world *world, struct node *node, uint32_t index, struct message *request) {
  if (client_id(request) == 0) return database_commit(world, node, index, request);
  database_answer(world, node, request, DG_OK, 0);
  return false;
}

bool database_change(struct world *world, struct node *node, uint32_t index, struct message *request,
                     const struct write *write) {
  enum locked locked = database_lock(world, node, index, request, write->table, write->key);
  if (locked != LOCKED) return locked == LOCKED_KEPT;
  sessions_write(&database_of(node)->sessions, index, write);
  return database_noted(world, node, index, request);
}

/* Whether it makes a row where there is none: of these two, an UPDATE finds nothing there. */
static bool inserts(const struct message *request) {
  return request->kind == DATABASE_INSERT_UNIQUE ||
         (request->kind == DATABASE_PUT_IF && request->records[0].handle == 0);
}

/* An insert waits for who holds its key before it looks: who has deleted it may yet roll back, and who has
 * made it, too (PostgreSQL manual, Index Uniqueness Checks). An UPDATE or DELETE looks among what is committed,
 * waits for what it finds there, and looks again (13.2.1, Read Committed Isolation Level). */
static bool change_if(struct world *world, struct node *node, uint32_t index, struct message *request,
                      const struct write *write) {
  if (inserts(request) && sessions_is_locked(&database_of(node)->sessions, index, write->table, write->key))
    return database_lock(world, node, index, request, write->table, write->key) == LOCKED_KEPT;
  int status = database_condition(database_of(node), index, request, write);
  if (status == DG_OK) return database_change(world, node, index, request, write);
  if (request->kind == DATABASE_PUT_IF)
    world_fact(world, FACT_CONDITION_FAILED, node->id, request->intent, 0, node->group);
  database_answer(world, node, request, status, 0);
  return false;
}

static const enum write_kind writes[STORE_MESSAGE__COUNT] = {
    [DATABASE_PUT] = WRITE_PUT,       [DATABASE_PUT_IF] = WRITE_PUT, [DATABASE_INSERT_UNIQUE] = WRITE_UNIQUE,
    [DATABASE_DELETE] = WRITE_DELETE, [DATABASE_APPLY] = WRITE_APPLY};

/* Executes a statement of an open transaction, for the first time or after a wait. Returns whether the
 * request is kept. */
bool database_execute(struct world *world, struct node *node, uint32_t index,
                      struct message *request) {
  struct database *database = database_of(node);
  struct write write = {.kind = writes[request->kind], .table = TABLE_BALANCE, .key = (uint64_t)request->b,
                        .value = request->c,
                        .intent = request->intent};
  bool outbox = request->kind >= OUTBOX_INSERT && request->kind <= OUTBOX_DELETE;
  if (request->kind != DATABASE_APPLY && !outbox)
    write.table = tables_find(&database->tables, (uint64_t)request->a);
  uint32_t generation = transaction_at(database, index)->generation;
  bool kept = false;
  transaction_at(database, index)->active_at = world->now.ns;
  if (outbox)
    kept = database_outbox(world, node, index, request);
  else if (!isolation_touch(&database->isolation, transaction_at(database, index), write.table, write.key))
    database_conflict(world, node, index, request);
  else if (request->kind == DATABASE_GET)
    kept = get(world, node, index, request);
  else if (!tables_accept(&database->tables, write.table, write.key))
    database_refuse(world, node, index, request);
  else if (request->kind == DATABASE_APPLY)
    kept = database_apply(world, node, index, request, &write);
  else
    kept = change_if(world, node, index, request, &write);
  /* A single statement that changed nothing is its own end. */
  struct transaction *transaction = transaction_at(database, index);
  if (!kept && client_id(request) == 0 && transaction->generation == generation &&
      transaction->state == TRANSACTION_OPEN)
    database_end(world, node, index);
  return kept;
}
