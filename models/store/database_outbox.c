/* Statements on a service's outbox table, and what they do to it at their commit. */
#include "models/store/database_state.h"

#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

static bool insert(struct world *world, struct node *node, uint32_t index, struct message *request) {
  struct database *database = database_of(node);
  const struct record *event = &request->records[0];
  struct write write = {.kind = WRITE_OUTBOX_INSERT, .table = TABLE_OUTBOX,
                        .key = outbox_draw_id(&database->outbox), .intent = request->intent};
  *outbox_row(&database->outbox, write.key) =
      (struct outbox_row){.intent = event->intent, .key = event->key, .size = event->size,
                          .attempt = event->attempt, .state = OUTBOX_UNKNOWN};
  sessions_write(&database->sessions, index, &write);
  return database_noted(world, node, index, request);
}

/* --- SELECT --- */

/* Whether a row is one that a SELECT returns, and is locked for it if it asks for that. */
static bool take(struct database *database, uint32_t index, const struct message *request, uint64_t id) {
  const struct outbox_row *row = outbox_row(&database->outbox, id);
  if (!outbox_is_there(row)) return false;
  if (!(request->b & OUTBOX_BY_CURSOR) && row->state != OUTBOX_WAITING) return false;
  if (!(request->b & OUTBOX_SKIP_LOCKED)) return true;
  if (sessions_is_locked(&database->sessions, index, TABLE_OUTBOX, id)) return false;
  return sessions_lock(&database->sessions, index, TABLE_OUTBOX, id) == LOCK_TAKEN;
}

static uint64_t select_from(struct outbox_table *table, const struct message *request) {
  if (request->b & OUTBOX_BY_CURSOR) {
    uint64_t behind = table->cursor > (uint64_t)request->c ? table->cursor : (uint64_t)request->c;
    return behind + 1 > table->first ? behind + 1 : table->first;
  }
  for (; table->waiting_from < table->next; table->waiting_from++) {
    const struct outbox_row *row = outbox_row(table, table->waiting_from);
    if (row->state == OUTBOX_WAITING || row->state == OUTBOX_UNKNOWN) break;
  }
  return table->waiting_from;
}

/* SELECT ... ORDER BY id LIMIT a: read committed, so a row whose transaction is still open is not seen. */
static bool select_rows(struct world *world, struct node *node, uint32_t index, const struct message *request) {
  struct database *database = database_of(node);
  struct outbox_table *table = &database->outbox;
  uint64_t found[MESSAGE_RECORDS_MAX];
  uint32_t count = 0;
  for (uint64_t id = select_from(table, request); id < table->next && count < (uint32_t)request->a; id++)
    if (take(database, index, request, id)) found[count++] = id;
  struct message *answer = world_answer(world, node, request, OUTBOX_ROWS);
  answer->size = STORE_WIRE_BYTES;
  struct record *records = count ? message_records(&world->messages, answer, count) : NULL;
  for (uint32_t i = 0; i < count; i++) {
    const struct outbox_row *row = outbox_row(table, found[i]);
    records[i] = (struct record){.intent = row->intent, .handle = found[i], .key = row->key, .size = row->size,
                                 .attempt = row->attempt};
    answer->size += OUTBOX_ROW_BYTES + row->size;
  }
  world_send(world, node, answer);
  return false;
}

/* --- UPDATE --- */

static void write_rows(struct database *database, uint32_t index, const struct message *request) {
  for (uint32_t i = 0; i < request->record_count; i++) {
    struct write write = {.kind = WRITE_OUTBOX_PUBLISHED, .table = TABLE_OUTBOX,
                          .key = request->records[i].handle, .intent = request->records[i].intent};
    const struct outbox_row *row = outbox_row(&database->outbox, write.key);
    if (row && row->state == OUTBOX_WAITING) sessions_write(&database->sessions, index, &write);
  }
}

/* It locks its rows one after the other; after a wait it begins again, and has those that it had. */
static bool mark(struct world *world, struct node *node, uint32_t index, struct message *request) {
  for (uint32_t i = 0; i < request->record_count; i++) {
    enum locked locked =
        database_lock(world, node, index, request, TABLE_OUTBOX, request->records[i].handle);
    if (locked != LOCKED) return locked == LOCKED_KEPT;
  }
  write_rows(database_of(node), index, request);
  return database_noted(world, node, index, request);
}

static bool move_cursor(struct world *world, struct node *node, uint32_t index, struct message *request) {
  struct write write = {.kind = WRITE_OUTBOX_CURSOR, .table = TABLE_OUTBOX, .value = request->a};
  return database_change(world, node, index, request, &write); /* of the one row with the cursor */
}

/* --- DELETE --- */

static void delete_row(struct database *database, uint32_t index, uint64_t id) {
  struct write write = {.kind = WRITE_OUTBOX_GONE, .table = TABLE_OUTBOX, .key = id};
  if (sessions_is_locked(&database->sessions, index, TABLE_OUTBOX, id)) return;
  if (sessions_lock(&database->sessions, index, TABLE_OUTBOX, id) != LOCK_TAKEN) return;
  sessions_write(&database->sessions, index, &write);
}

/* A partition that is dropped goes whole: all its rows are as old, and none of them waits. */
struct partition {
  int64_t number;
  uint64_t first;
  bool kept;
};

static void drop_partition(struct database *database, uint32_t index, const struct partition *partition,
                           uint64_t end) {
  for (uint64_t id = partition->first; !partition->kept && id < end; id++)
    if (outbox_is_there(outbox_row(&database->outbox, id))) delete_row(database, index, id);
}

