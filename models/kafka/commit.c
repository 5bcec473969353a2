/* How a consumer commits: the paths through enum commit_step.
 *
 *   before-processing   OFFSETS                       covers what the poll returned
 *   after-processing    (ID) (OUTPUTS) OFFSETS        covers what was handled, outputs flushed first
 *   auto                (ID) (OUTPUTS) OFFSETS        covers what earlier polls returned
 *   in-transaction      (ADD) (OUTPUTS) OFFSETS END   one transaction; ADD in version 1 only
 *     offsets: after-transaction, before-transaction: a commit of the group, apart from the transaction
 *
 * ID: the producer of outputs is idempotent, and gets its id before the first one.
 *
 * What becomes of a step that times out, is cut off or comes from no member any more is commit_policy.c's to say; an
 * answer that fences ends membership. In a transaction a lost membership aborts it (ABORT) and joins anew.
 */
#include "models/kafka/consumer.h"
#include "models/mutants.h"
#include "sim/base/assert.h"
#include "sim/base/likely.h"
#include "sim/handler/dgsim.h"

static bool transactional(const struct world *world) {
  return commit_mode(world) == COMMIT_IN_TRANSACTION;
}

static bool version_1(const struct world *world) {
  return kafka_setting(world, KEY_TRANSACTION_VERSION) == TRANSACTION_VERSION_1;
}

/* The paths. A step that there is nothing for is left out. */
enum commit_order { ORDER_PLAIN, ORDER_IN_TRANSACTION, ORDER_AFTER, ORDER_BEFORE, ORDER__COUNT };
static const enum commit_step orders[ORDER__COUNT][6] = {
    [ORDER_PLAIN] = {COMMIT_ID, COMMIT_OUTPUTS, COMMIT_OFFSETS, COMMIT_IDLE},
    [ORDER_IN_TRANSACTION] = {COMMIT_ADD, COMMIT_OUTPUTS, COMMIT_OFFSETS, COMMIT_END, COMMIT_IDLE},
    [ORDER_AFTER] = {COMMIT_ADD, COMMIT_OUTPUTS, COMMIT_END, COMMIT_OFFSETS, COMMIT_IDLE},
    [ORDER_BEFORE] = {COMMIT_OFFSETS, COMMIT_ADD, COMMIT_OUTPUTS, COMMIT_END, COMMIT_IDLE},
};
static enum commit_order order_of(const struct world *world) {
  static const enum commit_order by_key[] = {[OFFSETS_IN_TRANSACTION] = ORDER_IN_TRANSACTION,
                                             [OFFSETS_AFTER_TRANSACTION] = ORDER_AFTER,
                                             [OFFSETS_BEFORE_TRANSACTION] = ORDER_BEFORE};
  return transactional(world) ? by_key[kafka_setting(world, KEY_OFFSETS)] : ORDER_PLAIN;
}

bool commit_clean(const struct consumer *consumer) {
  return consumer->step == COMMIT_IDLE && consumer->processed_count == 0 &&
         outputs_count(consumer) == 0;
}

void commit_forget(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  client_forget(world, &consumer->client, SLOT_COMMIT);
  for (uint32_t p = 0; p < world->plan->partitions; p++)
    client_forget(world, &consumer->client, slot_output(world, p));
  consumer->step = COMMIT_IDLE;
  consumer->processed_count = consumer->committing = 0;
  outputs_forget(world, node);
  if (commit_mode(world) != COMMIT_AUTO) consumer->commit_due = false;
  consumer->batch_safe = consumer->flush_only = false;
}

/* --- Publishing --- */

/* A batch is full: it leaves, without offsets. In a transaction it waits for the commit, which is due then. */
static void flush_early(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (transactional(world) || consumer->step != COMMIT_IDLE || node->stage < STAGE_ASSIGNING) return;
  consumer->flush_only = true;
  commit_start(world, node);
}

