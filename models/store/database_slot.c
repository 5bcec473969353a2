/* What a database says to who reads its log through a replication slot. See change_log.h. */
#include "models/store/database_state.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

/* What is behind `from` - 1, or why there is nothing. */
static void answer_changes(struct world *world, struct node *node, const struct message *request,
                           int status, uint64_t from) {
  const struct change_log *log = &database_of(node)->changes;
  struct message *answer = world_answer(world, node, request, SLOT_CHANGES);
  answer->a = status;
  answer->b = (int64_t)log->confirmed;
  answer->size = STORE_WIRE_BYTES;
  uint64_t count = status == DG_OK ? log->next - from : 0;
  if (count > (uint64_t)request->b) count = (uint64_t)request->b;
  struct record *records = count ? message_records(&world->messages, answer, (uint32_t)count) : NULL;
  for (uint64_t i = 0; i < count; i++) {
    const struct change *change = change_log_at(log, from + i);
    records[i] = (struct record){.intent = change->intent, .handle = from + i, .key = change->key,
                                 .size = change->size, .attempt = change->attempt};
    answer->size += CHANGE_BYTES + change->size;
  }
  world_send(world, node, answer);
}

void database_drop_reader(struct world *world, struct database *database) {
  if (database->reader) world_release(world, database->reader);
  database->reader = NULL;
}

void database_serve_reader(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  struct change_log *log = &database->changes;
  struct message *request = database->reader;
  if (!request) return;
  uint64_t from = (uint64_t)request->a + 1;
  if (MUTANT(SLOT_TELLS_NO_GAP) && from <= log->confirmed) from = log->confirmed + 1;
  bool follows = change_log_follows(world, log, from - 1);
  if (follows && from >= log->next) return; /* it waits */
  database->reader = NULL;
  answer_changes(world, node, request, follows ? DG_OK : log->slot ? DG_CONFLICT : DG_NOT_FOUND, from);
  world_release(world, request);
}

/* The reader waits until there is something. A slot has one at a time: another takes its place. It says again
 * what it has stored, as the confirmation of that may have been lost. */
void database_slot_read(struct world *world, struct node *node, struct message *request) {
  struct database *database = database_of(node);
  database_drop_reader(world, database);
  change_log_confirm(world, &database->changes, (uint64_t)request->c);
  world_take(request);
  database->reader = request;
  database_serve_reader(world, node);
}

void database_slot_create(struct world *world, struct node *node, struct message *request) {
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  database_answer(world, node, request, DG_OK, (int64_t)change_log_create_slot(&database_of(node)->changes));
}

void database_slot_confirm(struct world *world, struct node *node, struct message *request) {
  change_log_confirm(world, &database_of(node)->changes, (uint64_t)request->a);
  database_answer(world, node, request, DG_OK, 0);
}
