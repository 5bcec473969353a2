/* The transaction coordinator: requests, markers, sweeps. How a request is decided: transaction.h.
 *
 *   client                       coordinator                         leader of an output partition
 *     | INIT_PRODUCER ------------->|                                          |
 *     | (v1) ADD_PARTITIONS ------->|                                          |
 *     | OUTPUT ---------------------+----------------------------------------->|
 *     |                             |<---------------------- VERIFY: add (v2), is it in it (v1)
 *     |                             | VERIFIED ------------------------------->| appended, answered
 *     | TXN_OFFSETS --------------->|                                          |
 *     | END_TXN ------------------->| decided, durable                         |
 *     |<-------------- END_TXN_ANSWER                                          |
 *     |                             | MARKER, again until answered ----------->|
 *
 * Durable: everything but timers. A coordinator that comes back goes on with what was decided.
 *
 * [I1] A transaction's records and its offsets are committed together or not at all.
 * [I2] In version 2 no request of an ended transaction changes a later one.
 * LIMIT: AddOffsetsToTxn and TxnOffsetCommit are one exchange, with the group coordinator beside it; the
 * offsets topic needs no marker of its own, and a late TxnOffsetCommit is always verified.
 * LIMIT: the coordinator epoch counts moves (coordinator.h), not restarts; TRANSACTION_COORDINATOR_FENCED is
 * only checked where a marker arrives.
 */
#include "models/kafka/coordinator.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/bits.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

static struct transactions *transactions_of(const struct node *node) {
  return &broker_disk(node)->internal->transactions;
}

static int version(const struct world *world) {
  return kafka_setting(world, KEY_TRANSACTION_VERSION) == TRANSACTION_VERSION_1 ? 1 : 2;
}

static uint64_t *bitmap_of(const struct world *world, struct transactions *all,
                           const struct transaction *transaction) {
  return all->bitmaps + (size_t)(transaction - all->items) * bits_words(world->plan->partitions);
}

static struct transaction *place(struct transactions *all, const struct map *map, uint64_t key) {
  const uint64_t *index = map_get(map, key);
  return index ? &all->items[*index] : NULL;
}

/* Nobody has asked for it for so long that a sweep has expired it. */
static void expire_unused(struct world *world, struct transactions *all,
                          struct transaction *transaction) {
  if (world->now.ns - transaction->used_ns < kafka_setting(world, KEY_TRANSACTIONAL_ID_EXPIRATION)) return;
  int64_t every = kafka_setting(world, KEY_TRANSACTIONAL_ID_CLEANUP);
  int64_t up = world->now.ns - all->up_since_ns;
  int64_t last_sweep = all->up_since_ns + up / every * every;
  if (last_sweep - transaction->used_ns < kafka_setting(world, KEY_TRANSACTIONAL_ID_EXPIRATION))
    return;
  transaction_step(transaction, TRANSACTION_EXPIRE, version(world), &all->last_producer);
}

/* Whose producer id this is or was; NULL = nobody's. */
static struct transaction *find(struct world *world, struct node *node, uint32_t producer) {
  struct transactions *all = transactions_of(node);
  struct transaction *transaction = place(all, &all->by_producer, producer);
  if (transaction) expire_unused(world, all, transaction);
  return transaction;
}

static struct transaction *by_id(struct world *world, struct node *node, uint64_t id) {
  struct transactions *all = transactions_of(node);
  bool is_new;
  uint64_t *index = map_put(&all->by_id, id, &is_new);
  if (is_new) {
    *index = all->count;
    GROW(all->items, all->capacity, all->count + 1);
    GROW(all->bitmaps, all->bitmap_capacity, (all->count + 1) * bits_words(world->plan->partitions));
    all->items[all->count++] =
        (struct transaction){.id = id, .used_ns = world->now.ns, .markers = TIMER_NONE};
  }
  struct transaction *transaction = &all->items[*index];
  expire_unused(world, all, transaction);
  return transaction;
}