int commit_publish(struct world *world, struct node *node, uint32_t tag, uint64_t intent,
                   uint32_t key) {
  struct consumer *consumer = consumer_of(node);
  const struct flight *flight = tag != 0 ? poll_flight(consumer, tag) : NULL;
  if (UNLIKELY(!flight)) return DG_FAILED;
  /* Both topics have as many partitions, and one partitioner: with its key the result keeps its partition. */
  const uint32_t partition = LIKELY(key == flight->record.key) ? flight->record.extra : kafka_partition(world, key);
  if (UNLIKELY(commit_mode(world) == COMMIT_BEFORE_PROCESSING)) { /* fire and forget */
    struct message *message = client_request(
      world, node, client_leader(world, &consumer->client, kafka_output(world, partition)), WIRE_OUTPUT);
    *message_records(&world->messages, message, 1) =
        (struct record){.intent = intent, .key = key, .size = (uint32_t)world->plan->workload.size};
    message->a = partition;
    message->d = ACKS_0;
    world_send(world, node, message);
    return DG_OK;
  }
  if (!outputs_add(world, node, partition, intent, key)) return DG_FAILED;
  if (UNLIKELY(outputs_count(consumer) >= PROCESSED_MAX)) flush_early(world, node);
  return DG_OK;
}

/* --- Sending the steps --- */

static void copy_handled(const struct consumer *consumer, struct record *out) {
  for (uint32_t i = 0; i < consumer->committing; i++) out[i] = consumer->processed[i];
}

static void send_offsets(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  enum wire kind = order_of(world) == ORDER_IN_TRANSACTION ? WIRE_TXN_OFFSETS : WIRE_COMMIT;
  struct message *message = client_request(world, node, kafka_coordinator(world), kind);
  message->a = (int64_t)consumer->member;
  message->b = (int64_t)consumer->generation;
  message->c = pack_producer(&consumer->producer);
  if (kind == WIRE_TXN_OFFSETS && !kafka_setting(world, KEY_GROUP_METADATA)) message->a = 0;
  message->d = consumer->instance;
  struct record *records = message_records(&world->messages, message, consumer->committing);
  if (commit_mode(world) == COMMIT_BEFORE_PROCESSING) {
    for (uint32_t i = 0; i < consumer->committing; i++)
      records[i] = consumer->buffer[consumer_place(consumer, i)];
  } else {
    copy_handled(consumer, records);
  }
  client_send(world, node, &consumer->client, SLOT_COMMIT, message);
}

static void send_end(struct world *world, struct node *node, bool commit) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(world, node, kafka_coordinator(world), WIRE_END_TXN);
  message->a = commit;
  message->b = pack_producer(&consumer->producer);
  if (commit)
    copy_handled(consumer, message_records(&world->messages, message, consumer->committing));
  client_send(world, node, &consumer->client, SLOT_COMMIT, message);
}

static void send_add(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  struct message *message =
      client_request(world, node, kafka_coordinator(world), WIRE_ADD_PARTITIONS);
  message->b = pack_producer(&consumer->producer);
  uint32_t count = 0, at = 0;
  for (uint32_t p = outputs_covered(world, consumer, 0); p != BITS_NONE; p = outputs_covered(world, consumer, p + 1))
    count++;
  struct record *records = message_records(&world->messages, message, count);
  for (uint32_t p = outputs_covered(world, consumer, 0); p != BITS_NONE; p = outputs_covered(world, consumer, p + 1))
    records[at++] = (struct record){.key = p};
  client_send(world, node, &consumer->client, SLOT_COMMIT, message);
}

/* Idempotent only: a = 0. */
static void send_init(struct world *world, struct node *node) {
  client_send(world, node, &consumer_of(node)->client, SLOT_COMMIT,
              client_request(world, node, kafka_coordinator(world), WIRE_INIT_PRODUCER));
}

static void give_up(struct world *world, struct node *node);
static void refused(struct world *world, struct node *node);

/* The outputs of one partition, as one batch of at most PROCESSED_MAX. Sent again with the same sequence
 * until acknowledged. */
