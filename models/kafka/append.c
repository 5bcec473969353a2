/* Appending to a partition that a broker leads: batches of producers and of consumers, markers; and the
 * answers, which may have to wait for replicas. */
#include "models/kafka/replica.h"
#include "models/kafka/retention.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

static void answer_produce(struct world *world, struct node *node, const struct message *request,
                           enum wire kind, enum kafka_error error, int64_t acks) {
  if (UNLIKELY(acks == ACKS_0)) { /* an error has no answer: the broker closes the connection (SocketServer) */
    if (error != KAFKA_OK && broker_of(node)->replication)
      link_reset(world, link_channel(world, request->from, node->id), NO_FAULT);
    return;
  }
  struct message *answer = world_answer(world, node, request, kind);
  answer->a = error;
  answer->c = request->a;
  answer->intent = request->intent;
  if (LIKELY(acks == ACKS_ALL && error == KAFKA_OK && !broker_of(node)->replication))
    answer->depart = node->depart + world->plan->costs.values[COST_BROKER_REPLICATION].i;
  world_send(world, node, answer);
}

bool broker_flush(struct world *world, struct node *node, struct partition_log *log) {
  bool due = log_flush_due(log, world->now.ns, kafka_setting(world, KEY_LOG_FLUSH_INTERVAL));
  enum flush flush = due ? node_flush(world, node) : FLUSH_DONE;
  if (flush == FLUSH_LIED) log_flush_lied(log, world->now.ns);
  return flush != FLUSH_FAILED;
}

static void append(struct world *world, struct node *node, struct partition_log *log,
                   const struct batch *batch, const struct message *request, uint32_t partition) {
  if (UNLIKELY(!broker_flush(world, node, log)))
    return; /* its only log directory is offline: the broker stops */
  log_roll(log, request->size, (uint64_t)kafka_setting(world, KEY_LOG_SEGMENT_BYTES));
  uint64_t offset = log_append(log, batch, request->records, request->record_count, world->now.ns,
                               kafka_setting(world, KEY_LOG_FLUSH_INTERVAL));
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  const struct record *record = request->records, *const last = record + request->record_count;
  const uint16_t broker = node->id;
  for (; record < last; record++) world_fact(world, FACT_APPENDED, broker, record->intent, offset++, partition);
}

static bool points(struct world *world, struct node *node, enum point point, bool before,
                   struct message *message) {
  if (world_armed(world, point)) world_point_slow(world, node, point, before, message->intent, message);
  return LIKELY(!node->doomed);
}

static enum kafka_error check(const struct world *world, struct partition_log *log,
                              const struct batch *batch, uint32_t count, bool *out_duplicate) {
  const struct producer_expiration expiration = {
      kafka_setting(world, KEY_PRODUCER_EXPIRATION), kafka_setting(world, KEY_PRODUCER_EXPIRATION_CHECK)};
  return producer_state_check(&log->producers, batch, count, log_has_open(log, batch->producer),
                              world->now.ns, expiration, out_duplicate);
}

static __attribute__((noinline)) enum kafka_error admit_if(const struct world *world, const struct node *node,
                                                           uint32_t topic_partition, const struct batch *batch,
                                                           const struct message *request, bool *out_duplicate) {
  const bool replicated = broker_of(node)->replication != NULL;
  if (replicated && !broker_leads(node, topic_partition)) return KAFKA_NOT_LEADER;
  if (replicated && request->d == ACKS_ALL && !replica_enough(world, node, topic_partition))
    return KAFKA_NOT_ENOUGH_REPLICAS;
  if (batch->producer == NO_PRODUCER) return KAFKA_OK;
  return check(world, broker_log(node, topic_partition), batch, request->record_count, out_duplicate);
}

/* Whether a batch may be appended to this partition here and now: where there is one copy, and of a producer that has
 * no id, always. */
static inline enum kafka_error admit(const struct world *world, const struct node *node, uint32_t topic_partition,
                                     const struct batch *batch, const struct message *request, bool *out_duplicate) {
  *out_duplicate = false;
  if (LIKELY(!broker_of(node)->replication && batch->producer == NO_PRODUCER)) return KAFKA_OK;
  return admit_if(world, node, topic_partition, batch, request, out_duplicate);
}

static void await(struct node *node, uint32_t topic_partition, const struct awaiting *awaiting) {
  struct awaitings *awaitings = &broker_disk(node)->awaitings[topic_partition];
  GROW(awaitings->items, awaitings->capacity, awaitings->count + 1);
  awaitings->items[awaitings->count++] = *awaiting;
  if (awaiting->request) world_take(awaiting->request);
}

