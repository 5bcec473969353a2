/* The queue, on broker.1.
 *
 *            SEND                RECEIVE                      DELETE
 *   (none) -------> [visible] ------------> [in flight] -------------> (none)
 *                      ^                        |
 *                      '--- visibility timeout -'
 *
 * Durable: messages with their receive counts and deadlines: the service keeps copies on several
 * machines, so that they survive a kill and a power loss of this node. Volatile: parked long polls.
 *
 * [I1] A message is handed out when it is visible, oldest first, and is then hidden for
 *      visibility_timeout; it ends with the first DELETE that reaches the queue.
 * [I2] A receipt names the message for as long as it exists: a DELETE with the receipt of an earlier
 *      receive works too, whether the message is visible again or in flight elsewhere.
 * [I3] DELETE is idempotent: of a message that is gone it is answered likewise.
 * [I4] An answer to RECEIVE that is lost counts as a receive.
 * [I5] No more than SQS_IN_FLIGHT_MAX messages are in flight; long polls then wait (silently).
 * [I6] Each stored message is a durable hold until it is deleted. SEND and each DELETE that deletes is a
 *      durable write; its answer departs when it is replicated (costs/broker_replication).
 * Memory follows what is in the queue.
 * LIMIT: a DELETE with the receipt of an earlier receive always deletes; AWS promises it for the latest
 *        receipt only, an older one "might not".
 * LIMIT: order is first in, first out but for redeliveries, which go to the end: better than the real
 *        best effort.
 * LIMIT: a long poll of a client that is gone is answered nevertheless, which hides a message.
 */
#include "models/mutants.h"
#include "models/sqs/store.h"
#include "models/sqs/wire.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>

#define SQS_IN_FLIGHT_MAX 120000 /* SQS quotas, standard queue */

enum { TIMER_VISIBLE, TIMER_POLL, TIMER__COUNT };

struct parked {
  struct message *request;
  uint32_t timer;
};
struct sqs {
  struct sqs_store store; /* durable; what follows is volatile */
  struct parked *parked;  /* ring; its memory is kept over crashes */
  size_t parked_capacity;
  size_t parked_head, parked_count;
  bool armed; /* a TIMER_VISIBLE is under way */
  uint16_t poll_lane;
};

static struct sqs *queue_of(const struct node *node) { return node->disk[0]; }

/* --- Visibility --- */

static void arm(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  uint32_t first = queue->store.lists[PLACE_IN_FLIGHT].first;
  if (queue->armed || first == SQS_NONE) return;
  int64_t delay = queue->store.items[first].visible_at - world->now.ns;
  queue->armed = true;
  world_after(world, node, 0, TIMER_VISIBLE, 0, span_of(delay > 0 ? delay : 0));
}

static void serve_polls(struct world *world, struct node *node);

static void on_visible(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct sqs *queue = queue_of(node);
  queue->armed = false;
  for (;;) {
    uint32_t first = queue->store.lists[PLACE_IN_FLIGHT].first;
    if (first == SQS_NONE || queue->store.items[first].visible_at > world->now.ns) break;
    sqs_store_move(&queue->store, first, PLACE_VISIBLE);
    world_fact(world, FACT_EXPIRED, node->id, queue->store.items[first].intent, 0, 0);
  }
  arm(world, node);
  serve_polls(world, node);
}

/* --- Receiving --- */

/* How many messages a poll for at most `most` gets now. */
static uint32_t available(const struct sqs *queue, int64_t most) {
  int64_t count = queue->store.lists[PLACE_VISIBLE].count;
  int64_t room = (int64_t)SQS_IN_FLIGHT_MAX - queue->store.lists[PLACE_IN_FLIGHT].count;
  if (count > room) count = room;
  if (count > most) count = most;
  return count > 0 ? (uint32_t)count : 0;
}

/* The timeout begins when the answer leaves. Deadlines stay in order: of two answers at work on two
 * cores, the one that leaves earlier may get the other's, some microseconds more. */
static int64_t deadline(const struct world *world, const struct node *node) {
  const struct sqs_store *store = &queue_of(node)->store;
  uint32_t last = store->lists[PLACE_IN_FLIGHT].last;
  int64_t leaves = node->depart > world->now.ns ? node->depart : world->now.ns;
  int64_t hidden = MUTANT(SQS_NO_VISIBILITY_TIMEOUT)
                       ? 0
                       : sqs_setting(world, KEY_SQS_VISIBILITY_TIMEOUT);
  int64_t visible_at = leaves + hidden;
  if (last != SQS_NONE && store->items[last].visible_at > visible_at)
    return store->items[last].visible_at;
  return visible_at;
}

static void hand_out(struct sqs *queue, int64_t visible_at, struct record *record) {
  uint32_t index = queue->store.lists[PLACE_VISIBLE].first;
  struct stored *stored = &queue->store.items[index];
  sqs_store_move(&queue->store, index, PLACE_IN_FLIGHT);
  stored->visible_at = visible_at;
  if (stored->receives < UINT16_MAX) stored->receives++;
  *record = (struct record){.intent = stored->intent, .handle = sqs_store_receipt(&queue->store, index),
                            .key = stored->key, .size = stored->size, .count = stored->receives};
}

