/* Replicas: how a partition is copied, and when a record counts as written.
 *
 *   producer         leader                          follower                        controller
 *      | PRODUCE ----->| append, leader epoch e         |                                |
 *      |               |<--- REPLICA_FETCH (log end) ---|                                |
 *      |               |---- REPLICA_FETCHED ---------->| append at the same offsets     |
 *      |               |     records, high watermark    |                                |
 *      |               |<--- REPLICA_FETCH (log end) ---| which says that it has them    |
 *      |<- PRODUCED ---| high watermark: the least log end of the in-sync set            |
 *      |               | ALTER_PARTITION: who has fallen behind, who has caught up ----->|
 *      |               |<---------------------- METADATA_FETCHED: leader, epochs, in-sync set
 *
 * A follower has one fetch under way at each leader, for all partitions that it follows there; it is parked
 * until there is something or replica.fetch.wait.max.ms is over. A fetch names the epoch of its last
 * record; when the leader's log has another one there, or ends earlier, the follower cuts its log back and
 * asks again (KIP-595's truncation on fetch, the rule of OffsetsForLeaderEpoch).
 *
 * acks=all: refused (NOT_ENOUGH_REPLICAS) while the in-sync set is smaller than min.insync.replicas; else
 * appended, and answered when the high watermark has passed it. While the set is too small the watermark
 * stands still, so that the client waits until its timeout; without strict_min_isr it moves, and the
 * answer is NOT_ENOUGH_REPLICAS_AFTER_APPEND. acks=1: answered after the append. Sources: Partition.scala
 * (appendRecordsToLeader, checkEnoughReplicasReachOffset, maybeIncrementLeaderHW, maybeShrinkIsr,
 * maybeExpandIsr), Replica.scala, AbstractFetcherThread of Kafka 4.0.
 *
 * In sync: leaves when it was not caught up for replica.lag.time.max.ms, checked every half of it; comes in
 * when its log end has reached the high watermark and the first offset of the leader's epoch. A broker that
 * restarts registers anew, by which it is out of every set that has another member.
 *
 * Durable: the logs. Volatile: who is where, parked requests; told again by the controller.
 *
 * [I1] A record below the high watermark is in the log of every member of the in-sync set, at the same
 *      offset: a leader that is elected from the set has it.
 * [I2] The high watermark of a leader never falls within its epoch.
 * [I3] Only a leader of the newest epoch shows records to readers, and only below its high watermark.
 * [I4] A change of the in-sync set that the controller may have made and the leader does not know of counts:
 *      the watermark waits for the larger set.
 * LIMIT: replicas follow each other from the first broker of a partition on; at most 15 of them.
 * LIMIT: a leader trims what every replica has flushed and nobody reads again (retention.h), and followers with it.
 * LIMIT: a request that waits for replicas is not answered REQUEST_TIMED_OUT: its client has given it up
 * by itself at that instant.
 */
#ifndef MODELS_KAFKA_REPLICA_H
#define MODELS_KAFKA_REPLICA_H

#include "models/kafka/broker.h"
#include "models/kafka/client.h"
#include "models/kafka/controller.h"

/* Records of REPLICA_FETCH: key = topic partition, handle = log end, extra = epoch of its last record,
 * size = how many of them are not flushed, count and flags = leader epoch that it knows, high and low.
 * Of REPLICA_FETCHED: a header for each topic partition that there is something about, then its records.
 *   header: key = topic partition, flags = enum fetched, count = leader epoch (low half), extra = how many
 *           records follow, handle = high watermark, size = how far below it the leader's log begins;
 *           DIVERGED: handle = end of the epoch, size = the epoch; TRUNCATED: handle = begin of the log
 *   record: intent, key, size, extra = producer, count = its epoch, flags = entry flags,
 *           handle = leader epoch << 32 | sequence */
enum fetched { FETCHED_RECORDS, FETCHED_NOT_LEADER, FETCHED_DIVERGED, FETCHED_TRUNCATED };

