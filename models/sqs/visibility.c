/* What ends by time: being hidden, and being kept. */
#include "models/mutants.h"
#include "models/sqs/queue.h"
#include "sim/base/assert.h"

#define NEVER INT64_MAX

/* --- Visibility --- */

/* A deadline that moves forward needs another event; one that moves back leaves an event behind, which
 * finds nothing to do. */
void visibility_arm(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  if (queue->store.heap_count == 0) return;
  int64_t due = queue->store.heap[0].due;
  if (due < world->now.ns) due = world->now.ns;
  if (due >= queue->armed_at) return;
  queue->armed_at = due;
  world_after(world, node, 0, TIMER_VISIBLE, 0, span_of(due - world->now.ns));
}

/* Its time is over, of being hidden or of its delay. */
static void appear(struct world *world, struct node *node, uint32_t item) {
  struct sqs_store *store = &queue_of(node)->store;
  bool expired = store->items[item].place == PLACE_IN_FLIGHT;
  sqs_store_show(store, item);
  if (expired) world_fact(world, FACT_EXPIRED, node->id, store->items[item].intent, 0, 0);
}

void visibility_on_timer(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct sqs *queue = queue_of(node);
  if (queue->armed_at <= world->now.ns) queue->armed_at = NEVER;
  while (queue->store.heap_count > 0 && queue->store.heap[0].due <= world->now.ns)
    appear(world, node, queue->store.heap[0].item);
  visibility_arm(world, node);
  queue_serve_polls(world, node);
}

static enum sqs_status change(struct world *world, struct node *node, const struct record *receipt,
                              int64_t timeout) {
  struct sqs_store *store = &queue_of(node)->store;
  uint32_t item = sqs_store_find(store, receipt->handle);
  if (item == SQS_NONE || store->items[item].place != PLACE_IN_FLIGHT ||
      store->items[item].receives != receipt->extra)
    return SQS_NOT_IN_FLIGHT;
  int64_t due = world->now.ns + timeout;
  if (due - store->items[item].received_at > SQS_HIDDEN_MAX) return SQS_TIMEOUT_TOO_LONG;
  if (MUTANT(SQS_EXTENSION_IGNORED)) return SQS_OK;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  if (timeout == 0)
    sqs_store_show(store, item);
  else
    sqs_store_set_due(store, item, due);
  return SQS_OK;
}

void visibility_on_change(struct world *world, struct node *node, struct message *request) {
  enum sqs_status status = change(world, node, &request->records[0], request->b);
  visibility_arm(world, node);
  queue_confirm(world, node, request, SQS_CHANGE_TIMEOUT_OK, status);
  queue_serve_polls(world, node);
}

/* --- Retention --- */

void retention_arm(struct world *world, struct node *node) {
  struct sqs *queue = queue_of(node);
  if (queue->retention_armed || queue->store.oldest == SQS_NONE) return;
  int64_t due = queue->store.items[queue->store.oldest].sent_at +
                sqs_setting(world, KEY_SQS_RETENTION);
  queue->retention_armed = true;
  world_after(world, node, 0, TIMER_RETENTION, 0,
              span_of(due > world->now.ns ? due - world->now.ns : 0));
}

static void dispose(struct world *world, struct node *node, uint32_t item) {
  struct sqs_store *store = &queue_of(node)->store;
  uint64_t intent = store->items[item].intent;
  bool dead = store->items[item].place == PLACE_DEAD;
  bool held = !dead || dead_letter_returns(world, node);
  sqs_store_remove(store, item);
  if (dead) world_fact(world, FACT_DEAD_LETTER_LEFT, node->id, intent, 0, 0);
  world_fact(world, FACT_DISPOSED, node->id, intent, SQS_CAUSE_RETENTION, 0);
  if (held) world_unhold(world, NULL);
}

void retention_on_timer(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct sqs *queue = queue_of(node);
  queue->retention_armed = false;
  int64_t limit = world->now.ns - sqs_setting(world, KEY_SQS_RETENTION);
  while (queue->store.oldest != SQS_NONE && queue->store.items[queue->store.oldest].sent_at <= limit)
    dispose(world, node, queue->store.oldest);
  retention_arm(world, node);
  queue_serve_polls(world, node); /* a group may be free, or there is room again */
}
