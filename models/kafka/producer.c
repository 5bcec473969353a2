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
 *      it expires, REJECTED when it was never sent: buffer.memory was full (LIMIT: max.block.ms is 0).
 * [I3] An idempotent producer never has more batches of a partition under way than the broker remembers.
 *      A connection answers in order; on other links only one at a time is sent.
 * LIMIT: linger.ms is 0. Records that still queue expire when their partition is next looked at.
 */
#include "models/kafka/client.h"

#include "sim/base/assert.h"

#define IN_FLIGHT_MAX 16
#define NO_INDEX UINT32_MAX
#define BUFFER_RECORDS_MAX 65536

enum { TIMER_REQUEST, TIMER_RETRY, TIMER__COUNT };
enum { STAGE_STARTING, STAGE_READY, STAGE_STOPPING, STAGE__COUNT };

struct pending {
  struct operation_request request;
  uint32_t next;
};
struct outgoing { /* a batch: in flight, or waiting for its retry */
  uint32_t first, count; /* of pending records; count 0 = free */
  uint32_t partition;
  int32_t sequence;
  uint16_t epoch;
  uint16_t attempts;
  int64_t created_ns, retry_at_ns;
  uint32_t next; /* retry list of its partition */
  uint32_t slot;
};
struct queue_of_partition {
  uint32_t first, last, count; /* of pending */
  uint32_t retry;              /* list of outgoing, by sequence */
  int32_t sequence;            /* of the next record */
  uint16_t epoch;              /* bumped locally when a batch expired */
  uint16_t in_flight;          /* batches */
};
struct producer {
  struct client client; /* slots: 0 = init; then IN_FLIGHT_MAX for each broker */
  struct pending *pending;
  uint32_t pending_free, pending_used, pending_count; /* a free list, then what was never used */
  struct queue_of_partition *queues;
  struct outgoing *outgoing; /* one for each slot, and as many waiting */
  uint32_t outgoing_free, outgoing_count;
  uint32_t *by_slot; /* outgoing in flight in this slot */
  uint32_t *in_flight; /* by broker */
  uint32_t id;         /* producer id, NO_PRODUCER */
  bool awaits_id;
  bool one_at_a_time; /* idempotent on a link that keeps no order: one batch of a partition in flight */
  uint32_t waiting; /* records that queue and batches that wait for a retry */
  uint32_t batch_records, limit;
};

static struct producer *producer_of(struct node *node) { return node->state[0]; }

static size_t buffer_records(const struct plan *plan) {
  int64_t memory = plan->system_settings.values[KEY_BUFFER_MEMORY].i;
  int64_t records = memory / (plan->workload.size > 0 ? plan->workload.size : 1);
  if (records > BUFFER_RECORDS_MAX) records = BUFFER_RECORDS_MAX;
  return (size_t)(records > 0 ? records : 1);
}

static uint32_t slots_of(const struct plan *plan) {
  return 1 + IN_FLIGHT_MAX * plan->counts[ROLE_BROKER];
}

/* Batches: those in flight, and of each partition those that failed together. */
static uint32_t outgoing_of(const struct plan *plan) {
  return 2 * slots_of(plan) + IN_FLIGHT_MAX * plan->partitions;
}

static size_t arena_bytes(const struct plan *plan) {
  return 4096 + buffer_records(plan) * sizeof(struct pending) +
         plan->partitions * sizeof(struct queue_of_partition) +
         client_bytes(plan, slots_of(plan)) + slots_of(plan) * sizeof(uint32_t) +
         outgoing_of(plan) * sizeof(struct outgoing) + plan->counts[ROLE_BROKER] * 16;
}

static void drain(struct world *world, struct node *node, uint32_t partition);

/* --- Lists --- */

static uint32_t take_outgoing(struct producer *producer) {
  uint32_t index = producer->outgoing_free;
  ASSERT_MSG(index != NO_INDEX, "all %u batches of a producer are in use", producer->outgoing_count);
  producer->outgoing_free = producer->outgoing[index].next;
  return index;
}

