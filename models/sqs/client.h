/* Calls to the service that are retried, as the AWS SDKs do: an attempt that is not answered in
 * request_timeout is given up and, after a back-off, made again, max_attempts in all.
 *
 *   sqs_call --> [asking] --answer--> finished(its status)
 *                 ^    | request_timeout
 *                 |    v
 *                [backing off]  --attempts used up--> finished(SQS_UNANSWERED)
 *
 * [I1] A call finishes exactly once. An answer to an attempt that was given up is not seen any more.
 * [I2] Back-off before the n-th retry: uniform from 0 to retry_backoff * 2^(n-1), at most
 *      retry_backoff_max (standard retry mode; smithy-typescript, util-retry).
 *
 * Volatile: all. The memory of the calls is kept in node->disk for the next incarnation, not its contents.
 * LIMIT: the SDK's retry quota (a token bucket) is not modelled.
 */
#ifndef MODELS_SQS_CLIENT_H
#define MODELS_SQS_CLIENT_H

#include "models/sqs/wire.h"

struct sqs_call {
  struct record record;
  int64_t argument; /* CHANGE_TIMEOUT: ns */
  enum sqs_message kind;
  uint32_t tag;
  uint32_t correlation; /* of the attempt that is waited for; 0 = backing off or free */
  uint32_t timer;
  uint32_t attempts; /* made so far */
  uint32_t next_free;
};

typedef void sqs_finished_fn(struct world *world, struct node *node, const struct sqs_call *call,
                             enum sqs_status status);

struct sqs_calls {
  struct sqs_call *items;
  size_t capacity;
  uint32_t count, free_list; /* places used; the free among them */
  uint32_t live;
  uint32_t correlation;
  uint16_t lane, timer_timeout, timer_retry; /* kinds of the component's timers; argument = place */
  sqs_finished_fn *finished;
};

/* For the start of a node: its calls, in memory that an earlier incarnation may have left. */
struct sqs_calls *sqs_calls_start(struct world *world, struct node *node, uint16_t timer_timeout,
                                  uint16_t timer_retry, sqs_finished_fn *finished);
void sqs_calls_free(struct node *node);

void sqs_call(struct world *world, struct node *node, enum sqs_message kind,
              const struct record *record, int64_t argument, uint32_t tag);

/* For the component's tables. */
void sqs_call_answered(struct world *world, struct node *node, struct message *answer);
void sqs_call_timed_out(struct world *world, struct node *node, uint64_t place);
void sqs_call_retry(struct world *world, struct node *node, uint64_t place);

static inline struct sqs_calls *sqs_calls_of(const struct node *node) { return node->disk[0]; }

#endif
