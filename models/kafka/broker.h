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

#include "models/kafka/group.h"

enum broker_timer {
  TIMER_SESSION,
  TIMER_REBALANCE,
  TIMER_RETENTION,
  TIMER_TRANSACTION,
  TIMER_MARKERS,
  BROKER_TIMER__COUNT
};

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
  struct group group;
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