static void put_outgoing(struct producer *producer, uint32_t index) {
  producer->outgoing[index].count = 0;
  producer->outgoing[index].next = producer->outgoing_free;
  producer->outgoing_free = index;
}

static uint32_t take_pending(struct producer *producer) {
  uint32_t index = producer->pending_free;
  if (index != NO_INDEX)
    producer->pending_free = producer->pending[index].next;
  else if (producer->pending_used < producer->pending_count)
    index = producer->pending_used++;
  return index;
}

static void put_pending(struct producer *producer, uint32_t index) {
  producer->pending[index].next = producer->pending_free;
  producer->pending_free = index;
}

/* Returns the calls of a batch and frees it. */
static void settle(struct world *world, struct producer *producer, uint32_t index,
                   enum outcome outcome) {
  struct outgoing *batch = &producer->outgoing[index];
  uint32_t at = batch->first;
  for (uint32_t i = 0; i < batch->count; i++) {
    uint32_t next = producer->pending[at].next;
    call_return(world, producer->pending[at].request.call, outcome);
    put_pending(producer, at);
    at = next;
  }
  put_outgoing(producer, index);
}

/* --- Sending --- */

static void fill_records(const struct producer *producer, const struct outgoing *batch,
                         struct record *records) {
  uint32_t at = batch->first;
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct operation_request *request = &producer->pending[at].request;
    records[i] = (struct record){.intent = request->intent, .key = request->key,
                                 .size = request->size};
    at = producer->pending[at].next;
  }
}

static struct message *produce_message(struct world *world, struct node *node,
                                       const struct outgoing *batch) {
  struct producer *producer = producer_of(node);
  struct message *message =
      client_request(world, node, client_leader(world, &producer->client, batch->partition),
                     WIRE_PRODUCE);
  struct batch wire = {.producer = producer->id, .epoch = batch->epoch};
  message->a = batch->partition;
  message->b = pack_producer(&wire);
  message->c = batch->sequence;
  message->d = kafka_setting(world, KEY_ACKS);
  fill_records(producer, batch, message_records(&world->messages, message, batch->count));
  for (uint32_t i = 0; i < batch->count; i++) message->size += message->records[i].size;
  return message;
}

static uint32_t free_slot(const struct producer *producer, uint32_t broker) {
  uint32_t first = 1 + broker * IN_FLIGHT_MAX;
  for (uint32_t i = first; i < first + producer->limit; i++)
    if (!client_waits(&producer->client, i)) return i;
  return NO_INDEX;
}

/* Sends a batch if its broker may have one more in flight. */
static bool dispatch(struct world *world, struct node *node, uint32_t index) {
  struct producer *producer = producer_of(node);
  struct outgoing *batch = &producer->outgoing[index];
  struct message *message = produce_message(world, node, batch);
  if (kafka_setting(world, KEY_ACKS) == ACKS_0) { /* no answer will come: it is done when it is sent */
    world_send(world, node, message);
    settle(world, producer, index, OUTCOME_NONE);
    return true;
  }
  uint32_t broker = client_broker(world, &producer->client, batch->partition);
  batch->slot = free_slot(producer, broker);
  ASSERT(batch->slot != NO_INDEX);
  batch->attempts++;
  producer->queues[batch->partition].in_flight++;
  producer->by_slot[batch->slot] = index;
  producer->in_flight[broker]++;
  client_send(world, node, &producer->client, batch->slot, message);
  return true;
}

/* Cuts the next batch off a partition's queue. */
static uint32_t cut_batch(struct world *world, struct producer *producer, uint32_t partition) {
  struct queue_of_partition *queue = &producer->queues[partition];
  uint32_t index = take_outgoing(producer);
  struct outgoing *batch = &producer->outgoing[index];
  uint32_t count = queue->count < producer->batch_records ? queue->count : producer->batch_records;
  *batch = (struct outgoing){.first = queue->first, .count = count, .partition = partition,
                             .sequence = queue->sequence, .epoch = queue->epoch,
                             .created_ns = world->now.ns, .next = NO_INDEX};
  for (uint32_t i = 0; i < count; i++) queue->first = producer->pending[queue->first].next;
  queue->count -= count;
  producer->waiting -= count;
  queue->sequence += (int32_t)count;
  return index;
}

