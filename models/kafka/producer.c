/* The producer client.
 *
 *   submit --> queue of its partition --> batch (<= batch.size) --> in flight (<= 5 a broker) --> OK
 *                                           ^                          |
 *                                           '---- back-off <-- timeout, disconnect, error
 *                                                    '--> delivery.timeout, retries used up --> UNKNOWN
 *
 * Volatile: everything; a producer that dies abandons what was not answered. Sources: ProducerConfig,
 * Sender, TransactionManager of Kafka 4.0.
 *
 * [I1] Batches of a partition are sent in order; a batch that waits for its retry holds back those
 *      behind it, but not those already in flight.
 * [I2] A call is returned exactly once: OK by an answer, NONE with acks=0 when it is sent, UNKNOWN when
 *      it expires, REJECTED when it was never sent: buffer.memory was full (LIMIT: a full buffer refuses at once,
 *      as with max.block.ms: 0).
 * [I3] An idempotent producer never sends a batch when one that is five batches older is still under way:
 *      the broker would not remember that any more. A connection answers in order, so that its limit of
 *      requests in flight sees to it; on other links, and where leaders move, the producer counts.
 * [I4] delivery.timeout.ms counts from a batch's first record, and ends queueing and waiting for a retry on
 *      time: no attempt begins after it.
 * [I5] To a broker whose connection is gone nothing is sent (producer_connections.c).
 * LIMIT: a record expires on time when batches of its partition fail in the second half of its time, or the connection
 *        is gone; a batch in flight expires when its request is answered or fails: at most request.timeout.ms late.
 */
#include "models/kafka/producer.h"

#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"

enum { STAGE_STARTING, STAGE_READY, STAGE_STOPPING, STAGE__COUNT };

static size_t buffer_records(const struct plan *plan) {
  int64_t memory = plan->system_settings.values[KEY_BUFFER_MEMORY].i;
  int64_t records = memory / (plan->workload.size > 0 ? plan->workload.size : 1);
  if (records > BUFFER_RECORDS_MAX) records = BUFFER_RECORDS_MAX;
  return (size_t)(records > 0 ? records : 1);
}

static uint32_t slots_of(const struct plan *plan) {
  return 1 + (IN_FLIGHT_MAX + 1) * plan->counts[ROLE_BROKER];
}

/* Batches: those in flight, and of each partition those that failed together. */
static uint32_t outgoing_of(const struct plan *plan) {
  return 2 * slots_of(plan) + IN_FLIGHT_MAX * plan->partitions;
}

static size_t arena_bytes(const struct plan *plan) {
  return 4096 + (PENDING_NEAR + buffer_records(plan)) * sizeof(struct pending) +
         plan->partitions * sizeof(struct queue_of_partition) +
         bits_words(plan->partitions) * sizeof(uint64_t) + client_bytes(plan, slots_of(plan)) +
         (OUTGOING_NEAR + outgoing_of(plan)) * sizeof(struct outgoing) +
         plan->counts[ROLE_BROKER] * 2 * sizeof(struct connection);
}

/* --- Sending --- */

/* Returns their bytes. */
static uint32_t fill_records(const struct producer *producer, const struct outgoing *batch,
                             struct record *record) {
  const struct record *const last = record + batch->count;
  uint32_t at = batch->first, bytes = 0;
  for (; record < last; record++) {
    const struct pending *pending = &producer->pending[at];
    operation_record(&pending->request, record);
    bytes += pending->request.size;
    at = pending->next;
  }
  return bytes;
}

static struct message *produce_message(struct world *world, struct node *node,
                                       const struct outgoing *batch, uint32_t broker) {
  struct producer *producer = producer_of(node);
  struct message *message = client_request(world, node, (uint16_t)(world->first[ROLE_BROKER] + broker),
                                           producer->outputs ? WIRE_OUTPUT : WIRE_PRODUCE);
  struct batch wire = {.producer = producer->id, .epoch = batch->epoch};
  message->a = batch->partition;
  message->b = pack_producer(&wire);
  message->c = batch->sequence;
  message->d = kafka_setting(world, KEY_ACKS);
  message->size = fill_records(producer, batch, message_records(&world->messages, message, batch->count));
  return message;
}

static uint32_t free_slot(const struct producer *producer, uint32_t broker) {
  uint32_t first = 1 + broker * IN_FLIGHT_MAX;
  for (uint32_t i = first; i < first + producer->limit; i++)
    if (LIKELY(!client_waits(&producer->client, i))) return i;
  return NO_INDEX;
}

