/* The calls of a handler: what it calls, and what each does that asks no store. */
#include "models/handlers/host_state.h"

#include "models/store/wire.h"
#include "sim/base/assert.h"
#include "sim/base/hash.h"
#include "sim/base/likely.h"
#include "sim/base/schema.h"

/* --- On the fiber --- */

static __attribute__((noinline)) int make(struct thread *thread, enum handler_call which) {
  thread->call = which;
  if (!host_call_at_once(thread)) fiber_yield(thread->fiber);
  return thread->status;
}

static int call(struct dg_context *context, enum handler_call which) {
  struct thread *thread = (struct thread *)context;
  if (!thread->worked) return make(thread, which);
  ASSERT_MSG(which == CALL_WORK, "%s does not work first", thread->handler->name);
  thread->worked = false;
  return thread->status;
}

static int call_row(struct dg_context *context, enum handler_call which, const char *table,
                    uint64_t key, int64_t value) {
  struct thread *thread = (struct thread *)context;
  thread->table = hash_name(table);
  thread->about = table;
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
static int call_emit(struct dg_context *context) { return call(context, CALL_EMIT); }
static int call_suppress(struct dg_context *context) { return call(context, CALL_SUPPRESS); }
static int call_work(struct dg_context *context) { return call(context, CALL_WORK); }
static int64_t bounded(int64_t ns) {
  return ns < 0 ? 0 : ns < SCHEMA_TIME_MAX_NS ? ns : SCHEMA_TIME_MAX_NS;
}
static int call_sleep(struct dg_context *context, int64_t ns) {
  ((struct thread *)context)->value = bounded(ns);
  return call(context, CALL_SLEEP);
}
static int call_local(struct dg_context *context, enum handler_call which, uint64_t key) {
  ((struct thread *)context)->key = key;
  return call(context, which);
}
static int call_local_seen(struct dg_context *context, uint64_t key) {
  return call_local(context, CALL_LOCAL_SEEN, key);
}
static int call_local_mark(struct dg_context *context, uint64_t key) {
  return call_local(context, CALL_LOCAL_MARK, key);
}

static int call_cache(struct dg_context *context, enum handler_call which, const char *keys, uint64_t key,
                      int64_t value, int64_t ttl_ns) {
  ((struct thread *)context)->ttl = bounded(ttl_ns);
  return call_row(context, which, keys, key, value);
}
static int call_cache_get(struct dg_context *context, const char *keys, uint64_t key, int64_t *out) {
  int status = call_cache(context, CALL_CACHE_GET, keys, key, 0, 0);
  if (status == DG_OK) *out = ((struct thread *)context)->result;
  return status;
}
static int call_cache_set(struct dg_context *context, const char *keys, uint64_t key, int64_t value,
                          int64_t ttl_ns) {
  return call_cache(context, CALL_CACHE_SET, keys, key, value, ttl_ns);
}
static int call_cache_set_if_absent(struct dg_context *context, const char *keys, uint64_t key,
                                    int64_t value, int64_t ttl_ns) {
  return call_cache(context, CALL_CACHE_SET_IF_ABSENT, keys, key, value, ttl_ns);
}
static int call_cache_delete(struct dg_context *context, const char *keys, uint64_t key) {
  return call_cache(context, CALL_CACHE_DELETE, keys, key, 0, 0);
}

/* Suspends nothing: what it reads is part of the plan. */
static int64_t read_setting(struct dg_context *context, const char *key) {
  const struct thread *thread = (const struct thread *)context;
  const struct handler *handler = thread->handler;
  int i = schema_find(handler->keys, handler->key_count, key);
  ASSERT_MSG(i >= 0 && handler->keys[i].type != VALUE_DISTRIBUTION, "%s reads a setting '%s'", handler->name,
             key);
  return thread->settings->values[i].i;
}
static int call_charge(struct dg_context *context, uint64_t idempotency_key, int64_t amount, int64_t *out) {
  struct thread *thread = (struct thread *)context;
  thread->key = idempotency_key;
  thread->value = amount;
  int status = call(context, CALL_CHARGE);
  if (status == DG_OK && out) *out = thread->result;
  return status;
}

static int call_delete(struct dg_context *context, const char *table, uint64_t key) {
  return call_row(context, CALL_DELETE, table, key, 0);
}
static int call_put_if(struct dg_context *context, const char *table, uint64_t key, int64_t expected,
                       int64_t value) {
  ((struct thread *)context)->expected = expected;
  return call_row(context, CALL_PUT_IF, table, key, value);
}
static int call_acknowledge(struct dg_context *context) { return call(context, CALL_ACKNOWLEDGE); }
static int call_acknowledge_all(struct dg_context *context) { return call(context, CALL_ACKNOWLEDGE_ALL); }
static int call_step(struct dg_context *context, const char *name) {
  ((struct thread *)context)->about = name;
  return call(context, CALL_STEP);
}
static int call_execute(struct dg_context *context, const char *name, dg_perform *perform, void *argument) {
  struct thread *thread = (struct thread *)context;
  thread->about = name;
  thread->perform = perform;
  thread->argument = argument;
  return call(context, CALL_EXECUTE);
}
static int64_t read_clock(struct dg_context *context) {
  struct thread *thread = (struct thread *)context;
  thread->read_clock = true;
  return thread->now;
}
static int call_get_replica(struct dg_context *context, const char *table, uint64_t key, int64_t *out) {
  int status = call_row(context, CALL_GET_REPLICA, table, key, 0);
  if (status == DG_OK) *out = ((struct thread *)context)->result;
  return status;
}

const struct dg_host_api host_api = {
    .api = {
        .version = DG_API_VERSION, .begin = call_begin,     .commit = call_commit,
        .rollback = call_rollback, .get = call_get,         .put = call_put,
        .insert_unique = call_insert_unique, .apply = call_apply, .publish = call_publish,
        .suppress = call_suppress, .work = call_work,       .sleep = call_sleep,
        .local_seen = call_local_seen, .local_mark = call_local_mark,
        .setting = read_setting,
        .cache_get = call_cache_get,
        .cache_set = call_cache_set,
        .cache_set_if_absent = call_cache_set_if_absent,
        .cache_delete = call_cache_delete,
        .charge = call_charge,
        .delete_row = call_delete, .put_if = call_put_if,
        .acknowledge = call_acknowledge,
        .emit = call_emit,
        .step = call_step,
        .now = read_clock,
        .acknowledge_all = call_acknowledge_all,
        .get_replica = call_get_replica,
    },
    .execute = call_execute,
};


/* --- Asking a store --- */

struct message *host_request(struct world *world, const struct node *node, const struct thread *thread,
                             const struct node *store, uint16_t kind) {
  struct message *message = world_message(world, node, store->id, 0, kind);
  message->reply_port = HOST_PORT;
  message->intent = thread->intent;
  message->size = STORE_WIRE_BYTES;
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

bool host_ask(struct world *world, struct node *node, struct thread *thread, struct message *message) {
  struct host *host = host_of(node);
  thread->awaiting = message->correlation = next_correlation(host, thread);
  thread->asked = message->to;
  thread->timer = world_timer(world, node, HOST_PORT, host->lanes[world->nodes[message->to].role],
                              HOST_TIMER_ANSWER, thread->index);
  world_send(world, node, message);
  return false;
}

/* --- What each call does --- */

static bool publish(struct world *world, struct node *node, struct thread *thread) {
  const struct component *consumer = node->components[0];
  if (!consumer->publish) return host_done(thread, DG_FAILED);
  return host_done(thread, consumer->publish(world, node, thread->tag, thread->intent,
                                        (uint32_t)thread->message.key));
}

static bool suppress(struct world *world, struct node *node, struct thread *thread) {
  world_fact(world, FACT_SUPPRESSED, node->id, thread->intent, 0, node->group);
  return host_done(thread, DG_OK);
}

static bool wait(struct world *world, struct node *node, struct thread *thread, int64_t ns) {
  thread->status = DG_OK;
  world_after(world, node, HOST_PORT, HOST_TIMER_WAKE, thread->index, span_of(ns));
  return false;
}
static bool work(struct world *world, struct node *node, struct thread *thread) {
  uint64_t intent = thread->intent;
  uint32_t execution = world_count_execution(world, intent, node->group);
  int64_t ns = workload_service_time(world, intent, node->group, execution);
  return wait(world, node, thread, node_takes(world, node, NODE_CPU, ns));
}
static bool sleep_on(struct world *world, struct node *node, struct thread *thread) {
  return wait(world, node, thread, thread->value);
}

static bool acknowledge(struct world *world, struct node *node, struct thread *thread) {
  const struct component *consumer = node->components[0];
  if (!consumer->acknowledge) return host_done(thread, DG_FAILED);
  consumer->acknowledge(world, node, thread->tag);
  return host_done(thread, DG_OK);
}

static bool acknowledge_all(struct world *world, struct node *node, struct thread *thread) {
  const struct component *consumer = node->components[0];
  if (!consumer->acknowledge_all) return host_done(thread, DG_FAILED);
  consumer->acknowledge_all(world, node, thread->tag);
  return host_done(thread, DG_OK);
}

/* As long as a statement on a fast network; who does it by himself cannot be asked how long it took. */
#define STEP_NS (1 * NS_PER_MS)
static bool step(struct world *world, struct node *node, struct thread *thread) {
  return wait(world, node, thread, STEP_NS);
}

/* The time passes after it: what it did is done when its answer is lost. */
static bool execute(struct world *world, struct node *node, struct thread *thread) {
  int64_t again_ns = thread->perform(thread->argument);
  thread->again = again_ns > 0;
  return wait(world, node, thread, thread->again ? again_ns : STEP_NS);
}

static const struct call_row own_calls[CALL__COUNT] = {
    [CALL_PUBLISH] = {.perform = publish, .at_once = true},
    [CALL_SUPPRESS] = {.perform = suppress, .at_once = true},
    [CALL_WORK] = {.perform = work},
    [CALL_SLEEP] = {.perform = sleep_on},
    [CALL_ACKNOWLEDGE] = {.perform = acknowledge, .at_once = true},
    [CALL_ACKNOWLEDGE_ALL] = {.perform = acknowledge_all, .at_once = true},
    [CALL_STEP] = {.perform = step},
    [CALL_EXECUTE] = {.perform = execute},
};

/* Each call stands in one of them. */
static const struct call_row *const tables[] = {own_calls, host_database_calls, host_cache_calls,
                                              host_provider_calls, host_local_calls};

static const struct call_row *row_of(const struct thread *thread) {
  size_t i = 0;
  while (UNLIKELY(!tables[i][thread->call].perform)) i++;
  return &tables[i][thread->call];
}

bool host_call_may_fail(const struct thread *thread) {
  return thread->call == CALL_PUBLISH || thread->call == CALL_STEP || thread->call == CALL_EXECUTE ||
         row_of(thread)->unanswered;
}

static const int error_status[] = {[CALL_ERROR_REFUSED] = DG_FAILED, [CALL_ERROR_SERIALIZATION] = DG_CONFLICT,
                                   [CALL_ERROR_DEADLOCK] = DG_CONFLICT, [CALL_ERROR_UNKNOWN] = DG_UNKNOWN};

/* A COMMIT that fails is a rollback. */
void host_call_failed(struct world *world, struct node *node, struct thread *thread, enum call_error error,
                      bool made) {
  const struct call_row *row = row_of(thread);
  if (!made && thread->call == CALL_COMMIT) host_abandon_transaction(world, node, thread);
  if (row->unanswered && (made || error == CALL_ERROR_UNKNOWN)) return row->unanswered(thread);
  thread->status = made ? DG_UNKNOWN : error_status[error];
  if (!made && row->answered && thread->call != CALL_COMMIT) row->answered(thread, NULL);
}

bool host_perform(struct world *world, struct node *node, struct thread *thread) {
  return row_of(thread)->perform(world, node, thread);
}

/* A switch of stacks and back costs more than most of these calls: the processor's forecasts of returns fail. */
bool host_call_at_once(struct thread *thread) {
  struct world *world = thread->world;
  struct node *node = thread->node;
  const struct call_row *row = row_of(thread);
  if (UNLIKELY(!row->at_once || thread->handler->program || host_step_seen(world) || node->doomed)) return false;
  if (UNLIKELY(thread->read_clock)) world_clock_read(world, node, thread->intent);
  thread->read_clock = false;
  const bool done = row->perform(world, node, thread);
  ASSERT(done);
  return !node->doomed;
}

void host_answered(struct world *world, struct thread *thread, const struct message *answer) {
  world_cancel(world, thread->timer);
  thread->awaiting = 0;
  thread->status = (int)answer->a;
  thread->result = answer->b;
  if (row_of(thread)->answered) row_of(thread)->answered(thread, answer);
}

void host_interrupted(struct world *world, struct thread *thread) {
  (void)world;
  thread->awaiting = 0;
  row_of(thread)->unanswered(thread);
}
