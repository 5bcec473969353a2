/* The end of what a producer has had for delivery.timeout.ms. */
#include "models/kafka/producer.h"

void producer_expire(struct world *world, struct producer *producer, uint32_t index) {
  if (producer->id != NO_PRODUCER) producer_unresolved(producer, index);
  producer_settle(world, producer, index, OUTCOME_UNKNOWN);
}

/* Whether what waits there waits for a connection. */
static bool is_cut_off(const struct world *world, const struct producer *producer, uint32_t partition) {
  return producer->connections[producer_broker(world, producer, partition)].gone;
}

/* When the oldest was created that waits in a partition, be it for its retry; INT64_MAX: nothing waits. */
static int64_t oldest(const struct producer *producer, uint32_t partition) {
  const struct queue_of_partition *queue = &producer->queues[partition];
  int64_t ns = INT64_MAX;
  if (queue->count > 0) ns = producer->pending[queue->first].created_ns;
  for (uint32_t i = queue->retry; i != NO_INDEX; i = producer->outgoing[i].next)
    if (producer->outgoing[i].created_ns < ns) ns = producer->outgoing[i].created_ns;
  return ns;
}

static int64_t oldest_cut_off(const struct world *world, const struct producer *producer) {
  int64_t ns = INT64_MAX;
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    const int64_t created = is_cut_off(world, producer, p) ? oldest(producer, p) : INT64_MAX;
    if (created < ns) ns = created;
  }
  return ns;
}

/* What has waited for less than half of the time yet is seen to when a batch fails again; not so without a connection,
 * where no batch does. */
void producer_watch(struct world *world, struct node *node, uint32_t partition) {
  struct producer *producer = producer_of(node);
  const struct queue_of_partition *queue = &producer->queues[partition];
  if (producer->expiry) return;
  const int64_t timeout = kafka_setting(world, KEY_DELIVERY_TIMEOUT);
  int64_t since;
  if (is_cut_off(world, producer, partition)) {
    since = oldest_cut_off(world, producer);
    if (since == INT64_MAX) return;
  } else {
    if (queue->count == 0) return;
    since = producer->pending[queue->first].created_ns;
    if (since + timeout - world->now.ns > timeout / 2) return;
  }
  const int64_t left = since + timeout - world->now.ns;
  producer->expiry = true;
  world_after(world, node, 0, TIMER_EXPIRY, 0, span_of(left > 0 ? left : 0));
}

/* Batches that wait for their retry, and would not get one in time. */
static void expire_retries(struct world *world, struct producer *producer, uint32_t partition) {
  struct queue_of_partition *queue = &producer->queues[partition];
  while (queue->retry != NO_INDEX && producer_overdue(world, &producer->outgoing[queue->retry])) {
    const uint32_t index = queue->retry;
    queue->retry = producer->outgoing[index].next;
    producer->waiting--;
    producer_expire(world, producer, index);
    producer_resolve(producer, partition);
  }
}

void producer_expire_waiting(struct world *world, struct node *node) {
  struct producer *producer = producer_of(node);
  const int64_t timeout = kafka_setting(world, KEY_DELIVERY_TIMEOUT);
  producer->expiry = false;
  for (uint32_t p = 0; p < world->plan->partitions; p++) {
    if (is_cut_off(world, producer, p)) expire_retries(world, producer, p);
    producer_expire_queue(world, producer, p, world->now.ns - timeout);
  }
  for (uint32_t p = 0; p < world->plan->partitions; p++) producer_watch(world, node, p);
}