/* Sends a batch to the partition's leader, which may have one more in flight. */
static void dispatch(struct world *world, struct node *node, uint32_t index, uint32_t broker) {
  struct producer *producer = producer_of(node);
  struct outgoing *batch = &producer->outgoing[index];
  struct message *message = produce_message(world, node, batch, broker);
  if (UNLIKELY(message->d == ACKS_0)) { /* no answer will come: it is done when it is sent */
    world_send(world, node, message);
    return producer_settle(world, producer, index, OUTCOME_NONE);
  }
  const uint32_t slot = free_slot(producer, broker);
  ASSERT(slot != NO_INDEX);
  batch->attempts++;
  if (producer_counts_apart(producer)) producer->queues[batch->partition].in_flight++;
  client_slot(&producer->client, slot)->subject = index;
  producer->connections[broker].in_flight++;
  if (producer->id != NO_PRODUCER) producer_fly(producer, index);
  client_send(world, node, &producer->client, slot, message);
}

static bool may_send(const struct producer *producer, const struct queue_of_partition *queue, uint32_t broker) {
  return queue->in_flight < producer->limit &&
         producer->connections[broker].in_flight < producer->limit;
}

/* A batch of an idempotent producer is sent again only when no earlier one is in flight
 * (RecordAccumulator.shouldStopDrainBatchesForPartition). */
static bool may_retry(struct world *world, const struct producer *producer, uint32_t index) {
  const struct outgoing *batch = &producer->outgoing[index];
  if (batch->retry_at_ns > world->now.ns) return false;
  if (producer->id == NO_PRODUCER) return true;
  return producer_oldest(producer, batch->partition) > batch->number;
}

/* A new batch may be cut: something is there, full or old enough, and [I3]. */
static bool may_cut(struct world *world, const struct node *node, const struct producer *producer,
                    const struct queue_of_partition *queue, uint32_t partition) {
  if (queue->count == 0 || queue->unresolved) return false;
  int64_t age = world->now.ns - producer->pending[queue->first].created_ns;
  bool flush = node->stage == STAGE_STOPPING || queue->count >= producer->batch_records;
  if (!flush && age < kafka_setting(world, KEY_LINGER)) return false;
  if (producer->id == NO_PRODUCER) return true;
  uint32_t oldest = producer_oldest(producer, partition);
  if (oldest == UINT32_MAX) return true;
  /* A partition that knows no producer takes any sequence: first the first. LIMIT: an idempotent
   * producer sends its first batch to a partition alone; Kafka's client has no need of that, for it opens no connection before it has noticed that the last one is broken. */
  if (queue->expected == 0) return false;
  bool ordered = !producer->no_order && !producer->client.leaders;
  return ordered || queue->cut - oldest < BATCHES_REMEMBERED;
}

/* The next batch of a partition that may be sent now, taken from where it waited; NO_INDEX = none. */
static uint32_t take_next(struct world *world, struct node *node, struct producer *producer,
                          struct queue_of_partition *queue, uint32_t partition) {
  uint32_t index = queue->retry;
  if (LIKELY(index == NO_INDEX))
    return may_cut(world, node, producer, queue, partition) ? producer_cut(node, partition) : NO_INDEX;
  if (!may_retry(world, producer, index)) return NO_INDEX;
  queue->retry = producer->outgoing[index].next;
  producer->waiting--;
  return index;
}

static inline __attribute__((always_inline)) void drain_queue(struct world *world, struct node *node,
                                                              uint32_t partition) {
  struct producer *producer = producer_of(node);
  struct queue_of_partition *queue = &producer->queues[partition];
  if (UNLIKELY(producer->awaits_id || node->doomed)) return;
  if (UNLIKELY(queue->unresolved)) producer_resolve(producer, partition);
  if (!producer_has_work(queue)) return;
  const uint32_t broker = producer_broker(world, producer, partition);
  if (UNLIKELY(producer->connections[broker].gone) && !MUTANT(KAFKA_SENDS_WITHOUT_CONNECTION))
    return producer_watch(world, node, partition);
  do {
    if (!may_send(producer, queue, broker)) return;
    uint32_t index = take_next(world, node, producer, queue, partition);
    if (index == NO_INDEX) return;
    const struct outgoing *batch = &producer->outgoing[index];
    if (LIKELY(batch->attempts == 0 || !producer_overdue(world, batch))) {
      dispatch(world, node, index, broker);
    } else { /* its time ended while it waited for its retry */
      producer_expire(world, producer, index);
      producer_resolve(producer, partition);
    }
  } while (!node->doomed && producer_has_work(queue));
}

