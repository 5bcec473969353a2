/* The calls of a handler: their far side, and the client of the database. */
#include "models/handlers/host_state.h"

#include "models/store/database.h"
#include "sim/base/assert.h"
#include "sim/base/hash.h"

/* --- On the fiber --- */

static int call(struct dg_context *context, enum handler_call which) {
  struct thread *thread = (struct thread *)context;
  thread->call = which;
  fiber_yield(thread->fiber);
  return thread->status;
}

static int call_row(struct dg_context *context, enum handler_call which, const char *table,
                    uint64_t key, int64_t value) {
  struct thread *thread = (struct thread *)context;
  thread->table = hash_name(table);
  thread->key = key;
  thread->value = value;
  return call(context, which);
}

static int call_begin(struct dg_context *context) { return call(context, CALL_BEGIN); }
static int call_commit(struct dg_context *context) { return call(context, CALL_COMMIT); }
static int call_rollback(struct dg_context *context) { return call(context, CALL_ROLLBACK); }
static int call_get(struct dg_context *context, const char *table, uint64_t key, int64_t *out) {
  int status = call_row(context, CALL_GET, table, key, 0);
  if (status == DG_OK) *out = ((struct thread *)context)->result;
  return status;
}
static int call_put(struct dg_context *context, const char *table, uint64_t key, int64_t value) {
  return call_row(context, CALL_PUT, table, key, value);
}
static int call_insert_unique(struct dg_context *context, const char *table, uint64_t key) {
  return call_row(context, CALL_INSERT_UNIQUE, table, key, 0);
}
static int call_apply(struct dg_context *context) {
  struct thread *thread = (struct thread *)context;
  thread->key = thread->message.key;
  return call(context, CALL_APPLY);
}
static int call_publish(struct dg_context *context) { return call(context, CALL_PUBLISH); }
static int call_suppress(struct dg_context *context) { return call(context, CALL_SUPPRESS); }
static int call_work(struct dg_context *context) { return call(context, CALL_WORK); }
static int call_sleep(struct dg_context *context, int64_t ns) {
  ((struct thread *)context)->value = ns > 0 ? ns : 0;
  return call(context, CALL_SLEEP);
}

const struct dg_api host_api = {
    .version = DG_API_VERSION, .begin = call_begin,     .commit = call_commit,
    .rollback = call_rollback, .get = call_get,         .put = call_put,
    .insert_unique = call_insert_unique, .apply = call_apply, .publish = call_publish,
    .suppress = call_suppress, .work = call_work,       .sleep = call_sleep,
};

/* --- Statements --- */

static struct message *request(struct world *world, struct node *node, const struct thread *thread,
                               enum database_message kind) {
  struct message *message =
      world_message(world, node, world_node(world, ROLE_DATABASE, node->group)->id, 0, (uint16_t)kind);
  message->reply_port = HOST_PORT;
  message->intent = thread->message.id;
  message->size = DATABASE_WIRE_BYTES;
  if (thread->transaction != CLIENT_TRANSACTION_NONE) message->d = thread->transaction_id;
  if (thread->transaction == CLIENT_TRANSACTION_BEGUN) message->d |= DATABASE_BEGINS;
  return message;
}

/* A correlation names the thread in its low bits and is never 0. */
static uint32_t next_correlation(const struct host *host, struct thread *thread) {
  uint32_t correlation;
  do {
    correlation = ++thread->round << host->thread_bits | thread->index;
  } while (correlation == 0);
  return correlation;
}

static bool send_and_wait(struct world *world, struct node *node, struct thread *thread,
                          struct message *message) {
  struct host *host = host_of(node);
  thread->awaiting = message->correlation = next_correlation(host, thread);
  thread->timer = world_timer(world, node, HOST_PORT, host->statement_lane, HOST_TIMER_STATEMENT,
                              thread->index);
  world_send(world, node, message);
  return false;
}

static bool done(struct thread *thread, int status) {
  thread->status = status;
  return true;
}

static bool statement(struct world *world, struct node *node, struct thread *thread,
                      enum database_message kind) {
  if (world->count[ROLE_DATABASE] == 0 || thread->transaction == CLIENT_TRANSACTION_BROKEN)
    return done(thread, DG_FAILED);
  struct message *message = request(world, node, thread, kind);
  message->a = (int64_t)thread->table;
  message->b = (int64_t)thread->key;
  message->c = thread->value;
  if (thread->transaction == CLIENT_TRANSACTION_BEGUN)
    thread->transaction = CLIENT_TRANSACTION_OPEN;
  return send_and_wait(world, node, thread, message);
}

void host_abandon_transaction(struct world *world, struct node *node, struct thread *thread) {
  if (thread->transaction == CLIENT_TRANSACTION_OPEN ||
      thread->transaction == CLIENT_TRANSACTION_BROKEN) /* nobody waits for the answer */
    world_send(world, node, request(world, node, thread, DATABASE_ROLLBACK));
  thread->transaction = CLIENT_TRANSACTION_NONE;
}

