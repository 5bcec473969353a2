#include "models/store/database.h"

#include "models/store/database_state.h"
#include "sim/base/assert.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>

static uint32_t node_total(const struct plan *plan) {
  uint32_t total = 0;
  for (int role = 0; role < ROLE__COUNT; role++) total += plan->counts[role];
  return total + plan_services(plan);
}

static size_t arena_bytes(const struct plan *plan) {
  return node_total(plan) * sizeof(struct peer) + 64;
}

/* Of a service whose publisher reads the log. */
static bool has_slot(const struct world *world, const struct node *node) {
  return node->service && world->plan->publisher->reads_log;
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  if (!node->disk[0]) {
    node->disk[0] = calloc(1, sizeof(struct database));
    ASSERT(node->disk[0]);
    sessions_clear(&database_of(node)->sessions);
    tables_reset(&database_of(node)->tables, world->plan->workload.keys);
    outbox_reset(&database_of(node)->outbox);
    change_log_reset(&database_of(node)->changes, has_slot(world, node));
  }
  struct database *database = database_of(node);
  outbox_forget_unknown(&database->outbox);
  database->remembers = world_expects(world, VERB_DISK_GONE) || world_expects(world, VERB_FAILOVER);
  database->states_commits = node->service || plan_handler(world->plan, node->group)->commits;
  ASSERT_EQ(database->sessions.live, 0);
  sessions_clear(&database->sessions);
  isolation_clear(&database->isolation, database_setting(world, KEY_DATABASE_ISOLATION) == ISOLATION_SERIALIZABLE);
  database->flushing = false;
  database->connections = 0;
  /* Recovery ends with a checkpoint: that flushes everything. */
  if (reason == START_AGAIN && node->fsync_lies == 0) database_note_flushed(database);
  database_prune_start(world, node);
  database_replica_start(world, node);
  database->peers = ARENA_NEW(&node->arena, struct peer, node_total(world->plan));
  if (database_setting(world, KEY_DATABASE_IDLE_TIMEOUT))
    database->idle_lane =
        world_lane(world, span_of(database_setting(world, KEY_DATABASE_IDLE_TIMEOUT)));
  if (database_setting(world, KEY_DATABASE_STATEMENT_TIMEOUT))
    database->wait_lane = world_lane(world, span_of(database_setting(world, KEY_DATABASE_STATEMENT_TIMEOUT)));
}

/* --- Requests --- */

/* The transaction of a statement, begun if need be; SESSION_NONE: refused. */
static uint32_t find_or_begin(struct world *world, struct node *node, const struct message *request) {
  struct database *database = database_of(node);
  uint32_t id = client_id(request);
  uint32_t index = id ? sessions_find(&database->sessions, request, id) : SESSION_NONE;
  if (index != SESSION_NONE) {
    ASSERT_EQ(transaction_at(database, index)->state, TRANSACTION_OPEN);
    return index;
  }
  if (id == 0 || (request->d & DATABASE_BEGINS)) return database_begin(world, node, request);
  database_answer(world, node, request, DG_FAILED, 0);
  return SESSION_NONE;
}

/* Of a service's database: what telling others costs it. */
static void count_statement(struct world *world, const struct node *node, const struct message *request) {
  bool reads = request->kind == DATABASE_GET || request->kind == OUTBOX_SELECT;
  if (database_of(node)->states_commits) world_count(world, reads ? COUNTER_DATABASE_READS : COUNTER_DATABASE_WRITES, 1);
}

static void statement(struct world *world, struct node *node, struct message *request) {
  if (!database_connects(world, node, request)) {
    database_answer(world, node, request, DG_FAILED, 0);
  } else {
    count_statement(world, node, request);
    uint32_t index = find_or_begin(world, node, request);
    if (index == SESSION_NONE) return;
    database_wait_over(world, transaction_at(database_of(node), index)); /* of the statement before */
    database_execute(world, node, index, request);
  }
}