static void note_producer(struct transactions *all, const struct transaction *transaction) {
  if (transaction->producer == NO_PRODUCER) return;
  *map_put(&all->by_producer, transaction->producer, NULL) = (uint64_t)(transaction - all->items);
}

static void answer(struct world *world, struct node *node, const struct message *request,
                   enum wire kind, enum kafka_error error, const struct transaction *transaction) {
  struct message *message = world_answer(world, node, request, kind);
  message->a = error;
  message->b = transaction ? transaction->producer : NO_PRODUCER;
  message->c = transaction ? transaction->epoch : 0;
  message->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, message);
  if (error != KAFKA_OK && error != KAFKA_CONCURRENT_TRANSACTIONS)
    world_fact(world, FACT_FENCED, node->id, request->intent, error, 0);
}

/* --- The life of one --- */

static enum kafka_error step(struct world *world, struct node *node,
                             struct transaction *transaction, enum transaction_request request) {
  struct transactions *all = transactions_of(node);
  enum kafka_error error =
      transaction_step(transaction, request, version(world), &all->last_producer);
  note_producer(all, transaction);
  transaction->used_ns = world->now.ns;
  return error;
}

/* The next sweep for timeouts, if none is due: sweeps come at multiples of the interval since the start. */
static void arm_sweep(struct world *world, struct node *node) {
  struct transactions *all = transactions_of(node);
  if (all->sweep) return;
  all->sweep = true;
  int64_t every = kafka_setting(world, KEY_TRANSACTION_TIMEOUT_CHECK);
  int64_t since = (world->now.ns - all->up_since_ns) % every;
  world_after(world, node, 0, TIMER_SWEEP, coordinator_epoch(node), span_of(every - since));
}

/* Takes a transaction into ONGOING, where it is not there yet. */
static enum kafka_error begin(struct world *world, struct node *node,
                              struct transaction *transaction) {
  enum transaction_state before = transaction->state;
  enum kafka_error error = step(world, node, transaction, TRANSACTION_ADD);
  if (error != KAFKA_OK || before == TRANSACTION_ONGOING) return error;
  transaction->began_ns = world->now.ns;
  struct transactions *all = transactions_of(node);
  memset(bitmap_of(world, all, transaction), 0, bits_words(world->plan->partitions) * sizeof(uint64_t));
  transaction->partition_count = 0;
  transaction->held = true;
  world_hold(world, NULL);
  arm_sweep(world, node);
  return KAFKA_OK;
}

static void add_partition(struct world *world, struct node *node, struct transaction *transaction,
                          uint32_t partition) {
  uint64_t *bitmap = bitmap_of(world, transactions_of(node), transaction);
  if (bits_has(bitmap, partition)) return;
  bits_put(bitmap, partition);
  transaction->partition_count++;
  world_count(world, COUNTER_DURABLE_WRITES, 1);
}

static void finish_if_marked(struct world *world, struct node *node,
                             struct transaction *transaction) {
  if (transaction->partition_count > 0 || !transaction_prepared(transaction)) return;
  ASSERT_EQ(step(world, node, transaction, TRANSACTION_MARKED), KAFKA_OK); /* [T1] */
  if (transaction->markers != TIMER_NONE) world_cancel(world, transaction->markers);
  transaction->markers = TIMER_NONE;
  if (transaction->held) world_unhold(world, NULL);
  transaction->held = false;
}

static void unmark(struct world *world, struct node *node, struct transaction *transaction,
                   uint32_t partition) {
  uint64_t *bitmap = bitmap_of(world, transactions_of(node), transaction);
  if (!bits_has(bitmap, partition)) return;
  bits_take(bitmap, partition);
  transaction->partition_count--;
}

static struct marker marker_of(const struct node *node, const struct transaction *transaction) {
  return (struct marker){.producer = transaction->marker,
                         .commit = transaction->state == TRANSACTION_PREPARE_COMMIT,
                         .serial = transaction->serial,
                         .coordinator_epoch = coordinator_epoch(node)};
}