static bool may_send(struct world *world, const struct producer *producer, uint32_t partition) {
  if (producer->one_at_a_time && producer->queues[partition].in_flight > 0) return false;
  /* When leaders move, a partition may have requests under way to two of them. */
  if (producer->queues[partition].in_flight >= producer->limit) return false;
  uint32_t broker = client_broker(world, &producer->client, partition);
  return producer->in_flight[broker] < producer->limit;
}

static void drain(struct world *world, struct node *node, uint32_t partition) {
  struct producer *producer = producer_of(node);
  struct queue_of_partition *queue = &producer->queues[partition];
  if (producer->awaits_id || node->doomed) return;
  while (may_send(world, producer, partition)) {
    uint32_t index = queue->retry;
    if (index != NO_INDEX) {
      if (producer->outgoing[index].retry_at_ns > world->now.ns) return;
      queue->retry = producer->outgoing[index].next;
      producer->waiting--;
    } else if (queue->count > 0) {
      index = cut_batch(world, producer, partition);
    } else {
      return;
    }
    dispatch(world, node, index);
    if (node->doomed) return;
  }
}

static void drain_all(struct world *world, struct node *node) {
  const struct producer *producer = producer_of(node);
  for (uint32_t p = 0; p < world->plan->partitions && producer->waiting > 0; p++)
    drain(world, node, p);
}

/* Another batch of the same broker may go now, of whichever partition. */
static void drain_broker(struct world *world, struct node *node, uint32_t partition) {
  uint32_t brokers = world->count[ROLE_BROKER], partitions = world->plan->partitions;
  drain(world, node, partition);
  struct producer *producer = producer_of(node);
  if (producer->waiting == 0) return;
  if (producer->client.leaders) return drain_all(world, node);
  for (uint32_t p = kafka_broker_of(world, partition); p < partitions; p += brokers) {
    if (!may_send(world, producer, p)) continue;
    if (producer->queues[p].count || producer->queues[p].retry != NO_INDEX) drain(world, node, p);
  }
}

static bool empty(const struct world *world, const struct node *node) {
  (void)world;
  return node->first_call == CALL_NONE;
}

static void exit_when_done(struct world *world, struct node *node) {
  if (node->stage == STAGE_STOPPING && empty(world, node)) node_exit(world, node);
}

/* --- What the application asks --- */

static void submit(struct world *world, struct node *node, const struct operation_request *request) {
  struct producer *producer = producer_of(node);
  uint32_t index = take_pending(producer);
  if (index == NO_INDEX || node->stage == STAGE_STOPPING)
    return call_return(world, request->call, OUTCOME_REJECTED);
  producer->pending[index] = (struct pending){.request = *request, .next = NO_INDEX};
  uint32_t partition = kafka_partition(world, request->key);
  struct queue_of_partition *queue = &producer->queues[partition];
  if (queue->count == 0)
    queue->first = index;
  else
    producer->pending[queue->last].next = index;
  queue->last = index;
  queue->count++;
  producer->waiting++;
  drain(world, node, partition);
}

/* --- What comes back --- */

/* The batch expired: its operations may or may not be in the log. An idempotent producer leaves a gap
 * in its sequences, so it begins a new epoch on this partition (TransactionManager bumps locally). */
static void expire(struct world *world, struct node *node, uint32_t index) {
  struct producer *producer = producer_of(node);
  uint32_t partition = producer->outgoing[index].partition;
  struct queue_of_partition *queue = &producer->queues[partition];
  settle(world, producer, index, OUTCOME_UNKNOWN);
  if (producer->id == NO_PRODUCER) return;
  queue->epoch++;
  queue->sequence = 0;
  for (uint32_t i = queue->retry; i != NO_INDEX; i = producer->outgoing[i].next) {
    producer->outgoing[i].epoch = queue->epoch;
    producer->outgoing[i].sequence = queue->sequence;
    queue->sequence += (int32_t)producer->outgoing[i].count;
  }
}

