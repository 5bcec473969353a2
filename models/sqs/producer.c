/* The producer: one SendMessage for each operation, retried by the SDK.
 *
 *   submit --> call --answered--> OK
 *                 '---attempts used up--> UNKNOWN: any of them may have been stored
 *
 * To a FIFO queue it sends one message of a group at a time (send_order): a queue can keep only the order
 * in which messages reach it, and a call that is retried would be overtaken by the next. The next goes when
 * the call before it has ended, however that was.
 *
 * Volatile: everything. A send whose answer was lost is stored twice by a standard queue, which does not
 * deduplicate.
 * Asked to stop it finishes the calls that it has, and those that wait; what comes meanwhile is refused,
 * REJECTED.
 */
#include "models/sqs/client.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/world/workload.h"

#include <stdlib.h>

enum { TIMER_TIMEOUT, TIMER_RETRY, TIMER__COUNT };
enum { STAGE_RUNNING, STAGE_STOPPING, STAGE__COUNT };
#define NOBODY UINT32_MAX

/* A send that waits for the one before it in its group. */
struct waiting_send {
  struct record record;
  uint32_t call, next;
};
struct send_group {
  uint32_t first, last; /* places in `items` */
  bool busy;
};
/* Memory that is kept from one incarnation to the next; its contents are not. */
struct producer_memory {
  struct sqs_calls calls; /* first: client.c finds it there */
  struct waiting_send *items;
  size_t capacity;
};
struct producer {
  uint32_t count, free_list; /* places of items used; the free among them */
  uint32_t waiting;
  struct send_group groups[]; /* by key */
};

static struct producer *producer_of(const struct node *node) { return node->state[0]; }
static struct producer_memory *memory_of(const struct node *node) { return node->disk[0]; }

static void exit_when_done(struct world *world, struct node *node) {
  bool waiting = producer_of(node) && producer_of(node)->waiting > 0;
  if (node->stage == STAGE_STOPPING && sqs_calls_of(node)->live == 0 && !waiting)
    node_exit(world, node);
}

static void finished(struct world *world, struct node *node, const struct sqs_call *call,
                     enum sqs_status status) {
  call_return(world, call->tag, status == SQS_OK ? OUTCOME_OK : OUTCOME_UNKNOWN);
  exit_when_done(world, node);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  sqs_calls_start(world, node, TIMER_TIMEOUT, TIMER_RETRY, finished);
}

static void submit(struct world *world, struct node *node, const struct operation_request *request) {
  if (node->stage == STAGE_STOPPING) return call_return(world, request->call, OUTCOME_REJECTED);
  struct record record;
  operation_record(request, &record);
  sqs_call(world, node, SQS_SEND, &record, 0, request->call);
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING;
  exit_when_done(world, node);
}

/* --- One at a time --- */

static void wait_for_turn(struct node *node, struct send_group *group, const struct record *record,
                          uint32_t call) {
  struct producer *producer = producer_of(node);
  struct producer_memory *memory = memory_of(node);
  uint32_t place = producer->free_list;
  if (place != NOBODY) {
    producer->free_list = memory->items[place].next;
  } else {
    place = producer->count++;
    GROW(memory->items, memory->capacity, producer->count);
  }
  memory->items[place] = (struct waiting_send){.record = *record, .call = call, .next = NOBODY};
  if (group->first == NOBODY)
    group->first = place;
  else
    memory->items[group->last].next = place;
  group->last = place;
  producer->waiting++;
}

static void send_next(struct world *world, struct node *node, struct send_group *group) {
  struct producer *producer = producer_of(node);
  uint32_t place = group->first;
  group->busy = place != NOBODY;
  if (!group->busy) return;
  struct waiting_send *items = memory_of(node)->items, next = items[place];
  group->first = next.next;
  items[place].next = producer->free_list;
  producer->free_list = place;
  producer->waiting--;
  sqs_call(world, node, SQS_SEND, &next.record, 0, next.call);
}

static void finished_in_order(struct world *world, struct node *node, const struct sqs_call *call,
                              enum sqs_status status) {
  struct send_group *group = &producer_of(node)->groups[call->record.key];
  if (group->busy) send_next(world, node, group);
  if (!node->doomed) finished(world, node, call, status);
}

static void start_fifo(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[0]) node->disk[0] = calloc(1, sizeof(struct producer_memory));
  ASSERT(node->disk[0]);
  uint32_t keys = world->plan->workload.keys;
  struct producer *producer = node->state[0] = arena_alloc(
      &node->arena, sizeof(struct producer) + (keys + 1) * sizeof(struct send_group));
  producer->free_list = NOBODY;
  for (uint32_t key = 0; key <= keys; key++)
    producer->groups[key] = (struct send_group){.first = NOBODY, .last = NOBODY};
  sqs_calls_start(world, node, TIMER_TIMEOUT, TIMER_RETRY, finished_in_order);
}

static void submit_fifo(struct world *world, struct node *node,
                        const struct operation_request *request) {
  struct send_group *group = &producer_of(node)->groups[request->key];
  bool in_order = sqs_setting(world, KEY_SQS_SEND_ORDER) == SQS_SEND_ONE_AT_A_TIME;
  if (!in_order || node->stage == STAGE_STOPPING) return submit(world, node, request);
  struct record record;
  operation_record(request, &record);
  if (group->busy) return wait_for_turn(node, group, &record, request->call);
  group->busy = true;
  sqs_call(world, node, SQS_SEND, &record, 0, request->call);
}

static size_t arena_bytes_fifo(const struct plan *plan) {
  return sizeof(struct producer) + (plan->workload.keys + 1) * sizeof(struct send_group) + 64;
}

static void free_fifo(struct node *node) {
  if (node->disk[0]) free(memory_of(node)->items);
  sqs_calls_free(node);
}

/* --- Tables --- */

static message_fn *const on[STAGE__COUNT][SQS_MESSAGE__COUNT] = {
    [STAGE_RUNNING] = {[SQS_SEND_OK] = sqs_call_answered},
    [STAGE_STOPPING] = {[SQS_SEND_OK] = sqs_call_answered},
};
static const char *const stages[STAGE__COUNT] = {"running", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_TIMEOUT] = sqs_call_timed_out,
                                                 [TIMER_RETRY] = sqs_call_retry};
static const char *const timer_names[TIMER__COUNT] = {"request-timeout", "retry"};

#define PRODUCER                                                                                   \
  .on = &on[0][0], .stage_names = stages, .stage_count = STAGE__COUNT,                             \
  .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages, .on_timer = on_timer,             \
  .timer_names = timer_names, .timer_count = TIMER__COUNT, .terminate = terminate

const struct component sqs_producer = {PRODUCER, .name = "sqs-producer", .start = start,
                                       .submit = submit, .disk_free = sqs_calls_free};
const struct component sqs_fifo_producer = {
    PRODUCER, .name = "sqs-fifo-producer", .start = start_fifo, .submit = submit_fifo,
    .arena_bytes = arena_bytes_fifo, .disk_free = free_fifo};
