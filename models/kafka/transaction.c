/* The transaction coordinator (TransactionCoordinator, TransactionMetadata of Kafka 4.0), with
 * transaction version 2: every end of a transaction takes the epoch one further (KIP-890).
 *
 *   EMPTY --AddPartitions, TxnOffsets--> ONGOING --EndTxn, timeout, newer InitProducerId--> PREPARED
 *     ^------------------------------ all markers written <-------------------------------------'
 *
 * The decision is durable in PREPARED, and the client is told at once; markers follow, again and again
 * until each leader has answered. A request of an older epoch is fenced.
 *
 * [I1] A transaction's records and its offsets are committed together or not at all.
 * [I2] No request of an ended transaction changes a later one.
 * LIMIT: AddOffsetsToTxn and TxnOffsetCommit are one exchange, with the group coordinator beside it.
 * The timeout is checked exactly, not every 10 s. Epochs do not run out (65535 is an assertion).
 */
#include "models/kafka/broker.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <string.h>

static struct transactions *transactions_of(const struct node *node) {
  return &broker_disk(node)->transactions;
}

static struct transaction *find(const struct node *node, uint32_t producer) {
  struct transactions *all = transactions_of(node);
  for (size_t i = 0; i < all->count; i++)
    if (all->items[i].producer == producer) return &all->items[i];
  return NULL;
}

static uint64_t index_of(const struct node *node, const struct transaction *transaction) {
  return (uint64_t)(transaction - transactions_of(node)->items);
}

static size_t bitmap_bytes(const struct world *world) { return (world->plan->partitions + 7) / 8; }

static void answer(struct world *world, struct node *node, const struct message *request,
                   enum wire kind, enum kafka_error error, int64_t c) {
  struct message *message = world_answer(world, node, request, kind);
  message->a = error;
  message->c = c;
  message->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, message);
  if (error != KAFKA_OK && error != KAFKA_CONCURRENT_TRANSACTIONS)
    world_fact(world, FACT_FENCED, node->id, request->intent, error, 0);
}

/* --- The life of one --- */

static void begin(struct world *world, struct node *node, struct transaction *transaction) {
  if (transaction->state == TRANSACTION_ONGOING) return;
  ASSERT_EQ(transaction->state, TRANSACTION_EMPTY);
  transaction->state = TRANSACTION_ONGOING;
  memset(transaction->partitions, 0, bitmap_bytes(world));
  transaction->partition_count = 0;
  world_hold(world, NULL);
  uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_TRANSACTION_TIMEOUT)));
  transaction->timer =
      world_timer(world, node, 0, lane, TIMER_TRANSACTION, index_of(node, transaction));
}

static void finish_if_marked(struct world *world, struct transaction *transaction) {
  if (transaction->partition_count > 0) return;
  transaction->state = TRANSACTION_EMPTY;
  if (transaction->markers != TIMER_NONE) world_cancel(world, transaction->markers);
  transaction->markers = TIMER_NONE;
  world_unhold(world, NULL);
}

static void unmark(struct transaction *transaction, uint32_t partition) {
  uint8_t bit = (uint8_t)(1u << (partition % 8));
  if (!(transaction->partitions[partition / 8] & bit)) return;
  transaction->partitions[partition / 8] &= (uint8_t)~bit;
  transaction->partition_count--;
}

/* Writes the markers that are still missing, or asks their leaders to; asks again after a while. */
static void write_markers(struct world *world, struct node *node, struct transaction *transaction) {
  struct batch producer = {.producer = transaction->producer, .epoch = transaction->epoch};
  for (uint32_t p = 0; p < world->plan->partitions && !node->doomed; p++) {
    if (!((transaction->partitions[p / 8] >> (p % 8)) & 1)) continue;
    uint16_t leader = broker_leader(world, node, kafka_output(world, p));
    if (leader == NODE_NONE) continue; /* asked again later */
    if (leader == node->id) {
      bool written = broker_marker(world, node, p, &producer, transaction->commit);
      if (written && !node->doomed) unmark(transaction, p);
      continue;
    }
    struct message *message = world_message(world, node, leader, 0, WIRE_MARKER);
    message->a = p;
    message->b = pack_producer(&producer);
    message->c = transaction->commit;
    world_send(world, node, message);
  }
  if (transaction->partition_count > 0 && !node->doomed) {
    uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_RETRY_BACKOFF_MAX)));
    transaction->markers =
        world_timer(world, node, 0, lane, TIMER_MARKERS, index_of(node, transaction));
  }
  finish_if_marked(world, transaction);
}