/* Puts a batch into its partition's retry list, in the order of sequences. */
static void retry_later(struct world *world, struct node *node, uint32_t index) {
  struct producer *producer = producer_of(node);
  struct outgoing *batch = &producer->outgoing[index];
  bool expired = world->now.ns - batch->created_ns >= kafka_setting(world, KEY_DELIVERY_TIMEOUT) ||
                 batch->attempts > kafka_setting(world, KEY_RETRIES);
  if (expired) return expire(world, node, index);
  struct queue_of_partition *queue = &producer->queues[batch->partition];
  if (batch->epoch != queue->epoch) { /* an earlier batch has expired meanwhile: follow it */
    batch->epoch = queue->epoch;
    batch->sequence = queue->sequence;
    queue->sequence += (int32_t)batch->count;
  }
  uint64_t intent = producer->pending[batch->first].request.intent;
  uint64_t address = world_address(node, hash_name("retry-backoff"), intent << 16 | batch->attempts);
  struct span backoff = client_backoff(world, batch->attempts - 1u, address);
  batch->retry_at_ns = world->now.ns + backoff.ns;
  uint32_t *link = &queue->retry;
  while (*link != NO_INDEX && producer->outgoing[*link].sequence < batch->sequence)
    link = &producer->outgoing[*link].next;
  batch->next = *link;
  *link = index;
  producer->waiting++;
  world_fact(world, FACT_RETRIED, node->id, intent, batch->attempts, batch->partition);
  world_after(world, node, 0, TIMER_RETRY, batch->partition, backoff);
}

/* A produce request failed or was answered: its slot is free. */
static uint32_t leave_slot(struct producer *producer, uint32_t slot) {
  uint32_t index = producer->by_slot[slot];
  producer->queues[producer->outgoing[index].partition].in_flight--;
  producer->in_flight[(slot - 1) / IN_FLIGHT_MAX]--;
  return index;
}

static void send_init(struct world *world, struct node *node) {
  struct message *message =
      client_request(world, node, kafka_coordinator(world), WIRE_INIT_PRODUCER);
  client_send(world, node, &producer_of(node)->client, 0, message);
}

