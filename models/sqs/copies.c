/* Copies on servers that are out of reach. [I11] */
#include "models/sqs/queue.h"
#include "sim/base/grow.h"

/* The same message: the same number, with receipts of its own. */
static uint32_t add(struct world *world, struct node *node, const struct record *record, struct span after) {
  struct sqs_store *store = &queue_of(node)->store;
  const uint32_t copy = sqs_store_add(store, record, world->now.ns);
  store->items[copy].copy = true;
  store->items[copy].number = record->number;
  sqs_store_delay(store, copy, world->now.ns + after.ns);
  world_hold(world, NULL);
  return copy;
}

/* What a fault may ask for, also when the queue has it no more. */
static void remember(struct sqs *queue, const struct record *record) {
  uint64_t *place = map_put(&queue->handed_at, record->intent, NULL);
  if (*place == 0) {
    GROW(queue->handed, queue->handed_capacity, queue->handed_count + 1);
    *place = ++queue->handed_count;
  }
  queue->handed[*place - 1] = *record;
}

void copies_leave(struct world *world, struct node *node, uint32_t item) {
  const struct stored *stored = &queue_of(node)->store.items[item];
  if (stored->copy || stored->receives != 1) return;
  const struct record record = {.intent = stored->intent, .key = stored->key, .size = stored->size,
                                .attempt = stored->attempt, .number = stored->number};
  if (world_expects(world, VERB_REDELIVER)) remember(queue_of(node), &record);
  const uint64_t address = world_address(node, hash_name("sqs-copy"), record.intent);
  const uint64_t share = luck_threshold(sqs_setting(world, KEY_SQS_COPY_REDELIVERY), SCHEMA_SHARE_SCALE);
  if (luck_chance(&world->luck, address, share))
    add(world, node, &record, span_of(sqs_setting(world, KEY_SQS_COPY_REDELIVERY_AFTER)));
}

uint32_t copies_struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  const uint64_t intent = world->faults.items[fault].intent;
  if (!begins || !queue_of(node) || intent == 0) return 0;
  const uint64_t *place = map_get(&queue_of(node)->handed_at, intent);
  if (!place) return 0;
  const uint32_t copy =
      add(world, node, &queue_of(node)->handed[*place - 1], faults_rules(world, fault)->lasts);
  queue_of(node)->store.items[copy].fault = fault;
  if (!node->alive) return 1; /* whoever comes up looks at all deadlines */
  visibility_arm(world, node);
  retention_arm(world, node);
  return 1;
}