static void send_output(struct world *world, struct node *node, uint32_t partition) {
  struct consumer *consumer = consumer_of(node);
  struct message *message = client_request(
      world, node, client_leader(world, &consumer->client, kafka_output(world, partition)), WIRE_OUTPUT);
  const uint32_t count = outputs_batch(consumer, partition);
  outputs_fill(world, consumer, partition, message_records(&world->messages, message, count));
  message->a = partition;
  message->b = pack_producer(&consumer->producer);
  message->c = consumer->parts[partition].sequence;
  message->d = ACKS_ALL;
  message->size = count * (uint32_t)world->plan->workload.size;
  client_send(world, node, &consumer->client, slot_output(world, partition), message);
}

/* The batch that waits longest has run out of delivery.timeout.ms: its transaction cannot be committed.
 * LIMIT: outside of transactions a consumer's outputs are sent until they are acknowledged. */
static bool outputs_expired(const struct world *world, const struct consumer *consumer) {
  return transactional(world) && world->now.ns - consumer->flush_began_ns >=
                                     kafka_setting(world, KEY_DELIVERY_TIMEOUT);
}

static void send_outputs(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (outputs_expired(world, consumer)) return give_up(world, node);
  for (uint32_t p = outputs_covered(world, consumer, 0); p != BITS_NONE && !node->doomed;
       p = outputs_covered(world, consumer, p + 1))
    if (!client_waits(&consumer->client, slot_output(world, p))) send_output(world, node, p);
}

void commit_send(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (node->doomed) return;
  if (consumer->step == COMMIT_OFFSETS && consumer->lost && !transactional(world)) return refused(world, node);
  if (consumer->step == COMMIT_OUTPUTS) return send_outputs(world, node);
  if (client_waits(&consumer->client, SLOT_COMMIT)) return;
  if (consumer->step == COMMIT_ID) send_init(world, node);
  if (consumer->step == COMMIT_ADD) send_add(world, node);
  if (consumer->step == COMMIT_OFFSETS) send_offsets(world, node);
  if (consumer->step == COMMIT_END) send_end(world, node, true);
  if (consumer->step == COMMIT_ABORT) send_end(world, node, false);
}

static void go_to(struct world *world, struct node *node, enum commit_step step) {
  struct consumer *consumer = consumer_of(node);
  consumer->step = step;
  if (step == COMMIT_OUTPUTS) consumer->flush_began_ns = world->now.ns;
  bool offsets = step == COMMIT_OFFSETS && order_of(world) == ORDER_IN_TRANSACTION;
  bool outputs = step == COMMIT_ADD || step == COMMIT_OUTPUTS;
  consumer->begun |= transactional(world) && (outputs || offsets);
  commit_send(world, node);
}

/* Whether offsets would be of no member, and nobody would hear of it. */
static bool in_vain(const struct world *world, const struct consumer *consumer) {
  return consumer->lost && !transactional(world) && !commit_blocks(world, consumer) &&
         !MUTANT(KAFKA_REFUSED_COMMIT_LEAVES);
}

static bool is_needed(const struct world *world, const struct consumer *consumer,
                      enum commit_step step) {
  if (step == COMMIT_ID)
    return consumer->flushing > 0 && consumer->producer.producer == NO_PRODUCER &&
           kafka_setting(world, KEY_IDEMPOTENCE);
  if (step == COMMIT_ADD) return consumer->flushing > 0 && version_1(world);
  if (step == COMMIT_OUTPUTS) return consumer->flushing > 0;
  if (step == COMMIT_OFFSETS) return !consumer->flush_only && !in_vain(world, consumer);
  if (step == COMMIT_END) return consumer->begun;
  return true;
}

static void done(struct world *world, struct node *node);

/* The step is done: on to the next one of the path that there is something for. */
static void advance(struct world *world, struct node *node) {
  const struct consumer *consumer = consumer_of(node);
  const enum commit_step *at = orders[order_of(world)];
  if (consumer->step != COMMIT_IDLE) {
    while (*at != consumer->step) at++;
    at++;
  }
  while (!is_needed(world, consumer, *at)) at++;
  if (*at == COMMIT_IDLE) return done(world, node);
  go_to(world, node, *at);
}

