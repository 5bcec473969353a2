/* Verification of transactional batches at the leader of a partition (KIP-890; ReplicaManager,
 * AddPartitionsToTxnManager of Kafka 4.0).
 *
 *   OUTPUT --its transaction is open here already--------------------------------> appended
 *     '--else: parked, VERIFY to the coordinator --VERIFIED, no marker meanwhile--> appended
 *                                                '--error, or a marker came------> refused
 *
 * In version 2 the coordinator adds the partition to the transaction (an implicit AddPartitions); in
 * version 1 it must have been added by the client, and transaction.partition.verification.enable: false
 * does without: then a late batch opens a transaction here that the coordinator does not know.
 *
 * Volatile: what is parked; its client asks again.
 *
 * [V1] A producer has at most one batch parked for a partition: a later one takes its place, and the
 *      client does not wait for the earlier any more.
 * [V2] A marker that comes between question and answer voids the answer (the verification guard).
 */
#include "models/kafka/coordinator.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

static struct verified *parked_of(struct world *world, const struct node *node, uint32_t partition,
                                  uint16_t client) {
  size_t row = (size_t)partition * world->count[ROLE_CONSUMER];
  return &broker_of(node)->verifying[row + client - world->first[ROLE_CONSUMER]];
}

void verification_start(struct world *world, struct node *node) {
  const size_t consumers = world->count[ROLE_CONSUMER], partitions = world->plan->partitions;
  broker_of(node)->verifying = ARENA_FAR(&node->arena, struct verified, consumers * partitions);
  broker_of(node)->verifying_count = ARENA_NEW(&node->arena, uint32_t, partitions);
}

/* Its batch is parked no longer: the caller's. */
static struct message *unpark(struct node *node, uint32_t partition, struct verified *parked) {
  struct message *request = parked->request;
  parked->request = NULL;
  if (request) broker_of(node)->verifying_count[partition]--;
  return request;
}

/* The first batch of its transaction here. */
static bool needed(const struct world *world, const struct node *node, uint32_t partition,
                   const struct batch *batch) {
  if (!batch->transactional || MUTANT(KAFKA_NO_VERIFICATION)) return false;
  if (kafka_setting(world, KEY_TRANSACTION_VERSION) == TRANSACTION_VERSION_1 &&
      !kafka_setting(world, KEY_TRANSACTION_VERIFICATION))
    return false;
  const struct partition_log *log = &broker_disk(node)->output[partition];
  for (size_t i = 0; i < log->open_count; i++)
    if (log->open[i].producer == batch->producer && log->open[i].epoch == batch->epoch &&
        log->open[i].last == ENTRY_OPEN)
      return false;
  return true;
}

static void ask(struct world *world, struct node *node, struct message *request) {
  struct verified *parked = parked_of(world, node, (uint32_t)request->a, request->from);
  struct message *earlier = unpark(node, (uint32_t)request->a, parked);
  if (earlier) world_release(world, earlier); /* [V1] */
  broker_of(node)->verifying_count[request->a]++;
  *parked = (struct verified){.request = request, .asked = kafka_coordinator(world)};
  world_take(request);
  struct message *message = world_message(world, node, parked->asked, 0, WIRE_VERIFY);
  message->a = request->a;
  message->b = request->b;
  message->d = (int64_t)request->from << 32 | request->correlation;
  world_send(world, node, message);
}

void verification_output(struct world *world, struct node *node, struct message *request) {
  uint32_t partition = (uint32_t)request->a;
  struct batch batch = unpack_producer(request->b, request->c);
  if (!broker_leads(node, kafka_output(world, partition)) || !needed(world, node, partition, &batch))
    return (void)append_output(world, node, request);
  if (node->id != kafka_coordinator(world)) return ask(world, node, request);
  enum kafka_error error = KAFKA_NOT_ENOUGH_REPLICAS;
  if (coordinator_active(world, node)) error = transactions_verify(world, node, partition, &batch);
  if (error != KAFKA_OK) return append_refuse_output(world, node, request, error);
  append_output(world, node, request);
}

void verification_on_verified(struct world *world, struct node *node, struct message *answer) {
  uint32_t partition = (uint32_t)answer->a;
  struct verified *parked = parked_of(world, node, partition, (uint16_t)(answer->d >> 32));
  struct message *request = parked->request;
  if (!request || request->correlation != (uint32_t)answer->d || request->b != answer->b) return;
  unpark(node, partition, parked);
  bool refused = answer->c != KAFKA_OK || parked->void_;
  enum kafka_error error = answer->c != KAFKA_OK ? (enum kafka_error)answer->c
                                                 : KAFKA_INVALID_TRANSACTION_STATE; /* [V2] */
  if (kafka_coordinator_moved(error)) error = KAFKA_NOT_ENOUGH_REPLICAS; /* ReplicaManager's: asked again */
  if (refused) append_refuse_output(world, node, request, error);
  if (refused || !append_output(world, node, request)) world_release(world, request);
}

void verification_marked(struct world *world, struct node *node, uint32_t partition,
                         uint32_t producer) {
  if (!broker_of(node)->verifying || broker_of(node)->verifying_count[partition] == 0) return;
  for (uint32_t i = 0; i < world->count[ROLE_CONSUMER]; i++) {
    struct verified *parked =
        parked_of(world, node, partition, (uint16_t)(world->first[ROLE_CONSUMER] + i));
    if (parked->request && unpack_producer(parked->request->b, 0).producer == producer)
      parked->void_ = true;
  }
}

static void refuse(struct world *world, struct node *node, size_t from, size_t count,
                   uint16_t asked, enum kafka_error error) {
  for (size_t i = from; i < from + count && !node->doomed; i++) {
    struct verified *parked = &broker_of(node)->verifying[i];
    if (!parked->request || (asked != NODE_NONE && parked->asked != asked)) continue;
    struct message *request = unpark(node, (uint32_t)(i / world->count[ROLE_CONSUMER]), parked);
    append_refuse_output(world, node, request, error);
    world_release(world, request);
  }
}

/* The question or its answer may be lost: the clients are told to try again. */
void verification_disconnected(struct world *world, struct node *node, uint16_t peer) {
  if (!broker_of(node)->verifying) return;
  size_t count = (size_t)world->plan->partitions * world->count[ROLE_CONSUMER];
  refuse(world, node, 0, count, peer, KAFKA_CONCURRENT_TRANSACTIONS);
}

void verification_resign(struct world *world, struct node *node, uint32_t partition) {
  size_t consumers = world->count[ROLE_CONSUMER];
  if (broker_of(node)->verifying)
    refuse(world, node, partition * consumers, consumers, NODE_NONE, KAFKA_NOT_LEADER);
}

void verification_drop(struct world *world, struct node *node) {
  if (!broker_of(node)->verifying) return;
  size_t count = (size_t)world->plan->partitions * world->count[ROLE_CONSUMER];
  for (size_t i = 0; i < count; i++) {
    struct message *request =
        unpark(node, (uint32_t)(i / world->count[ROLE_CONSUMER]), &broker_of(node)->verifying[i]);
    if (request) world_release(world, request);
  }
}