/* The decision. From here on it happens, whatever becomes of the client. */
static void prepare(struct world *world, struct node *node, struct transaction *transaction,
                    bool commit) {
  ASSERT_EQ(transaction->state, TRANSACTION_ONGOING);
  ASSERT_LT(transaction->epoch, UINT16_MAX);
  transaction->state = TRANSACTION_PREPARED;
  transaction->commit = commit;
  transaction->epoch++;
  if (transaction->timer != TIMER_NONE) world_cancel(world, transaction->timer);
  transaction->timer = TIMER_NONE;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  world_fact(world, commit ? FACT_TRANSACTION_COMMITTED : FACT_TRANSACTION_ABORTED, node->id, 0,
             transaction->producer, transaction->epoch);
  /* Those of a client's own group: no system with transactions has several. */
  group_end_pending(world, group_at(node, 0), transaction->producer, commit);
  write_markers(world, node, transaction);
}

/* --- Requests --- */

static struct transaction *by_client(struct world *world, struct node *node, uint64_t client) {
  struct transactions *all = transactions_of(node);
  ASSERT_LE(client, all->count);
  (void)world;
  return &all->items[client - 1];
}

void transactions_on_init(struct world *world, struct node *node, struct message *request) {
  struct transactions *all = transactions_of(node);
  enum kafka_error error = KAFKA_OK;
  uint32_t producer;
  uint16_t epoch = 0;
  if (request->a == 0) { /* idempotent only: always a new id */
    producer = ++all->next_producer;
  } else {
    struct transaction *transaction = by_client(world, node, (uint64_t)request->a);
    if (transaction->producer == NO_PRODUCER) transaction->producer = ++all->next_producer;
    if (transaction->state == TRANSACTION_EMPTY) {
      transaction->epoch++;
      transaction->fenced_last = true;
    } else {
      error = KAFKA_CONCURRENT_TRANSACTIONS;
      if (transaction->state == TRANSACTION_ONGOING) {
        transaction->fenced_last = true;
        prepare(world, node, transaction, false);
      }
    }
    producer = transaction->producer;
    epoch = transaction->epoch;
  }
  if (node->doomed) return;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  struct message *message = world_answer(world, node, request, WIRE_INIT_PRODUCER_ANSWER);
  message->a = error;
  message->b = producer;
  message->c = epoch;
  message->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, message);
}

/* KAFKA_OK when a request of this producer and epoch may change its transaction now. */
static enum kafka_error check(const struct transaction *transaction, const struct batch *producer) {
  if (!transaction || producer->epoch != transaction->epoch) return KAFKA_PRODUCER_FENCED;
  return transaction->state == TRANSACTION_PREPARED ? KAFKA_CONCURRENT_TRANSACTIONS : KAFKA_OK;
}

void transactions_on_add(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  struct transaction *transaction = find(node, producer.producer);
  enum kafka_error error = check(transaction, &producer);
  if (error == KAFKA_OK) {
    begin(world, node, transaction);
    for (uint32_t i = 0; i < request->record_count; i++) {
      uint32_t partition = request->records[i].key;
      if ((transaction->partitions[partition / 8] >> (partition % 8)) & 1) continue;
      transaction->partitions[partition / 8] |= (uint8_t)(1u << (partition % 8));
      transaction->partition_count++;
    }
    world_count(world, COUNTER_DURABLE_WRITES, 1);
  }
  answer(world, node, request, WIRE_PARTITIONS_ADDED, error, 0);
}