static __attribute__((noinline)) void await_replicas(struct world *world, struct node *node, struct message *request,
                                                     enum wire kind, uint32_t topic_partition) {
  await(node, topic_partition, &(struct awaiting){
      .request = request, .offset = broker_log(node, topic_partition)->end, .answer = kind});
  replica_advance(world, node, topic_partition);
}

/* The batch is in the log, now or for long: answers when it counts as written. True: the request is kept
 * until then. */
static inline bool confirm_or_wait(struct world *world, struct node *node, struct message *request, enum wire kind,
                                   uint32_t topic_partition, const struct partition_log *log) {
  const bool waits = log_committed(log) < log->end && request->d == ACKS_ALL &&
                     !MUTANT(KAFKA_ACK_BEFORE_HIGH_WATERMARK);
  if (UNLIKELY(waits))
    await_replicas(world, node, request, kind, topic_partition);
  else
    answer_produce(world, node, request, kind, KAFKA_OK, request->d);
  return waits;
}

void append_on_produce(struct world *world, struct node *node, struct message *request) {
  uint32_t partition = (uint32_t)request->a;
  struct partition_log *log = &broker_disk(node)->input[partition];
  struct batch batch = unpack_producer(request->b, request->c);
  bool duplicate;
  enum kafka_error error = admit(world, node, partition, &batch, request, &duplicate);
  if (UNLIKELY(error != KAFKA_OK)) return answer_produce(world, node, request, WIRE_PRODUCED, error, request->d);
  if (LIKELY(!duplicate)) {
    if (!points(world, node, POINT_APPENDED, true, request)) return;
    const uint64_t before = log->end;
    append(world, node, log, &batch, request, partition);
    books_note(world, node, partition);
    retention_appended(world, node, log, partition, before);
    if (!points(world, node, POINT_APPENDED, false, request)) return;
    if (UNLIKELY(broker_of(node)->replication != NULL))
      replica_appended(world, node, partition);
    else
      fetch_wake(world, node, partition);
  }
  confirm_or_wait(world, node, request, WIRE_PRODUCED, partition, log);
}

void append_refuse_output(struct world *world, struct node *node, const struct message *request,
                          enum kafka_error error) {
  if (error != KAFKA_CONCURRENT_TRANSACTIONS && !kafka_retriable(error))
    world_fact(world, FACT_FENCED, node->id, request->intent, error, (uint32_t)request->a);
  answer_produce(world, node, request, WIRE_OUTPUT_ANSWER, error, request->d);
}

bool append_output(struct world *world, struct node *node, struct message *request) {
  uint32_t partition = (uint32_t)request->a, topic_partition = kafka_output(world, partition);
  struct partition_log *log = &broker_disk(node)->output[partition];
  struct batch batch = unpack_producer(request->b, request->c);
  size_t open = log->open_count;
  bool duplicate;
  enum kafka_error error = admit(world, node, topic_partition, &batch, request, &duplicate);
  if (error != KAFKA_OK) return append_refuse_output(world, node, request, error), false;
  if (!duplicate) {
    append(world, node, log, &batch, request, partition);
    books_hold_open(world, log, open);
    books_note(world, node, topic_partition);
    replica_appended(world, node, topic_partition);
    if (!broker_of(node)->replication) broker_show(world, node, partition);
  }
  return confirm_or_wait(world, node, request, WIRE_OUTPUT_ANSWER, topic_partition, log);
}

/* --- Markers --- */

/* Appends a marker; one that is refused is an old one: it is written. False: not here, or not now. */
static bool mark(struct world *world, struct node *node, uint32_t partition,
                 const struct marker *marker) {
  uint32_t topic_partition = kafka_output(world, partition), producer = marker->producer.producer;
  if (!broker_leads(node, topic_partition) || !replica_enough(world, node, topic_partition))
    return false;
  struct partition_log *log = &broker_disk(node)->output[partition];
  const struct log_marker written = {
      .producer = producer, .epoch = marker->producer.epoch, .commit = marker->commit,
      .coordinator_epoch = marker->coordinator_epoch,
      .strict = kafka_setting(world, KEY_TRANSACTION_VERSION) != TRANSACTION_VERSION_1};
  size_t open = log->open_count;
  enum kafka_error error = log_write_marker(log, &written, world->now.ns);
  if (error != KAFKA_OK) return error != KAFKA_TRANSACTION_COORDINATOR_FENCED; /* [C3] of coordinator.h */
  verification_marked(world, node, partition, producer);
  books_hold_open(world, log, open);
  world_count(world, COUNTER_DURABLE_WRITES, 1);
  books_note(world, node, topic_partition);
  replica_appended(world, node, topic_partition);
  if (!broker_of(node)->replication) broker_show(world, node, partition);
  return true;
}

