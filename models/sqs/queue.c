#include "models/sqs/queue.h"

#include "models/mutants.h"
#include "models/sqs/groups.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

/* --- Receiving --- */

static void answer_poll(struct world *world, struct node *node, const struct message *request,
                        const struct record *records, uint32_t count, enum sqs_status status) {
  struct message *answer = world_answer(world, node, request, SQS_RECEIVE_OK);
  answer->size = SQS_CALL_BYTES;
  answer->b = status;
  if (count > 0)
    memcpy(message_records(&world->messages, answer, count), records, count * sizeof *records);
  for (uint32_t i = 0; i < count; i++) answer->size += records[i].size;
  world_send(world, node, answer);
}

static struct parked unpark(struct sqs *queue) {
  struct parked parked = queue->parked[queue->parked_head];
  queue->parked_head = (queue->parked_head + 1) & (queue->parked_capacity - 1);
  queue->parked_count--;
  return parked;
}

static void park(struct world *world, struct node *node, struct message *request) {
  struct sqs *queue = queue_of(node);
  if (queue->parked_count == queue->parked_capacity) {
    size_t old = queue->parked_capacity;
    GROW(queue->parked, queue->parked_capacity, old + 1);
    for (size_t i = 0; i < queue->parked_head; i++) queue->parked[old + i] = queue->parked[i];
  }
  size_t at = (queue->parked_head + queue->parked_count++) & (queue->parked_capacity - 1);
  world_take(request);
  queue->parked[at].request = request;
  queue->parked[at].timer = world_timer(world, node, 0, queue->poll_lane, TIMER_POLL, 0);
}

void queue_serve_polls(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  struct record records[SQS_RECEIVE_MAX];
  while (queue->parked_count > 0 && !node->doomed) {
    const struct message *next = queue->parked[queue->parked_head].request;
    uint32_t count = queue_fetch(world, node, next, records);
    if (count == 0) return;
    struct parked parked = unpark(queue);
    world_cancel(world, parked.timer);
    answer_poll(world, node, parked.request, records, count, SQS_OK);
    world_release(world, parked.request);
  }
}

/* All polls wait equally long: it is the first that has waited long enough. */
static void on_poll_over(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct parked parked = unpark(queue_of(node));
  answer_poll(world, node, parked.request, NULL, 0, SQS_OK);
  world_release(world, parked.request);
}

static void on_receive(struct world *world, struct node *node, struct message *request) {
  struct record records[SQS_RECEIVE_MAX];
  uint32_t count = queue_fetch(world, node, request, records);
  if (count == 0 && request->b > 0) return park(world, node, request);
  bool full = queue_of(node)->store.counts[PLACE_IN_FLIGHT] >=
              sqs_setting(world, KEY_SQS_IN_FLIGHT_LIMIT);
  bool refused = count == 0 && full && !queue_is_fifo(node);
  answer_poll(world, node, request, records, count, refused ? SQS_OVER_LIMIT : SQS_OK);
}

/* --- Other requests --- */