static void send_marker(struct world *world, struct node *node, const struct marker *marker,
                        uint32_t partition, uint16_t leader) {
  struct message *message = world_message(world, node, leader, 0, WIRE_MARKER);
  message->a = partition;
  message->b = pack_producer(&marker->producer);
  message->c = (int64_t)marker->coordinator_epoch << 1 | marker->commit;
  message->d = marker->serial;
  world_send(world, node, message);
}

/* Writes the markers that are still missing, or asks their leaders to; asks again after a while. */
static void write_markers(struct world *world, struct node *node, struct transaction *transaction) {
  struct transactions *all = transactions_of(node);
  const struct marker marker = marker_of(node, transaction);
  const uint32_t partitions = world->plan->partitions;
  const uint64_t *left = bitmap_of(world, all, transaction);
  for (uint32_t p = bits_next(left, 0, partitions); p != BITS_NONE && !node->doomed;
       p = bits_next(left, p + 1, partitions)) {
    uint16_t leader = broker_leader(world, node, kafka_output(world, p));
    if (leader == NODE_NONE) continue; /* asked again later */
    if (leader != node->id) {
      send_marker(world, node, &marker, p, leader);
      continue;
    }
    bool written = broker_marker(world, node, p, &marker);
    if (written && !node->doomed) unmark(world, node, transaction, p);
  }
  if (transaction->partition_count > 0 && !node->doomed) {
    uint16_t lane = world_lane(world, span_of(kafka_setting(world, KEY_RETRY_BACKOFF_MAX)));
    transaction->markers =
        world_timer(world, node, 0, lane, TIMER_MARKERS, (uint64_t)(transaction - all->items));
  }
  if (!node->doomed) finish_if_marked(world, node, transaction);
}

/* The decision has just been taken. From here on it happens, whatever becomes of the client. */
static void decided(struct world *world, struct node *node, struct transaction *transaction) {
  bool commit = transaction->state == TRANSACTION_PREPARE_COMMIT;
  if (!transaction->held) transaction->partition_count = 0; /* an end of nothing */
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  world_fact(world, commit ? FACT_TRANSACTION_COMMITTED : FACT_TRANSACTION_ABORTED, node->id, 0,
             transaction->marker.producer, transaction->marker.epoch);
  /* Those of a client's own group: no system with transactions has several. */
  group_end_pending(world, group_at(node, 0), transaction->marker.producer, commit);
  write_markers(world, node, transaction);
}

/* What was begun is aborted, and its owner fenced. */
static void fence(struct world *world, struct node *node, struct transaction *transaction) {
  ASSERT_EQ(transaction->state, TRANSACTION_PREPARE_EPOCH_FENCE);
  ASSERT_EQ(step(world, node, transaction, TRANSACTION_FENCED), KAFKA_OK);
  decided(world, node, transaction);
}

/* --- Requests --- */

static void answer_init(struct world *world, struct node *node, const struct message *request,
                        enum kafka_error error, uint32_t producer, uint16_t epoch) {
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  struct message *message = world_answer(world, node, request, WIRE_INIT_PRODUCER_ANSWER);
  message->a = error;
  message->b = producer;
  message->c = epoch;
  message->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, message);
}

void transactions_on_init(struct world *world, struct node *node, struct message *request) {
  struct transactions *all = transactions_of(node);
  if (request->a == 0) /* idempotent only: always a new id */
    return answer_init(world, node, request, KAFKA_OK, ++all->last_producer, 0);
  struct transaction *transaction = by_id(world, node, (uint64_t)request->a);
  enum kafka_error error = KAFKA_OK;
  if (!MUTANT(KAFKA_NO_FENCING_AT_INIT) || transaction->producer == NO_PRODUCER)
    error = step(world, node, transaction, TRANSACTION_INIT);
  if (transaction->state == TRANSACTION_PREPARE_EPOCH_FENCE) fence(world, node, transaction);
  if (!node->doomed)
    answer_init(world, node, request, error, transaction->producer, transaction->epoch);
}

