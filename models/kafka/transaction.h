/* What the transaction coordinator knows of a transactional id, and how it decides a request
 * (TransactionMetadata and TransactionCoordinator of Kafka 4.0).
 *
 *   (new) --Init--> EMPTY --AddPartitions, AddOffsets--> ONGOING
 *
 *   ONGOING --EndTxn commit------------------> PREPARE_COMMIT --markers written--> COMPLETE_COMMIT
 *      |  '---EndTxn abort-------------------> PREPARE_ABORT  --markers written--> COMPLETE_ABORT
 *      '--Init, timeout--> PREPARE_EPOCH_FENCE ------^
 *
 *   COMPLETE_* --AddPartitions, AddOffsets--> ONGOING;  --Init: a newer epoch--> EMPTY
 *   EMPTY, COMPLETE_* --unused for long--> DEAD
 *
 * The decision is durable in PREPARE_*, and the client is told at once; markers follow. Which request does
 * what in which state is the table transaction_rules, one for each transaction version:
 *
 *   version 2   every EndTxn takes the epoch one further and tells the client (KIP-890): a transaction has
 *               a producer id and epoch of its own, and a request of an ended one is fenced. A repeated
 *               EndTxn is known by the epoch before.
 *   version 1   the epoch stays. A repeated EndTxn looks like that of the next transaction.
 *
 * A timeout, and an Init while a transaction is open, fence: the epoch goes one further and the
 * transaction is aborted (in version 2 the abort takes it one further again). When epochs run out at 32766
 * the id gets a new producer id.
 *
 * [T1] Only ONGOING has a clock, and only PREPARE_* has markers to be written.
 * [T2] Each identity (producer id, epoch) of version 2 ends at most one transaction.
 */
#ifndef MODELS_KAFKA_TRANSACTION_H
#define MODELS_KAFKA_TRANSACTION_H

#include "models/kafka/producer_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRODUCER_EPOCH_MAX 32767 /* Short.MAX_VALUE; exhausted one below (isEpochExhausted) */

enum transaction_state {
  TRANSACTION_EMPTY,
  TRANSACTION_ONGOING,
  TRANSACTION_PREPARE_COMMIT,
  TRANSACTION_PREPARE_ABORT,
  TRANSACTION_COMPLETE_COMMIT,
  TRANSACTION_COMPLETE_ABORT,
  TRANSACTION_PREPARE_EPOCH_FENCE, /* left in the step that enters it */
  TRANSACTION_DEAD,                /* expired: only Init brings it back, with a new producer id */
  TRANSACTION_STATE__COUNT
};

/* Requests and events, as the table sees them: who asks has been identified before. */
enum transaction_request {
  TRANSACTION_INIT,   /* InitProducerId */
  TRANSACTION_ADD,    /* AddPartitionsToTxn, AddOffsetsToTxn: by a client or, in version 2, by the
                               leader that has a batch for a partition that is not in it yet */
  TRANSACTION_VERIFY, /* the same asked by a leader: is the partition in the transaction */
  TRANSACTION_COMMIT, /* EndTxn of the current epoch */
  TRANSACTION_ABORT,
  TRANSACTION_COMMIT_AGAIN, /* EndTxn of the epoch before; version 2 only */
  TRANSACTION_ABORT_AGAIN,
  TRANSACTION_TIMEOUT,
  TRANSACTION_FENCED, /* the coordinator's own abort after a fence */
  TRANSACTION_MARKED, /* all markers are written */
  TRANSACTION_EXPIRE, /* transactional.id.expiration.ms without use */
  TRANSACTION_REQUEST__COUNT
};

struct transaction_rule {
  enum kafka_error error;
  enum transaction_state next;
};
/* [version - 1] */
extern const struct transaction_rule transaction_rules[2][TRANSACTION_REQUEST__COUNT]
                                                      [TRANSACTION_STATE__COUNT];

struct transaction {
  uint64_t id;       /* the transactional id */
  uint32_t producer; /* NO_PRODUCER: never initialised, or expired */
  uint32_t previous; /* the producer id before a new one was needed; NO_PRODUCER */
  uint16_t epoch;    /* of the current or next transaction */
  enum transaction_state state;
  struct batch marker;      /* PREPARE_*: producer and epoch of its markers */
  uint32_t serial;          /* how many were begun: tells the answers to markers apart */
  int64_t began_ns;         /* ONGOING */
  int64_t used_ns;          /* last change */
  uint32_t partition_count; /* in it; PREPARE_*: whose markers are still to be written */
  bool held;                /* the run waits for its end */
  uint32_t markers;         /* volatile: timer */
};

/* Who asks for an end: which request that is, or an error (*out_error not KAFKA_OK). */
enum transaction_request transaction_end_request(const struct transaction *transaction,
                                                 const struct batch *producer, bool commit,
                                                 int version, enum kafka_error *out_error);

/* Takes a step by the table: state, epoch, producer id (the next is *last_producer + 1), marker. Of a
 * fence it takes the first half only: TRANSACTION_FENCED is to follow. */
enum kafka_error transaction_step(struct transaction *transaction, enum transaction_request request,
                                  int version, uint32_t *last_producer);

static inline bool transaction_prepared(const struct transaction *transaction) {
  return transaction->state == TRANSACTION_PREPARE_COMMIT ||
         transaction->state == TRANSACTION_PREPARE_ABORT;
}

#endif