void queue_confirm(struct world *world, struct node *node, const struct message *request,
                   enum sqs_message kind, enum sqs_status status) {
  struct message *answer = world_answer(world, node, request, (uint16_t)kind);
  answer->intent = request->intent;
  answer->a = request->a;
  answer->b = status;
  answer->size = SQS_CALL_BYTES;
  int64_t now = node->depart > world->now.ns ? node->depart : world->now.ns;
  answer->depart = now + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

static void keep(struct world *world, struct node *node, const struct message *request) {
  struct sqs *queue = queue_of(node);
  const struct record *record = &request->records[0];
  uint32_t item = sqs_store_add(&queue->store, record, world->now.ns);
  int64_t delay = sqs_setting(world, KEY_SQS_DELAY);
  if (delay > 0)
    sqs_store_delay(&queue->store, item, world->now.ns + delay);
  else
    sqs_store_show(&queue->store, item);
  world_hold(world, NULL);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  world_fact(world, FACT_APPENDED, node->id, record->intent, 0, 0);
  if (delay > 0) visibility_arm(world, node);
  retention_arm(world, node);
  if (!world_point(world, node, POINT_APPENDED, false, record->intent)) return;
  queue_confirm(world, node, request, SQS_SEND_OK, SQS_OK);
  queue_serve_polls(world, node);
}

static void on_send(struct world *world, struct node *node, struct message *request) {
  if (world_point(world, node, POINT_APPENDED, true, request->records[0].intent))
    keep(world, node, request);
}

/* Whether the message is to be taken; else it is a duplicate. The id is the operation's: what a producer
 * sends again has the same content. */
static bool accept(struct world *world, struct node *node, uint64_t id) {
  struct deduplication *memory = &queue_of(node)->deduplication;
  int64_t interval = sqs_setting(world, KEY_SQS_DEDUPLICATION_INTERVAL);
  if (MUTANT(SQS_FIFO_WINDOW_TOO_SHORT)) interval /= 100;
  size_t purged = deduplication_purge(memory, world->now.ns, interval);
  if (purged > 0) world_dedup_bytes(world, -(int64_t)purged * DEDUPLICATION_ENTRY_BYTES);
  if (MUTANT(SQS_FIFO_NO_DEDUPLICATION)) return true;
  if (!deduplication_accept(memory, id, world->now.ns)) return false;
  world_dedup_bytes(world, DEDUPLICATION_ENTRY_BYTES);
  return true;
}

/* The id and the message are stored in one step: a queue that dies before has neither. */
static void on_send_fifo(struct world *world, struct node *node, struct message *request) {
  uint64_t intent = request->records[0].intent;
  if (!world_point(world, node, POINT_APPENDED, true, intent)) return;
  if (accept(world, node, intent)) return keep(world, node, request);
  world_fact(world, FACT_DUPLICATE_REFUSED, node->id, intent, 0, 0);
  queue_confirm(world, node, request, SQS_SEND_OK, SQS_OK);
}

/* Whether a receipt deletes; *out_status is what the caller is told. */
static bool deletes(const struct world *world, const struct node *node, const struct record *receipt,
                    uint32_t item, enum sqs_status *out_status) {
  const struct stored *items = queue_of(node)->store.items;
  *out_status = SQS_OK;
  if (item == SQS_NONE) return false; /* [I3] */
  if (queue_is_fifo(node)) {
    bool current = items[item].place == PLACE_IN_FLIGHT && items[item].receives == receipt->extra;
    if (MUTANT(SQS_FIFO_DELETE_OF_EXPIRED)) current = true;
    if (!current) *out_status = SQS_RECEIPT_EXPIRED; /* [I13] */
    return current;
  }
  if (items[item].place == PLACE_DEAD) return false; /* it is in another queue */
  return items[item].receives == receipt->extra ||
         sqs_setting(world, KEY_SQS_OLD_RECEIPTS) == SQS_OLD_RECEIPTS_DELETE;
}

static void on_delete(struct world *world, struct node *node, struct message *request) {
  struct sqs_store *store = &queue_of(node)->store;
  const struct record *receipt = &request->records[0];
  uint32_t item = sqs_store_find(store, receipt->handle);
  enum sqs_status status;
  if (!deletes(world, node, receipt, item, &status))
    return queue_confirm(world, node, request, SQS_DELETE_OK, status);
  uint64_t intent = store->items[item].intent;
  ASSERT_EQ(intent, receipt->intent);
  if (!world_point(world, node, POINT_ACK_APPLIED, true, intent)) return;
  sqs_store_remove(store, item);
  world_unhold(world, NULL);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  if (!world_point(world, node, POINT_ACK_APPLIED, false, intent)) return;
  queue_confirm(world, node, request, SQS_DELETE_OK, SQS_OK);
  queue_serve_polls(world, node); /* when too many were in flight, or its group was blocked */
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t cost(const struct world *world, const struct message *request) {
  const struct sqs *queue = queue_of(&world->nodes[request->to]);
  int64_t bytes = 0;
  if (request->kind == SQS_SEND) bytes = request->records[0].size;
  if (request->kind == SQS_RECEIVE) {
    const uint32_t *counts = queue->store.counts;
    int64_t room = sqs_setting(world, KEY_SQS_IN_FLIGHT_LIMIT) - counts[PLACE_IN_FLIGHT];
    int64_t count = smaller(smaller(counts[PLACE_VISIBLE], request->a), room > 0 ? room : 0);
    bytes = count * world->plan->workload.size;
  }
  return world->plan->costs.values[COST_BROKER_REQUEST].i +
         world->plan->costs.values[COST_BROKER_PER_KIB].i * bytes / 1024;
}

/* --- Life --- */

static void clear(struct sqs *queue, const struct sqs_order *order) {
  sqs_store_clear(&queue->store, order);
  deduplication_clear(&queue->deduplication);
  queue->redriven = false;
  queue->handed_count = 0;
  map_clear(&queue->handed_at);
  if (queue->attempts) memset(queue->attempts, 0, queue->attempt_capacity * sizeof *queue->attempts);
}

static void start_queue(struct world *world, struct node *node, const struct sqs_order *order) {
  if (!node->disk[0]) {
    node->disk[0] = calloc(1, sizeof(struct sqs));
    ASSERT(node->disk[0]);
    clear(queue_of(node), order);
  }
  struct sqs *queue = queue_of(node);
  ASSERT_EQ(queue->parked_count, 0);
  GROW(queue->attempts, queue->attempt_capacity, world->count[ROLE_CONSUMER] + 1);
  queue->armed_at = INT64_MAX;
  queue->retention_armed = false;
  queue->poll_lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_WAIT_TIME)));
  visibility_arm(world, node);
  retention_arm(world, node);
  redrive_arm(world, node);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  start_queue(world, node, &sqs_order_standard);
}