bool broker_marker(struct world *world, struct node *node, uint32_t partition,
                   const struct marker *marker) {
  uint32_t topic_partition = kafka_output(world, partition);
  const struct partition_log *log = &broker_disk(node)->output[partition];
  if (!mark(world, node, partition, marker)) return false;
  if (log_committed(log) == log->end || node->doomed) return true;
  await(node, topic_partition, &(struct awaiting){.offset = log->end, .marker = *marker});
  return false;
}

static struct marker marker_of(const struct message *message) {
  return (struct marker){.producer = unpack_producer(message->b, 0), .commit = message->c & 1,
                         .serial = (uint32_t)message->d,
                         .coordinator_epoch = (uint32_t)(message->c >> 1)};
}

static void answer_marker(struct world *world, struct node *node, const struct message *request) {
  struct message *answer = world_answer(world, node, request, WIRE_MARKED);
  answer->a = request->a;
  answer->b = request->b;
  answer->d = request->d;
  world_send(world, node, answer);
}

/* One that cannot be written is not answered: the coordinator asks again. */
void append_on_marker(struct world *world, struct node *node, struct message *request) {
  const struct marker marker = marker_of(request);
  uint32_t topic_partition = kafka_output(world, (uint32_t)request->a);
  if (!mark(world, node, (uint32_t)request->a, &marker)) return;
  const struct partition_log *log = broker_log(node, topic_partition);
  if (log_committed(log) == log->end || node->doomed) return answer_marker(world, node, request);
  await(node, topic_partition,
        &(struct awaiting){.request = request, .offset = log->end, .answer = WIRE_MARKED});
}

/* --- What waits for replicas --- */

static void settle_awaiting(struct world *world, struct node *node, const struct awaiting *awaiting,
                            uint32_t topic_partition, enum kafka_error error) {
  bool marker = !awaiting->request || awaiting->answer == WIRE_MARKED;
  if (marker && error == KAFKA_OK && awaiting->request)
    answer_marker(world, node, awaiting->request);
  else if (marker && error == KAFKA_OK)
    transactions_marked(world, node, topic_partition - world->plan->partitions, &awaiting->marker);
  else if (!marker)
    answer_produce(world, node, awaiting->request, awaiting->answer, error, ACKS_ALL);
  if (awaiting->request) world_release(world, awaiting->request);
}

/* Takes out the first `count`, each with the same answer. */
static void settle_awaitings(struct world *world, struct node *node, uint32_t topic_partition,
                             size_t count, enum kafka_error error) {
  struct awaitings *awaitings = &broker_disk(node)->awaitings[topic_partition];
  for (size_t i = 0; i < count; i++) {
    const struct awaiting awaiting = awaitings->items[i];
    settle_awaiting(world, node, &awaiting, topic_partition, error);
  }
  awaitings->count -= count;
  for (size_t i = 0; i < awaitings->count; i++) awaitings->items[i] = awaitings->items[i + count];
}

void append_confirm(struct world *world, struct node *node, uint32_t topic_partition) {
  const struct awaitings *awaitings = &broker_disk(node)->awaitings[topic_partition];
  uint64_t high_watermark = broker_log(node, topic_partition)->high_watermark;
  size_t count = 0;
  while (count < awaitings->count && awaitings->items[count].offset <= high_watermark) count++;
  if (count == 0) return;
  settle_awaitings(world, node, topic_partition, count,
                   replica_enough_soon(world, node, topic_partition)
                       ? KAFKA_OK
                       : KAFKA_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
}

void append_resign(struct world *world, struct node *node, uint32_t topic_partition) {
  settle_awaitings(world, node, topic_partition,
                   broker_disk(node)->awaitings[topic_partition].count, KAFKA_NOT_LEADER);
}

void append_drop_awaiting(struct world *world, struct node *node) {
  for (uint32_t p = 0; p < kafka_topic_partitions(world); p++) {
    struct awaitings *awaitings = &broker_disk(node)->awaitings[p];
    for (size_t i = 0; i < awaitings->count; i++)
      if (awaitings->items[i].request) world_release(world, awaitings->items[i].request);
    awaitings->count = 0;
  }
}
