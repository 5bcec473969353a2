/* What an operation does to its rows. */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/handler/dgsim.h"

/* The unique id of an insert, when nobody else holds it. Where it is there the statement fails, and with it its
 * transaction. */
static enum locked claim(struct world *world, struct node *node, uint32_t index, struct message *request) {
  struct database *database = database_of(node);
  if (sessions_is_locked(&database->sessions, index, TABLE_INSERTED, request->intent))
    return database_lock(world, node, index, request, TABLE_INSERTED, request->intent);
  bool exists = database_has_unique(database, index, TABLE_INSERTED, request->intent);
  if (exists && !MUTANT(DATABASE_NO_NATURAL_KEY)) {
    database_answer(world, node, request, DG_EXISTS, 0);
    database_abort(world, node, index);
    return LOCKED_REFUSED;
  }
  return database_lock(world, node, index, request, TABLE_INSERTED, request->intent);
}

/* Both rows, the lower key first: two transfers never wait for each other. */
static enum locked lock_both(struct world *world, struct node *node, uint32_t index,
                             struct message *request, const struct write *own, const struct write *other) {
  const uint64_t first = own->key < other->key ? own->key : other->key;
  const uint64_t second = own->key < other->key ? other->key : own->key;
  enum locked locked = database_lock(world, node, index, request, TABLE_BALANCE, first);
  if (locked != LOCKED) return locked;
  return database_lock(world, node, index, request, TABLE_BALANCE, second);
}

bool database_apply(struct world *world, struct node *node, uint32_t index, struct message *request,
                    struct write *own) {
  struct sessions *sessions = &database_of(node)->sessions;
  own->operation = workload_operation(world, own->intent);
  const struct row_operation *operation = &row_operations[own->operation];
  if (!operation->own) return database_refuse(world, node, index, request), false;
  if (!operation->other && !operation->inserts) return database_change(world, node, index, request, own);
  struct write other = *own;
  enum locked locked = LOCKED;
  if (operation->other) {
    other.kind = WRITE_APPLY_OTHER;
    other.key = workload_other_key(world, own->intent, (uint32_t)own->key);
    struct database *database = database_of(node);
    if (!isolation_touch(&database->isolation, transaction_at(database, index), other.table, other.key))
      return database_conflict(world, node, index, request), false;
    locked = lock_both(world, node, index, request, own, &other);
  } else if (operation->unique) {
    other = (struct write){.kind = WRITE_UNIQUE, .table = TABLE_INSERTED, .key = own->intent};
    locked = claim(world, node, index, request);
  }
  if (locked != LOCKED) return locked == LOCKED_KEPT;
  if (operation->other || operation->unique) sessions_write(sessions, index, &other);
  sessions_write(sessions, index, own);
  return database_noted(world, node, index, request);
}