void transactions_on_offsets(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->c, 0);
  struct transaction *transaction = find(node, producer.producer);
  struct group *group = group_at(node, world->nodes[request->from].group);
  enum kafka_error error = check(transaction, &producer);
  if (error == KAFKA_OK) error = group_check(group, (uint64_t)request->a, (uint64_t)request->b);
  if (error == KAFKA_OK) {
    begin(world, node, transaction);
    group_pend(group, producer.producer, request->records, request->record_count);
    world_count(world, COUNTER_DURABLE_WRITES, 1);
  }
  answer(world, node, request, WIRE_TXN_OFFSETS_ANSWER, error, 0);
}

/* A retry of the last end: the same decision is confirmed, another refused. */
static enum kafka_error check_end(const struct transaction *transaction,
                                  const struct batch *producer, bool commit) {
  bool last = transaction && producer->epoch + 1 == transaction->epoch &&
              transaction->state != TRANSACTION_ONGOING && !transaction->fenced_last;
  if (!last) return KAFKA_PRODUCER_FENCED;
  return transaction->commit == commit ? KAFKA_OK : KAFKA_INVALID_TRANSACTION_STATE;
}

void transactions_on_end(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  struct transaction *transaction = find(node, producer.producer);
  enum kafka_error error;
  if (transaction && producer.epoch == transaction->epoch &&
      transaction->state == TRANSACTION_ONGOING) {
    bool armed = world_armed(world, POINT_ACK_APPLIED);
    if (armed && !world_point_slow(world, node, POINT_ACK_APPLIED, true, 0, request)) return;
    transaction->fenced_last = false;
    prepare(world, node, transaction, request->a);
    if (armed) world_point_slow(world, node, POINT_ACK_APPLIED, false, 0, request);
    error = KAFKA_OK;
  } else if (transaction && producer.epoch == transaction->epoch) { /* nothing was begun in it */
    error = KAFKA_OK;
  } else {
    error = check_end(transaction, &producer, request->a);
  }
  if (node->doomed) return;
  answer(world, node, request, WIRE_END_TXN_ANSWER, error, transaction ? transaction->epoch : 0);
}

void transactions_marked(struct world *world, struct node *node, uint32_t partition,
                         const struct batch *producer) {
  struct transaction *transaction = find(node, producer->producer);
  if (transaction->state != TRANSACTION_PREPARED || producer->epoch != transaction->epoch) return;
  unmark(transaction, partition);
  finish_if_marked(world, transaction);
}

void transactions_on_marked(struct world *world, struct node *node, struct message *reply) {
  struct batch producer = unpack_producer(reply->b, 0);
  transactions_marked(world, node, (uint32_t)reply->a, &producer);
}

void transactions_on_timeout(struct world *world, struct node *node, uint64_t index) {
  struct transaction *transaction = &transactions_of(node)->items[index];
  transaction->timer = TIMER_NONE;
  transaction->fenced_last = true; /* its owner is fenced when it comes back */
  transaction->epoch++;
  prepare(world, node, transaction, false);
}

void transactions_on_markers(struct world *world, struct node *node, uint64_t index) {
  struct transaction *transaction = &transactions_of(node)->items[index];
  transaction->markers = TIMER_NONE;
  write_markers(world, node, transaction);
}

void transactions_start(struct world *world, struct node *node) {
  struct transactions *all = transactions_of(node);
  size_t clients = world->count[ROLE_CONSUMER], bytes = bitmap_bytes(world);
  GROW(all->items, all->capacity, clients);
  GROW(all->bitmaps, all->bitmap_capacity, clients * bytes);
  for (size_t i = all->count; i < clients; i++)
    all->items[i] = (struct transaction){.partitions = all->bitmaps + i * bytes};
  all->count = clients;
  for (size_t i = 0; i < clients; i++) {
    struct transaction *transaction = &all->items[i];
    transaction->timer = transaction->markers = TIMER_NONE;
    if (transaction->state == TRANSACTION_PREPARED) write_markers(world, node, transaction);
    if (transaction->state != TRANSACTION_ONGOING) continue;
    uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_TRANSACTION_TIMEOUT)));
    transaction->timer = world_timer(world, node, 0, lane, TIMER_TRANSACTION, i);
  }
}