static void commit(struct world *world, struct node *node, struct message *request) {
  struct database *database = database_of(node);
  uint32_t index = sessions_find(&database->sessions, request, client_id(request));
  if (index == SESSION_NONE)
    database_answer(world, node, request, DG_FAILED, 0);
  else
    database_commit(world, node, index, request);
}

static void rollback(struct world *world, struct node *node, struct message *request) {
  struct database *database = database_of(node);
  uint32_t index = sessions_find(&database->sessions, request, client_id(request));
  database_answer(world, node, request, DG_OK, 0);
  if (index != SESSION_NONE && transaction_at(database, index)->state != TRANSACTION_COMMITTING)
    database_end(world, node, index);
}

static message_fn *const requests[STORE_MESSAGE__COUNT] = {
    [DATABASE_GET] = statement,           [DATABASE_PUT] = statement,
    [DATABASE_INSERT_UNIQUE] = statement, [DATABASE_APPLY] = statement,
    [DATABASE_DELETE] = statement,        [DATABASE_PUT_IF] = statement,
    [OUTBOX_INSERT] = statement,          [OUTBOX_SELECT] = statement,
    [OUTBOX_MARK] = statement,            [OUTBOX_MOVE_CURSOR] = statement,
    [OUTBOX_DELETE] = statement,          [DATABASE_COMMIT] = commit,
    [DATABASE_ROLLBACK] = rollback,       [SLOT_READ] = database_slot_read,
    [SLOT_CREATE] = database_slot_create, [SLOT_CONFIRM] = database_slot_confirm,
    [DATABASE_GET_REPLICA] = database_replica_read,
};

/* A broken connection is closed behind the last request that it brings. */
static void on_request(struct world *world, struct node *node, struct message *request) {
  uint16_t peer = request->from;
  uint32_t epoch = request->epoch;
  database_note_seen(world, node, request);
  requests[request->kind](world, node, request);
  database_close_if_last(world, node, peer, epoch);
}

/* An open transaction has been idle for the timeout, or is looked at again when it would have been. */
static void on_idle(struct world *world, struct node *node, uint64_t argument) {
  struct database *database = database_of(node);
  struct transaction *transaction = transaction_at(database, (uint32_t)argument);
  if (transaction->generation != argument >> 32 || transaction->state == TRANSACTION_FREE) return;
  int64_t timeout = database_setting(world, KEY_DATABASE_IDLE_TIMEOUT);
  int64_t since = transaction->state == TRANSACTION_OPEN ? transaction->active_at : world->now.ns;
  transaction->timer = TIMER_NONE;
  if (since + timeout <= world->now.ns)
    database_abort(world, node, (uint32_t)argument);
  else
    world_after(world, node, 0, TIMER_IDLE, argument, span_of(since + timeout - world->now.ns));
}

/* Since a statement first waited the timeout has passed. It may be done by now, or wait for its commit. */
static void on_wait(struct world *world, struct node *node, uint64_t argument) {
  struct database *database = database_of(node);
  struct transaction *transaction = transaction_at(database, (uint32_t)argument);
  if (transaction->generation != argument >> 32 || transaction->state == TRANSACTION_FREE) return;
  transaction->wait_timer = TIMER_NONE;
  if (transaction->state == TRANSACTION_WAITING)
    database_refuse(world, node, (uint32_t)argument, transaction->request);
}

/* --- Life and death --- */

static void drop_requests(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  database_drop_reader(world, database);
  for (uint32_t i = 0; i < database->sessions.transaction_count; i++) {
    struct transaction *transaction = transaction_at(database, i);
    if (transaction->request) world_release(world, transaction->request);
    transaction->request = NULL;
  }
}

static void crash(struct world *world, struct node *node, bool power) {
  database_salvage(world, node, power);
  drop_requests(world, node);
  sessions_clear(&database_of(node)->sessions);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  return database_of(node)->sessions.live;
}