struct remote { /* what a leader knows of another replica */
  uint64_t end, flushed;
  uint64_t leader_end;              /* the leader's log end at its last fetch */
  int64_t caught_up_at, fetched_at; /* ns; INT64_MIN = never */
};
struct replica {
  struct partition_state state;
  bool leads;
  uint16_t proposed;      /* in-sync set asked of the controller, 0 = none */
  bool asked;             /* that request is under way */
  int64_t delayed_until;  /* follower: after an error */
  struct remote *remotes; /* by place */
};
struct follower {        /* of this leader: another broker */
  struct message *fetch; /* parked, NULL */
  uint32_t timer;
  uint32_t epoch; /* newest incarnation that was heard of */
  uint32_t turn;  /* which partition comes first in the next answer */
};
struct replication {            /* volatile */
  struct replica *replicas;     /* by topic partition */
  struct follower *followers;   /* by broker */
  struct broker_state *brokers; /* as the controller has told */
  struct client client; /* slots: by broker: its fetch there; then those of enum control_slot */
  uint64_t version;
  uint32_t registrations;
  bool registered, stopping;
  uint16_t lag_lane, wait_lane, heartbeat_lane;
};
enum control_slot { CONTROL_HEARTBEAT, CONTROL_METADATA, CONTROL_ALTER, CONTROL_SLOT__COUNT };

static inline uint32_t broker_index(const struct world *world, const struct node *node) {
  return node->id - world->first[ROLE_BROKER];
}
static inline struct replication *replication_of(const struct node *node) {
  return broker_of(node)->replication;
}
static inline struct replica *replica_of(const struct node *node, uint32_t topic_partition) {
  return &replication_of(node)->replicas[topic_partition];
}

/* --- Leading (replica.c) --- */

/* What the controller says of a partition: this broker becomes leader or follower, or knows the set. */
void replica_apply(struct world *world, struct node *node, uint32_t topic_partition,
                   const struct partition_state *state);
message_fn replica_on_fetch;
/* Something was appended: followers that wait get it. Does nothing where there are none. */
void replica_appended(struct world *world, struct node *node, uint32_t topic_partition);
/* Whether the in-sync set, or the larger one that is asked for, has min.insync.replicas members. */
bool replica_enough(const struct world *world, const struct node *node, uint32_t topic_partition);
bool replica_enough_soon(const struct world *world, const struct node *node,
                         uint32_t topic_partition);
/* Nobody reads below an offset of a partition that is led here. */
void replica_trim(struct world *world, struct node *node, uint32_t topic_partition,
                  uint64_t offset);
void replica_drop_parked(struct world *world, struct node *node);
/* The controller has told of other brokers: some may be members now, or not any more. */
void replica_brokers_changed(struct world *world, struct node *node);
timer_fn replica_on_wait_over, replica_on_lag;
/* A follower, or a broker's state, has changed in what it means for the watermark. */
void replica_advance(struct world *world, struct node *node, uint32_t topic_partition);

/* --- Following (follower.c) --- */

/* Fetches from a leader what there is to follow, unless a fetch is under way. */
void follower_fetch(struct world *world, struct node *node, uint32_t leader);
message_fn follower_on_fetched;

/* --- The broker and the controller (registration.c) --- */

void registration_start(struct world *world, struct node *node, enum start_reason reason);
/* Sends what is proposed to the controller. */
void registration_alter(struct world *world, struct node *node);
message_fn registration_on_registered, registration_on_heartbeat, registration_on_metadata,
    registration_on_altered;
message_fn registration_on_elected;
timer_fn registration_on_heartbeat_timer, registration_on_retry, registration_on_request_timeout;
void registration_disconnected(struct world *world, struct node *node, uint16_t peer);
void registration_terminate(struct world *world, struct node *node);
uint32_t registration_struck(struct world *world, struct node *node, uint32_t fault, bool begins);
size_t replication_arena_bytes(const struct plan *plan);

#endif
