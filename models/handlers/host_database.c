/* The client of the group's database: statements and the transaction that they are part of. */
#include "models/handlers/host_state.h"

#include "models/mutants.h"
#include "models/outbox/cleanup.h"
#include "models/store/database.h"

static struct message *request(struct world *world, struct node *node, const struct thread *thread,
                               enum store_message kind) {
  struct message *message =
      host_request(world, node, thread, world_node(world, ROLE_DATABASE, node->group), (uint16_t)kind);
  if (thread->transaction != CLIENT_TRANSACTION_NONE) message->d = thread->transaction_id;
  if (thread->transaction == CLIENT_TRANSACTION_BEGUN) message->d |= DATABASE_BEGINS;
  return message;
}

static bool statement(struct world *world, struct node *node, struct thread *thread,
                      enum store_message kind) {
  if (world->count[ROLE_DATABASE] == 0 || thread->transaction == CLIENT_TRANSACTION_BROKEN)
    return host_done(thread, DG_FAILED);
  struct message *message = request(world, node, thread, kind);
  message->a = (int64_t)thread->table;
  message->b = (int64_t)thread->key;
  message->c = thread->value;
  if (kind == DATABASE_PUT_IF)
    *message_records(&world->messages, message, 1) = (struct record){.handle = (uint64_t)thread->expected};
  if (thread->transaction == CLIENT_TRANSACTION_BEGUN)
    thread->transaction = CLIENT_TRANSACTION_OPEN;
  return host_ask(world, node, thread, message);
}

void host_abandon_transaction(struct world *world, struct node *node, struct thread *thread) {
  if (thread->transaction == CLIENT_TRANSACTION_OPEN ||
      thread->transaction == CLIENT_TRANSACTION_BROKEN) /* nobody waits for the answer */
    world_send(world, node, request(world, node, thread, DATABASE_ROLLBACK));
  thread->transaction = CLIENT_TRANSACTION_NONE;
}

/* --- What came of a statement --- */

static void answered(struct thread *thread, const struct message *answer) {
  (void)answer;
  if (thread->transaction != CLIENT_TRANSACTION_NONE && (thread->status == DG_FAILED || thread->status == DG_CONFLICT))
    thread->transaction = CLIENT_TRANSACTION_BROKEN;
}

static void unanswered(struct thread *thread) {
  thread->status = DG_FAILED;
  if (thread->transaction != CLIENT_TRANSACTION_NONE)
    thread->transaction = CLIENT_TRANSACTION_BROKEN;
  else if (thread->call != CALL_GET)
    thread->status = DG_UNKNOWN;
}

static void ended(struct thread *thread, const struct message *answer) {
  (void)answer;
  thread->transaction = CLIENT_TRANSACTION_NONE;
}

static void commit_unanswered(struct thread *thread) {
  thread->transaction = CLIENT_TRANSACTION_NONE;
  thread->status = DG_UNKNOWN;
}

/* What is not committed is rolled back in the end. */
static void rollback_unanswered(struct thread *thread) {
  thread->transaction = CLIENT_TRANSACTION_NONE;
  thread->status = DG_OK;
}

/* --- What each call does --- */

static bool begin(struct world *world, struct node *node, struct thread *thread) {
  (void)world;
  if (thread->transaction != CLIENT_TRANSACTION_NONE) return host_done(thread, DG_FAILED);
  struct host *host = host_of(node);
  if (++host->transactions == 0) host->transactions = 1;
  thread->transaction_id = host->transactions;
  thread->transaction = CLIENT_TRANSACTION_BEGUN;
  return host_done(thread, DG_OK);
}

static bool commit(struct world *world, struct node *node, struct thread *thread) {
  switch (thread->transaction) {
  case CLIENT_TRANSACTION_OPEN:
    return host_ask(world, node, thread, request(world, node, thread, DATABASE_COMMIT));
  case CLIENT_TRANSACTION_BEGUN:
    thread->transaction = CLIENT_TRANSACTION_NONE;
    return host_done(thread, DG_OK);
  default: host_abandon_transaction(world, node, thread); return host_done(thread, DG_FAILED);
  }
}

static bool rollback(struct world *world, struct node *node, struct thread *thread) {
  if (thread->transaction == CLIENT_TRANSACTION_OPEN)
    return host_ask(world, node, thread, request(world, node, thread, DATABASE_ROLLBACK));
  host_abandon_transaction(world, node, thread);
  return host_done(thread, DG_OK);
}

static bool get(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_GET);
}
static bool put(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_PUT);
}
static bool insert_unique(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_INSERT_UNIQUE);
}
static bool apply(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_APPLY);
}

static bool delete_row(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_DELETE);
}
static bool put_if(struct world *world, struct node *node, struct thread *thread) {
  return statement(world, node, thread, DATABASE_PUT_IF);
}

/* On another connection, to another server: no transaction of this one matters. */
static bool get_replica(struct world *world, struct node *node, struct thread *thread) {
  if (world->count[ROLE_DATABASE] == 0) return host_done(thread, DG_FAILED);
  struct message *message =
      host_request(world, node, thread, world_node(world, ROLE_DATABASE, node->group), DATABASE_GET_REPLICA);
  message->a = (int64_t)thread->table;
  message->b = (int64_t)thread->key;
  return host_ask(world, node, thread, message);
}
static void replica_unanswered(struct thread *thread) { thread->status = DG_FAILED; }

/* The event, in the outbox: of the open transaction, unless the publisher has it otherwise. */
static bool emit(struct world *world, struct node *node, struct thread *thread) {
  if (!plan_handler(world->plan, node->group)->emits || thread->transaction == CLIENT_TRANSACTION_BROKEN)
    return host_done(thread, DG_FAILED);
  const bool alone = publisher_setting(world, KEY_OUTBOX) == OUTBOX_SEPARATE || MUTANT(HOST_EMITS_ALONE);
  struct message *message = request(world, node, thread, OUTBOX_INSERT);
  if (alone)
    message->d = 0;
  else if (thread->transaction == CLIENT_TRANSACTION_BEGUN)
    thread->transaction = CLIENT_TRANSACTION_OPEN;
  *message_records(&world->messages, message, 1) =
      (struct record){.intent = thread->intent, .key = (uint32_t)thread->message.key,
                      .size = (uint32_t)world->plan->workload.size};
  return host_ask(world, node, thread, message);
}

const struct call_row host_database_calls[CALL__COUNT] = {
    [CALL_BEGIN] = {.perform = begin, .at_once = true},
    [CALL_COMMIT] = {.perform = commit, .answered = ended, .unanswered = commit_unanswered},
    [CALL_ROLLBACK] = {.perform = rollback, .answered = ended, .unanswered = rollback_unanswered},
    [CALL_GET] = {.perform = get, .answered = answered, .unanswered = unanswered},
    [CALL_PUT] = {.perform = put, .answered = answered, .unanswered = unanswered},
    [CALL_INSERT_UNIQUE] = {.perform = insert_unique, .answered = answered, .unanswered = unanswered},
    [CALL_APPLY] = {.perform = apply, .answered = answered, .unanswered = unanswered},
    [CALL_DELETE] = {.perform = delete_row, .answered = answered, .unanswered = unanswered},
    [CALL_PUT_IF] = {.perform = put_if, .answered = answered, .unanswered = unanswered},
    [CALL_EMIT] = {.perform = emit, .answered = answered, .unanswered = unanswered},
    [CALL_GET_REPLICA] = {.perform = get_replica, .unanswered = replica_unanswered},
};
