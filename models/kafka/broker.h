/* A Kafka broker: leader of its partitions, and, on broker.1, coordinator of the group and of
 * transactions.
 *
 * Durable (node->disk): logs of the input and output topic; of each group metadata and committed offsets; the
 * transaction log. Volatile (arena): parked fetches, parked joins, session and transaction timers.
 *
 * Holds (world_hold): each record of an input log that is not committed yet, each open transaction.
 */
#ifndef MODELS_KAFKA_BROKER_H
#define MODELS_KAFKA_BROKER_H

#include "models/kafka/wire.h"

enum broker_timer { TIMER_SESSION, TIMER_REBALANCE, TIMER_TRANSACTION, TIMER_MARKERS, BROKER_TIMER__COUNT };

/* --- The group (group.c) --- */

enum group_state { GROUP_STABLE, GROUP_PREPARING };

struct member {
  uint64_t id; /* node << 32 | incarnation */
  struct message *joining; /* volatile: its parked JOIN */
  uint32_t session;        /* volatile: timer, TIMER_NONE */
};
struct pending_offset {
  uint32_t producer, partition;
  uint64_t offset;
};
struct group {
  enum group_state state;
  bool gathering; /* PREPARING, and waiting for the first members */
  uint32_t generation;
  struct member *members;
  size_t member_count, member_capacity;
  uint64_t *owner;     /* by partition: member id, 0 = nobody */
  uint64_t *committed; /* by partition: next offset to read */
  uint64_t *settled;   /* by partition: most that was committed since the last rebalance; a commit that
                          was long under way may set `committed` back, and only a rebalance would show it */
  uint64_t *accounted; /* by partition: records held as not settled */
  size_t partition_capacity[4];
  struct pending_offset *pending; /* of open transactions */
  size_t pending_count, pending_capacity;
  uint32_t rebalance; /* volatile: timer */
};

/* The group that a client belongs to: groups of consumers have each members, generations, committed
 * offsets of their own; what they share is the log. */
struct group *group_at(const struct node *coordinator, uint32_t group);
struct group *group_of(const struct world *world, const struct node *coordinator, uint64_t member);
static inline uint64_t member_id(uint16_t node, uint32_t incarnation) {
  return (uint64_t)node << 32 | incarnation;
}

void group_start(struct world *world, struct node *node);
/* The next reader of a partition begins at what is committed now. */
void group_unsettle(struct world *world, struct group *group, uint32_t partition);
message_fn group_on_join, group_on_heartbeat, group_on_leave, group_on_commit, group_on_offsets;
timer_fn group_on_session, group_on_rebalance;
/* KAFKA_OK when a member of this generation may commit. */
enum kafka_error group_check(const struct group *group, uint64_t member, uint64_t generation);
/* Offsets of a transaction: pending until it ends. */
void group_pend(struct group *group, uint32_t producer, const struct record *records, uint32_t count);
void group_end_pending(struct world *world, struct group *group, uint32_t producer, bool commit);

/* --- Transactions (transaction.c) --- */

enum transaction_state { TRANSACTION_EMPTY, TRANSACTION_ONGOING, TRANSACTION_PREPARED };

struct transaction {
  uint32_t producer; /* 0 = never initialised */
  uint16_t epoch;    /* of the current or next transaction */
  enum transaction_state state;
  bool commit;      /* PREPARED: the decision; else of the last one */
  bool fenced_last; /* the last one was ended by a timeout or by a newer incarnation */
  uint8_t *partitions; /* bitmap of output partitions in it; PREPARED: markers still to be written */
  uint32_t partition_count;
  uint32_t timer, markers; /* volatile */
};
struct transactions {
  struct transaction *items; /* by consumer index */
  size_t count, capacity;
  uint8_t *bitmaps;
  size_t bitmap_capacity;
  uint32_t next_producer;
};

void transactions_start(struct world *world, struct node *node);
message_fn transactions_on_init, transactions_on_add, transactions_on_offsets, transactions_on_end,
    transactions_on_marked;
timer_fn transactions_on_timeout, transactions_on_markers;

/* --- The broker (broker.c) --- */

struct waiting {
  uint16_t consumer; /* index in its role */
  uint32_t serial;
};
struct parked {
  struct message *fetch; /* NULL = none */
  uint32_t serial;
};
struct broker { /* volatile */
  struct parked *parked;   /* by consumer */
  struct waiting *waiting; /* by partition, one row of consumers each */
  uint32_t *waiting_count; /* by partition */
};
struct broker_disk {
  struct partition_log *input, *output; /* by partition; only those led are used */
  size_t partition_count;
  struct group *groups; /* by number */
  uint32_t group_count;
  uint64_t *floors; /* by partition and group: what a group's readers have committed, as they say */
  struct transactions transactions;
};

static inline struct broker_disk *broker_disk(const struct node *node) { return node->disk[0]; }
static inline struct broker *broker_of(const struct node *node) { return node->state[0]; }

/* Writes a marker to an output partition that this broker leads, and shows readers what it frees. */
void broker_marker(struct world *world, struct node *node, uint32_t partition,
                   const struct batch *producer, bool commit);

/* Brings the holds of an input partition up to date: records that are not settled. */
void broker_account(struct world *world, uint32_t partition);

#endif