static void start_fifo(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  start_queue(world, node, &sqs_order_fifo);
}

static void drop_polls(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  while (queue && queue->parked_count > 0) world_release(world, unpark(queue).request);
}

static void crash(struct world *world, struct node *node, bool power) {
  (void)power;
  drop_polls(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  (void)world;
  return (uint32_t)queue_of(node)->parked_count;
}

static void disk_reset(struct world *world, struct node *node) {
  drop_polls(world, node);
  if (queue_of(node)) clear(queue_of(node), queue_of(node)->store.order);
}

static void disk_free(struct node *node) {
  struct sqs *queue = queue_of(node);
  if (!queue) return;
  sqs_store_free(&queue->store);
  deduplication_free(&queue->deduplication);
  free(queue->attempts);
  free(queue->handed);
  map_deinit(&queue->handed_at);
  free(queue->parked);
  free(queue);
  node->disk[0] = NULL;
}

static message_fn *const on[SQS_MESSAGE__COUNT] = {
    [SQS_SEND] = on_send,
    [SQS_RECEIVE] = on_receive,
    [SQS_DELETE] = on_delete,
    [SQS_CHANGE_TIMEOUT] = visibility_on_change,
};
static message_fn *const on_fifo[SQS_MESSAGE__COUNT] = {
    [SQS_SEND] = on_send_fifo,
    [SQS_RECEIVE] = on_receive,
    [SQS_DELETE] = on_delete,
    [SQS_CHANGE_TIMEOUT] = visibility_on_change,
};
static const char *const stages[] = {"serving"};
static timer_fn *const on_timer[TIMER__COUNT] = {
    [TIMER_VISIBLE] = visibility_on_timer,
    [TIMER_POLL] = on_poll_over,
    [TIMER_RETENTION] = retention_on_timer,
    [TIMER_REDRIVE] = redrive_on_timer,
};
static const char *const timer_names[TIMER__COUNT] = {
    [TIMER_VISIBLE] = "visible-again",
    [TIMER_POLL] = "poll-over",
    [TIMER_RETENTION] = "retention-over",
    [TIMER_REDRIVE] = "redrive",
};

#define QUEUE                                                                                      \
  .stage_names = stages, .stage_count = 1, .message_count = SQS_MESSAGE__COUNT,                    \
  .messages = sqs_messages, .on_timer = on_timer, .timer_names = timer_names,                      \
  .timer_count = TIMER__COUNT, .cost = cost, .busy = busy, .crash = crash, .finish = drop_polls,   \
  .disk_reset = disk_reset, .disk_free = disk_free

const struct component sqs_queue = {QUEUE, .name = "sqs-queue", .start = start, .on = on,
                                     .struck = copies_struck};
const struct component sqs_fifo_queue = {QUEUE, .name = "sqs-fifo-queue", .start = start_fifo,
                                         .on = on_fifo};
