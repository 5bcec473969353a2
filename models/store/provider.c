#include "models/store/provider.h"

#include "models/mutants.h"
#include "models/store/idempotency_keys.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/handler/dgsim.h"

#include <stdlib.h>
#include <string.h>

/* --- State --- */

#define NO_EXECUTION UINT32_MAX

/* A request at work. */
struct execution {
  struct message *request; /* NULL = the place is free */
  uint64_t record;         /* of its key, IDEMPOTENCY_NONE */
  uint32_t next_free;
};
struct provider {
  /* durable */
  struct idempotency_keys keys;
  int64_t *charged; /* [group * (keys + 1) + account] */
  size_t charged_room;
  int64_t charges; /* so far, of all */
  /* volatile: kept as memory, emptied by a crash */
  struct execution *executions;
  size_t execution_room;
  uint32_t execution_count, free_execution, live;
};

enum { TIMER_EXECUTED, TIMER__COUNT };

static struct provider *provider_of(const struct node *node) { return node->disk[0]; }

static size_t charged_count(const struct plan *plan) {
  return (size_t)plan_group_count(plan) * (plan->workload.keys + 1);
}
static int64_t *charged_of(struct world *world, struct node *node, uint32_t group, uint32_t account) {
  return &provider_of(node)->charged[(size_t)group * (world->plan->workload.keys + 1) + account];
}

/* Whose request it is: each group has a customer's account of its own. */
static uint32_t group_of(const struct world *world, const struct message *request) {
  return world->nodes[request->from].group;
}

/* --- Life and death --- */

static size_t arena_bytes(const struct plan *plan) {
  (void)plan;
  return 64;
}

static void forget_executions(struct provider *provider) {
  provider->execution_count = provider->live = 0;
  provider->free_execution = NO_EXECUTION;
}

static void empty(struct world *world, struct provider *provider) {
  size_t count = charged_count(world->plan);
  GROW(provider->charged, provider->charged_room, count);
  memset(provider->charged, 0, count * sizeof *provider->charged);
  idempotency_clear(&provider->keys);
  provider->charges = 0;
  forget_executions(provider);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (node->disk[0]) return;
  node->disk[0] = calloc(1, sizeof(struct provider));
  ASSERT(node->disk[0]);
  empty(world, provider_of(node));
}

/* Requests at work go, and with them what their keys had begun. */
static void drop_executions(struct world *world, struct node *node) {
  struct provider *provider = provider_of(node);
  for (uint32_t i = 0; i < provider->execution_count; i++) {
    struct execution *execution = &provider->executions[i];
    if (!execution->request) continue;
    world_release(world, execution->request);
    if (execution->record != IDEMPOTENCY_NONE &&
        idempotency_at(&provider->keys, execution->record)->state == IDEMPOTENCY_UNDER_WAY)
      idempotency_forget(&provider->keys, execution->record);
  }
  forget_executions(provider);
}

static void crash(struct world *world, struct node *node, bool power) {
  (void)power;
  drop_executions(world, node);
  if (MUTANT(PROVIDER_FORGETS)) idempotency_clear(&provider_of(node)->keys);
}

/* Whether a charge is the operation's effect. A user's program may have effects elsewhere too: there a charge is
 * one of several, and whoever looks on is told of each (observer.h). */
static bool charges_are_effects(const struct world *world, uint32_t group) {
  const struct handler *handler = plan_handler(world->plan, group);
  return (handler->uses & HANDLER_USES(PROVIDER)) && !handler->program;
}

static void finish(struct world *world, struct node *node) {
  drop_executions(world, node);
  for (uint32_t group = 0; group < plan_group_count(world->plan); group++) {
    if (!charges_are_effects(world, group)) continue;
    for (uint32_t account = 1; account <= world->plan->workload.keys; account++)
      world_fact(world, FACT_STATE, node->id, 0,
                 (uint64_t)*charged_of(world, node, group, account), fact_state(group, account));
  }
}

static void disk_reset(struct world *world, struct node *node) {
  if (!provider_of(node)) return;
  drop_executions(world, node);
  empty(world, provider_of(node));
}

static void disk_free(struct node *node) {
  struct provider *provider = provider_of(node);
  if (!provider) return;
  idempotency_deinit(&provider->keys);
  free(provider->charged);
  free(provider->executions);
  free(provider);
  node->disk[0] = NULL;
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  return provider_of(node)->live;
}

/* --- Answers --- */

static void answer(struct world *world, struct node *node, const struct message *request, int status,
                   int64_t charge) {
  struct message *message = world_answer(world, node, request, PROVIDER_ANSWER);
  message->intent = request->intent;
  message->a = status;
  message->b = charge;
  message->size = PROVIDER_WIRE_BYTES;
  world_send(world, node, message);
}

static void explain(struct world *world, const struct node *node, const struct message *request,
                    enum fact fact, int64_t charge) {
  world_fact(world, fact, node->id, request->intent, (uint64_t)charge, group_of(world, request));
}

/* --- Executing --- */

/* A draw of an operation's n-th request of a group: the same in every row. */
static uint64_t address(const struct world *world, const struct message *request, const char *what) {
  uint64_t operation = hash_pair(hash_name(what) ^ group_of(world, request), request->intent);
  return hash_pair(operation, request->transmission);
}

static bool fails(const struct world *world, const struct message *request) {
  uint64_t threshold =
      luck_threshold(provider_setting(world, KEY_PROVIDER_FAILURES), SCHEMA_SHARE_SCALE);
  return luck_chance(&world->luck, address(world, request, "provider fails"), threshold);
}

