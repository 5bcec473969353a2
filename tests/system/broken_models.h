/* Systems with one part put wrong on purpose: a shipped system, one or two entries of whose broker's
 * table of messages are replaced. What stands in their place bends the request, or the store, and lets
 * the shipped function do the rest. A second registry, for tests only.
 *
 *   kafka-unfenced       the transaction coordinator takes every epoch for the current one
 *   kafka-uncommitted    the broker forgets that an output belongs to a transaction: readers see it at
 *                        once, and no abort takes it back
 *   kafka-unsequenced    the broker appends every batch of a producer, also one that it has already
 *   sqs-forgetful        the queue deletes a message when it hands it out
 */
#ifndef TESTS_SYSTEM_BROKEN_MODELS_H
#define TESTS_SYSTEM_BROKEN_MODELS_H

#include "models/kafka/broker.h"
#include "models/sqs/store.h"
#include "models/sqs/wire.h"
#include "tests/system/rig.h"

#define BROKEN_SYSTEMS 4
#define BROKEN_MESSAGES_MAX 64

extern const struct system system_kafka_transactional, system_sqs_standard;

struct broken_models {
  message_fn *on[BROKEN_SYSTEMS][BROKEN_MESSAGES_MAX];
  struct component brokers[BROKEN_SYSTEMS];
  struct system systems[BROKEN_SYSTEMS];
  const struct system *all[32]; /* the shipped ones, then these */
  size_t count;                 /* of these, so far */
  struct registry registry;
};

/* --- Epochs --- */

static void broken_forgive(const struct node *node, int64_t *packed) {
  const struct transactions *all = &broker_disk(node)->internal->transactions;
  struct batch producer = unpack_producer(*packed, 0);
  for (size_t i = 0; i < all->count; i++)
    if (all->items[i].producer == producer.producer) producer.epoch = all->items[i].epoch;
  *packed = pack_producer(&producer);
}
static void broken_add(struct world *world, struct node *node, struct message *request) {
  broken_forgive(node, &request->b);
  transactions_on_add(world, node, request);
}
static void broken_offsets(struct world *world, struct node *node, struct message *request) {
  broken_forgive(node, &request->c);
  transactions_on_offsets(world, node, request);
}
static void broken_end(struct world *world, struct node *node, struct message *request) {
  broken_forgive(node, &request->b);
  transactions_on_end(world, node, request);
}

/* --- Logs --- */

static void broken_output(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, request->c);
  producer.transactional = false;
  request->b = pack_producer(&producer);
  kafka_broker.on[WIRE_OUTPUT](world, node, request);
}
static void broken_produce(struct world *world, struct node *node, struct message *request) {
  struct batch producer = unpack_producer(request->b, request->c);
  producer.producer = NO_PRODUCER;
  request->b = pack_producer(&producer);
  kafka_broker.on[WIRE_PRODUCE](world, node, request);
}

/* --- Queue: polls are answered when they come, or when a message does --- */

static void broken_forget(struct world *world, struct node *node) {
  struct sqs_store *store = node->disk[0]; /* first in it */
  while (store->heap_count > 0) { /* all of them in flight */
    sqs_store_remove(store, store->heap[0].item);
    world_unhold(world, NULL);
  }
}
static void broken_receive(struct world *world, struct node *node, struct message *request) {
  sqs_queue.on[SQS_RECEIVE](world, node, request);
  broken_forget(world, node);
}
static void broken_send(struct world *world, struct node *node, struct message *request) {
  sqs_queue.on[SQS_SEND](world, node, request);
  broken_forget(world, node);
}

/* --- The registry --- */

/* A copy of a system with a broker of its own; its table of messages is to be bent. */
static inline message_fn **broken_copy(struct broken_models *models, const struct system *from,
                                       const char *name) {
  const struct component *broker = from->components[ROLE_BROKER];
  size_t at = models->count++;
  ck_assert_uint_lt(at, BROKEN_SYSTEMS);
  ck_assert_uint_le((size_t)broker->stage_count * broker->message_count, BROKEN_MESSAGES_MAX);
  for (uint32_t i = 0; i < broker->message_count; i++) models->on[at][i] = broker->on[i];
  models->brokers[at] = *broker;
  models->brokers[at].on = models->on[at];
  models->systems[at] = *from;
  models->systems[at].name = name;
  models->systems[at].components[ROLE_BROKER] = &models->brokers[at];
  models->all[registry_system_count + at] = &models->systems[at];
  return models->on[at];
}

/* The models stay in use for as long as anything that was loaded with models->registry. */
static inline void broken_models_init(struct broken_models *models) {
  *models = (struct broken_models){.registry = rig_registry()};
  ck_assert_uint_le(registry_system_count + BROKEN_SYSTEMS, sizeof models->all / sizeof *models->all);
  for (size_t i = 0; i < registry_system_count; i++) models->all[i] = registry_systems[i];

  message_fn **on = broken_copy(models, &system_kafka_transactional, "kafka-unfenced");
  on[WIRE_ADD_PARTITIONS] = broken_add;
  on[WIRE_TXN_OFFSETS] = broken_offsets;
  on[WIRE_END_TXN] = broken_end;
  on = broken_copy(models, &system_kafka_transactional, "kafka-uncommitted");
  on[WIRE_OUTPUT] = broken_output;
  on = broken_copy(models, &system_kafka_transactional, "kafka-unsequenced");
  on[WIRE_PRODUCE] = broken_produce;
  on = broken_copy(models, &system_sqs_standard, "sqs-forgetful");
  on[SQS_RECEIVE] = broken_receive;
  on[SQS_SEND] = broken_send;

  models->registry.systems = models->all;
  models->registry.system_count = registry_system_count + models->count;
}

#endif