void host_answered(struct world *world, struct thread *thread, const struct message *answer) {
  world_cancel(world, thread->timer);
  thread->awaiting = 0;
  thread->status = (int)answer->a;
  thread->result = answer->b;
  if (thread->call == CALL_COMMIT || thread->call == CALL_ROLLBACK)
    thread->transaction = CLIENT_TRANSACTION_NONE;
  else if (thread->transaction != CLIENT_TRANSACTION_NONE && thread->status == DG_FAILED)
    thread->transaction = CLIENT_TRANSACTION_BROKEN;
}

void host_interrupted(struct world *world, struct thread *thread) {
  (void)world;
  thread->awaiting = 0;
  thread->status = DG_FAILED;
  if (thread->call == CALL_COMMIT) {
    thread->transaction = CLIENT_TRANSACTION_NONE;
    thread->status = DG_UNKNOWN;
  } else if (thread->call == CALL_ROLLBACK) { /* what is not committed is rolled back in the end */
    thread->transaction = CLIENT_TRANSACTION_NONE;
    thread->status = DG_OK;
  } else if (thread->transaction != CLIENT_TRANSACTION_NONE) {
    thread->transaction = CLIENT_TRANSACTION_BROKEN;
  } else if (thread->call != CALL_GET) {
    thread->status = DG_UNKNOWN;
  }
}

/* --- What each call does --- */

static bool begin(struct world *world, struct node *node, struct thread *thread) {
  (void)world;
  if (thread->transaction != CLIENT_TRANSACTION_NONE) return done(thread, DG_FAILED);
  struct host *host = host_of(node);
  if (++host->transactions == 0) host->transactions = 1;
  thread->transaction_id = host->transactions;
  thread->transaction = CLIENT_TRANSACTION_BEGUN;
  return done(thread, DG_OK);
}

static bool commit(struct world *world, struct node *node, struct thread *thread) {
  switch (thread->transaction) {
  case CLIENT_TRANSACTION_OPEN:
    return send_and_wait(world, node, thread, request(world, node, thread, DATABASE_COMMIT));
  case CLIENT_TRANSACTION_BEGUN:
    thread->transaction = CLIENT_TRANSACTION_NONE;
    return done(thread, DG_OK);
  default: host_abandon_transaction(world, node, thread); return done(thread, DG_FAILED);
  }
}

static bool rollback(struct world *world, struct node *node, struct thread *thread) {
  if (thread->transaction == CLIENT_TRANSACTION_OPEN)
    return send_and_wait(world, node, thread, request(world, node, thread, DATABASE_ROLLBACK));
  host_abandon_transaction(world, node, thread);
  return done(thread, DG_OK);
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

static bool publish(struct world *world, struct node *node, struct thread *thread) {
  const struct component *consumer = node->components[0];
  if (!consumer->publish) return done(thread, DG_FAILED);
  return done(thread, consumer->publish(world, node, thread->tag, thread->message.id,
                                        (uint32_t)thread->message.key));
}

static bool suppress(struct world *world, struct node *node, struct thread *thread) {
  world_fact(world, FACT_SUPPRESSED, node->id, thread->message.id, 0, node->group);
  return done(thread, DG_OK);
}

static bool wait(struct world *world, struct node *node, struct thread *thread, int64_t ns) {
  thread->status = DG_OK;
  world_after(world, node, HOST_PORT, HOST_TIMER_WAKE, thread->index, span_of(ns));
  return false;
}
static bool work(struct world *world, struct node *node, struct thread *thread) {
  uint64_t intent = thread->message.id;
  uint32_t execution = world_count_execution(world, intent, node->group);
  int64_t ns = workload_service_time(world, intent, node->group, execution);
  return wait(world, node, thread, node_takes(world, node, NODE_CPU, ns));
}
static bool sleep_on(struct world *world, struct node *node, struct thread *thread) {
  return wait(world, node, thread, thread->value);
}

typedef bool perform_fn(struct world *world, struct node *node, struct thread *thread);
static perform_fn *const performs[CALL__COUNT] = {
    [CALL_BEGIN] = begin,   [CALL_COMMIT] = commit, [CALL_ROLLBACK] = rollback,
    [CALL_GET] = get,       [CALL_PUT] = put,       [CALL_INSERT_UNIQUE] = insert_unique,
    [CALL_APPLY] = apply,   [CALL_PUBLISH] = publish, [CALL_SUPPRESS] = suppress,
    [CALL_WORK] = work,     [CALL_SLEEP] = sleep_on,
};

bool host_perform(struct world *world, struct node *node, struct thread *thread) {
  return performs[thread->call](world, node, thread);
}