/* Rows older than so long. Of what is not published yet only where it says that age alone counts. */
static bool delete_rows(struct world *world, struct node *node, uint32_t index, struct message *request) {
  struct database *database = database_of(node);
  struct outbox_table *table = &database->outbox;
  const bool by_partition = request->b & OUTBOX_BY_PARTITION, all = request->b & OUTBOX_UNPUBLISHED_TOO;
  int64_t until = world->now.ns - request->a, width = by_partition ? request->c : 1;
  struct partition partition = {.number = -1, .first = table->first};
  uint64_t id = table->first;
  for (; id < table->next; id++) {
    const struct outbox_row *row = outbox_row(table, id);
    if (!outbox_is_there(row)) continue;
    if (row->created_ns / width >= until / width) break;
    bool stays = !all && !outbox_is_done(table, row, id);
    if (!by_partition && !stays) delete_row(database, index, id);
    if (!by_partition) continue;
    if (row->created_ns / width != partition.number) {
      drop_partition(database, index, &partition, id);
      partition = (struct partition){.number = row->created_ns / width, .first = id};
    }
    partition.kept = partition.kept || stays;
  }
  if (by_partition) drop_partition(database, index, &partition, id);
  if (request->b & OUTBOX_ARCHIVED) world_count(world, COUNTER_DATABASE_WRITES, 1); /* INSERT ... SELECT */
  return database_noted(world, node, index, request);
}

bool database_outbox(struct world *world, struct node *node, uint32_t index, struct message *request) {
  switch (request->kind) {
  case OUTBOX_INSERT: return insert(world, node, index, request);
  case OUTBOX_SELECT: return select_rows(world, node, index, request);
  case OUTBOX_MARK: return mark(world, node, index, request);
  case OUTBOX_MOVE_CURSOR: return move_cursor(world, node, index, request);
  default: ASSERT_EQ(request->kind, OUTBOX_DELETE); return delete_rows(world, node, index, request);
  }
}

/* --- At a commit, and taking it back --- */

/* Who reads the log marks no rows: they wait for nobody. */
static void insert_committed(struct world *world, struct node *node, uint64_t id) {
  struct database *database = database_of(node);
  const struct outbox_row *row = outbox_row(&database->outbox, id);
  if (!world->plan->publisher->reads_log) return outbox_set(world, &database->outbox, id, OUTBOX_WAITING);
  const struct change change = {.intent = row->intent, .key = row->key, .size = row->size,
                                .attempt = row->attempt};
  outbox_set(world, &database->outbox, id, OUTBOX_PUBLISHED);
  change_log_append(world, &database->changes, &change, database_setting(world, KEY_DATABASE_SLOT_KEEPS));
}

void database_outbox_write(struct world *world, struct node *node, const struct write *write) {
  struct outbox_table *table = &database_of(node)->outbox;
  struct outbox_row *row = outbox_row(table, write->key);
  switch (write->kind) {
  case WRITE_OUTBOX_INSERT:
    row->created_ns = world->now.ns;
    return insert_committed(world, node, write->key);
  case WRITE_OUTBOX_CURSOR: return outbox_move_cursor(world, table, (uint64_t)write->value);
  case WRITE_OUTBOX_PUBLISHED:
    if (outbox_is_there(row)) outbox_set(world, table, write->key, OUTBOX_PUBLISHED);
    return;
  default:
    ASSERT_EQ(write->kind, WRITE_OUTBOX_GONE);
    if (outbox_is_there(row)) outbox_set(world, table, write->key, OUTBOX_GONE);
  }
}

void database_outbox_note(struct database *database, const struct write *write, struct undo *undo) {
  const struct outbox_row *row = outbox_row(&database->outbox, write->key);
  undo->existed = outbox_is_there(row);
  if (row) undo->row = *row;
  if (write->kind == WRITE_OUTBOX_CURSOR) undo->before = (int64_t)database->outbox.cursor;
}

static void take_back_insert(struct world *world, struct node *node, uint64_t id) {
  if (world->plan->publisher->reads_log) change_log_take_back(world, &database_of(node)->changes);
  if (outbox_row(&database_of(node)->outbox, id))
    outbox_set(world, &database_of(node)->outbox, id, OUTBOX_GONE);
}

void database_outbox_undo(struct world *world, struct node *node, const struct undo *undo) {
  struct outbox_table *table = &database_of(node)->outbox;
  if (undo->kind == WRITE_OUTBOX_CURSOR)
    outbox_move_cursor(world, table, (uint64_t)undo->before);
  else if (undo->kind == WRITE_OUTBOX_INSERT)
    take_back_insert(world, node, undo->key);
  else if (undo->existed && undo->kind == WRITE_OUTBOX_PUBLISHED)
    outbox_set(world, table, undo->key, (enum outbox_state)undo->row.state);
  else if (undo->existed)
    outbox_restore(world, table, undo->key, &undo->row);
}

/* A transaction that ends without having been written gives up the ids that it has drawn. */
void database_outbox_abandon(struct database *database, uint32_t index) {
  const struct write *writes = database->sessions.writes;
  uint32_t i = transaction_at(database, index)->first_write;
  for (; i != SESSION_NONE; i = writes[i].next) {
    struct outbox_row *row = outbox_row(&database->outbox, writes[i].key);
    if (writes[i].kind == WRITE_OUTBOX_INSERT && row && row->state == OUTBOX_UNKNOWN)
      row->state = OUTBOX_GONE;
  }
}
