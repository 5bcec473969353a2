/* A Kafka broker: leader of its partitions, and, on broker.1, coordinator of the group and of
 * transactions.
 *
 * Durable (node->disk): logs of the input and output topic; group metadata, committed offsets, and the
 * transaction log. Volatile (arena): parked fetches, parked joins, session and transaction timers.
 *
 * Holds (world_hold): each record of an input log that is not committed yet, each open transaction.
 */
#ifndef MODELS_KAFKA_BROKER_H
#define MODELS_KAFKA_BROKER_H

#include "models/kafka/transaction.h"
#include "models/kafka/wire.h"

enum broker_timer { TIMER_SESSION, TIMER_REBALANCE, TIMER_SWEEP, TIMER_MARKERS, BROKER_TIMER__COUNT };

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

struct transactions {
  struct transaction *items; /* in the order in which their ids were first used */
  size_t count, capacity;
  uint8_t *bitmaps; /* of each, its output partitions */
  size_t bitmap_capacity;
  struct map by_id, by_producer; /* -> place in items */
  uint32_t last_producer;
  int64_t up_since_ns; /* volatile: sweeps count from here */
  bool sweep;          /* volatile: one is due */
};

void transactions_start(struct world *world, struct node *node);
void transactions_reset(struct transactions *all);
void transactions_free(struct transactions *all);
message_fn transactions_on_init, transactions_on_add, transactions_on_offsets, transactions_on_end,
    transactions_on_marked, transactions_on_verify;
timer_fn transactions_on_sweep, transactions_on_markers;
/* A leader asks about a partition that a producer has a batch for: in version 2 it is added to the
 * transaction, in version 1 it has to be in it. */
enum kafka_error transactions_verify(struct world *world, struct node *node, uint32_t partition,
                                     const struct batch *producer);

/* --- Verification of transactional batches (verification.c) --- */

/* A batch for the output topic: written at once, or when the coordinator has agreed. */
void verification_output(struct world *world, struct node *node, struct message *request);
message_fn verification_on_verified;
/* A marker has come: what was being verified before is not part of anything any more. */
void verification_marked(struct world *world, struct node *node, uint32_t partition,
                         uint32_t producer);
void verification_disconnected(struct world *world, struct node *node, uint16_t peer);
void verification_drop(struct world *world, struct node *node);

/* --- The broker (broker.c) --- */

struct waiting {
  uint16_t consumer; /* index in its role */
  uint32_t serial;
};
struct parked {
  struct message *fetch; /* NULL = none */
  uint32_t serial;
};
struct verified { /* a parked batch for an output partition */
  struct message *request; /* NULL = none */
  bool void_; /* a marker came in between */
};
struct broker { /* volatile */
  struct verified *verifying; /* by output partition, one row of consumers each; NULL = never */
  struct parked *parked;   /* by consumer */
  struct waiting *waiting; /* by partition, one row of consumers each */
  uint32_t *waiting_count; /* by partition */
};
struct broker_disk {
  struct partition_log *input, *output; /* by partition; only those led are used */
  size_t partition_count;
  struct group group;
  struct transactions transactions;
};

static inline struct broker_disk *broker_disk(const struct node *node) { return node->disk[0]; }
static inline struct broker *broker_of(const struct node *node) { return node->state[0]; }

/* Writes a marker to an output partition that this broker leads, and shows readers what it frees. */
enum kafka_error broker_marker(struct world *world, struct node *node, uint32_t partition,
                               const struct batch *producer, bool commit);

/* Decides and appends a transactional batch that may be appended as far as the coordinator goes. */
void broker_write_output(struct world *world, struct node *node, struct message *request);
void broker_answer_output(struct world *world, struct node *node, const struct message *request,
                          enum kafka_error error);

/* Brings the holds of an input partition up to date: records that are not settled. */
void broker_account(struct world *world, uint32_t partition);

#endif