static void answer_poll(struct world *world, struct node *node, const struct message *request,
                        uint32_t count) {
  struct sqs *queue = queue_of(node);
  struct message *answer = world_answer(world, node, request, SQS_RECEIVE_OK);
  answer->size = SQS_CALL_BYTES;
  if (count > 0) {
    struct record *records = message_records(&world->messages, answer, count);
    int64_t visible_at = deadline(world, node);
    for (uint32_t i = 0; i < count; i++) {
      hand_out(queue, visible_at, &records[i]);
      answer->size += records[i].size;
    }
    arm(world, node);
  }
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

/* Parked polls are answered in order as far as there are messages. */
static void serve_polls(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  while (queue->parked_count > 0 && !node->doomed) {
    uint32_t count = available(queue, queue->parked[queue->parked_head].request->a);
    if (count == 0) return;
    struct parked parked = unpark(queue);
    world_cancel(world, parked.timer);
    answer_poll(world, node, parked.request, count);
    world_release(world, parked.request);
  }
}

/* All polls wait equally long: it is the first that has waited long enough. */
static void on_poll_over(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct parked parked = unpark(queue_of(node));
  answer_poll(world, node, parked.request, 0);
  world_release(world, parked.request);
}

/* --- Requests --- */

static void confirm(struct world *world, struct node *node, const struct message *request,
                    enum sqs_message kind) {
  struct message *answer = world_answer(world, node, request, (uint16_t)kind);
  answer->intent = request->intent;
  answer->a = request->a;
  answer->size = SQS_CALL_BYTES;
  int64_t now = node->depart > world->now.ns ? node->depart : world->now.ns;
  answer->depart = now + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

static void on_send(struct world *world, struct node *node, struct message *request) {
  struct sqs *queue = queue_of(node);
  const struct record *record = &request->records[0];
  if (!world_point(world, node, POINT_APPENDED, true, record->intent)) return;
  sqs_store_add(&queue->store, record);
  world_hold(world, NULL);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  world_fact(world, FACT_APPENDED, node->id, record->intent, 0, 0);
  if (!world_point(world, node, POINT_APPENDED, false, record->intent)) return;
  confirm(world, node, request, SQS_SEND_OK);
  serve_polls(world, node);
}

static void on_receive(struct world *world, struct node *node, struct message *request) {
  uint32_t count = available(queue_of(node), request->a);
  if (count == 0 && request->b > 0)
    park(world, node, request);
  else
    answer_poll(world, node, request, count);
}

static void on_delete(struct world *world, struct node *node, struct message *request) {
  struct sqs *queue = queue_of(node);
  uint32_t index = sqs_store_find(&queue->store, request->records[0].handle);
  if (index == SQS_NONE) return confirm(world, node, request, SQS_DELETE_OK);
  uint64_t intent = queue->store.items[index].intent;
  ASSERT_EQ(intent, request->records[0].intent);
  if (!world_point(world, node, POINT_ACK_APPLIED, true, intent)) return;
  sqs_store_remove(&queue->store, index);
  world_unhold(world, NULL);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  if (!world_point(world, node, POINT_ACK_APPLIED, false, intent)) return;
  confirm(world, node, request, SQS_DELETE_OK);
  serve_polls(world, node); /* only when too many were in flight */
}

static int64_t cost(const struct world *world, const struct message *request) {
  const struct sqs *queue = queue_of(&world->nodes[request->to]);
  int64_t bytes = 0;
  if (request->kind == SQS_SEND) bytes = request->records[0].size;
  if (request->kind == SQS_RECEIVE)
    bytes = available(queue, request->a) * world->plan->workload.size;
  return world->plan->costs.values[COST_BROKER_REQUEST].i +
         world->plan->costs.values[COST_BROKER_PER_KIB].i * bytes / 1024;
}

/* --- Life --- */

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  if (!node->disk[0]) {
    node->disk[0] = calloc(1, sizeof(struct sqs));
    ASSERT(node->disk[0]);
    sqs_store_clear(&queue_of(node)->store);
  }
  struct sqs *queue = queue_of(node);
  ASSERT_EQ(queue->parked_count, 0);
  queue->armed = false;
  queue->poll_lane = world_lane(world, span_of(sqs_setting(world, KEY_SQS_WAIT_TIME)));
  arm(world, node);
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
  if (queue_of(node)) sqs_store_clear(&queue_of(node)->store);
}

static void disk_free(struct node *node) {
  if (!queue_of(node)) return;
  sqs_store_free(&queue_of(node)->store);
  free(queue_of(node)->parked);
  free(queue_of(node));
  node->disk[0] = NULL;
}

static message_fn *const on[SQS_MESSAGE__COUNT] = {
    [SQS_SEND] = on_send, [SQS_RECEIVE] = on_receive, [SQS_DELETE] = on_delete};
static const char *const stages[] = {"serving"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_VISIBLE] = on_visible,
                                                 [TIMER_POLL] = on_poll_over};
static const char *const timer_names[TIMER__COUNT] = {"visible-again", "poll-over"};

const struct component sqs_queue = {
    .name = "sqs-queue", .start = start, .on = on, .stage_names = stages, .stage_count = 1,
    .message_count = SQS_MESSAGE__COUNT, .messages = sqs_messages, .on_timer = on_timer,
    .timer_names = timer_names, .timer_count = TIMER__COUNT, .cost = cost, .busy = busy,
    .crash = crash, .finish = drop_polls, .disk_reset = disk_reset, .disk_free = disk_free,
};
