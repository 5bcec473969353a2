/* What the controller knows of partitions and brokers, and how it says so (KRaft: the metadata log, which
 * brokers fetch; QuorumController, ReplicationControlManager, ClusterControlManager of Kafka 4.0).
 *
 *   broker                                     controller
 *     | REGISTER (broker epoch) ------------------>|  fenced; refused while another incarnation's
 *     |<------------------------------- REGISTERED |  session lasts
 *     | METADATA_FETCH (version) ----------------->|  parked until there is something newer
 *     |<-------- METADATA_FETCHED (what is newer)  |
 *     | BROKER_HEARTBEAT ------------------------->|  unfenced; session starts again
 *     | ALTER_PARTITION (in-sync set) ------------>|  by the leader of this epoch only
 *
 *   a broker:   [fenced] --heartbeat--> [unfenced] --session over, new registration, shutdown--> [fenced]
 *
 * A broker that is fenced leaves every in-sync set that has another member, and leads nothing: a new leader
 * is elected from the in-sync set, in the order of replicas; with nobody there the partition has none,
 * until a member comes back, or, if unclean.leader.election.enable, any replica does.
 *
 * The last member of a set stays in it, and leads again whatever it has lost meanwhile: with a power loss
 * even min.insync.replicas does not help, as it does not keep the set from shrinking. With
 * eligible_leader_replicas (KIP-966) who leaves a set that is then smaller than min.insync.replicas stays
 * eligible: the high watermark stands still, so that it has all that is committed. Who comes back from an
 * unclean shutdown is neither in sync nor eligible; when nobody is, the last leader leads.
 *
 * Durable: all of it but sessions and parked fetches. A controller that comes back gives every broker a
 * new session.
 *
 * [I1] A partition's leader is in its in-sync set; a clean election chooses from the set as it was before.
 * [I2] The leader epoch goes up with every change of leader, the partition epoch with every change.
 * LIMIT: one controller, not a quorum of three; its log is always durable. Reassignment and preferred leader
 * election every 300 s are not modelled.
 */
#ifndef MODELS_KAFKA_CONTROLLER_H
#define MODELS_KAFKA_CONTROLLER_H

#include "models/kafka/wire.h"

#define REPLICAS_MAX 15 /* of a partition: bits of an in-sync set */
#define NO_BROKER UINT32_MAX

struct partition_state {
  uint32_t leader; /* broker index, NO_BROKER */
  uint32_t leader_epoch, partition_epoch;
  uint16_t isr; /* bit n: the n-th of its replicas */
};
struct broker_state {
  uint32_t epoch; /* its incarnation */
  bool fenced, shutting_down;
  bool clean; /* its last incarnation has shut down in order */
};

/* Records of METADATA_FETCHED and ALTER_PARTITION.
 *   a partition: key = topic partition, handle = leader epoch << 32 | partition epoch, extra = leader,
 *                flags = in-sync set
 *   a broker:    key = index, extra = broker epoch, count = 1 | fenced << 1 | shutting down << 2
 * In ALTER_PARTITION the members of the new set follow their partition, each with the epoch that its leader
 * has seen. */
struct record partition_record(uint32_t topic_partition, const struct partition_state *state);
struct partition_state partition_of_record(const struct record *record);
static inline bool record_is_broker(const struct record *record) { return record->count & 1; }

/* --- Who holds a replica --- */

static inline uint32_t replica_count(const struct world *world) {
  return (uint32_t)kafka_setting(world, KEY_REPLICATION_FACTOR);
}
/* The n-th replica of a topic partition: the brokers after the first, in turn. */
static inline uint32_t replica_broker(const struct world *world, uint32_t topic_partition,
                                      uint32_t n) {
  uint32_t partition = topic_partition % world->plan->partitions;
  return (kafka_broker_of(world, partition) + n) % world->count[ROLE_BROKER];
}
/* Which of its replicas a broker has; replica_count or more: none. */
static inline uint32_t replica_place(const struct world *world, uint32_t topic_partition,
                                     uint32_t broker) {
  uint32_t brokers = world->count[ROLE_BROKER];
  uint32_t partition = topic_partition % world->plan->partitions;
  return (broker + brokers - kafka_broker_of(world, partition)) % brokers;
}
/* As a cluster begins: everybody is in sync, the first replica leads. */
static inline struct partition_state partition_first(const struct world *world,
                                                     uint32_t topic_partition) {
  return (struct partition_state){.leader = replica_broker(world, topic_partition, 0),
                                  .leader_epoch = 1,
                                  .partition_epoch = 1,
                                  .isr = (uint16_t)((1u << replica_count(world)) - 1)};
}

struct controller_disk {
  struct partition_state *partitions; /* by topic partition */
  uint64_t *partition_versions;       /* when it last changed */
  uint16_t *eligible;                 /* not in sync, but with all that is committed; bits as isr */
  uint32_t *last_leaders;             /* broker index */
  struct broker_state *brokers;
  uint64_t *broker_versions;
  uint64_t version; /* of the last change */
  uint32_t partition_count, broker_count;
};

static inline struct controller_disk *controller_disk(const struct node *node) {
  return node->disk[0];
}

#endif