/* KAFKA_OK when the producer id and epoch are those of the current or next transaction. */
static enum kafka_error identify(const struct transaction *transaction,
                                 const struct batch *producer) {
  if (!transaction || producer->producer != transaction->producer)
    return KAFKA_INVALID_PRODUCER_ID_MAPPING;
  return producer->epoch == transaction->epoch ? KAFKA_OK : KAFKA_PRODUCER_FENCED;
}

void transactions_on_add(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  struct transaction *transaction = find(world, node, producer.producer);
  enum kafka_error error = identify(transaction, &producer);
  if (error == KAFKA_OK) error = begin(world, node, transaction);
  for (uint32_t i = 0; error == KAFKA_OK && i < request->record_count; i++)
    add_partition(world, node, transaction, request->records[i].key);
  answer(world, node, request, WIRE_PARTITIONS_ADDED, error, transaction);
}

enum kafka_error transactions_verify(struct world *world, struct node *node, uint32_t partition,
                                     const struct batch *producer) {
  struct transaction *transaction = find(world, node, producer->producer);
  enum kafka_error error = identify(transaction, producer);
  if (error != KAFKA_OK) return error;
  if (version(world) == 2) {
    error = begin(world, node, transaction);
    if (error == KAFKA_OK) add_partition(world, node, transaction, partition);
    return error;
  }
  error = step(world, node, transaction, TRANSACTION_VERIFY);
  bool in_it = bits_has(bitmap_of(world, transactions_of(node), transaction), partition);
  return error == KAFKA_OK && !in_it ? KAFKA_INVALID_TRANSACTION_STATE : error;
}

void transactions_on_verify(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  enum kafka_error error = transactions_verify(world, node, (uint32_t)request->a, &producer);
  struct message *message = world_answer(world, node, request, WIRE_VERIFIED);
  message->a = request->a;
  message->b = request->b;
  message->c = error;
  message->d = request->d;
  message->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, message);
}

void transactions_on_offsets(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->c, 0);
  struct transaction *transaction = find(world, node, producer.producer);
  struct group *group = group_at(node, world->nodes[request->from].group);
  enum kafka_error error = identify(transaction, &producer);
  if (error == KAFKA_OK && request->a != 0) /* with the group's metadata: member and generation */
    error = group_check(group, (uint64_t)request->a, (uint64_t)request->b);
  if (error == KAFKA_OK) error = begin(world, node, transaction);
  if (error == KAFKA_OK) {
    group_pend(group, producer.producer, request);
    if (MUTANT(KAFKA_OFFSETS_OUTSIDE)) group_end_pending(world, group, producer.producer, true);
    world_count(world, COUNTER_DURABLE_WRITES, 1);
  }
  answer(world, node, request, WIRE_TXN_OFFSETS_ANSWER, error, transaction);
}

/* An end: decides, or repeats what was decided. */
static enum kafka_error end(struct world *world, struct node *node, struct message *request,
                            struct transaction *transaction, const struct batch *producer) {
  enum kafka_error error = KAFKA_INVALID_PRODUCER_ID_MAPPING;
  if (!transaction) return error;
  enum transaction_request which =
      transaction_end_request(transaction, producer, request->a, version(world), &error);
  if (error != KAFKA_OK) return error;
  enum transaction_state before = transaction->state;
  bool decides = before != TRANSACTION_PREPARE_COMMIT && before != TRANSACTION_PREPARE_ABORT;
  bool armed = decides && world_armed(world, POINT_ACK_APPLIED);
  if (armed && !world_point_slow(world, node, POINT_ACK_APPLIED, true, 0, request)) return KAFKA_OK;
  error = step(world, node, transaction, which);
  if (decides && transaction_prepared(transaction)) decided(world, node, transaction);
  if (armed && error == KAFKA_OK)
    world_point_slow(world, node, POINT_ACK_APPLIED, false, 0, request);
  return error;
}