static void drain(struct world *world, struct node *node, uint32_t partition) {
  drain_queue(world, node, partition);
  producer_note_ready(producer_of(node), partition);
}

static void drain_all(struct world *world, struct node *node) {
  struct producer *producer = producer_of(node);
  const uint32_t partitions = world->plan->partitions;
  if (producer->waiting == 0) return;
  for (uint32_t p = bits_next(producer->ready, 0, partitions); p != BITS_NONE;
       p = bits_next(producer->ready, p + 1, partitions))
    drain(world, node, p);
}

/* Another batch of the same broker may go now, of whichever partition. */
static __attribute__((noinline)) void drain_broker(struct world *world, struct node *node, uint32_t partition) {
  const struct producer *producer = producer_of(node);
  if (producer_counts_apart(producer) || bits_has(producer->ready, partition)) drain(world, node, partition);
  if (producer->client.leaders) return drain_all(world, node);
  const uint32_t partitions = world->plan->partitions, broker = kafka_broker_of(world, partition);
  for (uint32_t p = bits_next(producer->ready, 0, partitions); p != BITS_NONE;
       p = bits_next(producer->ready, p + 1, partitions)) {
    if (producer->connections[broker].in_flight >= producer->limit) return;
    if (kafka_broker_of(world, p) == broker) drain(world, node, p);
  }
}

static bool empty(const struct world *world, const struct node *node) {
  (void)world;
  return node->first_call == CALL_NONE;
}

static void exit_when_done(struct world *world, struct node *node) {
  if (UNLIKELY(node->stage == STAGE_STOPPING) && empty(world, node)) node_exit(world, node);
}

/* --- What the application asks --- */

static void on_linger(struct world *world, struct node *node, uint64_t partition) {
  drain(world, node, (uint32_t)partition);
}

static void submit(struct world *world, struct node *node,
                   const struct operation_request *request) {
  struct producer *producer = producer_of(node);
  uint32_t index = producer_take_pending(node);
  if (UNLIKELY(index == NO_INDEX || node->stage == STAGE_STOPPING))
    return call_return(world, request->call, OUTCOME_REJECTED);
  producer->pending[index] =
      (struct pending){.request = *request, .created_ns = world->now.ns, .next = NO_INDEX};
  uint32_t partition = kafka_partition(world, request->key);
  struct queue_of_partition *queue = &producer->queues[partition];
  if (LIKELY(queue->count == 0))
    queue->first = index;
  else
    producer->pending[queue->last].next = index;
  queue->last = index;
  queue->count++;
  producer->waiting++;
  int64_t linger = kafka_setting(world, KEY_LINGER);
  if (queue->count == 1 && linger > 0)
    world_after(world, node, 0, TIMER_LINGER, partition, span_of(linger));
  drain(world, node, partition);
}

/* --- What comes back --- */

static void on_expiry(struct world *world, struct node *node, uint64_t argument) {
  (void)argument;
  producer_expire_waiting(world, node);
  exit_when_done(world, node);
}

/* It is tried again after a while, or has expired: then its operations may or may not be in the log. */
static void retry_later(struct world *world, struct node *node, uint32_t index) {
  struct producer *producer = producer_of(node);
  struct outgoing *batch = &producer->outgoing[index];
  bool expired = producer_overdue(world, batch) || batch->attempts > kafka_setting(world, KEY_RETRIES);
  producer_watch(world, node, batch->partition);
  if (expired) return producer_expire(world, producer, index);
  uint64_t intent = producer->pending[batch->first].request.intent;
  uint64_t address =
      world_address(node, hash_name("retry-backoff"), intent << 16 | batch->attempts);
  struct span backoff = client_backoff(world, batch->attempts - 1u, address);
  int64_t left = batch->created_ns + kafka_setting(world, KEY_DELIVERY_TIMEOUT) - world->now.ns;
  if (backoff.ns > left) backoff = span_of(left);
  batch->retry_at_ns = world->now.ns + backoff.ns;
  producer_list_retry(producer, index);
  world_fact(world, FACT_RETRIED, node->id, intent, batch->attempts, batch->partition);
  world_after(world, node, 0, TIMER_RETRY, batch->partition, backoff);
}

/* A produce request failed or was answered: its slot is free. */
static inline __attribute__((always_inline)) uint32_t leave_slot(struct producer *producer, uint32_t slot) {
  uint32_t index = client_slot(&producer->client, slot)->subject;
  if (producer_counts_apart(producer)) producer->queues[producer->outgoing[index].partition].in_flight--;
  if (producer->id != NO_PRODUCER) producer_land(producer, index);
  producer->connections[(slot - 1) / IN_FLIGHT_MAX].in_flight--;
  return index;
}

