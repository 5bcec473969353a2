/* The dead-letter queue, and the way back. It is part of the same service: moving costs no message. */
#include "models/mutants.h"
#include "models/sqs/queue.h"

bool dead_letter_returns(const struct world *world, const struct node *node) {
  return sqs_setting(world, KEY_SQS_REDRIVE_AT) > 0 && !queue_of(node)->redriven;
}

bool dead_letter(struct world *world, struct node *node, uint32_t item) {
  struct sqs_store *store = &queue_of(node)->store;
  int64_t most = sqs_setting(world, KEY_SQS_MAX_RECEIVE_COUNT);
  if (MUTANT(SQS_DEAD_LETTER_OFF_BY_ONE) && most > 0) most++;
  if (most == 0 || store->items[item].receives < most) return false;
  sqs_store_bury(store, item);
  if (queue_is_fifo(node)) sqs_store_rejuvenate(store, item, world->now.ns);
  world_fact(world, FACT_DEAD_LETTERED, node->id, store->items[item].intent, 0, 0);
  if (!dead_letter_returns(world, node)) world_unhold(world, NULL);
  return true;
}

void redrive_arm(struct world *world, struct node *node) {
  if (!dead_letter_returns(world, node)) return;
  int64_t delay = sqs_setting(world, KEY_SQS_REDRIVE_AT) - world->now.ns;
  world_after(world, node, 0, TIMER_REDRIVE, 0, span_of(delay > 0 ? delay : 0));
}

/* New messages with the same content: new ids and, in a FIFO queue, new deduplication ids. */
void redrive_on_timer(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct sqs_store *store = &queue_of(node)->store;
  queue_of(node)->redriven = true;
  while (store->dead.first != SQS_NONE) {
    uint32_t item = store->dead.first;
    sqs_store_rename(store, item);
    sqs_store_rejuvenate(store, item, world->now.ns);
    sqs_store_show(store, item);
    world_fact(world, FACT_DEAD_LETTER_LEFT, node->id, store->items[item].intent, 0, 0);
  }
  queue_serve_polls(world, node);
}