void transactions_on_end(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, 0);
  struct transaction *transaction = find(world, node, producer.producer);
  enum kafka_error error = end(world, node, request, transaction, &producer);
  if (!node->doomed) answer(world, node, request, WIRE_END_TXN_ANSWER, error, transaction);
}

void transactions_marked(struct world *world, struct node *node, uint32_t partition,
                         const struct marker *marker) {
  if (!coordinator_active(world, node)) return;
  struct transaction *transaction = find(world, node, marker->producer.producer);
  bool awaited = transaction && transaction_prepared(transaction) &&
                 marker->serial == transaction->serial;
  if (!awaited || transaction->partition_count == 0) return;
  unmark(world, node, transaction, partition);
  finish_if_marked(world, node, transaction);
}

void transactions_on_marked(struct world *world, struct node *node, struct message *reply) {
  const struct marker marker = {.producer = unpack_producer(reply->b, 0),
                                .serial = (uint32_t)reply->d};
  transactions_marked(world, node, (uint32_t)reply->a, &marker);
}

/* --- Time --- */

void transactions_on_sweep(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  struct transactions *all = transactions_of(node);
  int64_t timeout = kafka_setting(world, KEY_TRANSACTION_TIMEOUT);
  bool open = false;
  all->sweep = false;
  for (size_t i = 0; i < all->count && !node->doomed; i++) {
    struct transaction *transaction = &all->items[i];
    if (transaction->state != TRANSACTION_ONGOING) continue;
    if (transaction->began_ns + timeout < world->now.ns) {
      step(world, node, transaction, TRANSACTION_TIMEOUT);
      fence(world, node, transaction);
    } else {
      open = true;
    }
  }
  if (open && !node->doomed) arm_sweep(world, node);
}

void transactions_on_markers(struct world *world, struct node *node, uint64_t index) {
  struct transaction *transaction = &transactions_of(node)->items[index];
  transaction->markers = TIMER_NONE;
  write_markers(world, node, transaction);
}

void transactions_start(struct world *world, struct node *node) {
  struct transactions *all = transactions_of(node);
  all->up_since_ns = world->now.ns;
  all->sweep = false;
  for (size_t i = 0; i < all->count; i++) {
    struct transaction *transaction = &all->items[i];
    transaction->markers = TIMER_NONE;
    if (MUTANT(KAFKA_DECISION_NOT_DURABLE) && transaction_prepared(transaction))
      transaction->state = TRANSACTION_ONGOING;
    if (transaction_prepared(transaction) && !MUTANT(KAFKA_MARKERS_NOT_RESENT))
      write_markers(world, node, transaction);
    if (transaction->state == TRANSACTION_ONGOING) arm_sweep(world, node);
  }
}

uint32_t transactions_under_way(const struct node *node) {
  const struct transactions *all = transactions_of(node);
  uint32_t count = 0;
  for (size_t i = 0; i < all->count; i++)
    count += all->items[i].state == TRANSACTION_ONGOING || transaction_prepared(&all->items[i]);
  return count;
}

void transactions_resign(struct world *world, struct node *node) {
  struct transactions *all = transactions_of(node);
  for (size_t i = 0; i < all->count; i++) {
    if (all->items[i].markers != TIMER_NONE) world_cancel(world, all->items[i].markers);
    all->items[i].markers = TIMER_NONE;
  }
  all->sweep = false;
}

void transactions_reset(struct transactions *all) {
  all->count = 0;
  all->last_producer = 0;
  map_clear(&all->by_id);
  map_clear(&all->by_producer);
}

void transactions_free(struct transactions *all) {
  free(all->items);
  free(all->bitmaps);
  map_deinit(&all->by_id);
  map_deinit(&all->by_producer);
}