static void execute(struct world *world, struct node *node, struct message *request, uint64_t record) {
  struct provider *provider = provider_of(node);
  uint32_t index = provider->free_execution;
  if (index == NO_EXECUTION) {
    index = provider->execution_count++;
    GROW(provider->executions, provider->execution_room, provider->execution_count);
  } else {
    provider->free_execution = provider->executions[index].next_free;
  }
  world_take(request);
  provider->executions[index] = (struct execution){.request = request, .record = record};
  provider->live++;
  world_hold(world, node);
  const struct distribution *time =
      world->plan->provider.settings.values[KEY_PROVIDER_SERVICE_TIME].distribution;
  int64_t ns = luck_time(&world->luck, address(world, request, "provider takes"), time->table);
  world_after(world, node, 0, TIMER_EXECUTED, index, span_of(node_takes(world, node, NODE_CPU, ns)));
}

/* Charges, and saves the result of the key with it; false: the process dies before it does. */
static bool charge(struct world *world, struct node *node, const struct execution *execution) {
  struct provider *provider = provider_of(node);
  const struct message *request = execution->request;
  uint32_t group = group_of(world, request);
  if (!world_point(world, node, POINT_EFFECT, true, request->intent)) return false;
  provider->charges++;
  ++*charged_of(world, node, group, (uint32_t)request->a);
  if (execution->record != IDEMPOTENCY_NONE)
    idempotency_settle(&provider->keys, execution->record, DG_OK, provider->charges);
  if (charges_are_effects(world, group)) world_effect(world, node, request->intent, world->now.ns, group);
  if (world->observer && world->observer->charged)
    world->observer->charged(world->observer->context, world, request->intent, (uint64_t)request->a, request->c);
  world_point(world, node, POINT_EFFECT, false, request->intent);
  return true;
}

static void fail(struct world *world, struct node *node, const struct execution *execution) {
  if (execution->record == IDEMPOTENCY_NONE) return;
  if (provider_setting(world, KEY_PROVIDER_CACHE_FAILURES))
    idempotency_settle(&provider_of(node)->keys, execution->record, DG_FAILED, 0);
  else
    idempotency_forget(&provider_of(node)->keys, execution->record);
}

static void on_executed(struct world *world, struct node *node, uint64_t argument) {
  struct provider *provider = provider_of(node);
  struct execution execution = provider->executions[argument];
  bool failed = fails(world, execution.request);
  if (failed)
    fail(world, node, &execution);
  else if (!charge(world, node, &execution))
    return;
  answer(world, node, execution.request, failed ? DG_FAILED : DG_OK, failed ? 0 : provider->charges);
  world_release(world, execution.request);
  provider->executions[argument] = (struct execution){.next_free = provider->free_execution};
  provider->free_execution = (uint32_t)argument;
  provider->live--;
  world_unhold(world, node);
}

/* --- Requests --- */

static bool valid(const struct world *world, const struct message *request) {
  return request->a >= 1 && request->a <= world->plan->workload.keys && request->c > 0;
}

/* Of a key that is known: answers without executing anything. */
static void answer_known(struct world *world, struct node *node, const struct message *request,
                         const struct idempotency_record *record, uint64_t parameters) {
  bool compares = provider_setting(world, KEY_PROVIDER_COMPARE_PARAMETERS) && !MUTANT(PROVIDER_NO_COMPARE);
  if (compares && record->parameters != parameters) {
    explain(world, node, request, FACT_KEY_MISMATCH, 0);
    answer(world, node, request, DG_MISMATCH, 0);
  } else if (record->state == IDEMPOTENCY_UNDER_WAY) {
    explain(world, node, request, FACT_KEY_CONFLICT, 0);
    answer(world, node, request, DG_CONFLICT, 0);
  } else {
    explain(world, node, request, FACT_REPLAYED, record->result);
    answer(world, node, request, record->status, record->result);
  }
}

static void on_charge(struct world *world, struct node *node, struct message *request) {
  struct idempotency_keys *keys = &provider_of(node)->keys;
  uint64_t key = (uint64_t)request->b;
  if (!valid(world, request)) return answer(world, node, request, DG_FAILED, 0);
  if (key == 0 || world->plan->provider.store != &store_keyed)
    return execute(world, node, request, IDEMPOTENCY_NONE);
  uint64_t owner = group_of(world, request);
  uint64_t parameters = hash_pair((uint64_t)request->a, (uint64_t)request->c);
  idempotency_prune(keys, world->now.ns - provider_setting(world, KEY_PROVIDER_RETENTION));
  uint64_t record = idempotency_find(keys, owner, key);
  bool under_way = record != IDEMPOTENCY_NONE && idempotency_at(keys, record)->state == IDEMPOTENCY_UNDER_WAY;
  if (MUTANT(PROVIDER_NO_REPLAY) && record != IDEMPOTENCY_NONE && !under_way)
    return execute(world, node, request, IDEMPOTENCY_NONE);
  if (MUTANT(PROVIDER_NO_CONFLICT) && under_way) return execute(world, node, request, IDEMPOTENCY_NONE);
  if (record != IDEMPOTENCY_NONE)
    return answer_known(world, node, request, idempotency_at(keys, record), parameters);
  execute(world, node, request, idempotency_begin(keys, owner, key, parameters, world->now.ns));
}

/* --- Tables --- */

static const char *const stages[] = {"serving"};
static message_fn *const on[STORE_MESSAGE__COUNT] = {[PROVIDER_CHARGE] = on_charge};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_EXECUTED] = on_executed};
static const char *const timer_names[TIMER__COUNT] = {[TIMER_EXECUTED] = "executed"};

const struct component provider_component = {
    .name = "provider", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = STORE_MESSAGE__COUNT, .messages = store_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = TIMER__COUNT, .arena_bytes = arena_bytes, .busy = busy,
    .crash = crash, .finish = finish, .disk_reset = disk_reset, .disk_free = disk_free,
};