/* Ends a transaction that cannot be committed; what it had read is read again. */
static void give_up(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  for (uint32_t p = 0; p < world->plan->partitions; p++)
    client_forget(world, &consumer->client, slot_output(world, p));
  if (!consumer->begun) return consumer_rejoin(world, node);
  go_to(world, node, COMMIT_ABORT);
}

void commit_start(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (consumer->step != COMMIT_IDLE) return;
  if (transactional(world)) commit_disarm(world, consumer);
  bool before = commit_mode(world) == COMMIT_BEFORE_PROCESSING;
  if (commit_mode(world) != COMMIT_AUTO) consumer->commit_due = false;
  if (!transactional(world) && consumer->processed_count > PROCESSED_MAX) commit_fold(consumer);
  consumer->committing = before ? consumer->batch : consumer->processed_count;
  if (consumer->committing > PROCESSED_MAX) consumer->committing = PROCESSED_MAX;
  if (consumer->flush_only) consumer->committing = 0;
  if (consumer->committing == 0 && !consumer->flush_only) return;
  outputs_cover(world, consumer);
  consumer->commit_began = world->now.ns;
  advance(world, node);
}

/* --- Answers --- */

/* CommitFailedException: the group has put this consumer out. */
static void refused(struct world *world, struct node *node) {
  if (!in_vain(world, consumer_of(node))) return consumer_rejoin(world, node);
  done(world, node);
}

bool commit_leave(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (transactional(world) || outputs_count(consumer) == 0) return true;
  if (consumer->step == COMMIT_OFFSETS) {
    client_forget(world, &consumer->client, SLOT_COMMIT);
    consumer->step = COMMIT_IDLE;
  }
  consumer->flush_only = true;
  commit_start(world, node);
  return false;
}

/* Whether somebody waits for the commit under way: the loop, or the end of an assignment. */
static bool is_waited_for(const struct world *world, const struct node *node, const struct consumer *consumer) {
  return commit_blocks(world, consumer) || node->stage == STAGE_REVOKING || node->stage == STAGE_STOPPING;
}

/* Membership or the producer's epoch is gone. */
static void fenced(struct world *world, struct node *node, int64_t error) {
  struct consumer *consumer = consumer_of(node);
  const bool offsets = consumer->step == COMMIT_OFFSETS;
  if (!transactional(world)) {
    if (offsets && !is_waited_for(world, node, consumer)) return consumer_put_out(world, node, error);
    return consumer_fenced(world, node, error);
  }
  bool member = error == KAFKA_ILLEGAL_GENERATION || error == KAFKA_UNKNOWN_MEMBER;
  if (member && offsets) return give_up(world, node);
  consumer_restart(world, node);
}

/* Whether an answer is the one that the step waits for and says yes; else sees to it. */
static bool confirmed(struct world *world, struct node *node, const struct message *answer,
                      uint32_t slot) {
  if (!client_answered(world, &consumer_of(node)->client, slot, answer)) return false;
  if (answer->a == KAFKA_OK) return true;
  if (answer->a == KAFKA_NOT_LEADER) client_refresh(world, node, &consumer_of(node)->client);
  if (answer->a == KAFKA_CONCURRENT_TRANSACTIONS || kafka_retriable(answer->a))
    consumer_retry_later(world, node, slot);
  else if (kafka_coordinator_moved(answer->a))
    commit_failed(world, node);
  else if (answer->a == KAFKA_REBALANCE_IN_PROGRESS)
    consumer_of(node)->rejoin = true, commit_failed(world, node);
  else
    fenced(world, node, answer->a);
  return false;
}

/* Of a record that the log has lost, so that its reader was sent back, nothing is known of what is there now. */
static void know_committed(struct consumer *consumer, const struct record *record) {
  struct consumer_part *part = &consumer->parts[record->extra];
  if (record->number < consumer->least_epochs[record->extra]) return;
  if (part->committed <= record->handle && record->handle < part->fetched) part->committed = record->handle + 1;
}