static void failed(struct world *world, struct node *node, uint32_t slot) {
  struct producer *producer = producer_of(node);
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

static void on_produced(struct world *world, struct node *node, struct message *answer) {
  struct producer *producer = producer_of(node);
  uint32_t slot = NO_INDEX;
  uint32_t first = 1 + (uint32_t)(answer->from - world->first[ROLE_BROKER]) * IN_FLIGHT_MAX;
  for (uint32_t i = first; i < first + producer->limit && slot == NO_INDEX; i++)
    if (client_answered(world, &producer->client, i, answer)) slot = i;
  if (slot == NO_INDEX) return; /* too late: it was given up */
  uint32_t index = leave_slot(producer, slot);
  uint32_t partition = producer->outgoing[index].partition;
  if (answer->a == KAFKA_OK)
    settle(world, producer, index, OUTCOME_OK);
  else
    retry_later(world, node, index);
  if (answer->a == KAFKA_NOT_LEADER) client_refresh(world, node, &producer->client);
  drain_broker(world, node, partition);
  exit_when_done(world, node);
}

static void on_init(struct world *world, struct node *node, struct message *answer) {
  struct producer *producer = producer_of(node);
  if (!client_answered(world, &producer->client, 0, answer)) return;
  producer->id = (uint32_t)answer->b;
  producer->awaits_id = false;
  if (node->stage == STAGE_STARTING) node->stage = STAGE_READY;
  for (uint32_t p = 0; p < world->plan->partitions; p++) drain(world, node, p);
}

static void on_metadata(struct world *world, struct node *node, struct message *answer) {
  client_on_metadata(world, node, &producer_of(node)->client, answer);
}

static void on_retry(struct world *world, struct node *node, uint64_t partition) {
  if (partition == UINT64_MAX) return send_init(world, node);
  drain(world, node, (uint32_t)partition);
  exit_when_done(world, node);
}

static void on_request_timeout(struct world *world, struct node *node, uint64_t argument) {
  client_timed_out(world, node, &producer_of(node)->client, argument);
  go_on(world, node);
}

static void on_disconnected(struct world *world, struct node *node, uint16_t peer) {
  client_disconnected(world, node, &producer_of(node)->client, peer);
  go_on(world, node);
}

static void terminate(struct world *world, struct node *node) {
  node->stage = STAGE_STOPPING;
  exit_when_done(world, node);
}

static uint32_t busy(const struct world *world, const struct node *node) {
  return !empty(world, node);
}

static void start(struct world *world, struct node *node, enum start_reason reason) {
  (void)reason;
  const struct plan *plan = world->plan;
  struct producer *producer = node->state[0] = ARENA_NEW(&node->arena, struct producer, 1);
  client_init(world, node, &producer->client, slots_of(plan), TIMER_REQUEST, failed);
  producer->pending_count = (uint32_t)buffer_records(plan);
  producer->pending =
      arena_alloc_raw(&node->arena, producer->pending_count * sizeof *producer->pending);
  producer->pending_free = NO_INDEX;
  producer->queues = ARENA_NEW(&node->arena, struct queue_of_partition, plan->partitions);
  for (uint32_t p = 0; p < plan->partitions; p++) producer->queues[p].retry = NO_INDEX;
  producer->outgoing_count = outgoing_of(plan);
  producer->outgoing = ARENA_NEW(&node->arena, struct outgoing, producer->outgoing_count);
  producer->outgoing_free = NO_INDEX;
  for (uint32_t i = producer->outgoing_count; i-- > 0;) put_outgoing(producer, i);
  producer->by_slot = ARENA_NEW(&node->arena, uint32_t, slots_of(plan));
  producer->in_flight = ARENA_NEW(&node->arena, uint32_t, plan->counts[ROLE_BROKER]);
  producer->limit = (uint32_t)kafka_setting(world, KEY_IN_FLIGHT);
  int64_t size = plan->workload.size > 0 ? plan->workload.size : 1;
  int64_t batch = kafka_setting(world, KEY_BATCH_SIZE) / size;
  producer->batch_records = batch < 1 ? 1 : batch > BATCH_RECORDS_MAX ? BATCH_RECORDS_MAX
                                                                        : (uint32_t)batch;
  node->stage = STAGE_READY;
  if (!kafka_setting(world, KEY_IDEMPOTENCE)) return;
  node->stage = STAGE_STARTING;
  producer->awaits_id = true;
  producer->one_at_a_time =
      world->link_rules[LINK_PRODUCER_TO_BROKER].kind != LINK_KIND_CONNECTION;
  send_init(world, node);
}

static message_fn *const on[STAGE__COUNT * WIRE__COUNT] = {
    [STAGE_STARTING * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_READY * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_READY * WIRE__COUNT + WIRE_PRODUCED] = on_produced,
    [STAGE_STARTING * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_READY * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_METADATA_ANSWER] = on_metadata,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_INIT_PRODUCER_ANSWER] = on_init,
    [STAGE_STOPPING * WIRE__COUNT + WIRE_PRODUCED] = on_produced,
};
static const char *const stage_names[] = {"starting", "ready", "stopping"};
static timer_fn *const on_timer[TIMER__COUNT] = {[TIMER_REQUEST] = on_request_timeout,
                                                 [TIMER_RETRY] = on_retry};
static const char *const timer_names[] = {"request-timeout", "retry"};

const struct component kafka_producer = {
    .name = "kafka producer", .start = start, .on = on, .stage_names = stage_names,
    .stage_count = STAGE__COUNT, .message_count = WIRE__COUNT, .messages = wire_kinds,
    .on_timer = on_timer, .timer_names = timer_names, .timer_count = TIMER__COUNT,
    .arena_bytes = arena_bytes, .submit = submit, .terminate = terminate,
    .disconnected = on_disconnected, .busy = busy,
};
