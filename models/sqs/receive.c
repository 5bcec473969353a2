/* What a receive gets. */
#include "models/mutants.h"
#include "models/sqs/queue.h"
#include "sim/base/assert.h"

/* The timeout begins when the answer leaves. */
static int64_t hidden_until(const struct world *world, const struct node *node) {
  int64_t leaves = node->depart > world->now.ns ? node->depart : world->now.ns;
  if (MUTANT(SQS_NO_VISIBILITY_TIMEOUT)) return leaves;
  return leaves + sqs_setting(world, KEY_SQS_VISIBILITY_TIMEOUT);
}

static void hand_out(struct world *world, struct node *node, uint32_t item, int64_t due,
                     struct record *record) {
  struct sqs_store *store = &queue_of(node)->store;
  sqs_store_hide(store, item, due);
  struct stored *stored = &store->items[item];
  stored->received_at = world->now.ns;
  if (stored->receives < UINT32_MAX) stored->receives++;
  if (stored->receives == 1) faults_hit(world, stored->fault, node->id, stored->intent);
  uint16_t count = stored->receives < UINT16_MAX ? (uint16_t)stored->receives : UINT16_MAX;
  *record = (struct record){.intent = stored->intent, .handle = sqs_store_id(store, item),
                            .key = stored->key, .size = stored->size, .count = count,
                            .extra = stored->receives, .attempt = stored->attempt,
                            .number = stored->number};
  if (!queue_is_fifo(node)) copies_leave(world, node, item);
}

static uint32_t take(struct world *world, struct node *node, int64_t most, int64_t due,
                     struct record *records) {
  struct sqs_store *store = &queue_of(node)->store;
  int64_t limit = sqs_setting(world, KEY_SQS_IN_FLIGHT_LIMIT);
  uint32_t count = 0;
  while (count < most && store->counts[PLACE_IN_FLIGHT] < limit) { /* [I5] */
    uint32_t item = store->order->take(store);
    if (item == SQS_NONE) break;
    if (!dead_letter(world, node, item)) hand_out(world, node, item, due, &records[count++]);
  }
  store->order->taken(store);
  return count;
}

/* --- Repeated receives [I14] --- */

static struct attempt *attempt_of(const struct world *world, const struct node *node,
                                  const struct message *request) {
  if (request->c == 0) return NULL;
  return &queue_of(node)->attempts[world->nodes[request->from].index - 1];
}

static bool repeatable(const struct world *world, const struct sqs_store *store,
                       const struct attempt *attempt, int64_t id) {
  if (attempt->id != id || world->now.ns - attempt->at > SQS_ATTEMPT_KEPT) return false;
  for (uint32_t i = 0; i < attempt->count; i++) {
    uint32_t item = sqs_store_find(store, attempt->ids[i]);
    if (item == SQS_NONE || store->items[item].place != PLACE_IN_FLIGHT ||
        store->items[item].receives != attempt->receives[i] ||
        sqs_store_due(store, item) != attempt->due)
      return false;
  }
  return true;
}

static uint32_t repeat(struct sqs_store *store, struct attempt *attempt, int64_t due,
                       struct record *records) {
  attempt->due = due;
  for (uint32_t i = 0; i < attempt->count; i++) {
    uint32_t item = sqs_store_find(store, attempt->ids[i]);
    const struct stored *stored = &store->items[item];
    sqs_store_set_due(store, item, due);
    uint16_t count = stored->receives < UINT16_MAX ? (uint16_t)stored->receives : UINT16_MAX;
    records[i] = (struct record){.intent = stored->intent, .handle = attempt->ids[i],
                                 .key = stored->key, .size = stored->size, .count = count,
                                 .extra = stored->receives, .attempt = stored->attempt,
                                 .number = stored->number};
  }
  return attempt->count;
}

static void note(struct attempt *attempt, const struct world *world, int64_t id, int64_t due,
                 const struct record *records, uint32_t count) {
  if (id < attempt->id) return; /* of a receive that its consumer no longer waits for */
  *attempt = (struct attempt){.id = id, .at = world->now.ns, .due = due, .count = count};
  for (uint32_t i = 0; i < count; i++) {
    attempt->ids[i] = records[i].handle;
    attempt->receives[i] = records[i].extra;
  }
}

uint32_t queue_fetch(struct world *world, struct node *node, const struct message *request,
                     struct record records[SQS_RECEIVE_MAX]) {
  struct sqs_store *store = &queue_of(node)->store;
  struct attempt *attempt = attempt_of(world, node, request);
  int64_t due = hidden_until(world, node);
  ASSERT_LE(request->a, SQS_RECEIVE_MAX);
  bool again = attempt && repeatable(world, store, attempt, request->c) &&
               !MUTANT(SQS_FIFO_ATTEMPT_IGNORED);
  uint32_t count = again ? repeat(store, attempt, due, records)
                         : take(world, node, request->a, due, records);
  if (attempt && !again && count > 0) note(attempt, world, request->c, due, records, count);
  if (count > 0) visibility_arm(world, node);
  return count;
}
