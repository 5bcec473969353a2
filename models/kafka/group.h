/* The group coordinator: who is in the consumer group, who has which partition, what is committed.
 *
 *   consumer            coordinator                          GroupMetadataManager, ClassicGroup of Kafka 4.0
 *      | JOIN ------------->|
 *      |<----------- JOINED | when all members have joined, or max.poll.interval.ms is over: generation + 1
 *      | SYNC ------------->|
 *      |<----------- SYNCED | when the leader's SYNC has brought the assignment
 *      | HEARTBEAT -------->| from now on; without one for session.timeout.ms the member is put out
 *
 *            join                    all joined                   the leader's sync
 *   EMPTY ----------> PREPARING ----------------> COMPLETING --------------------> STABLE
 *    ^  |               |  ^ ^                        |                              |
 *    |  | retention     |  | '------------------------'------------------------------'
 *    |  v               |  '  join, leave, session over, a new subscription; not synced in time
 *    | DEAD (as new)    |
 *    '------------------' nobody is left
 *
 * What each state does with each request is a table (group.c). A request is looked at in this order:
 * is its member known (UNKNOWN_MEMBER_ID), is it still the one with its group.instance.id
 * (FENCED_INSTANCE_ID), is it of this generation (ILLEGAL_GENERATION), then the table.
 *
 * Durable (__consumer_offsets): members, generation, owners, committed offsets. Volatile: parked joins
 * and syncs, timers.
 *
 * [G1] Only a member of this generation commits.
 * [G2] A partition has one owner at most.
 * [G3] In STABLE every member of this generation has synced, or its time to do so is running.
 * [G4] A group.instance.id has one member at most.
 * Breaks [G4]'s purpose: a JOIN of a dead process that arrives late takes the place of the living one with
 * its group.instance.id, and that is fenced.
 * LIMIT: the assignor, which Kafka runs in the leader of the group, runs in the coordinator when the
 * leader's SYNC arrives. Member ids are made by the members: JoinGroup is one exchange, without
 * MEMBER_ID_REQUIRED (KIP-394).
 * LIMIT: expired offsets are dropped exactly at the end of their retention, not by a sweep every
 * offsets.retention.check.interval.ms (600000).
 */
#ifndef MODELS_KAFKA_GROUP_H
#define MODELS_KAFKA_GROUP_H

#include "models/kafka/wire.h"

#define OFFSET_NONE UINT64_MAX /* nothing is committed */

enum group_state {
  GROUP_EMPTY,
  GROUP_PREPARING,
  GROUP_COMPLETING,
  GROUP_STABLE,
  GROUP_DEAD,
  GROUP_STATE__COUNT
};

struct member {
  uint64_t id;
  uint64_t subscription; /* hash of what its last JOIN said that it owns */
  uint32_t instance;     /* group.instance.id, 0 = dynamic */
  bool joined;           /* is of this generation, or is about to be */
  bool synced;
  struct message *joining, *syncing; /* volatile: its parked request */
  uint32_t session;                  /* volatile: timer, TIMER_NONE */
};
struct pending_offset {
  uint32_t producer, partition;
  uint64_t offset;
  uint32_t epoch;  /* as in `committed_epoch` */
  uint16_t reader; /* node */
};
struct group {
  enum group_state state;
  bool gathering;    /* PREPARING, and waiting for the first members */
  bool more_arrived; /* since the wait began */
  uint32_t generation;
  uint64_t leader;
  int64_t empty_since; /* ns */
  struct member *members; /* in the order of their ids */
  size_t member_count, member_capacity;
  uint64_t *owner;     /* by partition: member id, 0 = nobody */
  uint64_t *claim;     /* by partition: who says that it has it, in this rebalance */
  uint64_t *claimed_at; /* by partition: in which generation it got it, plus 1 */
  uint64_t *committed; /* by partition: next offset to read, OFFSET_NONE */
  uint32_t *committed_epoch; /* leader epoch of the record before (OffsetAndMetadata.leaderEpoch) */
  struct settled {
    uint64_t offset; /* most that was committed since the last rebalance; a commit that was long under way may set
                        `committed` back, and only a rebalance would show it */
    uint64_t held;   /* records held as not settled */
    uint32_t epoch;  /* as in `committed_epoch`: by it a later log tells whether it has all that is settled */
  } *settled;        /* by partition */
  uint64_t *owner_before;
  size_t partition_capacity[7];
  uint64_t *ids;    /* room for the assignor */
  uint32_t *shares;
  size_t id_capacity, share_capacity;
  struct pending_offset *pending; /* of open transactions */
  size_t pending_count, pending_capacity;
  uint32_t rebalance; /* volatile: timer of the state: joins, syncs, or retention */
  int64_t gather_left; /* ns: how much longer an empty group may wait for members */
};

/* --- group.c --- */

/* Groups of consumers (plan->groups) have each members, generations and committed offsets of their own; what
 * they share is the log. */
struct group *group_at(const struct node *coordinator, uint32_t number);
/* A member's id begins with its node's. */
static inline uint16_t member_node(uint64_t member) { return (uint16_t)(member >> 48); }
/* The group that a consumer node belongs to. */
struct group *group_of(const struct world *world, const struct node *coordinator, uint16_t member);
void group_start(struct world *world, struct node *node);
void group_crash(struct world *world, struct node *node);
/* Another broker coordinates from here: what is parked is answered, timers are void. How many groups and
 * parked requests that concerns. */
uint32_t group_resign(struct world *world, struct node *node);
void group_reset(struct group *group, size_t partitions);
void group_free(struct group *group);
message_fn group_on_join, group_on_sync, group_on_heartbeat, group_on_leave;
timer_fn group_on_session, group_on_rebalance, group_on_retention;
struct member *group_find(const struct group *group, uint64_t id);
/* The order of checks above, without the table. */
enum kafka_error group_validate(const struct group *group, uint64_t id, int64_t generation,
                                uint32_t instance);
/* KAFKA_OK when a member of this generation may commit. */
enum kafka_error group_check(const struct group *group, uint64_t member, uint64_t generation);

/* --- group_offsets.c --- */

message_fn group_on_commit, group_on_offsets;
void group_apply_commit(struct world *world, struct node *node, struct group *group,
                        struct message *request);
void group_refuse_commit(struct world *world, struct node *node, struct message *request,
                         enum kafka_error error);
/* auto.offset.reset: none needs offsets that an operator has set: those of the logs' beginnings. */
void group_initial_offsets(struct world *world, struct group *group);
/* The next reader of a partition begins at what is committed now, or where auto.offset.reset says. */
void group_unsettle(struct world *world, struct group *group, uint32_t partition);
/* A reader that found nothing committed has gone to the end of a log, a record of LISTED: what is before is skipped. */
void group_skip(struct world *world, struct group *group, const struct record *listed);
/* offsets.retention.minutes are over. */
void group_expire_offsets(struct world *world, struct node *node, struct group *group);
/* Offsets of a transaction, a TXN_OFFSETS request: pending until it ends. */
void group_pend(struct group *group, uint32_t producer, const struct message *request);
void group_end_pending(struct world *world, struct group *group, uint32_t producer, bool commit);

#endif