static void finish(struct world *world, struct node *node) {
  drop_requests(world, node);
  world->counters[COUNTER_OUTBOX_ROWS_END] += database_of(node)->outbox.count;
  database_show_rows(world, node);
  if (database_of(node)->states_commits) return; /* it says of each operation that it is committed */
  /* Judged on its state only where the handler keeps its effects here: who calls a provider has them there. */
  uint32_t uses = plan_handler(world->plan, node->group)->uses;
  if (!(uses & HANDLER_USES(DATABASE)) || (uses & HANDLER_USES(PROVIDER))) return;
  const struct tables *tables = &database_of(node)->tables;
  _Static_assert((uint64_t)BALANCE_ABSENT == FACT_STATE_ABSENT, "no row is no row");
  for (uint32_t key = 1; key <= tables->keys; key++)
    world_fact(world, FACT_STATE, node->id, 0, (uint64_t)tables->balances[key],
               fact_state(node->group, key));
}

static void disk_reset(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  if (!database) return;
  drop_requests(world, node);
  sessions_clear(&database->sessions);
  tables_reset(&database->tables, world->plan->workload.keys);
  outbox_reset(&database->outbox);
  change_log_reset(&database->changes, has_slot(world, node));
  database_replica_clear(database);
  database->commits = 0;
  database->aged_first = database->aged_end = 0;
  database->remembers = false;
  database_note_flushed(database);
}

static void disk_free(struct node *node) {
  struct database *database = database_of(node);
  if (!database) return;
  sessions_free(&database->sessions);
  isolation_free(&database->isolation);
  tables_free(&database->tables);
  outbox_free(&database->outbox);
  change_log_free(&database->changes);
  free(database->undo);
  free(database->aged);
  free(database->recent);
  free(database);
  node->disk[0] = NULL;
}

static int64_t cost(const struct world *world, const struct message *request) {
  (void)request;
  return world->plan->costs.values[COST_DATABASE_STATEMENT].i;
}

/* --- Tables --- */

static const char *const stages[] = {"serving"};

static message_fn *const on[STORE_MESSAGE__COUNT] = {
    [DATABASE_GET] = on_request,           [DATABASE_PUT] = on_request,
    [DATABASE_INSERT_UNIQUE] = on_request, [DATABASE_APPLY] = on_request,
    [DATABASE_DELETE] = on_request,        [DATABASE_PUT_IF] = on_request,
    [OUTBOX_INSERT] = on_request,          [OUTBOX_SELECT] = on_request,
    [OUTBOX_MARK] = on_request,            [OUTBOX_MOVE_CURSOR] = on_request,
    [OUTBOX_DELETE] = on_request,          [DATABASE_COMMIT] = on_request,
    [DATABASE_ROLLBACK] = on_request,      [SLOT_READ] = on_request,
    [SLOT_CREATE] = on_request,            [SLOT_CONFIRM] = on_request,
    [DATABASE_GET_REPLICA] = on_request,
};

static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_FLUSH] = database_flushed,
                                                 [TIMER_IDLE] = on_idle,
                                                 [TIMER_PRUNE] = database_on_prune,
                                                 [TIMER_WAIT] = on_wait};
static const char *const timer_names[TIMER__COUNT] = {[TIMER_FLUSH] = "flush", [TIMER_IDLE] = "idle",
                                                [TIMER_PRUNE] = "prune", [TIMER_WAIT] = "statement-timeout"};

const struct component database_component = {
    .name = "database", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = STORE_MESSAGE__COUNT, .messages = store_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = TIMER__COUNT, .arena_bytes = arena_bytes,
    .cost = cost, .disconnected = database_disconnected, .busy = busy, .crash = crash, .disk_lost = database_disk_lost,
    .struck = database_struck, .finish = finish,
    .disk_reset = disk_reset, .disk_free = disk_free,
};