static void send_init(struct world *world, struct node *node) {
  struct message *message =
      client_request(world, node, kafka_coordinator(world), WIRE_INIT_PRODUCER);
  client_send(world, node, &producer_of(node)->client, 0, message);
}

static void failed(struct world *world, struct node *node, uint32_t slot) {
  struct producer *producer = producer_of(node);
  const uint32_t first = producer_connect_slot(world, 0);
  if (slot >= first) return producer_connect_later(world, node, slot - first);
  if (slot == 0) {
    struct span wait = span_of(kafka_setting(world, KEY_RETRY_BACKOFF));
    return world_after(world, node, 0, TIMER_RETRY, UINT64_MAX, wait);
  }
  retry_later(world, node, leave_slot(producer, slot));
}

/* All requests that a failure concerns have failed: now others may go. */
static void go_on(struct world *world, struct node *node) {
  drain_all(world, node);
  exit_when_done(world, node);
}

/* Of an idempotent producer's partition: how far its sequences have come. */
static void acknowledged(struct producer *producer, uint32_t index) {
  const struct outgoing *batch = &producer->outgoing[index];
  struct queue_of_partition *queue = &producer->queues[batch->partition];
  int32_t next = producer_sequence_add(batch->sequence, batch->count);
  if (batch->epoch == queue->epoch && next > queue->expected) queue->expected = next;
}

/* The slot of a batch that an answer is for, freed; NO_INDEX: it comes too late, the batch was given up. */
static uint32_t answered_slot(struct world *world, struct producer *producer, const struct message *answer) {
  uint32_t first = 1 + (uint32_t)(answer->from - world->first[ROLE_BROKER]) * IN_FLIGHT_MAX;
  for (uint32_t i = first; i < first + producer->limit; i++)
    if (LIKELY(client_answered(world, &producer->client, i, answer))) return i;
  return NO_INDEX;
}

static __attribute__((noinline)) void refused(struct world *world, struct node *node, const struct message *answer,
                                              uint32_t index) {
  struct producer *producer = producer_of(node);
  if (answer->a == KAFKA_OUT_OF_ORDER_SEQUENCE) producer_out_of_order(producer, index);
  retry_later(world, node, index);
  if (answer->a == KAFKA_NOT_LEADER) client_refresh(world, node, &producer->client);
}

static void on_produced(struct world *world, struct node *node, struct message *answer) {
  struct producer *producer = producer_of(node);
  uint32_t slot = answered_slot(world, producer, answer);
  if (UNLIKELY(slot == NO_INDEX)) return;
  uint32_t index = leave_slot(producer, slot);
  uint32_t partition = producer->outgoing[index].partition;
  if (LIKELY(answer->a == KAFKA_OK)) {
    if (producer->id != NO_PRODUCER) acknowledged(producer, index);
    producer_settle(world, producer, index, OUTCOME_OK);
  } else {
    refused(world, node, answer, index);
  }
  if (producer->waiting > 0) drain_broker(world, node, partition);
  exit_when_done(world, node);
}

static void on_init(struct world *world, struct node *node, struct message *answer) {
  struct producer *producer = producer_of(node);
  if (!client_answered(world, &producer->client, 0, answer)) return;
  if (answer->a != KAFKA_OK) return failed(world, node, 0); /* the coordinator has moved */
  producer->id = (uint32_t)answer->b;
  producer->awaits_id = false;
  if (node->stage == STAGE_STARTING) node->stage = STAGE_READY;
  for (uint32_t p = 0; p < world->plan->partitions; p++) drain(world, node, p);
}

static void on_metadata(struct world *world, struct node *node, struct message *answer) {
  client_on_metadata(world, node, &producer_of(node)->client, answer);
  go_on(world, node); /* a leader may be there for what waits */
}

static void on_retry(struct world *world, struct node *node, uint64_t partition) {
  if (partition == UINT64_MAX) return send_init(world, node);
  drain(world, node, (uint32_t)partition);
  exit_when_done(world, node);
}

/* On a timeout the client closes the connection; other links have none. */
static void on_request_timeout(struct world *world, struct node *node, uint64_t argument) {
  struct client *client = &producer_of(node)->client;
  const uint32_t slot = (uint32_t)(argument >> 32);
  const uint16_t peer = client_slot(client, slot)->peer;
  if (client_waits(client, slot) && link_kind_between(world, node->id, peer) == LINK_KIND_CONNECTION)
    producer_connection_lost(world, node, peer);
  client_timed_out(world, node, client, argument);
  go_on(world, node);
}

