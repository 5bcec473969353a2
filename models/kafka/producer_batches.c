#include "models/kafka/producer.h"

#include "sim/base/assert.h"

/* --- Lists --- */

uint32_t producer_take_outgoing(struct node *node) {
  struct producer *producer = producer_of(node);
  uint32_t index = producer->outgoing_free;
  if (index != NO_INDEX) {
    producer->outgoing_free = producer->outgoing[index].next;
    return index;
  }
  ASSERT_MSG(producer->outgoing_used < producer->outgoing_count, "all %u batches of a producer are in use",
             producer->outgoing_count);
  ARENA_WIDEN(&node->arena, producer->outgoing, producer->outgoing_used, producer->outgoing_room,
              producer->outgoing_count);
  return producer->outgoing_used++;
}

void producer_put_outgoing(struct producer *producer, uint32_t index) {
  producer->outgoing[index].count = 0;
  producer->outgoing[index].next = producer->outgoing_free;
  producer->outgoing_free = index;
}

uint32_t producer_take_pending(struct node *node) {
  struct producer *producer = producer_of(node);
  uint32_t index = producer->pending_free;
  if (index != NO_INDEX) {
    producer->pending_free = producer->pending[index].next;
    return index;
  }
  if (producer->pending_used == producer->pending_count) return NO_INDEX;
  ARENA_WIDEN(&node->arena, producer->pending, producer->pending_used, producer->pending_room, producer->pending_count);
  return producer->pending_used++;
}

static void put_pending(struct producer *producer, uint32_t index) {
  producer->pending[index].next = producer->pending_free;
  producer->pending_free = index;
}

void producer_settle(struct world *world, struct producer *producer, uint32_t index,
                     enum outcome outcome) {
  uint32_t at = producer->outgoing[index].first, left = producer->outgoing[index].count;
  producer_put_outgoing(producer, index);
  for (; left > 0; left--) {
    const uint32_t next = producer->pending[at].next;
    call_return(world, producer->pending[at].request.call, outcome);
    put_pending(producer, at);
    at = next;
  }
}

uint32_t producer_cut(struct node *node, uint32_t partition) {
  struct producer *producer = producer_of(node);
  struct queue_of_partition *queue = &producer->queues[partition];
  uint32_t index = producer_take_outgoing(node);
  struct outgoing *batch = &producer->outgoing[index];
  uint32_t count = queue->count < producer->batch_records ? queue->count : producer->batch_records;
  *batch = (struct outgoing){.first = queue->first,
                             .count = count,
                             .partition = partition,
                             .sequence = queue->sequence,
                             .epoch = queue->epoch,
                             .number = queue->cut++,
                             .created_ns = producer->pending[queue->first].created_ns,
                             .next = NO_INDEX};
  uint32_t first = queue->first;
  for (uint32_t i = 0; i < count; i++) first = producer->pending[first].next;
  queue->first = first;
  queue->count -= count;
  producer->waiting -= count;
  queue->sequence = producer_sequence_add(queue->sequence, count);
  return index;
}

void producer_expire_queue(struct world *world, struct producer *producer, uint32_t partition,
                           int64_t before_ns) {
  struct queue_of_partition *queue = &producer->queues[partition];
  while (queue->count > 0 && producer->pending[queue->first].created_ns <= before_ns) {
    uint32_t index = queue->first;
    queue->first = producer->pending[index].next;
    queue->count--;
    producer->waiting--;
    call_return(world, producer->pending[index].request.call, OUTCOME_UNKNOWN);
    put_pending(producer, index);
  }
  producer_note_ready(producer, partition);
}

void producer_list_retry(struct producer *producer, uint32_t index) {
  struct outgoing *batch = &producer->outgoing[index];
  uint32_t *link = &producer->queues[batch->partition].retry;
  while (*link != NO_INDEX && producer->outgoing[*link].number < batch->number)
    link = &producer->outgoing[*link].next;
  batch->next = *link;
  *link = index;
  producer->waiting++;
  bits_put(producer->ready, batch->partition);
}