static const struct key keys[KEY_DATABASE__COUNT] = {
    [KEY_DATABASE_SOCKET_TIMEOUT] =
        {
            .name = "socket_timeout",
            .type = VALUE_TIME,
            .value_default = "30s",
            .min = NS_PER_MS,
            .max = NS_PER_D,
            .help = "how long a caller waits for the answer to a statement or commit; the database goes on with it",
            .source = "ours; PostgreSQL's JDBC driver: socketTimeout, 0: it waits for ever",
        },
    [KEY_DATABASE_STATEMENT_TIMEOUT] =
        {
            .name = "statement_timeout",
            .type = VALUE_TIME,
            .value_default = "0s",
            .min = 0,
            .max = NS_PER_D,
            .help = "a statement that waits so long for others' locks is cancelled, and its transaction rolled back; "
                    "0s = never",
            .source = "PostgreSQL: statement_timeout, 0",
        },
    [KEY_DATABASE_IDLE_TIMEOUT] =
        {
            .name = "idle_in_transaction_session_timeout",
            .type = VALUE_TIME,
            .value_default = "1min",
            .min = 0,
            .max = NS_PER_D,
            .help = "a transaction that gets no statement for so long is rolled back; 0s = never",
            .source = "ours; PostgreSQL's own default is 0, never: then a dead client's locks stay "
                      "until TCP keepalives find out, after 2 h 11 min on Linux",
        },
    [KEY_DATABASE_ISOLATION] =
        {
            .name = "isolation",
            .type = VALUE_ENUM,
            .value_default = "read-committed",
            .choices = "read-committed serializable",
            .help = "what a transaction may see of others that commit meanwhile; serializable: it fails "
                    "where it would matter (models/store/isolation.h)",
            .source = "PostgreSQL: default_transaction_isolation, read committed",
        },
    [KEY_DATABASE_MAX_CONNECTIONS] =
        {
            .name = "max_connections",
            .type = VALUE_COUNT,
            .value_default = "100",
            .min = 1,
            .max = 1000000,
            .help = "each client (consumer, application, relay) has one; on further ones statements are refused",
            .source = "PostgreSQL: max_connections, 100; some of them for superusers only",
        },
    [KEY_DATABASE_SLOT_KEEPS] =
        {
            .name = "max_slot_wal_keep_size",
            .type = VALUE_SIZE,
            .value_default = "0B",
            .min = 0,
            .max = INT64_C(1) << 50,
            .help = "log that is kept for a replication slot; one that needs more is lost; 0B = no limit",
            .source = "PostgreSQL: max_slot_wal_keep_size, -1: no limit",
        },
    [KEY_DATABASE_REPLICATION_DELAY] =
        {
            .name = "replication_delay",
            .type = VALUE_TIME,
            .value_default = "10ms",
            .min = 0,
            .max = NS_PER_D,
            .help = "how far behind the standby is: what a handler that reads it finds, and what is lost when it "
                    "takes over in an unclean failover; 0s = not at all, as a synchronous one",
            .source = "ours; PostgreSQL replicates asynchronously unless synchronous_standby_names says who is not",
        },
    [KEY_DATABASE_SYNC_SLOTS] =
        {
            .name = "sync_replication_slots",
            .type = VALUE_BOOL,
            .value_default = "false",
            .help = "whether the standby has the replication slots too",
            .source = "PostgreSQL 17: sync_replication_slots, off; earlier ones cannot",
        },
};

static struct span longest_timeout(const struct settings *settings) {
  static const enum database_key timeouts[] = {KEY_DATABASE_SOCKET_TIMEOUT, KEY_DATABASE_STATEMENT_TIMEOUT,
                                               KEY_DATABASE_IDLE_TIMEOUT};
  int64_t longest = 0;
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
    if (settings->values[timeouts[i]].i > longest) longest = settings->values[timeouts[i]].i;
  return span_of(longest);
}

const struct store store_transactional = {
    .name = "transactional",
    .about = "a database with transactions, unique constraints and group commit, as PostgreSQL",
    .keys = keys,
    .key_count = KEY_DATABASE__COUNT,
    .role = ROLE_DATABASE,
    .component = &database_component,
    .longest_timeout = longest_timeout,
    .verbs = 1u << VERB_LOSE_SLOT | 1u << VERB_FAILOVER,
    .link = {.used = true, .kind = LINK_KIND_CONNECTION, .allowed = UINT32_C(1) << LINK_KIND_CONNECTION},
};