static void forget_committed(struct consumer *consumer) {
  for (uint32_t i = 0; i < consumer->committing; i++) know_committed(consumer, &consumer->processed[i]);
  consumer->processed_count -= consumer->committing;
  for (uint32_t i = 0; i < consumer->processed_count; i++)
    consumer->processed[i] = consumer->processed[i + consumer->committing];
}

static void done(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  consumer->step = COMMIT_IDLE;
  if (commit_mode(world) == COMMIT_BEFORE_PROCESSING) {
    for (uint32_t i = 0; i < consumer->committing; i++)
      know_committed(consumer, &consumer->buffer[consumer_place(consumer, i)]);
    consumer->batch_safe = true;
  } else {
    if (in_vain(world, consumer)) /* whichever call: it joins anew, from what is committed */
      consumer->processed_count = 0;
    else
      forget_committed(consumer);
    if (consumer->processed_count > 0 && commit_mode(world) != COMMIT_AUTO) commit_arm(world, node);
  }
  consumer->flush_only = false;
  consumer->committing = 0;
  consumer_pump(world, node);
}

void commit_on_committed(struct world *world, struct node *node, struct message *answer) {
  if (confirmed(world, node, answer, SLOT_COMMIT)) advance(world, node);
}

void commit_on_added(struct world *world, struct node *node, struct message *answer) {
  if (confirmed(world, node, answer, SLOT_COMMIT)) advance(world, node);
}

void commit_on_offsets(struct world *world, struct node *node, struct message *answer) {
  if (confirmed(world, node, answer, SLOT_COMMIT)) advance(world, node);
}

void commit_on_id(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!confirmed(world, node, answer, SLOT_COMMIT)) return;
  consumer->producer = (struct batch){.producer = (uint32_t)answer->b, .epoch = (uint16_t)answer->c};
  advance(world, node);
}

/* The log has lost what it had of this producer: all begins anew, in the next epoch
 * (TransactionManager.bumpIdempotentProducerEpoch). */
static void begin_epoch(struct world *world, struct node *node, uint32_t slot) {
  struct consumer *consumer = consumer_of(node);
  consumer->producer.epoch++;
  outputs_new_epoch(world, consumer);
  consumer_retry_later(world, node, slot);
}

void commit_on_output(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  const uint32_t partition = (uint32_t)answer->c, slot = slot_output(world, partition);
  if (answer->a == KAFKA_OUT_OF_ORDER_SEQUENCE && !transactional(world)) {
    if (client_answered(world, &consumer->client, slot, answer)) begin_epoch(world, node, slot);
    return;
  }
  if (!confirmed(world, node, answer, slot)) return;
  outputs_acknowledged(world, node, partition);
  const bool more = consumer->covered_parts[partition].count > 0;
  if (consumer->step == COMMIT_OUTPUTS && more) send_output(world, node, partition);
  if (consumer->flushing > 0 || consumer->step != COMMIT_OUTPUTS) return;
  advance(world, node);
}

/* After an abort in version 1 the client takes a new epoch of its own accord (KIP-360): what it had under
 * way may still arrive. In version 2 the end has brought one. */
static void aborted(struct world *world, struct node *node) {
  if (version_1(world)) return consumer_restart(world, node);
  consumer_rejoin(world, node);
}

void commit_on_ended(struct world *world, struct node *node, struct message *answer) {
  struct consumer *consumer = consumer_of(node);
  if (!confirmed(world, node, answer, SLOT_COMMIT)) return;
  consumer->begun = false;
  if (!version_1(world)) { /* each transaction has an epoch of its own */
    consumer->producer.producer = (uint32_t)answer->b;
    consumer->producer.epoch = (uint16_t)answer->c;
    outputs_new_epoch(world, consumer);
  }
  if (consumer->step == COMMIT_ABORT) return aborted(world, node);
  advance(world, node);
}