static void on_disconnected(struct world *world, struct node *node, uint16_t peer) {
  producer_connection_lost(world, node, peer);
  client_disconnected(world, node, &producer_of(node)->client, peer);
  go_on(world, node);
}

static void on_api_versions(struct world *world, struct node *node, struct message *answer) {
  if (producer_connected(world, node, answer)) go_on(world, node);
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING; /* close() flushes: nothing lingers any more */
  for (uint32_t p = 0; p < world->plan->partitions && !node->doomed; p++) drain(world, node, p);
  exit_when_done(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  return !empty(world, node);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  const struct plan *plan = world->plan;
  arena_line(&node->arena);
  struct producer *producer = node->state[0] = ARENA_NEW(&node->arena, struct producer, 1);
  producer->connections = ARENA_NEW(&node->arena, struct connection, plan->counts[ROLE_BROKER]);
  producer->ready = ARENA_NEW(&node->arena, uint64_t, bits_words(plan->partitions));
  client_init(world, node, &producer->client, slots_of(plan), slots_of(plan), TIMER_REQUEST, failed);
  producer->outputs = producer_of_outputs(world, node);
  arena_line(&node->arena);
  producer->outgoing_count = outgoing_of(plan);
  producer->outgoing_room = OUTGOING_NEAR;
  producer->outgoing = arena_alloc_raw(&node->arena, OUTGOING_NEAR * sizeof *producer->outgoing);
  producer->outgoing_free = NO_INDEX;
  producer->pending_count = (uint32_t)buffer_records(plan);
  producer->pending_room = PENDING_NEAR;
  producer->pending = arena_alloc_raw(&node->arena, PENDING_NEAR * sizeof *producer->pending);
  producer->pending_free = NO_INDEX;
  producer->queues = ARENA_BY_SIZE(&node->arena, struct queue_of_partition, plan->partitions);
  for (uint32_t p = 0; p < plan->partitions; p++) producer->queues[p].retry = producer->queues[p].flying = NO_INDEX;
  producer->limit = (uint16_t)kafka_setting(world, KEY_IN_FLIGHT);
  int64_t size = plan->workload.size > 0 ? plan->workload.size : 1;
  int64_t batch = kafka_setting(world, KEY_BATCH_SIZE) / size;
  producer->batch_records = batch < 1                     ? 1
                            : batch > BATCH_RECORDS_MAX ? BATCH_RECORDS_MAX
                                                        : (uint16_t)batch;
  node->stage = STAGE_READY;
  if (!kafka_setting(world, KEY_IDEMPOTENCE)) return;
  node->stage = STAGE_STARTING;
  producer->awaits_id = true;
  producer->no_order = link_kind_between(world, node->id, world_node(world, ROLE_BROKER, 0)->id) != LINK_KIND_CONNECTION;
  send_init(world, node);
}

static message_fn *const on[STAGE__COUNT * WIRE__COUNT] = {
    [STAGE_STARTING * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_READY * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_READY * WIRE__COUNT + WIRE_PRODUCED] = on_produced,
    [STAGE_READY * WIRE__COUNT + WIRE_OUTPUT_ANSWER] = on_produced,
    [STAGE_STARTING * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_STARTING * WIRE__COUNT + WIRE_API_VERSIONS_ANSWER] = on_api_versions,
    [STAGE_READY * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_READY * WIRE__COUNT + WIRE_API_VERSIONS_ANSWER] = on_api_versions,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_API_VERSIONS_ANSWER] = on_api_versions,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_PRODUCED] = on_produced,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_OUTPUT_ANSWER] = on_produced,
};
static const char *const stage_names[] = {"starting", "ready", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_REQUEST] = on_request_timeout,
                                                 [TIMER_RETRY] = on_retry,
                                                 [TIMER_LINGER] = on_linger,
                                                 [TIMER_EXPIRY] = on_expiry,
                                                 [TIMER_CONNECT] = producer_connect};
static const char *const timer_names[] = {"request-timeout", "retry", "linger", "expiry", "connect"};

const struct component kafka_producer = {
    .name = "kafka producer",
    .start = start,
    .on = on,
    .stage_names = stage_names,
    .stage_count = STAGE__COUNT,
    .message_count = WIRE__COUNT,
    .messages = wire_kinds,
    .on_timer = on_timer,
    .timer_names = timer_names,
    .timer_count = TIMER__COUNT,
    .arena_bytes = arena_bytes,
    .submit = submit,
    .terminate = terminate,
    .disconnected = on_disconnected,
    .busy = busy,
};
