/* The queue, on broker.1: standard (sqs_queue) or FIFO (sqs_fifo_queue).
 *
 *            SEND                RECEIVE                      DELETE
 *   (none) -------> [visible] ------------> [in flight] -------------> (none)
 *     |                | ^                      |  CHANGE_TIMEOUT: another deadline
 *     '-> [delayed] ---' '-- deadline is over --'
 *                      |
 *                      '- RECEIVE, received max_receive_count times already -> [dead]
 *
 * Durable: messages with their receive counts and deadlines, the dead-letter queue, the deduplication ids,
 * the latest receive of each consumer: the service keeps copies on several machines, so that they survive a
 * kill and a power loss of this node. Volatile: parked long polls.
 *
 * Both:
 * [I1] A message is handed out when it is visible and is then hidden for visibility_timeout.
 * [I2] A receipt is the message's id and the number of the receive. A later receive makes it old.
 * [I3] DELETE of a message that is gone is answered like one that deletes.
 * [I4] An answer to RECEIVE that is lost counts as a receive.
 * [I5] No more than in_flight_limit messages are in flight. Then a long poll waits, and a short poll of a
 *      standard queue is refused (OverLimit), of a FIFO queue is answered with nothing.
 * [I6] Each stored message is a durable hold until it is deleted, disposed of or dead. SEND and each DELETE
 *      that deletes is a durable write; its answer departs when it is replicated
 *      (costs/broker_replication).
 * [I7] CHANGE_TIMEOUT sets the deadline anew from when it is executed, 0 = visible at once. It is refused
 *      when the message is not in flight by that very receipt, and when it would then be hidden more than
 *      SQS_HIDDEN_MAX after the receive: extensions do not move that.
 * [I8] A message is handed out at most max_receive_count times: the receive that would be one more moves it
 *      to the dead-letter queue instead. At redrive_at all that is there is sent again, as new messages.
 * [I9] What is older than `retention` is disposed of, wherever it is. The dead-letter queue has the same
 *      retention; a standard message keeps its age there, a FIFO message does not.
 * Standard:
 * [I10] Oldest first, redelivered ones at the end; DELETE by the receipt of an earlier receive works too, or
 *      does nothing (old_receipts), and is answered likewise.
 * [I11] copy_redelivery of all messages have a copy on a server that is out of reach when the message is
 *      first received. It appears copy_redelivery_after later, whatever has become of the message. The fault
 *      `redeliver` has one appear after its `for`, of the message of its operation that was handed out last.
 * FIFO:
 * [I12] Groups: models/sqs/groups.h. Duplicates of a SEND are answered like it and dropped:
 *      models/sqs/deduplication.h. What the dead-letter queue gives back is no duplicate.
 * [I13] DELETE works only for the message in flight by that very receipt; else it is refused.
 * [I14] A RECEIVE with the attempt id of that consumer's latest one is answered with the same messages and
 *      receipts, hidden anew, for SQS_ATTEMPT_KEPT after it and as long as none of them was deleted, has
 *      expired or has another deadline; then it is an ordinary receive.
 * LIMIT: with old_receipts Amazon promises neither: an older receipt "might not" delete.
 * LIMIT: order of a standard queue is first in, first out but for redeliveries: better than the real best
 *        effort.
 * LIMIT: a long poll of a client that is gone is answered nevertheless, which hides a message.
 * LIMIT: Amazon gives no rate for [I11] and no time; how a receive counts that is repeated [I14], and
 *        what it brings when it is too late, is not documented (ElasticMQ counts it, and refuses).
 * LIMIT: no message is too large: Amazon refuses what is above 1 MiB (256 KiB until August 2025).
 * LIMIT: a copy has an age, a receive count and receipts of its own: the delete of one leaves the other.
 */
#ifndef MODELS_SQS_QUEUE_H
#define MODELS_SQS_QUEUE_H

#include "models/sqs/deduplication.h"
#include "models/sqs/store.h"
#include "models/sqs/wire.h"
#include "sim/base/map.h"

#define SQS_ATTEMPT_KEPT (5 * NS_PER_MIN) /* ReceiveMessage, ReceiveRequestAttemptId */

/* `value` of DISPOSED */
enum { SQS_CAUSE_RETENTION = 1 };

struct parked {
  struct message *request;
  uint32_t timer;
};
/* A consumer's latest receive that brought messages. */
struct attempt {
  int64_t id, at, due; /* ns; due: the deadline of all */
  uint32_t count;
  uint64_t ids[SQS_RECEIVE_MAX];
  uint32_t receives[SQS_RECEIVE_MAX];
};
struct sqs {
  struct sqs_store store; /* durable, as is what follows up to attempts */
  struct deduplication deduplication;
  bool redriven; /* redrive_at has passed */
  struct attempt *attempts; /* by consumer */
  size_t attempt_capacity;
  struct record *handed; /* where a fault may have a message handed out again: the latest of each operation */
  size_t handed_count, handed_capacity;
  struct map handed_at; /* operation -> place in `handed` + 1 */
  struct parked *parked; /* volatile: a ring; its memory is kept over crashes */
  size_t parked_capacity;
  size_t parked_head, parked_count;
  int64_t armed_at; /* ns: the earliest TIMER_VISIBLE under way; INT64_MAX = none */
  bool retention_armed;
  uint16_t poll_lane;
};

enum sqs_queue_timer { TIMER_VISIBLE, TIMER_POLL, TIMER_RETENTION, TIMER_REDRIVE, TIMER__COUNT };

static inline struct sqs *queue_of(const struct node *node) { return node->disk[0]; }
static inline bool queue_is_fifo(const struct node *node) {
  return queue_of(node)->store.order != &sqs_order_standard;
}

/* queue.c: parked polls are answered in order as far as there are messages. */
void queue_serve_polls(struct world *world, struct node *node);
/* A call is answered, when it is replicated. */
void queue_confirm(struct world *world, struct node *node, const struct message *request,
                   enum sqs_message kind, enum sqs_status status);

/* receive.c: up to `most` messages for a request, hidden from now on. Returns how many. */
uint32_t queue_fetch(struct world *world, struct node *node, const struct message *request,
                     struct record records[SQS_RECEIVE_MAX]);

/* copies.c: a copy of what is handed out the first time may have been left on a server that is out of reach. */
void copies_leave(struct world *world, struct node *node, uint32_t item);
/* A fault has left one of the latest message of an operation that was handed out. */
uint32_t copies_struck(struct world *world, struct node *node, uint32_t fault, bool begins);

/* visibility.c */
void visibility_arm(struct world *world, struct node *node);
void visibility_on_timer(struct world *world, struct node *node, uint64_t argument);
void visibility_on_change(struct world *world, struct node *node, struct message *request);
void retention_arm(struct world *world, struct node *node);
void retention_on_timer(struct world *world, struct node *node, uint64_t argument);

/* dead_letter.c: whether a message that is about to be handed out is set aside instead. */
bool dead_letter(struct world *world, struct node *node, uint32_t item);
/* Whether what lies in the dead-letter queue will still come back. */
bool dead_letter_returns(const struct world *world, const struct node *node);
void redrive_arm(struct world *world, struct node *node);
void redrive_on_timer(struct world *world, struct node *node, uint64_t argument);

#endif