/* --- Sequences --- */

void producer_fly(struct producer *producer, uint32_t index) {
  struct outgoing *batch = &producer->outgoing[index];
  uint32_t *link = &producer->queues[batch->partition].flying;
  while (*link != NO_INDEX && producer->outgoing[*link].number < batch->number)
    link = &producer->outgoing[*link].next;
  batch->next = *link;
  *link = index;
}

void producer_land(struct producer *producer, uint32_t index) {
  const struct outgoing *batch = &producer->outgoing[index];
  uint32_t *link = &producer->queues[batch->partition].flying;
  while (*link != index) link = &producer->outgoing[*link].next;
  *link = batch->next;
}

uint32_t producer_oldest(const struct producer *producer, uint32_t partition) {
  uint32_t oldest = producer->queues[partition].flying;
  return oldest == NO_INDEX ? UINT32_MAX : producer->outgoing[oldest].number;
}

static void rewrite(struct queue_of_partition *queue, struct outgoing *batch) {
  batch->epoch = queue->epoch;
  batch->sequence = queue->sequence;
  batch->rewritten = true;
  queue->sequence = producer_sequence_add(queue->sequence, batch->count);
}

/* Everything outstanding of a partition, and `too`, begins anew from sequence 0 in the next epoch
 * (TransactionManager.bumpIdempotentProducerEpoch). What was stored of it under the old one is stored
 * again: nobody can tell. LIMIT: the epoch is the partition's own, not the producer's. */
static void bump(struct producer *producer, uint32_t partition, uint32_t too) {
  struct queue_of_partition *queue = &producer->queues[partition];
  queue->epoch++;
  queue->sequence = queue->expected = 0;
  queue->unresolved = false;
  uint32_t retry = queue->retry, flying = queue->flying;
  while (retry != NO_INDEX || flying != NO_INDEX || too != NO_INDEX) {
    const uint32_t lists[3] = {retry, flying, too};
    uint32_t best = NO_INDEX;
    for (int i = 0; i < 3; i++)
      if (lists[i] != NO_INDEX && (best == NO_INDEX || producer->outgoing[lists[i]].number <
                                                           producer->outgoing[best].number))
        best = lists[i];
    rewrite(queue, &producer->outgoing[best]);
    if (best == retry)
      retry = producer->outgoing[best].next;
    else if (best == flying)
      flying = producer->outgoing[best].next;
    else
      too = NO_INDEX;
  }
}

void producer_out_of_order(struct producer *producer, uint32_t index) {
  const struct outgoing *batch = &producer->outgoing[index];
  const struct queue_of_partition *queue = &producer->queues[batch->partition];
  bool next = batch->sequence == queue->expected;
  if (batch->epoch != queue->epoch) return; /* answered under an epoch that is gone */
  if (!queue->unresolved && (batch->rewritten || !next)) return;
  /* Without order it may just have overtaken the one before it. Sent again it was the oldest. */
  if (producer->no_order && batch->attempts < 2) return;
  if (!queue->unresolved || batch->sequence == queue->after_expired)
    bump(producer, batch->partition, index);
}

void producer_unresolved(struct producer *producer, uint32_t index) {
  const struct outgoing *batch = &producer->outgoing[index];
  struct queue_of_partition *queue = &producer->queues[batch->partition];
  queue->unresolved = true;
  queue->after_expired = producer_sequence_add(batch->sequence, batch->count);
}

void producer_resolve(struct producer *producer, uint32_t partition) {
  struct queue_of_partition *queue = &producer->queues[partition];
  if (!queue->unresolved || queue->in_flight > 0 || queue->retry != NO_INDEX) return;
  queue->unresolved = false;
  if (queue->expected == queue->sequence) return;
  queue->epoch++;
  queue->sequence = queue->expected = 0;
}
